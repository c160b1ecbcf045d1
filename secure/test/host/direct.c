/* SPDX-License-Identifier: BSD-3-Clause */
/* Direct requests, and who gets which cycles. */
#include "world.h"

#include <pthread.h>
#include <string.h>

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID

#define PAYLOAD(n) (0x1122334455660000ull + (n))

static struct regs request(uint32_t fid, uint16_t partition, const struct ffa_uuid *uuid)
{
    struct regs regs = {{fid, ffa_ids_make(VM, partition)}};

    for (unsigned int i = uuid == NULL ? 4 : 5; i < FFA_REGS_MAX; i++) {
        regs.x[i] = PAYLOAD(i);
    }
    if (uuid != NULL) {
        regs.x[2] = ffa_uuid_to_u64(uuid, 0);
        regs.x[3] = ffa_uuid_to_u64(uuid, 1);
    }
    return regs;
}

static void test_echo_32(void **state)
{
    static struct world world;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_0; version <= FFA_VERSION_1_2; version++) {
        struct regs regs;

        world_agree(&world, version);
        regs = call_with(&world, request(FFA_MSG_SEND_DIRECT_REQ_32, ECHO, NULL));
        assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
        assert_int_equal(regs.x[1], ffa_ids_make(ECHO, VM));
        assert_int_equal(regs.x[2], 0);
        assert_int_equal(regs.x[3], 0xffffffff);
        for (unsigned int i = 4; i < 8; i++) {
            assert_int_equal(regs.x[i], (uint32_t)~PAYLOAD(i));
        }
        assert_poisoned(&regs, 8);
    }
}

static void test_echo_64(void **state)
{
    static struct world world;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_0; version <= FFA_VERSION_1_2; version++) {
        struct regs regs;

        world_agree(&world, version);
        regs = call_with(&world, request(FFA_MSG_SEND_DIRECT_REQ_64, TRIO, NULL));
        assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_64);
        assert_int_equal(regs.x[1], ffa_ids_make(TRIO, VM));
        assert_int_equal(regs.x[3], UINT64_MAX);
        for (unsigned int i = 4; i < 8; i++) {
            assert_int_equal(regs.x[i], ~PAYLOAD(i));
        }
        if (version < FFA_VERSION_1_2) {
            assert_poisoned(&regs, 8);
        } else {
            assert_zero(&regs, 8, 17);
        }
    }
}

static void test_echo_2(void **state)
{
    static const struct ffa_uuid nil;
    const struct ffa_uuid *uuids[] = {&nil, &secure_partitions[0].uuids[0]};
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (int i = 0; i < 2; i++) {
        struct regs regs = call_with(&world, request(FFA_MSG_SEND_DIRECT_REQ2, ECHO, uuids[i]));

        assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP2);
        assert_int_equal(regs.x[1], ffa_ids_make(ECHO, VM));
        assert_zero(&regs, 2, 3);
        assert_int_equal(regs.x[4], UINT64_MAX);
        for (unsigned int n = 5; n < FFA_REGS_MAX; n++) {
            assert_int_equal(regs.x[n], ~PAYLOAD(n));
        }
    }
}

static void test_request_refused(void **state)
{
    static const struct {
        uint32_t fid;
        uint32_t ids;
        uint64_t x2;
        int32_t status;
    } rows[] = {
        {FFA_MSG_SEND_DIRECT_REQ_32, ECHO << 16 | NOTIFIER, 0, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, ECHO << 16 | ECHO, 0, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, VM << 16 | 0x8009, 0, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, VM << 16 | OTHER_VM, 0, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, VM << 16 | SPMC_ID, 0, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_64, VM << 16 | ECHO, 1, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_64, VM << 16 | NOTIFIER, 0x80000004, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, ECHO, 0x80000004, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, NOTIFIER, 0x80000000, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ_32, NOTIFIER, 0x80000005, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ2, VM << 16 | NOTIFIER, 0, FFA_DENIED},
        {FFA_MSG_SEND_DIRECT_REQ2, VM << 16 | ECHO, 1, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ2, ECHO << 16 | ECHO, 0, FFA_INVALID_PARAMETERS},
        {FFA_MSG_SEND_DIRECT_REQ2, VM << 16 | 0x8009, 0, FFA_INVALID_PARAMETERS},
    };
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(status(&world, rows[i].fid, rows[i].ids, rows[i].x2, 0), rows[i].status);
    }
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(status(&world, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(VM, ECHO), 0x100, 0),
                     FFA_INVALID_PARAMETERS);
}

/* The hypervisor may ask in its own name. */
static void test_hypervisor_asks(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = call(&world, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(0, ECHO), 0, 0, 5, 0);
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(regs.x[4], (uint32_t)~5u);
}

static void test_preempted(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = ask(&world, ECHO, COMMAND_SPIN, 2500, 0, 0, 0);
    for (int i = 0; i < 3; i++) {
        assert_target(&regs, FFA_INTERRUPT, ECHO, 0);
        regs = ask(&world, ECHO, COMMAND_ECHO, 0, 0, 0, 0);
        assert_error(&regs, FFA_BUSY);
        regs = run(&world, ECHO, 0);
    }
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(regs.x[1], ffa_ids_make(ECHO, VM));
    assert_zero(&regs, 2, 7);
}

/* FFA_RUN is SMC32; what it resumes may end with registers that only SMC64 has. */
static void test_run_completes_64(void **state)
{
    static struct world world;
    struct regs regs = {{FFA_MSG_SEND_DIRECT_REQ2, ffa_ids_make(VM, ECHO), 0, 0, COMMAND_SPIN, 1}};

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = call_with(&world, regs);
    assert_target(&regs, FFA_INTERRUPT, ECHO, 0);
    assert_zero(&regs, 8, 17);
    regs = run(&world, ECHO, 0);
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP2);
    assert_zero(&regs, 2, 17);
}

static void test_yield(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    regs = ask(&world, NOTIFIER, COMMAND_YIELD, 3, 0, 0, 0);
    for (unsigned int i = 0; i < 3; i++) {
        assert_target(&regs, FFA_YIELD, NOTIFIER, 0);
        /* A partition that may run anywhere may also go on anywhere. */
        world_on_cpu(i % 2);
        regs = run(&world, NOTIFIER, 0);
    }
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(word(&regs, 0), FFA_OK);
}

static void test_ends_without_response(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = ask(&world, ECHO, COMMAND_FAIL, (uint32_t)FFA_ABORTED, 0, 0, 0);
    assert_error(&regs, FFA_ABORTED);
    regs = ask(&world, ECHO, COMMAND_SUCCEED, 0, 0, 0, 0);
    assert_success(&regs);
    assert_zero(&regs, 1, 7);
    assert_int_equal(command(&world, ECHO, COMMAND_SPIN, 0, 0, 0, 0), FFA_OK);
    assert_int_equal(command(&world, ECHO, 999, 0, 0, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(command(&world, ECHO, COMMAND_TIMER_ARM, 5, 0, 0, 0), FFA_NOT_SUPPORTED);
}

static void test_run_refused(void **state)
{
    static const struct {
        uint16_t partition;
        uint16_t vcpu;
        int32_t status;
    } rows[] = {
        {0x8009, 0, FFA_INVALID_PARAMETERS},  {VM, 0, FFA_INVALID_PARAMETERS},
        {0, 0, FFA_INVALID_PARAMETERS},       {ECHO, 4, FFA_INVALID_PARAMETERS},
        {ECHO, 1, FFA_INVALID_PARAMETERS},    {NOTIFIER, 1, FFA_INVALID_PARAMETERS},
        {SPMC_ID, 0, FFA_INVALID_PARAMETERS},
    };
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        regs = run(&world, rows[i].partition, rows[i].vcpu);
        assert_error(&regs, rows[i].status);
    }
    regs = ask(&world, ECHO, COMMAND_SPIN, 1, 0, 0, 0);
    assert_target(&regs, FFA_INTERRUPT, ECHO, 0);
    world_on_cpu(1);
    regs = run(&world, ECHO, 0);
    assert_error(&regs, FFA_INVALID_PARAMETERS);
    regs = ask(&world, ECHO, COMMAND_SPIN, 1, 0, 0, 0);
    assert_target(&regs, FFA_INTERRUPT, ECHO, 1);
    world_on_cpu(0);
    regs = run(&world, ECHO, 0);
    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    world_on_cpu(7);
    regs = ask(&world, ECHO, COMMAND_ECHO, 0, 0, 0, 0);
    assert_error(&regs, FFA_DENIED);
}

/* One that waits gets cycles, and has nothing to do. */
static void test_run_of_one_that_waits(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = run(&world, ECHO, 0);
    assert_target(&regs, FFA_MSG_WAIT, ECHO, 0);
    regs = run(&world, TRIO, 0);
    assert_target(&regs, FFA_MSG_WAIT, TRIO, 0);
}

static void test_never_answers(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = ask(&world, NOTIFIER, COMMAND_HANG, 0, 0, 0, 0);
    for (int i = 0; i < 100; i++) {
        assert_target(&regs, FFA_INTERRUPT, NOTIFIER, 0);
        regs = run(&world, NOTIFIER, 0);
    }
}

/* A table without code is one that can be discovered, and no more. */
static void test_nobody_runs(void **state)
{
    static struct world world;
    struct spmc_config config;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    config = world.spmc.config;
    config.enter = NULL;
    config.cpu = NULL;
    config.raise_sri = NULL;
    config.log = NULL;
    spmc_init(&world.spmc, &config);
    assert_int_equal(answer(&world, FFA_VERSION, FFA_VERSION_1_2, 0, 0), FFA_VERSION_1_2);
    regs = ask(&world, ECHO, COMMAND_ECHO, 0, 0, 0, 0);
    assert_error(&regs, FFA_ABORTED);
    regs = run(&world, ECHO, 0);
    assert_error(&regs, FFA_ABORTED);
    assert_false(spmc_interrupt(&world.spmc, ECHO, 29));
}

static void test_secure_interrupt(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_true(spmc_interrupt(&world.spmc, ECHO, 29));
    world_on_cpu(2);
    assert_true(spmc_interrupt(&world.spmc, ECHO, 29));
    assert_false(spmc_interrupt(&world.spmc, 0x8009, 29));
    regs = ask(&world, ECHO, COMMAND_TIMER_COUNT, 0, 0, 0, 0);
    assert_int_equal(word(&regs, 1), 2);
    regs = ask(&world, ECHO, COMMAND_SPIN, 1, 0, 0, 0);
    assert_target(&regs, FFA_INTERRUPT, ECHO, 2);
    assert_false(spmc_interrupt(&world.spmc, ECHO, 29));
}

static void test_console(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(command(&world, ECHO, COMMAND_LOG, 10, 0x6c6c6568, 0x6f77206f, 0x6472),
                     FFA_OK);
    assert_string_equal(world.log, "hello word");
    assert_int_equal(command(&world, ECHO, COMMAND_LOG, 0, 0, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(command(&world, ECHO, COMMAND_LOG, 25, 0, 0, 0), FFA_INVALID_PARAMETERS);
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(command(&world, ECHO, COMMAND_LOG, 1, 'x', 0, 0), FFA_NOT_SUPPORTED);
}

#define CPUS   4u
#define ROUNDS 500u

/* Each CPU has its context of echo; of notifier there is one for all. */
static void *cpu(void *argument)
{
    struct world *world = argument;
    static unsigned int next;
    const unsigned int self = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % CPUS;
    uintptr_t wrong = 0;

    world_on_cpu(self);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        struct regs regs = insist(world, ask(world, ECHO, COMMAND_SPIN, 1001 * (i % 3), 0, 0, 0));

        wrong += regs.x[0] != FFA_MSG_SEND_DIRECT_RESP_32 || word(&regs, 0) != FFA_OK;
        regs = ask(world, NOTIFIER, COMMAND_ECHO, i, self, 0, 0);
        wrong += regs.x[0] == FFA_ERROR ? (int32_t)regs.x[2] != FFA_BUSY : word(&regs, 1) != ~i;
    }
    return (void *)wrong;
}

static void test_many_cpus(void **state)
{
    static struct world world;
    pthread_t threads[CPUS];

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (unsigned int i = 0; i < CPUS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, cpu, &world), 0);
    }
    for (unsigned int i = 0; i < CPUS; i++) {
        void *wrong;

        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int run_direct_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_32),
        cmocka_unit_test(test_echo_64),
        cmocka_unit_test(test_echo_2),
        cmocka_unit_test(test_request_refused),
        cmocka_unit_test(test_hypervisor_asks),
        cmocka_unit_test(test_preempted),
        cmocka_unit_test(test_run_completes_64),
        cmocka_unit_test(test_yield),
        cmocka_unit_test(test_ends_without_response),
        cmocka_unit_test(test_run_refused),
        cmocka_unit_test(test_run_of_one_that_waits),
        cmocka_unit_test(test_never_answers),
        cmocka_unit_test(test_nobody_runs),
        cmocka_unit_test(test_secure_interrupt),
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_many_cpus),
    };

    return cmocka_run_group_tests_name("direct messages", tests, NULL, NULL);
}
