/* SPDX-License-Identifier: BSD-3-Clause */
/* What FFA_MEM_RETRIEVE_REQ tells: a partition, and the hypervisor. */
#include "memory.h"

#include <string.h>

static const uint32_t kinds[] = {SHARE, LEND, DONATE};
static const uint32_t types[] = {1 << 3, 2 << 3, 3 << 3};
static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

#define KINDS(k)    for (unsigned int k = 0; k < 3; k++)
#define VERSIONS(v) for (unsigned int v = 0; v < 3; v++)

static struct world world;

static uint64_t word_of(const uint8_t *at, size_t bytes)
{
    uint64_t word = 0;

    memcpy(&word, at, bytes);
    return word;
}

/* --- A partition --- */

static void check_ranges(const uint8_t *composite, const struct grant *grant)
{
    assert_int_equal(word_of(composite, 4), TWO_RANGES_PAGES);
    assert_int_equal(word_of(composite + 4, 4), 2);
    assert_int_equal(word_of(composite + 8, 8), 0);
    assert_memory_equal(composite + 16, grant->ranges, 32);
    for (unsigned int i = 48; i < 200; i++) {
        assert_int_equal(composite[i], 0);
    }
}

static void check_header(const uint8_t *rx, uint32_t version, const struct grant *grant,
                         uint32_t flags, uint64_t handle)
{
    assert_int_equal(word_of(rx, 2), VM);
    assert_int_equal(word_of(rx + 2, 2), version == FFA_VERSION_1_0 ? RAM : RAM | 0x40);
    assert_int_equal(word_of(rx + 4, 4), flags);
    assert_int_equal(word_of(rx + 8, 8), handle);
    assert_int_equal(word_of(rx + 16, 8), grant->tag);
    if (version == FFA_VERSION_1_0) {
        assert_int_equal(word_of(rx + 24, 4), 0);
    } else {
        assert_int_equal(word_of(rx + 24, 4), version == FFA_VERSION_1_1 ? 16 : 32);
        assert_int_equal(word_of(rx + 32, 8), 48);
        assert_int_equal(word_of(rx + 40, 8), 0);
    }
}

static void check_party(const uint8_t *at, const struct party *party, uint8_t permissions,
                        uint32_t composite, uint32_t bytes)
{
    assert_int_equal(word_of(at, 2), party->id);
    assert_int_equal(at[2], permissions);
    assert_int_equal(at[3], 0);
    assert_int_equal(word_of(at + 4, 4), composite);
    if (bytes == 32) {
        assert_memory_equal(at + 8, party->impdef, 16);
        assert_int_equal(word_of(at + 24, 8), 0);
    } else {
        assert_int_equal(word_of(at + 8, 8), 0);
    }
}

static void test_response(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        memory_start(&world, versions[v], 1);
        KINDS(k)
        {
            struct grant grant = grant_of(versions[v], kinds[k]);
            const uint32_t at = composite_at(&grant, versions[v]);
            struct grant request;
            struct regs regs;
            uint64_t handle;

            grant.flags = kinds[k] == SHARE ? 0 : FFA_MEM_SEND_ZERO;
            grant.parties[0].impdef[0] = 0x1234567812345678;
            grant.parties[0].impdef[1] = 0x8765432187654321;
            handle = send_ok(&world, kinds[k], &grant);
            request = request_of(&grant, handle, ECHO);
            regs = puppet_retrieve(&world, ECHO, &request);
            assert_int_equal(regs.x[0], FFA_MEM_RETRIEVE_RESP);
            assert_int_equal(regs.x[1], at + 48);
            assert_int_equal(regs.x[2], at + 48);
            assert_zero(&regs, 3, 7);
            check_header(puppet(ECHO)->got, versions[v], &grant, types[k] | grant.flags, handle);
            assert_int_equal(word_of(puppet(ECHO)->got + 28, 4), 1);
            check_party(puppet(ECHO)->got + header_bytes(versions[v]), &grant.parties[0], RW | XN,
                        at, grant.access_bytes);
            check_ranges(puppet(ECHO)->got + at, &grant);
            puppet_call(&world, ECHO, (struct regs){{FFA_RX_RELEASE}});
            assert_true(relinquish(&world, ECHO, handle, 0) == FFA_OK || kinds[k] == DONATE);
            assert_true(reclaim(&world, handle, 0) == FFA_OK || kinds[k] == DONATE);
            spmc_forget_donations(&world.spmc);
        }
    }
}

/* --- The hypervisor --- */

/* With one more in the word at `at`, unless that is the handle's. */
static struct regs tell(uint64_t handle, uint32_t at)
{
    const uint32_t bytes = header_bytes(world.spmc.version);

    memset(world.memory, 0, bytes);
    memcpy(world.memory + 8, &handle, 8);
    if (at != 8 && at != 12) {
        world.memory[at] = 1;
    }
    return call(&world, FFA_MEM_RETRIEVE_REQ_32, bytes, bytes, 0, 0, 0);
}

static void check_told(const struct regs *regs, uint32_t version, const struct grant *grant,
                       uint64_t handle)
{
    const uint32_t at = composite_at(grant, version);
    const uint8_t *rx = world.memory + PAGE;

    assert_int_equal(regs->x[0], FFA_MEM_RETRIEVE_RESP);
    assert_int_equal(regs->x[1], at + 48);
    assert_int_equal(regs->x[2], at + 48);
    assert_zero(regs, 3, 7);
    check_header(rx, version, grant, 1 << 3, handle);
    assert_int_equal(word_of(rx + 28, 4), 3);
    for (unsigned int i = 0; i < 3; i++) {
        check_party(rx + header_bytes(version) + i * grant->access_bytes, &grant->parties[i],
                    grant->parties[i].permissions, at, grant->access_bytes);
    }
    check_ranges(rx + at, grant);
}

/* The handle, and what tells of an array that there is not. */
static bool is_ignored(uint32_t version, uint32_t at)
{
    return at == 8 || at == 12 || (version != FFA_VERSION_1_0 && (at == 24 || at == 32));
}

static void test_hypervisor(void **state)
{
    (void)state;
    VERSIONS(v)
    {
        struct grant grant = grant_of(versions[v], SHARE);
        uint64_t handle;
        struct regs regs;

        grant.access_count = 3;
        grant.parties[1] = (struct party){.id = OTHER_VM, .permissions = RO, .impdef = {1, 2}};
        grant.parties[2] = (struct party){.id = TRIO, .permissions = RO, .impdef = {3, 4}};
        memory_start(&world, versions[v], 1);
        handle = send_ok(&world, SHARE, &grant);
        for (uint32_t at = 0; at < header_bytes(versions[v]); at += 4) {
            regs = tell(handle, at);
            if (!is_ignored(versions[v], at)) {
                assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
            } else {
                check_told(&regs, versions[v], &grant, handle);
                assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_OK);
            }
        }
        regs = tell(handle, 8);
        check_told(&regs, versions[v], &grant, handle);
        assert_int_equal(tell(handle, 8).x[2], (uint32_t)FFA_BUSY);
        assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_OK);
        regs = tell(handle + 1, 8);
        assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
        assert_int_equal(call(&world, FFA_MEM_RETRIEVE_REQ_32, 47, 47, 0, 0, 0).x[2],
                         (uint32_t)FFA_INVALID_PARAMETERS);
        /* It changes nothing: a borrower may retrieve, or not, as before. */
        assert_int_equal(reclaim(&world, handle, 0), FFA_OK);
        regs = tell(handle, 8);
        assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
    }
}

int run_memory_told_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_hypervisor),
    };

    return cmocka_run_group_tests_name("memory: what is told", tests, NULL, NULL);
}
