/* SPDX-License-Identifier: BSD-3-Clause */
/* What the partitions do with memory when they are asked (commands.h). */
#include "memory.h"

#include <string.h>

static struct world world;

static const uint32_t kinds[] = {SHARE, LEND, DONATE};
static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

/* With the agents, which memory_start() has replaced. */
static void start(uint32_t version)
{
    world_agree(&world, version);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
}

static struct regs last; /* what the last command was answered */

static int32_t tell(uint16_t partition, uint32_t word0, uint64_t handle, uint32_t word3,
                    uint32_t word4)
{
    last = insist(&world, ask(&world, partition, word0, (uint32_t)handle, (uint32_t)(handle >> 32),
                              word3, word4));
    assert_int_equal(last.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    return (int32_t)word(&last, 0);
}

static int32_t prepare(uint16_t partition, uint32_t item, uint32_t a, uint32_t b, uint32_t c)
{
    return command(&world, partition, COMMAND_MEMORY_PREPARE, item, a, b, c);
}

static int32_t retrieve(uint16_t partition, uint64_t handle, uint32_t permissions, uint32_t flags)
{
    prepare(partition, COMMAND_PREPARE_TAG, 0x55667788, 0x11223344, 0);
    return tell(partition, COMMAND_MEMORY_RETRIEVE, handle, VM | permissions << 16, flags);
}

static uint32_t held_count(uint16_t partition)
{
    command(&world, partition, COMMAND_MEMORY_HELD, 0, 0, 0, 0);
    last = insist(&world, ask(&world, partition, COMMAND_MEMORY_HELD, 0, 0, 0, 0));
    return word(&last, 4) >> 16;
}

static void test_retrieve_and_relinquish(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        start(versions[v]);
        for (unsigned int k = 0; k < 3; k++) {
            const struct grant grant = grant_of(versions[v], kinds[k]);
            const uint64_t handle = send_ok(&world, kinds[k], &grant);
            const uint32_t ns = versions[v] == FFA_VERSION_1_0 ? 0 : FFA_MEM_ATTR_NS;

            assert_int_equal(retrieve(ECHO, handle ^ 1, RW, 0), FFA_INVALID_PARAMETERS);
            assert_int_equal(retrieve(ECHO, handle, RW, 0), FFA_OK);
            assert_int_equal(word(&last, 1), TWO_RANGES_PAGES);
            assert_int_equal(word(&last, 2), 2);
            assert_int_equal(word(&last, 3), RAM | ns | (RW | XN) << 16);
            assert_int_equal(word(&last, 4), (k + 1) << 3);
            assert_int_equal(retrieve(ECHO, handle, RW, 0),
                             k == 2 ? FFA_INVALID_PARAMETERS : FFA_DENIED);
            for (uint32_t i = 0; i < 2; i++) {
                assert_int_equal(tell(ECHO, COMMAND_MEMORY_RANGE, handle, i, 0), FFA_OK);
                assert_int_equal(word(&last, 1), two_ranges[i].address);
                assert_int_equal(word(&last, 2), two_ranges[i].address >> 32);
                assert_int_equal(word(&last, 3), two_ranges[i].page_count);
            }
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_RANGE, handle, 2, 0),
                             FFA_INVALID_PARAMETERS);
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_HELD, 0, 0, 0), FFA_OK);
            assert_int_equal(word(&last, 1), (uint32_t)handle);
            assert_int_equal(word(&last, 2), handle >> 32);
            assert_int_equal(word(&last, 3), TWO_RANGES_PAGES);
            assert_int_equal(word(&last, 4), 1u << 16 | VM);
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, handle, 2, 0),
                             FFA_INVALID_PARAMETERS);
            if (k == 2) {
                start(versions[v]);
                break;
            }
            assert_int_equal(held_count(ECHO), 1);
            assert_int_equal(reclaim(&world, handle, 0), FFA_DENIED);
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, handle, 0, 0), FFA_OK);
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, handle, 0, 0), FFA_DENIED);
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_READ, handle, 0, 0), FFA_NO_DATA);
            assert_int_equal(held_count(ECHO), 0);
            assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
        }
    }
}

/* The region's byte, as the sender counts. */
static uint8_t *byte_at(uint32_t offset)
{
    return offset < 2 * PAGE ? far_memory(two_ranges[0].address) + offset
                             : far_memory(two_ranges[1].address) + offset - 2 * PAGE;
}

static void test_access(void **state)
{
    const struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    const uint32_t bytes = TWO_RANGES_PAGES * PAGE;
    uint32_t checksum = 0;
    uint64_t handle;

    (void)state;
    start(FFA_VERSION_1_2);
    handle = send_ok(&world, SHARE, &grant);
    assert_int_equal(tell(TRIO, COMMAND_MEMORY_READ, handle, 0, 0), FFA_NO_DATA);
    assert_int_equal(retrieve(ECHO, handle, RW, 0), FFA_OK);
    for (uint32_t i = 0; i < bytes; i++) {
        *byte_at(i) = (uint8_t)(i * 13 + i / PAGE);
    }
    for (uint32_t at = 2 * PAGE - 8; at < 2 * PAGE + 8; at += 4) {
        uint32_t here;

        memcpy(&here, byte_at(at), 4);
        assert_int_equal(tell(ECHO, COMMAND_MEMORY_READ, handle, at, 0), FFA_OK);
        assert_int_equal(word(&last, 1), here);
    }
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_WRITE, handle, 2 * PAGE, 0x12345678), FFA_OK);
    assert_int_equal(*byte_at(2 * PAGE), 0x78);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_READ, handle, 2, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_READ, handle, bytes, 0), FFA_INVALID_PARAMETERS);
    for (uint32_t i = 100; i < bytes; i++) {
        checksum = COMMAND_CHECKSUM(checksum, *byte_at(i));
    }
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_SUM, handle, 100, bytes - 100), FFA_OK);
    assert_int_equal(word(&last, 1), checksum);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_SUM, handle, 100, bytes - 99),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_SUM, handle, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_SUM, handle, 0xffffffff, 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_FILL, handle, PAGE + 5, 5u << 24 | 5000), FFA_OK);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(*byte_at(PAGE + 5 + i), COMMAND_PATTERN(5, i));
    }
    assert_int_equal(*byte_at(PAGE + 4), (uint8_t)((PAGE + 4) * 13 + 1));
}

static void test_walk(void **state)
{
    const struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    uint64_t handle;

    (void)state;
    start(FFA_VERSION_1_2);
    for (uint32_t i = 0; i < 3; i++) {
        memcpy(byte_at(i * PAGE), &(uint32_t){100 + i}, 4);
    }
    handle = send_ok(&world, SHARE, &grant);
    assert_int_equal(retrieve(ECHO, handle, RW, 0), FFA_OK);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_WALK, handle, 1000, 0), FFA_OK);
    assert_int_equal(word(&last, 1), 303);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_WALK, handle, 0, 0), FFA_OK);
    assert_int_equal(word(&last, 1), 3303);
}

static void test_reader(void **state)
{
    const struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    uint64_t handle;

    (void)state;
    start(FFA_VERSION_1_2);
    handle = send_ok(&world, SHARE, &grant);
    assert_int_equal(retrieve(NOTIFIER, handle, RO, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(retrieve(ECHO, handle, RO, 0), FFA_OK);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_READ, handle, 0, 0), FFA_OK);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_WALK, handle, 0, 0), FFA_OK);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_WALK, handle, 1, 0), FFA_DENIED);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_WRITE, handle, 0, 0), FFA_DENIED);
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_FILL, handle, 0, 1), FFA_DENIED);
}

/* The hypervisor takes away what the partition holds. It has nothing to clear then, either. */
static void test_taken_away(void **state)
{
    static const uint32_t accesses[] = {COMMAND_MEMORY_READ, COMMAND_MEMORY_WRITE,
                                        COMMAND_MEMORY_SUM, COMMAND_MEMORY_FILL,
                                        COMMAND_MEMORY_WALK};
    const struct grant grant = grant_of(FFA_VERSION_1_2, LEND);
    uint64_t handle;

    (void)state;
    start(FFA_VERSION_1_2);
    handle = send_ok(&world, LEND, &grant);
    assert_int_equal(retrieve(ECHO, handle, RW, 0), FFA_OK);
    far_is_gone = true;
    for (unsigned int i = 0; i < 5; i++) {
        assert_int_equal(tell(ECHO, accesses[i], handle, 4, 4), FFA_ABORTED);
    }
    assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, handle, 1, 0), FFA_OK);
    far_is_gone = false;
    assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
}

/* All that a request can be made to say. */
static void test_prepare(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        struct grant grant = grant_of(versions[v], SHARE);
        uint64_t handle;

        grant.access_count = 3;
        grant.parties[0].impdef[0] = versions[v] < FFA_VERSION_1_2 ? 0 : 0x1000000002;
        grant.parties[0].impdef[1] = versions[v] < FFA_VERSION_1_2 ? 0 : 0x3000000004;
        grant.parties[1] = (struct party){.id = TRIO, .permissions = RO};
        grant.parties[2] = (struct party){.id = OTHER_VM, .permissions = RW};
        start(versions[v]);
        handle = send_ok(&world, SHARE, &grant);
        assert_int_equal(prepare(ECHO, 5, 0, 0, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(prepare(ECHO, COMMAND_PREPARE_ACCESS_BYTES, 17, 0, 0),
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(prepare(ECHO, COMMAND_PREPARE_ACCESS_BYTES, grant.access_bytes, 0, 0),
                         FFA_OK);
        prepare(ECHO, COMMAND_PREPARE_IMPDEF, 0, 2, 0x10);
        prepare(ECHO, COMMAND_PREPARE_IMPDEF, 1, 4, 0x30);
        prepare(ECHO, COMMAND_PREPARE_ATTRIBUTES, 0x27, 0, 0);
        prepare(ECHO, COMMAND_PREPARE_BORROWER, TRIO, RO, 1);
        prepare(ECHO, COMMAND_PREPARE_BORROWER, OTHER_VM, RW, 1);
        assert_int_equal(retrieve(ECHO, handle, RW, FFA_MEM_TYPE_SHARE), FFA_OK);
        assert_int_equal(word(&last, 3) & 0x3f, 0x27);
        assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, handle, 0, 0), FFA_OK);
        /* It was prepared for one request. */
        assert_int_equal(retrieve(ECHO, handle, RW, 0), FFA_INVALID_PARAMETERS);
    }
}

#define MANY 5000u

/* As many ranges as the partition has room for, and more. */
static void test_fragments(void **state)
{
    static struct ffa_mem_constituent ranges[MANY];
    static _Alignas(PAGE) uint8_t memory[4 * PAGE + MANY * 16];
    struct spmc_partition roomy = secure_partitions[0];

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        ranges[i] = (struct ffa_mem_constituent){FAR_PA + 2 * (MANY - i) * (uint64_t)PAGE, 1, 0};
    }
    roomy.memory = memory;
    roomy.memory_bytes = sizeof(memory);
    for (unsigned int i = 0; i < 2; i++) {
        struct grant grant = grant_of(FFA_VERSION_1_2, LEND);
        uint64_t handle;

        grant.ranges = ranges;
        grant.range_count = MANY;
        if (i == 0) {
            start(FFA_VERSION_1_2);
        } else {
            world_agree_with(&world, FFA_VERSION_1_2, &roomy, 1);
            assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
        }
        handle = send_ok(&world, LEND, &grant);
        assert_int_equal(retrieve(ECHO, handle, RW, 0), i == 0 ? FFA_NO_MEMORY : FFA_OK);
        assert_int_equal(held_count(ECHO), i);
        if (i == 1) {
            assert_int_equal(word(&last, 3), MANY);
            for (uint32_t j = 0; j < MANY; j += 137) {
                assert_int_equal(tell(ECHO, COMMAND_MEMORY_RANGE, handle, j, 0), FFA_OK);
                assert_int_equal(word(&last, 1), ranges[j].address);
            }
            assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, handle, 1, 0), FFA_OK);
        }
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

/* Several regions, which go in any order. */
static void test_many_regions(void **state)
{
    uint64_t handles[AGENT_REGIONS_MAX + 1];
    struct ffa_mem_constituent ranges[2] = {{.page_count = 1}, {.page_count = 2}};
    struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);

    (void)state;
    start(FFA_VERSION_1_2);
    grant.ranges = ranges;
    for (uint32_t i = 0; i <= AGENT_REGIONS_MAX; i++) {
        ranges[0].address = FAR_PA + 8 * i * PAGE;
        ranges[1].address = ranges[0].address + 4 * PAGE;
        handles[i] = send_ok(&world, SHARE, &grant);
        assert_int_equal(retrieve(ECHO, handles[i], RW, 0),
                         i < AGENT_REGIONS_MAX ? FFA_OK : FFA_NO_MEMORY);
    }
    for (uint32_t i = 0; i < AGENT_REGIONS_MAX; i++) {
        const uint64_t one = handles[i * 7 % AGENT_REGIONS_MAX];

        assert_int_equal(tell(ECHO, COMMAND_MEMORY_WRITE, one, PAGE, i), FFA_OK);
        assert_int_equal(*far_memory(FAR_PA + (8 * (i * 7 % AGENT_REGIONS_MAX) + 4) * PAGE), i);
        assert_int_equal(tell(ECHO, COMMAND_MEMORY_RELINQUISH, one, 0, 0), FFA_OK);
        assert_int_equal(held_count(ECHO), AGENT_REGIONS_MAX - 1 - i);
    }
}

/* --- A VM is destroyed --- */

static int32_t vm_message(uint32_t type, uint16_t vm)
{
    const struct regs regs = insist(
        &world,
        call_with(&world, (struct regs){{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(0, NOTIFIER),
                                         FFA_DIRECT_FRAMEWORK(type), UINT32_MAX, UINT32_MAX, vm}}));

    assert_int_equal(regs.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    return (int32_t)regs.x[3];
}

static uint64_t lend_to_notifier(uint16_t sender, uint32_t number)
{
    const struct ffa_mem_constituent range = {.address = FAR_PA + number * PAGE, .page_count = 1};
    struct grant grant = grant_of(FFA_VERSION_1_1, LEND);
    uint64_t handle;

    grant.sender = sender;
    grant.tag = 0;
    grant.parties[0].id = NOTIFIER;
    grant.ranges = &range;
    grant.range_count = 1;
    handle = send_ok(&world, LEND, &grant);
    assert_int_equal(
        tell(NOTIFIER, COMMAND_MEMORY_RETRIEVE, handle, sender | (uint32_t)RW << 16, 0), FFA_OK);
    return handle;
}

static void test_destroyed(void **state)
{
    uint64_t handles[6];

    (void)state;
    start(FFA_VERSION_1_1);
    assert_int_equal(vm_message(FFA_FRAMEWORK_VM_CREATED_REQ, VM), FFA_OK);
    assert_int_equal(vm_message(FFA_FRAMEWORK_VM_CREATED_REQ, OTHER_VM), FFA_OK);
    for (uint32_t i = 0; i < 6; i++) {
        handles[i] = lend_to_notifier(i % 3 == 1 ? OTHER_VM : VM, i);
    }
    assert_int_equal(vm_message(FFA_FRAMEWORK_VM_DESTROYED_REQ, VM), FFA_OK);
    assert_int_equal(held_count(NOTIFIER), 2);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(reclaim(&world, handles[i], 0), i % 3 == 1 ? FFA_DENIED : FFA_OK);
    }
    assert_int_equal(vm_message(FFA_FRAMEWORK_VM_DESTROYED_REQ, OTHER_VM), FFA_OK);
    assert_int_equal(held_count(NOTIFIER), 0);
}

static void test_kept(void **state)
{
    static const int32_t answers[] = {FFA_OK, FFA_OK, FFA_DENIED};
    uint64_t handle;

    (void)state;
    for (uint32_t mode = COMMAND_KEEP_NOTHING; mode <= COMMAND_KEEP_OPENLY; mode++) {
        start(FFA_VERSION_1_1);
        assert_int_equal(command(&world, NOTIFIER, COMMAND_MEMORY_KEEP, mode, 0, 0, 0), FFA_OK);
        assert_int_equal(vm_message(FFA_FRAMEWORK_VM_CREATED_REQ, VM), FFA_OK);
        handle = lend_to_notifier(VM, 3);
        assert_int_equal(vm_message(FFA_FRAMEWORK_VM_DESTROYED_REQ, VM), answers[mode]);
        if (mode == COMMAND_KEEP_NOTHING) {
            assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
            continue;
        }
        assert_int_equal(reclaim(&world, handle, 0), FFA_DENIED);
        command(&world, NOTIFIER, COMMAND_MEMORY_KEEP, COMMAND_KEEP_NOTHING, 0, 0, 0);
        if (mode == COMMAND_KEEP_OPENLY) {
            assert_int_equal(vm_message(FFA_FRAMEWORK_VM_DESTROYED_REQ, VM), FFA_OK);
        } else {
            assert_int_equal(tell(NOTIFIER, COMMAND_MEMORY_RELINQUISH, handle, 0, 0), FFA_OK);
        }
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

int run_memory_command_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retrieve_and_relinquish),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_reader),
        cmocka_unit_test(test_taken_away),
        cmocka_unit_test(test_prepare),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_many_regions),
        cmocka_unit_test(test_destroyed),
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests_name("memory: commands", tests, NULL, NULL);
}
