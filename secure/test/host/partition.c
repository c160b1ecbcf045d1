/* SPDX-License-Identifier: BSD-3-Clause */
/* The Secure virtual instance, as a partition sees it that plays a script. */
#include "world.h"

#include <string.h>

#define SELF  PARTITION_ECHO_ID
#define CALLS 8u

/*
 * What the partition calls, one after the other, and what it got in return: got[i] is how calls[i]
 * was answered. A script that is over goes on with FFA_MSG_WAIT.
 */
static struct {
    struct regs calls[CALLS];
    struct regs got[CALLS];
    unsigned int count;
    unsigned int next;
    uint32_t sri[CALLS]; /* how often the interrupt had been raised by then */
    struct regs entered; /* with what it was entered, before its first call */
    uint8_t *memory;
} script;

static enum spmc_exit play(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    struct regs *got = script.next == 0 ? &script.entered : &script.got[script.next - 1];
    static const struct regs wait = {{FFA_MSG_WAIT}};
    const struct world *world = entry->host;

    if (entry->partition->id == SELF) {
        script.memory = entry->memory;
    }
    if (script.next <= script.count) {
        memcpy(got, regs, sizeof(*got));
    }
    if (script.next > 0 && script.next <= script.count) {
        script.sri[script.next - 1] = world->sri_count;
    }
    memcpy(regs, script.next < script.count ? &script.calls[script.next] : &wait, sizeof(wait));
    script.next++;
    return SPMC_EXIT_CALL;
}

/* Starts with a partition that has nothing to say when it boots. */
static void start(struct world *world, uint32_t version)
{
    struct spmc_config config;

    memset(&script, 0, sizeof(script));
    world_agree(world, version);
    config = world->spmc.config;
    config.enter = play;
    spmc_init(&world->spmc, &config);
    assert_int_equal(answer(world, FFA_VERSION, version, 0, 0), version);
}

static void add(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
    script.calls[script.count++] = (struct regs){{x0, x1, x2, x3, x4}};
}

static void clear_script(void)
{
    uint8_t *memory = script.memory;

    memset(&script, 0, sizeof(script));
    script.memory = memory;
}

static void assert_got(unsigned int call, int32_t expected)
{
    if (expected == FFA_OK) {
        assert_success(&script.got[call]);
    } else {
        assert_error(&script.got[call], expected);
    }
}

/* Answers that do not match the request are refused, and the partition may try again. */
static void test_wrong_responses(void **state)
{
    const uint32_t ids = ffa_ids_make(SELF, VM);
    static struct world world;
    struct regs regs;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    clear_script();
    add(FFA_MSG_SEND_DIRECT_RESP_64, ids, 0, 0, 0);
    add(FFA_MSG_SEND_DIRECT_RESP2, ids, 0, 0, 0);
    add(FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(SELF, OTHER_VM), 0, 0, 0);
    add(FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(VM, SELF), 0, 0, 0);
    add(FFA_MSG_SEND_DIRECT_RESP_32, ids, FFA_DIRECT_FRAMEWORK(5), 0, 0);
    add(FFA_MSG_WAIT, 0, 0, 0, 0);
    add(FFA_MSG_SEND_DIRECT_RESP_32, ids, 0, 77, 0);
    regs = ask(&world, SELF, 1, 2, 3, 4, 5);
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(regs.x[3], 77);
    assert_int_equal(script.entered.x[0], FFA_MSG_SEND_DIRECT_REQ_32);
    assert_int_equal(script.entered.x[7], 5);
    assert_zero(&script.entered, 8, 17);
    assert_got(0, FFA_DENIED);
    assert_got(1, FFA_DENIED);
    assert_got(2, FFA_INVALID_PARAMETERS);
    assert_got(3, FFA_INVALID_PARAMETERS);
    assert_got(4, FFA_INVALID_PARAMETERS);
    assert_got(5, FFA_DENIED);
}

/* An SMC64 request may be answered in 32 bits. */
static void test_response_of_other_width(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    clear_script();
    add(FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(SELF, VM), 0, 0x100000002, 0);
    regs = call(&world, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(VM, SELF), 0, 1, 2, 3);
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(regs.x[3], 2);
    assert_zero(&regs, 8, 17);
}

static void test_response_without_request(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    clear_script();
    add(FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(SELF, VM), 0, 0, 0);
    add(FFA_ERROR, 0, (uint32_t)FFA_ABORTED, 0, 0);
    add(FFA_SUCCESS_32, 0, 0, 0, 0);
    regs = run(&world, SELF, 0);
    assert_target(&regs, FFA_MSG_WAIT, SELF, 0);
    assert_int_equal(script.entered.x[0], FFA_RUN);
    for (unsigned int i = 0; i < 3; i++) {
        assert_got(i, FFA_DENIED);
    }

    /* Cycles that the Normal world gave may be given back; those of an interrupt are not its. */
    clear_script();
    add(FFA_YIELD, 0, 0, 0, 0);
    regs = run(&world, SELF, 0);
    assert_target(&regs, FFA_YIELD, SELF, 0);
    regs = run(&world, SELF, 0);
    assert_target(&regs, FFA_MSG_WAIT, SELF, 0);
    assert_got(0, FFA_OK);
    clear_script();
    add(FFA_YIELD, 0, 0, 0, 0);
    assert_true(spmc_interrupt(&world.spmc, SELF, 29));
    assert_int_equal(script.entered.x[0], FFA_INTERRUPT);
    assert_int_equal(script.entered.x[2], 29);
    assert_got(0, FFA_DENIED);
}

static void test_success_since_1_2(void **state)
{
    static struct world world;

    (void)state;
    start(&world, FFA_VERSION_1_1);
    clear_script();
    add(FFA_SUCCESS_32, 0, 0, 0, 0);
    add(FFA_CONSOLE_LOG_32, 1, 'x', 0, 0);
    add(FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(SELF, VM), 0, 0, 0);
    ask(&world, SELF, 0, 0, 0, 0, 0);
    assert_got(0, FFA_NOT_SUPPORTED);
    assert_got(1, FFA_NOT_SUPPORTED);
}

static void test_identity(void **state)
{
    static struct world world;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    clear_script();
    add(FFA_VERSION, FFA_VERSION_1_1, 0, 0, 0);
    add(FFA_ID_GET, 0, 0, 0, 0);
    add(FFA_SPM_ID_GET, 0, 0, 0, 0);
    add(FFA_RUN, 0, 0, 0, 0);
    add(0x84000000, 0, 0, 0, 0);
    run(&world, SELF, 0);
    assert_int_equal(script.got[0].x[0], FFA_VERSION_1_2);
    assert_int_equal(script.got[1].x[2], SELF);
    assert_int_equal(script.got[2].x[2], SPMC_ID);
    assert_got(3, FFA_NOT_SUPPORTED);
    assert_got(4, FFA_NOT_SUPPORTED);
}

/* Its buffers lie in its own memory, and nowhere else. */
static void test_buffers(void **state)
{
    static struct world world;
    uint64_t at;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    at = (uintptr_t)script.memory;
    clear_script();
    add(FFA_RXTX_UNMAP, 0, 0, 0, 0);
    add(FFA_RXTX_MAP_64, at - FFA_PAGE_SIZE, at, 1, 0);
    add(FFA_RXTX_MAP_64, at, at + SPMC_PARTITION_BYTES, 1, 0);
    add(FFA_RXTX_MAP_64, at, at + SPMC_PARTITION_BYTES - FFA_PAGE_SIZE, 2, 0);
    add(FFA_RXTX_MAP_64, at, at, 1, 0);
    add(FFA_RXTX_MAP_64, at, at + FFA_PAGE_SIZE, 1, 0);
    add(FFA_RXTX_MAP_64, at, at + FFA_PAGE_SIZE, 1, 0);
    add(FFA_RX_RELEASE, 0, 0, 0, 0);
    run(&world, SELF, 0);
    for (unsigned int i = 0; i < 5; i++) {
        assert_got(i, FFA_INVALID_PARAMETERS);
    }
    assert_got(5, FFA_OK);
    assert_got(6, FFA_DENIED);
    assert_got(7, FFA_DENIED);
    clear_script();
    add(FFA_RXTX_UNMAP, 0, 0, 0, 0);
    add(FFA_MSG_SEND2, 0, 0, 0, 0);
    run(&world, SELF, 0);
    assert_got(0, FFA_OK);
    assert_got(1, FFA_DENIED);
}

/* It speaks for itself. */
static void test_notifications(void **state)
{
    const uint32_t others = ffa_ids_make(PARTITION_NOTIFIER_ID, VM);
    static struct world world;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, 2);
    call(&world, FFA_NOTIFICATION_BIND, others, 0, 1, 0, 0);
    clear_script();
    add(FFA_NOTIFICATION_SET, others, 0, 1, 0);
    add(FFA_NOTIFICATION_BIND, ffa_ids_make(SELF, VM), 0, 2, 0);
    add(FFA_NOTIFICATION_BIND, ffa_ids_make(VM, PARTITION_NOTIFIER_ID), 0, 2, 0);
    add(FFA_NOTIFICATION_GET, ffa_receiver_info_make(VM, 0), 1, 0, 0);
    add(FFA_NOTIFICATION_GET, ffa_receiver_info_make(SELF, 4), 1, 0, 0);
    add(FFA_NOTIFICATION_GET, ffa_receiver_info_make(SELF, 3), 1, 0, 0);
    add(FFA_NOTIFICATION_SET, ffa_ids_make(SELF, VM), 0, 1, 0);
    run(&world, SELF, 0);
    for (unsigned int i = 0; i < 5; i++) {
        assert_got(i, FFA_INVALID_PARAMETERS);
    }
    assert_got(5, FFA_OK);
    assert_got(6, FFA_DENIED);
}

/* The interrupt comes at once, or when the Normal world runs again. */
static void test_delayed_interrupt(void **state)
{
    static struct world world;

    (void)state;
    start(&world, FFA_VERSION_1_2);
    world_give_bitmap(&world, 1);
    call(&world, FFA_NOTIFICATION_BIND, ffa_ids_make(SELF, VM), 0, 7, 0, 0);
    clear_script();
    add(FFA_NOTIFICATION_SET, ffa_ids_make(SELF, VM), FFA_NOTIFICATION_SET_DELAY_SRI, 1, 0);
    add(FFA_NOTIFICATION_SET, ffa_ids_make(SELF, VM), 0, 2, 0);
    add(FFA_NOTIFICATION_SET, ffa_ids_make(SELF, VM), FFA_NOTIFICATION_SET_DELAY_SRI, 4, 0);
    run(&world, SELF, 0);
    assert_int_equal(script.sri[0], 0);
    assert_int_equal(script.sri[1], 1);
    assert_int_equal(script.sri[2], 1);
    assert_int_equal(world.sri_count, 2);
}

/* FFA_MSG_WAIT gives RX back, unless the partition keeps it; nobody says so before 1.2. */
static void test_wait_releases_rx(void **state)
{
    static struct world world;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        for (uint64_t keep = 0; keep < 2; keep++) {
            struct spmc_pair *pair = &world.spmc.runtimes[0].pair;

            start(&world, version);
            pair->rx_owner = SPMC_RX_CALLER;
            clear_script();
            add(FFA_MSG_WAIT, 0, keep, 0, 0);
            run(&world, SELF, 0);
            assert_int_equal(pair->rx_owner, keep != 0 && version == FFA_VERSION_1_2
                                                 ? SPMC_RX_CALLER
                                                 : SPMC_RX_SPMC);
        }
    }
}

static enum spmc_exit refuse(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    assert_int_equal(entry->kind, SPMC_ENTRY_COLD);
    regs[0] = FFA_ERROR;
    regs[2] = (uint32_t)FFA_NO_MEMORY;
    return SPMC_EXIT_CALL;
}

static enum spmc_exit dawdle(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    assert_int_equal(entry->kind, SPMC_ENTRY_COLD);
    (void)regs;
    return SPMC_EXIT_PREEMPTED;
}

/* One that cannot start is aborted, on each CPU that it had a context for. */
static void test_cannot_start(void **state)
{
    spmc_enter *const enters[] = {refuse, dawdle};
    static struct world world;
    struct spmc_config config;

    (void)state;
    for (int i = 0; i < 2; i++) {
        world_agree(&world, FFA_VERSION_1_2);
        config = world.spmc.config;
        config.enter = enters[i];
        spmc_init(&world.spmc, &config);
        answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0);
        for (unsigned int cpu = 0; cpu < 4; cpu++) {
            struct regs regs;

            world_on_cpu(cpu);
            regs = ask(&world, SELF, 0, 0, 0, 0, 0);
            assert_error(&regs, FFA_ABORTED);
            regs = run(&world, SELF, (uint16_t)cpu);
            assert_error(&regs, FFA_ABORTED);
        }
    }
}

int run_partition_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_responses),
        cmocka_unit_test(test_response_of_other_width),
        cmocka_unit_test(test_response_without_request),
        cmocka_unit_test(test_success_since_1_2),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_notifications),
        cmocka_unit_test(test_delayed_interrupt),
        cmocka_unit_test(test_wait_releases_rx),
        cmocka_unit_test(test_cannot_start),
    };

    return cmocka_run_group_tests_name("calls of partitions", tests, NULL, NULL);
}
