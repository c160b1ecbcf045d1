/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection: each hook fails at each of its calls, and each answer of the SPMC is replaced by
 * each error and by nonsense. Afterwards nothing is pinned that was not before, the state is what
 * it was, and the same operation succeeds.
 */
#include "../../secure/spmc/spmc.h"
#include "smc_fault.h"

/* --- Guest pages that cannot be had ----------------------------------------------------------- */

static const enum parley_port_status refusals[] = {PARLEY_PORT_NOT_MEMORY, PARLEY_PORT_NO_MEMORY};
static const int32_t refused_with[] = {FFA_INVALID_PARAMETERS, FFA_NO_MEMORY};

/* FFA_RXTX_MAP of `pages` fails at its kth page, in both ways; then it is done without faults. */
static void check_kth_page(struct posix_vm *vm, unsigned int pages, unsigned int k)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        posix_fail_page_map(k, refusals[i]);
        assert_int_equal(map_buffers(vm, pages).status, refused_with[i]);
        assert_int_equal(posix_vm_pins(vm), 0);
        assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_UNMAPPED);
        assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_DENIED);
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_INVALID_PARAMETERS);
    }
    posix_fail_page_map(0, PARLEY_PORT_OK);
    assert_int_equal(map_buffers(vm, pages).status, FFA_OK);
    assert_int_equal(posix_vm_pins(vm), 2 * pages);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, pages).status, FFA_OK);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(posix_vm_pins(vm), 0);
}

static void test_each_page_of_a_map(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1, .rxtx_pages_max = 8});
    settle(vm, FFA_VERSION_1_2);
    for (unsigned int pages = 1; pages <= 8; pages++) {
        for (unsigned int k = 1; k <= 2 * pages; k++) {
            check_kth_page(vm, pages, k);
        }
    }
}

/* Ten thousand failures use nothing up. */
static void test_failures_use_nothing_up(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    settle(vm, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 10000; i++) {
        posix_fail_page_map(1 + i % 8, refusals[i % 2]);
        assert_int_equal(map_buffers(vm, 4).status, refused_with[i % 2]);
    }
    posix_fail_page_map(0, PARLEY_PORT_OK);
    assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
}

/* A life that ends after a failed map leaves nothing either. */
static void test_reset_after_a_failed_map(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    for (unsigned int k = 1; k <= 8; k++) {
        vm = rig_vm(&(struct parley_vm_config){.id = 1});
        settle(vm, FFA_VERSION_1_2);
        posix_fail_page_map(k, PARLEY_PORT_NO_MEMORY);
        assert_int_equal(map_buffers(vm, 4).status, FFA_NO_MEMORY);
        posix_vm_reset(vm);
        settle(vm, FFA_VERSION_1_1);
        assert_int_equal(map_buffers(vm, 4).status, FFA_OK);
        rig_vm_end(vm);
        assert_int_equal(posix_pins(), 0);
    }
}

/* --- Answers of the SPMC ---------------------------------------------------------------------- */

/* Two VMs of which one sees the other: that works whatever is wrong in the Secure world. */
static void assert_vms_work(struct parley *parley)
{
    static const struct parley_peer sees_2[] = {{.id = 2, .rights = PARLEY_MAY_DISCOVER}};
    struct parley_vm_config config = rig_vm_config(1);
    struct posix_vm *vm = posix_vm_new("one", RIG_VM_IPA, 8, true);
    struct posix_vm *peer = posix_vm_new("two", RIG_VM_IPA, 8, true);

    config.peers = sees_2;
    config.peer_count = 1;
    assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_DONE);
    config = rig_vm_config(2);
    assert_int_equal(posix_vm_create(peer, parley, &config), PARLEY_DONE);
    settle(vm, FFA_VERSION_1_2);
    settle(peer, FFA_VERSION_1_1);
    assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 2).count, 2);
    posix_vm_destroy(vm);
    posix_vm_destroy(peer);
    posix_vm_free(vm);
    posix_vm_free(peer);
}

/* What a mediator is after a start without faults. */
static void assert_all_is_well(struct parley *parley, uint32_t version)
{
    struct parley_status status;

    parley_status(parley, &status);
    assert_int_equal(status.spmc_version, version);
    assert_int_equal(status.spmc_id, SPMC_ID);
    assert_true(status.partition_count >= 3);
    assert_vms_work(parley);
}

static struct parley *start(void)
{
    size_t bytes = parley_memory_size(&rig_default_config);
    struct parley *parley = parley_init(posix_memory_take(bytes), bytes, &rig_default_config);

    assert_non_null(parley);
    return parley;
}

/*
 * Starts with a fault. Parley must start, and its VMs must work. An SPMC that did nothing and did
 * not say that it had must be as it was, so that another start succeeds. Returns whether the fault
 * came up before the end.
 */
static bool check_start(const struct spmc_config *secure, struct fault *fault)
{
    bool honest = !fault->served && !says_success(&fault->regs);
    struct parley_status status;
    struct parley *parley;
    enum parley_progress end;

    posix_start(secure);
    posix_smc_replace(smc_with_fault, fault);
    parley = start();
    parley_status(parley, &status);
    assert_true(fault->smcs < 100);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_FOUND) +
                         posix_event_count(PARLEY_EVENT_SPMC_ABSENT),
                     1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_FOUND), status.spmc_version != 0);
    assert_vms_work(parley);
    if (fault->smcs >= fault->k) {
        end = parley_shutdown(parley);
        assert_true(end == PARLEY_DONE || (!honest && end == PARLEY_REFUSED_BY_SPMC));
    } else {
        posix_smc_replace(NULL, NULL);
        assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    }
    if (!honest) {
        posix_spmc_reboot(); /* it may have lied about having the buffers */
    }
    assert_false(posix_spmc_has_buffers());
    posix_smc_replace(NULL, NULL);
    parley = start();
    assert_all_is_well(parley, secure->version);
    assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    posix_stop();
    return fault->smcs >= fault->k;
}

static void check_all_starts(const struct spmc_config *secure, bool served)
{
    struct fault fault = {.served = served};
    bool came_up = true;

    for (unsigned int k = 1; came_up; k++) {
        for (unsigned int n = 0; replacement(n, &fault.regs); n++) {
            fault.k = k;
            fault.smcs = 0;
            came_up = check_start(secure, &fault);
            if (posix_violations() != 0) {
                fail_msg("SMC %u, replacement %u: rules are broken", k, n);
            }
            if (!came_up) {
                break;
            }
        }
    }
}

static void test_smc_that_is_not_served(void **state)
{
    (void)state;
    check_all_starts(&posix_spmc_1_2, false);
    check_all_starts(&posix_spmc_1_1, false);
}

static void test_smc_with_another_answer(void **state)
{
    (void)state;
    check_all_starts(&posix_spmc_1_2, true);
    check_all_starts(&posix_spmc_1_1, true);
}

/* --- Memory that is shut down ----------------------------------------------------------------- */

/* FFA_RXTX_UNMAP fails: then the memory is lost, and the embedder is told so, in every case. */
static void test_shutdown_with_faults(void **state)
{
    struct fault fault = {.k = 1};

    (void)state;
    for (unsigned int n = 0; replacement(n, &fault.regs); n++) {
        bool confirmed = says_success(&fault.regs);
        struct parley *parley;

        posix_start(&posix_spmc_1_2);
        parley = start();
        fault.smcs = 0;
        posix_smc_replace(smc_with_fault, &fault);
        assert_int_equal(parley_shutdown(parley), confirmed ? PARLEY_DONE : PARLEY_REFUSED_BY_SPMC);
        posix_smc_replace(NULL, NULL);
        posix_spmc_reboot(); /* it was not asked, and has them still */
        posix_stop();
        assert_int_equal(posix_violations(), 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_each_page_of_a_map),       RIG_TEST(test_failures_use_nothing_up),
        RIG_TEST(test_reset_after_a_failed_map), RIG_TEST(test_smc_that_is_not_served),
        RIG_TEST(test_smc_with_another_answer),  RIG_TEST(test_shutdown_with_faults),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
