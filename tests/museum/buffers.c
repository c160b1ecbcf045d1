/* SPDX-License-Identifier: BSD-3-Clause */
/* Section B of docs/museum.md, on the guest's side: RX and TX, and who owns them. */
#include "support.h"

#include <string.h>

/* A VM that sees the Secure Partitions and a neighbour, with buffers of one page. */
static struct posix_vm *vm_with_buffers(uint32_t version)
{
    struct posix_vm *vm =
        vm_on(&(struct vm_setup){.id = 1, .version = version, .sees_secure = true, .sees = {2}});

    vm_map(vm, 1);
    return vm;
}

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};
static const struct spmc_config *const worlds[] = {&posix_spmc_1_2, &posix_spmc_1_1, NULL};

static void machine_with_neighbour(const struct spmc_config *secure)
{
    machine_on(secure);
    vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_2});
}

/* --- B1 --------------------------------------------------------------------------------------- */

struct race {
    struct posix_vm *vm;
    int32_t info;
    int32_t unmap;
};

static void race_info(void *argument)
{
    struct race *race = argument;
    const struct parley_regs answer = call_info(race->vm, 0, &nil_uuid, 0);

    race->info = status_of(&answer);
}

static void race_unmap(void *argument)
{
    struct race *race = argument;
    const struct parley_regs answer = CALL(race->vm, 1, FFA_RXTX_UNMAP, 0);

    race->unmap = status_of(&answer);
}

/* Buffers go only while RX is free: whoever comes second, a filler or an unmapper, is refused. */
static void B1_rxtx_unmap_owner_race(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(worlds); i++) {
        for (size_t v = 0; v < COUNT(versions); v++) {
            struct posix_vm *vm;

            machine_with_neighbour(worlds[i]);
            vm = vm_with_buffers(versions[v]);
            assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
            assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_DENIED);
            assert_int_equal(posix_vm_pins(vm), 2);
            assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
            assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
            assert_int_equal(posix_vm_pins(vm), 0);
            assert_int_equal(machine_off(NULL), 0);
        }
    }

    machine_with_neighbour(NULL);
    for (unsigned int round = 0; round < 300; round++) {
        struct race race = {.vm = vm_with_buffers(FFA_VERSION_1_1)};
        const struct deed deeds[] = {{race_info, &race}, {race_unmap, &race}};

        at_once(deeds, COUNT(deeds));
        if (race.info == FFA_OK) {
            assert_int_equal(race.unmap, FFA_DENIED);
        } else {
            assert_int_equal(race.info, FFA_BUSY);
            assert_int_equal(race.unmap, FFA_OK);
        }
        vm_off(race.vm);
    }
}

/* --- B2 --------------------------------------------------------------------------------------- */

struct sibling {
    struct posix_vm *vm;
    struct parley_regs release;
    struct parley_regs unmap;
    struct parley_regs info;
};

static void sibling_pulls_the_buffer(void *argument)
{
    struct sibling *sibling = argument;

    sibling->release = CALL(sibling->vm, 1, FFA_RX_RELEASE, 0);
    sibling->unmap = CALL(sibling->vm, 1, FFA_RXTX_UNMAP, 0);
    sibling->info = call_info(sibling->vm, 1, &nil_uuid, 0);
}

/* While Parley writes to RX, nobody can release it, unmap it, or have it filled a second time. */
static void B2_rx_release_during_producer_fill(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        struct sibling sibling;
        bool finished;

        machine_with_neighbour(&posix_spmc_1_2);
        sibling.vm = vm_with_buffers(versions[v]);
        meanwhile_at_touch(sibling.vm, RX_PAGE, sibling_pulls_the_buffer, &sibling, &finished);
        assert_status(call_info(sibling.vm, 0, &nil_uuid, 0), FFA_OK);
        assert_true(finished); /* nobody waits for a lock that is held while a page is written */
        assert_status(sibling.release, FFA_DENIED);
        assert_status(sibling.unmap, FFA_DENIED);
        assert_status(sibling.info, FFA_BUSY);
        assert_int_equal(vm_status(sibling.vm).rx, PARLEY_RX_FULL);
        assert_int_equal(posix_vm_pins(sibling.vm), 2);
        assert_status(CALL(sibling.vm, 1, FFA_RX_RELEASE, 0), FFA_OK);
        assert_status(CALL(sibling.vm, 1, FFA_RXTX_UNMAP, 0), FFA_OK);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- B4 --------------------------------------------------------------------------------------- */

struct second_mapper {
    struct posix_vm *vm;
    struct parley_regs map;
    struct parley_regs unmap;
    struct parley_regs info;
    struct parley_regs release;
};

static void map_a_second_pair(void *argument)
{
    struct second_mapper *second = argument;

    second->map = call_map(second->vm, 1, IPA(TX_PAGE + 4), IPA(RX_PAGE + 4), 1);
    second->info = call_info(second->vm, 1, &nil_uuid, 0);
    second->release = CALL(second->vm, 1, FFA_RX_RELEASE, 0);
    second->unmap = CALL(second->vm, 1, FFA_RXTX_UNMAP, 0);
}

static void map_and_remember(void *argument)
{
    struct second_mapper *mapper = argument;

    mapper->map = call_map(mapper->vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 2);
}

/* A pair that is being mapped is there for nobody yet, and there is never a second one. */
static void B4_rxtx_map_concurrent(void **state)
{
    (void)state;
    machine_with_neighbour(NULL);
    for (unsigned int nth = 1; nth <= 4; nth++) {
        struct second_mapper second = {
            .vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1, .sees = {2}}),
        };
        bool finished;

        meanwhile_at_page_map(nth, map_a_second_pair, &second, &finished);
        assert_status(call_map(second.vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 2), FFA_OK);
        assert_true(finished);
        assert_int_not_equal(status_of(&second.map), FFA_OK);
        assert_int_not_equal(status_of(&second.unmap), FFA_OK);
        assert_status(second.info, FFA_BUSY);
        assert_status(second.release, FFA_DENIED);
        assert_int_equal(posix_vm_pins(second.vm), 4);
        assert_int_equal(vm_status(second.vm).rx, PARLEY_RX_FREE);
        vm_off(second.vm);
    }

    for (unsigned int round = 0; round < 300; round++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1});
        struct second_mapper first = {.vm = vm};
        struct second_mapper second = {.vm = vm};
        const struct deed deeds[] = {{map_and_remember, &first}, {map_a_second_pair, &second}};

        at_once(deeds, COUNT(deeds));
        /* The second unmaps again what it finds: its own pair, or that of the first. */
        if (vm_status(vm).rx == PARLEY_RX_UNMAPPED) {
            assert_int_equal(posix_vm_pins(vm), 0);
        } else {
            assert_int_equal(status_of(&first.map), FFA_OK);
            assert_int_equal(posix_vm_pins(vm), 4);
        }
        vm_off(vm);
    }
}

/* --- B5, B6, B8 ------------------------------------------------------------------------------- */

/* Each of the two buffers has to be good, and the good one is let go when the other is not. */
static void B5_rx_page_tested_wrong_variable(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1});
    for (unsigned int page = 0; page < 4; page++) {
        const uint64_t bad = page < 2 ? IPA(RX_PAGE + page) : IPA(TX_PAGE + page - 2);

        for (unsigned int kind = POSIX_PAGE_READ_ONLY; kind <= POSIX_PAGE_HOLE; kind++) {
            posix_vm_set_page(vm, bad, (enum posix_page)kind);
            assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 2), FFA_INVALID_PARAMETERS);
            assert_int_equal(posix_vm_pins(vm), 0);
            assert_int_equal(vm_status(vm).rx, PARLEY_RX_UNMAPPED);
        }
        posix_vm_set_page(vm, bad, POSIX_PAGE_RAM);
    }
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RAM_PAGES), 1), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(RAM_PAGES), IPA(RX_PAGE), 1), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RAM_PAGES - 1), 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_vm_pins(vm), 0);
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 2), FFA_OK);
}

/* RX and TX have no byte in common. */
static void B6_rxtx_same_page(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1});
    assert_status(call_map(vm, 0, IPA(8), IPA(8), 1), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(8), IPA(8), 3), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(8), IPA(10), 3), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(10), IPA(8), 3), FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_vm_pins(vm), 0);
    assert_status(call_map(vm, 0, IPA(8), IPA(11), 3), FFA_OK);
    assert_int_equal(posix_vm_pins(vm), 6);
}

/* A hypervisor that has no room left is not a guest that asked for something wrong. */
static void B8_rxtx_map_error_code(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .quota = 3});
    for (unsigned int nth = 1; nth <= 6; nth++) {
        posix_fail_page_map(nth, PARLEY_PORT_NO_MEMORY);
        assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 3), FFA_NO_MEMORY);
        assert_int_equal(posix_vm_pins(vm), 0);
    }
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 4), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 63), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 0), FFA_INVALID_PARAMETERS);
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), 3), FFA_OK);
    assert_status(call_map(vm, 0, IPA(TX_PAGE + 4), IPA(RX_PAGE + 4), 1), FFA_DENIED);
    assert_status(call_map(vm, 0, 1, 1, 0), FFA_DENIED); /* which comes before the arguments */
}

/* --- B11, B14, B15, B17 ----------------------------------------------------------------------- */

/* Asking only for the count neither needs RX nor moves it. */
static void B11_rx_release_if_not_acquired(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_with_neighbour(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1, .sees = {2}});
    assert_int_equal(list_count(vm, NULL), 1);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_UNMAPPED);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_DENIED);
    vm_map(vm, 1);
    assert_int_equal(list_count(vm, NULL), 1);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FREE);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_DENIED);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
    assert_int_equal(list_count(vm, NULL), 1);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FULL);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_DENIED);
}

/* A VM unmaps and releases its own buffers, and nobody else's, whatever IDs it writes. */
static void B14_unmap_foreign_id(void **state)
{
    static const uint16_t foreign[] = {1, 2, 4, 0x7fff, 0x8000, 0x8001, 0xffff};
    struct posix_vm *vm;
    struct posix_vm *other;

    (void)state;
    machine_on(&posix_spmc_1_2);
    other = vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_1, .sees = {3}});
    vm_map(other, 1);
    vm = vm_on(&(struct vm_setup){.id = 3, .version = FFA_VERSION_1_1, .sees = {2}});
    vm_map(vm, 1);
    assert_status(call_info(other, 0, &nil_uuid, 0), FFA_OK);
    for (size_t i = 0; i < COUNT(foreign); i++) {
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, (uint32_t)foreign[i] << 16),
                      FFA_INVALID_PARAMETERS);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, foreign[i]), FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FREE);
    assert_int_equal(vm_status(other).rx, PARLEY_RX_FULL);
    assert_int_equal(posix_vm_pins(vm) + posix_vm_pins(other), 4);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 3u << 16), FFA_OK);
}

/* The ID of RXTX_UNMAP is in the upper half of w1, that of RX_RELEASE in the lower. */
static void B15_unmap_id_bits(void **state)
{
    struct posix_vm *vm;
    const struct posix_smc *smc;

    (void)state;
    machine_with_neighbour(&posix_spmc_1_1);
    vm = vm_on(&(struct vm_setup){.id = 3, .version = FFA_VERSION_1_1, .sees = {2}});
    vm_map(vm, 1);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 3), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 3u << 16 | 3), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 3u << 16), FFA_OK);
    vm_map(vm, 1);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 3u << 16), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 3u << 16 | 3), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 3), FFA_OK);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
    vm_off(vm);

    /* Parley's own pair goes with an ID of 0, like everything else in the call. */
    assert_int_equal(machine_off(NULL), 0);
    machine_on(&posix_spmc_1_1);
    posix_smc_clear();
    assert_int_equal(parley_stop(), PARLEY_DONE);
    assert_int_equal(posix_smc_count(), 1);
    smc = posix_smc_at(0);
    assert_int_equal(smc->call.x[0], FFA_RXTX_UNMAP);
    for (unsigned int i = 1; i < FFA_REGS_MAX; i++) {
        assert_int_equal(smc->call.x[i], 0);
    }
}

/* --- B18, B19 --------------------------------------------------------------------------------- */

static void expect_zero_from(const struct posix_vm *vm, uint64_t offset, unsigned int pages)
{
    for (; offset < (uint64_t)pages * FFA_PAGE_SIZE; offset++) {
        assert_int_equal(*(uint8_t *)posix_vm_at(vm, IPA(RX_PAGE) + offset), 0);
    }
}

/* What an answer does not need of RX is zero, in all of its pages; nothing else is written. */
static void B18_rx_tail_stale_data(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        const size_t stride = versions[v] == FFA_VERSION_1_0 ? 8 : 24;
        struct parley_regs answer;
        struct posix_vm *vm;

        machine_with_neighbour(&posix_spmc_1_2);
        vm = vm_on(
            &(struct vm_setup){.id = 1, .version = versions[v], .sees_secure = true, .sees = {2}});
        vm_map(vm, 3);
        vm_paint(vm, 0, RAM_PAGES, 0xa5);
        answer = call_info(vm, 0, &nil_uuid, 0);
        assert_int_equal(status_of(&answer), FFA_OK);
        expect_zero_from(vm, w(&answer, 2) * stride, 3);
        for (unsigned int page = 0; page < RAM_PAGES; page++) {
            if (page < RX_PAGE || page >= RX_PAGE + 3) {
                assert_int_equal(vm_page(vm, page)[0], 0xa5);
                assert_memory_equal(vm_page(vm, page), vm_page(vm, page) + 1, FFA_PAGE_SIZE - 1);
            }
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* A VM that gets a short list after another VM got a long one finds nothing of that one. */
static void B19_staging_buffer_cross_vm(void **state)
{
    struct parley_regs answer;
    struct posix_vm *rich;
    struct posix_vm *poor;

    (void)state;
    machine_on(&posix_spmc_1_2);
    crowd_on(10, 40);
    rich = vm_on(&(struct vm_setup){
        .id = 1, .version = FFA_VERSION_1_2, .sees_secure = true, .sees_all = true});
    poor = vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_2});
    vm_map(rich, 1);
    vm_map(poor, 1);
    vm_paint(poor, RX_PAGE, 1, 0xa5);
    assert_status(call_info(rich, 0, &nil_uuid, 0), FFA_OK);
    answer = call_info(poor, 0, &nil_uuid, 0);
    assert_int_equal(status_of(&answer), FFA_OK);
    assert_int_equal(w(&answer, 2), 1); /* itself */
    expect_zero_from(poor, 24, 1);
    assert_int_equal(call_info_regs(rich, &nil_uuid, 0, 0).x[0], FFA_SUCCESS_64);
    answer = call_info_regs(poor, &nil_uuid, 0, 0);
    assert_int_equal(ffa_info_regs_out_last(answer.x[2]), 0);
    for (unsigned int i = 6; i < FFA_REGS_MAX; i++) {
        assert_int_equal(answer.x[i], 0);
    }
}

/* --- B20, B21 --------------------------------------------------------------------------------- */

#define PAGE_HOLDS (FFA_PAGE_SIZE / 24u)

/* Entries run on from one page of RX to the next, also one that lies across the border. */
static void B20_rxtx_size_vs_page_size(void **state)
{
    struct entry entries[ENTRIES_MAX];
    struct entry in_regs[ENTRIES_MAX];
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    crowd_on(10, PAGE_HOLDS + 5);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_all = true});
    vm_map(vm, 2);
    vm_paint(vm, RX_PAGE, 2, 0xa5);
    assert_int_equal(list_buffer(vm, NULL, entries), PAGE_HOLDS + 6);
    assert_int_equal(list_regs(vm, NULL, in_regs), PAGE_HOLDS + 6);
    assert_memory_equal(entries, in_regs, (PAGE_HOLDS + 6) * sizeof(entries[0]));
    expect_zero_from(vm, (PAGE_HOLDS + 6) * 24ull, 2);
}

/* What fits is decided by the buffer that the VM has. What does not fit leaves RX free. */
static void B21_copy_limit_uses_global_max(void **state)
{
    struct posix_vm *small;
    struct posix_vm *large;

    (void)state;
    machine_on(NULL);
    crowd_on(10, PAGE_HOLDS); /* and the caller itself, and the other one */
    large = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_all = true});
    vm_map(large, 2);
    small = vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_2, .sees_all = true});
    vm_map(small, 1);
    vm_paint(small, RX_PAGE, 1, 0xa5);
    assert_status(call_info(small, 0, &nil_uuid, 0), FFA_NO_MEMORY);
    assert_int_equal(vm_status(small).rx, PARLEY_RX_FREE);
    assert_status(CALL(small, 0, FFA_RX_RELEASE, 0), FFA_DENIED);
    assert_int_equal(list_count(small, NULL), PAGE_HOLDS + 2);
    assert_status(call_info(large, 0, &nil_uuid, 0), FFA_OK);
    assert_status(CALL(small, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
    vm_map(small, 2);
    assert_status(call_info(small, 0, &nil_uuid, 0), FFA_OK);
}

SECTION(museum_buffers, TEST(B1_rxtx_unmap_owner_race), TEST(B2_rx_release_during_producer_fill),
        TEST(B4_rxtx_map_concurrent), TEST(B5_rx_page_tested_wrong_variable),
        TEST(B6_rxtx_same_page), TEST(B8_rxtx_map_error_code), TEST(B11_rx_release_if_not_acquired),
        TEST(B14_unmap_foreign_id), TEST(B15_unmap_id_bits), TEST(B18_rx_tail_stale_data),
        TEST(B19_staging_buffer_cross_vm), TEST(B20_rxtx_size_vs_page_size),
        TEST(B21_copy_limit_uses_global_max))
