/* SPDX-License-Identifier: BSD-3-Clause */
/* parley_shutdown(): the SPMC is as it was before, or the embedder is told that it is not. */
#include "../../secure/spmc/hostile.h"
#include "unit.h"

static void assert_smc(const struct posix_smc *smc, uint64_t fid)
{
    assert_non_null(smc);
    assert_int_equal(smc->call.x[0], fid);
    for (unsigned int i = 1; i < FFA_REGS_MAX; i++) {
        assert_int_equal(smc->call.x[i], 0);
    }
}

static void test_gives_the_buffers_back(void **state)
{
    const struct spmc_config *const secure[] = {&posix_spmc_1_2, &posix_spmc_1_1};

    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        rig_start(secure[i]);
        assert_true(posix_spmc_has_buffers());
        posix_smc_clear();
        assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
        assert_int_equal(posix_smc_count(), 1);
        assert_smc(posix_smc_at(0), FFA_RXTX_UNMAP);
        assert_false(posix_spmc_has_buffers());
        assert_true(rig_stop_after_shutdown());
    }
}

/* The next owner of EL2 finds the SPMC as this one did. */
static void test_next_owner(void **state)
{
    struct parley_config config = rig_default_config;
    size_t bytes = parley_memory_size(&config);
    struct parley_status first;
    struct parley_status next;
    struct parley *parley;

    (void)state;
    rig_start(&posix_spmc_1_2);
    for (unsigned int owner = 0; owner < 3; owner++) {
        void *memory = posix_memory_take(bytes);

        if (owner == 0) {
            first = rig_status();
            assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
        }
        parley = parley_init(memory, bytes, &config);
        assert_non_null(parley);
        parley_status(parley, &next);
        assert_int_equal(next.spmc_version, FFA_VERSION_1_2);
        assert_int_equal(next.spmc_id, first.spmc_id);
        assert_int_equal(next.partition_count, first.partition_count);
        assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    }
    assert_true(rig_stop_after_shutdown());
}

/* The same memory, too, can be used again. */
static void test_same_memory_again(void **state)
{
    size_t bytes = parley_memory_size(&rig_default_config);
    void *memory;

    (void)state;
    posix_start(&posix_spmc_1_1);
    memory = posix_memory_take(bytes);
    for (unsigned int owner = 0; owner < 3; owner++) {
        struct parley *parley = parley_init(memory, bytes, &rig_default_config);
        struct parley_vm_config config = rig_vm_config(1);
        struct posix_vm *vm = posix_vm_new("vm", RIG_VM_IPA, 8, true);

        assert_non_null(parley);
        assert_int_equal(posix_vm_create(vm, parley, &config), PARLEY_DONE);
        settle(vm, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
        posix_vm_destroy(vm);
        posix_vm_free(vm);
        assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    }
    posix_stop();
    assert_int_equal(posix_violations(), 0);
}

static void test_a_vm_is_left(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_vm(&(struct parley_vm_config){.id = 15});
    posix_smc_clear();
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_REFUSED_VMS_LEFT);
    assert_int_equal(posix_smc_count(), 0);

    /* Nothing was done: all goes on. */
    settle(vm, FFA_VERSION_1_2);
    assert_int_equal(rig_status().spmc_version, FFA_VERSION_1_2);
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_REFUSED_VMS_LEFT);
    rig_vm_end(vm);
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
    assert_true(rig_stop_after_shutdown());
}

static void test_the_spmc_refuses(void **state)
{
    static const int32_t codes[] = {FFA_NOT_SUPPORTED,
                                    FFA_INVALID_PARAMETERS,
                                    FFA_NO_MEMORY,
                                    FFA_BUSY,
                                    FFA_INTERRUPTED,
                                    FFA_DENIED,
                                    FFA_RETRY,
                                    FFA_ABORTED,
                                    FFA_NO_DATA,
                                    -10,
                                    INT32_MIN,
                                    0,
                                    1};
    struct parley_event event;

    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        const struct spmc_lie lie = spmc_lie_status(FFA_RXTX_UNMAP, codes[i]);
        struct spmc_hostile hostile = {.lies = &lie, .lie_count = 1};
        struct spmc_config config = posix_spmc_1_2;

        config.hostile = &hostile;
        rig_start(&config);
        posix_events_clear();
        assert_int_equal(parley_shutdown(rig_parley()), PARLEY_REFUSED_BY_SPMC);
        assert_true(posix_event_last(PARLEY_EVENT_SPMC_REFUSED, &event));
        assert_int_equal(event.fid, FFA_RXTX_UNMAP);
        if (codes[i] < 0 && codes[i] >= FFA_NO_DATA) {
            assert_int_equal(event.status, codes[i]);
        }
        assert_true(posix_spmc_has_buffers());
        posix_spmc_reboot();
        assert_true(rig_stop_after_shutdown());
    }
}

/* An answer that is none is no confirmation either. */
static void test_the_spmc_talks_nonsense(void **state)
{
    static const uint64_t x0[] = {
        0, FFA_RXTX_UNMAP, FFA_INTERRUPT, FFA_YIELD, 0xffffffff, 0xffffffffffffffff,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(x0); i++) {
        const struct spmc_lie lies[] = {spmc_lie_status(FFA_RXTX_UNMAP, FFA_DENIED),
                                        spmc_lie_register(FFA_RXTX_UNMAP, 0, x0[i])};
        struct spmc_hostile hostile = {.lies = lies, .lie_count = COUNT(lies)};
        struct spmc_config config = posix_spmc_1_2;

        config.hostile = &hostile;
        rig_start(&config);
        if (parley_shutdown(rig_parley()) != PARLEY_REFUSED_BY_SPMC) {
            fail_msg("an answer of %#llx counts as success", (unsigned long long)x0[i]);
        }
        posix_spmc_reboot();
        assert_true(rig_stop_after_shutdown());
    }
}

static void test_without_an_spmc(void **state)
{
    struct parley_config config = rig_default_config;

    (void)state;
    rig_start(NULL);
    posix_smc_clear();
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), 0);
    assert_true(rig_stop_after_shutdown());

    config.no_spmc = true;
    rig_start_with(&posix_spmc_1_2, &config);
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), 0);
    assert_true(rig_stop_after_shutdown());

    rig_start(&posix_spmc_1_0);
    posix_smc_clear();
    assert_int_equal(parley_shutdown(rig_parley()), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), 0);
    assert_true(rig_stop_after_shutdown());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_gives_the_buffers_back), RIG_TEST(test_next_owner),
        RIG_TEST(test_same_memory_again),      RIG_TEST(test_a_vm_is_left),
        RIG_TEST(test_the_spmc_refuses),       RIG_TEST(test_the_spmc_talks_nonsense),
        RIG_TEST(test_without_an_spmc),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
