/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors that are longer than a buffer, in both directions. */
#include "memory.h"

#include <string.h>

#define MANY 40000u

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

static struct ffa_mem_constituent many[MANY];

/* Every other page, in an order that jumps about: 40000 is no multiple of the step's factors. */
static void make_many(void)
{
    for (uint32_t i = 0; i < MANY; i++) {
        const uint32_t place = (uint32_t)((uint64_t)i * 7919 % MANY);

        many[i] = (struct ffa_mem_constituent){FAR_PA + 2 * place * (uint64_t)PAGE, 1, 0};
    }
}

static struct grant grant_of_many(uint32_t version, uint32_t fid, uint32_t count)
{
    struct grant grant = grant_of(version, fid);

    make_many();
    grant.ranges = many;
    grant.range_count = count;
    return grant;
}

/* --- What the hypervisor sends --- */

static void test_any_number(void **state)
{
    const uint32_t counts[] = {1, 2, 246, 247, 248, 249, 250, 251, 252, 503, 504, 505, 5000};
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
            const struct grant grant = grant_of_many(versions[v], LEND, counts[i]);
            const uint32_t before = room(&world);
            const uint64_t handle = send_ok(&world, LEND, &grant);

            assert_int_equal(room(&world), before - 0x100000 - counts[i]);
            assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
            assert_int_equal(room(&world), before);
        }
    }
}

/* A whole one, from buffers of one page and of several, while nobody reads it in order. */
static void test_very_many(void **state)
{
    static struct world world;

    (void)state;
    for (uint32_t pages = 1; pages < 4; pages++) {
        const struct grant grant = grant_of_many(FFA_VERSION_1_2, SHARE, MANY);
        uint64_t handle;

        memory_start(&world, FFA_VERSION_1_2, pages);
        handle = send_ok(&world, SHARE, &grant);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
        assert_int_equal(world.spmc.ranges.root, 0);
    }
}

/* Opens one of `count` ranges of which the first is sent, and returns its handle. */
static uint64_t open(struct world *world, const struct grant *grant, uint32_t fid)
{
    const uint32_t version = world->spmc.version;
    struct grant first = *grant;
    const uint32_t here = composite_at(grant, version) + 32;
    struct regs regs;
    uint32_t count = grant->range_count;

    first.range_count = 1;
    grant_write(&first, version, world->memory);
    memcpy(world->memory + here - 28, &count, sizeof(count));
    for (uint32_t i = 1; i < count; i++) {
        first.range_count += grant->ranges[i].page_count;
    }
    memcpy(world->memory + here - 32, &first.range_count, sizeof(count));
    regs = call(world, fid, here + 16 * (count - 1), here, 0, 0, 0);
    assert_int_equal(regs.x[0], FFA_MEM_FRAG_RX);
    assert_int_equal(regs.x[3], here);
    return regs.x[2] << 32 | regs.x[1];
}

static struct regs fragment(struct world *world, const struct grant *grant, uint64_t handle,
                            uint32_t first, uint32_t count)
{
    memcpy(world->memory, &grant->ranges[first], 16 * count);
    return call(world, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32, 16 * count,
                (uint32_t)grant->sender << 16, 0);
}

static int32_t fragment_status(struct world *world, const struct grant *grant, uint64_t handle,
                               uint32_t first, uint32_t count)
{
    const struct regs regs = fragment(world, grant, handle, first, count);

    return status_of(&regs);
}

/* Calls that are about no open transaction leave it alone. */
static void test_wrong_fragments(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of_many(versions[v], SHARE, 3);
        struct grant other = grant;
        uint64_t handle;

        memory_start(&world, versions[v], 1);
        handle = open(&world, &grant, SHARE);
        other.sender = OTHER_VM;
        assert_int_equal(fragment_status(&world, &other, handle, 1, 1), FFA_INVALID_PARAMETERS);
        for (unsigned int bit = 0; bit < 64; bit++) {
            assert_int_equal(fragment_status(&world, &grant, handle ^ 1ull << bit, 1, 1),
                             FFA_INVALID_PARAMETERS);
        }
        assert_int_equal(send(&world, SHARE, &grant).x[2], (uint32_t)FFA_BUSY);
        assert_int_equal(reclaim(&world, handle, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(fragment(&world, &grant, handle, 1, 1).x[0], FFA_MEM_FRAG_RX);
        assert_int_equal(reclaim(&world, handle, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(fragment_status(&world, &grant, handle, 2, 1), FFA_OK);
        assert_int_equal(fragment_status(&world, &grant, handle, 2, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
        assert_int_equal(fragment_status(&world, &grant, handle, 2, 1), FFA_INVALID_PARAMETERS);
    }
}

/* Several VMs in the middle of it, and one of them twice. */
static void test_interleaved(void **state)
{
    static struct world world;
    struct grant a = grant_of_many(FFA_VERSION_1_2, SHARE, 3);
    struct grant b = a;
    uint64_t handle_a;
    uint64_t handle_b;

    (void)state;
    b.sender = OTHER_VM;
    b.ranges += 100;
    memory_start(&world, FFA_VERSION_1_2, 1);
    handle_a = open(&world, &a, SHARE);
    handle_b = open(&world, &b, SHARE);
    assert_int_equal(fragment(&world, &b, handle_b, 1, 1).x[0], FFA_MEM_FRAG_RX);
    assert_int_equal(fragment_status(&world, &a, handle_a, 1, 2), FFA_OK);
    assert_int_equal(fragment_status(&world, &b, handle_b, 2, 1), FFA_OK);
    assert_int_equal(reclaim(&world, handle_a, 0), FFA_OK);
    assert_int_equal(reclaim(&world, handle_b, 0), FFA_OK);
}

/* A bad fragment is the end of all that came before it. */
static void test_bad_fragments(void **state)
{
    static const uint32_t lengths[] = {0, 1, 8, 15, 17, 24, 48, 64, 4096, 4097, 0xfffffff0};
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        struct ffa_mem_constituent ranges[3];
        struct grant grant = grant_of_many(versions[v], SHARE, 3);
        uint32_t before;
        uint64_t handle;

        memory_start(&world, versions[v], 1);
        before = room(&world);
        for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            handle = open(&world, &grant, SHARE);
            memcpy(world.memory, &many[1], 32);
            assert_int_equal(call(&world, FFA_MEM_FRAG_TX, (uint32_t)handle, handle >> 32,
                                  lengths[i], VM << 16, 0)
                                 .x[2],
                             (uint32_t)FFA_INVALID_PARAMETERS);
            assert_int_equal(room(&world), before);
            assert_int_equal(fragment_status(&world, &grant, handle, 1, 2), FFA_INVALID_PARAMETERS);
        }
        grant.ranges = ranges;
        for (unsigned int i = 0; i < 6; i++) {
            const int32_t expected = i < 4 ? FFA_INVALID_PARAMETERS : FFA_DENIED;

            memcpy(ranges, many, sizeof(ranges));
            handle = open(&world, &grant, SHARE);
            ranges[2].address += i == 0 ? 1 : 0;
            ranges[2].page_count = i == 1 ? 0 : (i == 2 ? 2 : 1);
            ranges[2].address = i == 3 ? ranges[0].address : ranges[2].address;
            ranges[2].address = i == 4 ? TX_PA : ranges[2].address;
            ranges[2].address = i == 5 ? 0x1000 : ranges[2].address;
            assert_int_equal(fragment(&world, &grant, handle, 1, 1).x[0], FFA_MEM_FRAG_RX);
            assert_int_equal(fragment_status(&world, &grant, handle, 2, 1), expected);
            assert_int_equal(room(&world), before);
            assert_int_equal(world.spmc.ranges.root, 0);
        }
        /* Fewer pages than announced, which shows in the end only. */
        memcpy(ranges, many, sizeof(ranges));
        ranges[1].page_count = 2;
        handle = open(&world, &grant, SHARE);
        ranges[1].page_count = 1;
        assert_int_equal(fragment_status(&world, &grant, handle, 1, 2), FFA_INVALID_PARAMETERS);
        assert_int_equal(room(&world), before);
    }
}

static void test_spoiled(void **state)
{
    static const struct spmc_config knobs[] = {{.spoiled = SPMC_SPOILED_RECLAIM},
                                               {.spoiled = SPMC_SPOILED_STAYS}};
    static struct world world;

    (void)state;
    for (unsigned int i = 0; i < 2; i++) {
        const struct grant grant = grant_of_many(FFA_VERSION_1_2, SHARE, 3);
        struct grant again = grant;
        uint64_t handle;

        memory_start_with(&world, FFA_VERSION_1_2, 1, &knobs[i]);
        handle = open(&world, &grant, SHARE);
        assert_int_equal(fragment_status(&world, &grant, handle, 0, 1), FFA_INVALID_PARAMETERS);
        assert_int_equal(fragment_status(&world, &grant, handle, 1, 2), FFA_ABORTED);
        again.range_count = 1;
        assert_int_equal(send(&world, SHARE, &again).x[2], (uint32_t)FFA_DENIED);
        assert_int_equal(reclaim(&world, handle, 0), i == 0 ? FFA_OK : FFA_ABORTED);
        assert_int_equal(reclaim(&world, handle, 0), i == 0 ? FFA_INVALID_PARAMETERS : FFA_ABORTED);
        assert_int_equal(send(&world, SHARE, &again).x[0], i == 0 ? FFA_SUCCESS_32 : FFA_ERROR);
    }
}

/* An SPMC that takes no fragments, and lends nothing. */
static void test_absent(void **state)
{
    static const uint32_t absent[] = {FFA_MEM_FRAG_TX, FFA_MEM_LEND_32};
    const struct spmc_config knobs = {.absent = absent, .absent_count = 2};
    static struct world world;
    struct grant grant = grant_of_many(FFA_VERSION_1_2, SHARE, 1000);

    (void)state;
    memory_start_with(&world, FFA_VERSION_1_2, 1, &knobs);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_MEM_FRAG_TX, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_MEM_LEND_64, 0, 0), FFA_NOT_SUPPORTED);
    assert_int_equal(status(&world, FFA_FEATURES, FFA_MEM_SHARE_32, 0, 0), FFA_OK);
    assert_int_equal(send(&world, SHARE, &grant).x[2], (uint32_t)FFA_NOT_SUPPORTED);
    assert_int_equal(send(&world, LEND, &grant).x[2], (uint32_t)FFA_NOT_SUPPORTED);
    grant.range_count = 100;
    assert_int_equal(reclaim(&world, send_ok(&world, SHARE, &grant), 0), FFA_OK);
}

/* --- What a receiver gets --- */

struct fetched {
    uint32_t bytes; /* of the descriptor */
    uint32_t here;
    struct ffa_mem_constituent ranges[MANY];
    uint32_t count;
};

static struct fetched fetched;

static void keep(const uint8_t *from, uint32_t bytes)
{
    assert_int_equal(bytes % 16, 0);
    memcpy(&fetched.ranges[fetched.count], from, bytes);
    fetched.count += bytes / 16;
    fetched.here += bytes;
}

static void begin(const struct regs *regs, const uint8_t *rx, uint32_t ranges_at)
{
    assert_int_equal(regs->x[0], FFA_MEM_RETRIEVE_RESP);
    assert_zero(regs, 3, 7);
    memset(&fetched, 0, sizeof(fetched));
    fetched.bytes = (uint32_t)regs->x[1];
    fetched.here = ranges_at;
    keep(rx + ranges_at, (uint32_t)regs->x[2] - ranges_at);
}

/* The calls of a partition, or of the hypervisor. */
static struct regs ask_as(struct world *world, uint16_t who, struct regs regs)
{
    return who == 0 ? call_with(world, regs) : puppet_call(world, who, regs);
}

static const uint8_t *rx_of(struct world *world, uint16_t who)
{
    return who == 0 ? world->memory + world->spmc.own.bytes : puppet(who)->rx;
}

static void fetch_rest(struct world *world, uint16_t who, uint64_t handle, uint32_t w4)
{
    while (fetched.here < fetched.bytes) {
        const struct regs ask = {
            {FFA_MEM_FRAG_RX, (uint32_t)handle, handle >> 32, fetched.here, w4}};
        struct regs regs = ask_as(world, who, ask);

        assert_int_equal(status_of(&regs), FFA_BUSY);
        assert_int_equal(ask_as(world, who, (struct regs){{FFA_RX_RELEASE}}).x[0], FFA_SUCCESS_32);
        regs = ask_as(world, who, ask);
        assert_int_equal(regs.x[0], FFA_MEM_FRAG_TX);
        assert_int_equal(regs.x[2] << 32 | regs.x[1], handle);
        assert_int_equal(regs.x[4], w4);
        assert_zero(&regs, 5, 7);
        keep(rx_of(world, who), (uint32_t)regs.x[3]);
    }
    assert_int_equal(fetched.here, fetched.bytes);
}

static void test_partition_fetches(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of_many(versions[v], SHARE, MANY);
        const uint32_t ranges_at = composite_at(&grant, versions[v]) + 16;
        struct grant request;
        uint64_t handle;
        struct regs regs;

        memory_start(&world, versions[v], 2);
        handle = send_ok(&world, SHARE, &grant);
        request = request_of(&grant, handle, ECHO);
        regs = puppet_retrieve(&world, ECHO, &request);
        begin(&regs, puppet(ECHO)->got, ranges_at);
        if (versions[v] < FFA_VERSION_1_2) {
            /* FFA_MSG_WAIT gave RX back. */
            assert_int_equal(ask_as(&world, ECHO, (struct regs){{FFA_RX_RELEASE}}).x[2],
                             (uint32_t)FFA_DENIED);
        } else {
            fetch_rest(&world, ECHO, handle, 0);
            assert_memory_equal(fetched.ranges, many, sizeof(many));
            ask_as(&world, ECHO, (struct regs){{FFA_RX_RELEASE}});
        }
        assert_int_equal(relinquish(&world, ECHO, handle, 0), FFA_OK);
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

static struct regs hypervisor_retrieve(struct world *world, uint64_t handle)
{
    const uint32_t bytes = header_bytes(world->spmc.version);

    memset(world->memory, 0, bytes);
    memcpy(world->memory + 8, &handle, 8);
    return call(world, FFA_MEM_RETRIEVE_REQ_32, bytes, bytes, 0, 0, 0);
}

static void test_hypervisor_fetches(void **state)
{
    static struct world world;

    (void)state;
    VERSIONS(v)
    {
        const struct grant grant = grant_of_many(versions[v], LEND, MANY);
        struct regs regs;
        uint64_t handle;

        memory_start(&world, versions[v], 1);
        handle = send_ok(&world, LEND, &grant);
        regs = hypervisor_retrieve(&world, handle);
        begin(&regs, rx_of(&world, 0), composite_at(&grant, versions[v]) + 16);
        assert_int_equal(hypervisor_retrieve(&world, handle).x[2], (uint32_t)FFA_BUSY);
        assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_OK);
        assert_int_equal(hypervisor_retrieve(&world, handle).x[2], (uint32_t)FFA_DENIED);
        /* Takes RX again, so that fetch_rest() finds it as a first fragment leaves it. */
        regs = call(&world, FFA_MEM_FRAG_RX, (uint32_t)handle, handle >> 32, fetched.here, VM << 16,
                    0);
        keep(rx_of(&world, 0), (uint32_t)regs.x[3]);
        fetch_rest(&world, 0, handle, VM << 16);
        assert_memory_equal(fetched.ranges, many, sizeof(many));
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    }
}

/* The next one, or the last one again, and no other. */
static void test_offsets(void **state)
{
    static struct world world;
    const struct grant grant = grant_of_many(FFA_VERSION_1_2, LEND, 1250);
    const uint32_t ranges_at = composite_at(&grant, FFA_VERSION_1_2) + 16;
    const uint32_t first = (PAGE - ranges_at) / 16 * 16 + ranges_at;
    const uint32_t bytes = ranges_at + 20000;
    struct regs regs;
    uint64_t handle;

    (void)state;
    memory_start(&world, FFA_VERSION_1_2, 1);
    handle = send_ok(&world, LEND, &grant);
#define FETCH(offset, w4)                         \
    (call(&world, FFA_RX_RELEASE, 0, 0, 0, 0, 0), \
     call(&world, FFA_MEM_FRAG_RX, (uint32_t)handle, handle >> 32, (offset), (w4), 0))
    regs = FETCH(0, VM << 16);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    regs = hypervisor_retrieve(&world, handle);
    assert_int_equal(regs.x[1], bytes);
    assert_int_equal(regs.x[2], first);
    for (uint32_t offset = 0; offset < bytes + 32; offset += offset == first - 16 ? 32 : 16) {
        regs = FETCH(offset, VM << 16);
        assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    }
    regs = FETCH(first, 0);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    regs = FETCH(first, OTHER_VM << 16);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    for (unsigned int i = 0; i < 3; i++) {
        regs = FETCH(first, VM << 16);
        assert_int_equal(regs.x[0], FFA_MEM_FRAG_TX);
        assert_memory_equal(rx_of(&world, 0), &many[(first - ranges_at) / 16], PAGE);
    }
    regs = FETCH(first + 16, VM << 16);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    regs = FETCH(first + PAGE, VM << 16);
    assert_int_equal(regs.x[3], PAGE);
    regs = FETCH(first, VM << 16);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    regs = FETCH(first + 2 * PAGE, VM << 16);
    regs = FETCH(first + 3 * PAGE, VM << 16);
    assert_int_equal(regs.x[3], bytes - first - 3 * PAGE);
    regs = FETCH(bytes, VM << 16);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    regs = FETCH(first + 3 * PAGE, VM << 16);
    assert_int_equal(regs.x[3], bytes - first - 3 * PAGE);
    assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
    regs = FETCH(first + 3 * PAGE, VM << 16);
    assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
}

int run_memory_fragment_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number),
        cmocka_unit_test(test_very_many),
        cmocka_unit_test(test_wrong_fragments),
        cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_bad_fragments),
        cmocka_unit_test(test_spoiled),
        cmocka_unit_test(test_partition_fetches),
        cmocka_unit_test(test_hypervisor_fetches),
        cmocka_unit_test(test_offsets),
    };

    return cmocka_run_group_tests_name("memory: fragments", tests, NULL, NULL);
}
