/* SPDX-License-Identifier: BSD-3-Clause */
/* Who sees whom: nobody, unless it is said; and what is hidden does not exist in any answer. */
#include <string.h>

#include "unit.h"

static const struct parley_peer sees_2[] = {{.id = 2, .rights = PARLEY_MAY_DISCOVER}};

static struct posix_vm *vm_with(uint16_t id, const struct parley_peer *peers, unsigned int count,
                                const struct ffa_uuid *uuid)
{
    return rig_vm(&(struct parley_vm_config){
        .id = id, .peers = peers, .peer_count = count, .uuids = uuid, .uuid_count = uuid != NULL});
}

/* The IDs in a list are exactly these, in this order. */
static void assert_ids(const struct list *list, const uint16_t *ids, unsigned int count)
{
    assert_int_equal(list->status, FFA_OK);
    assert_int_equal(list->count, count);
    for (unsigned int i = 0; i < count; i++) {
        assert_int_equal(list->entry[i].id, ids[i]);
    }
}

/* A caller of 1.2 sees these in every way there is; one of 1.1 would, but for itself. */
static void assert_sees(struct posix_vm *vm, const uint16_t *ids, unsigned int count)
{
    struct list by_registers = list_by_registers(vm, &nil_uuid);
    struct list by_buffer = list_by_buffer(vm, &nil_uuid, 1);

    assert_ids(&by_registers, ids, count);
    assert_ids(&by_buffer, ids, count);
    assert_int_equal(list_count(vm, &nil_uuid), count);
}

static void test_deny_by_default(void **state)
{
    struct posix_vm *vm[3];

    (void)state;
    rig_start(&posix_spmc_1_2);
    for (uint16_t i = 0; i < 3; i++) {
        vm[i] = vm_with((uint16_t)(i + 1), NULL, 0, NULL);
        settle(vm[i], FFA_VERSION_1_2);
        map_buffers(vm[i], 1);
    }
    for (uint16_t i = 0; i < 3; i++) {
        assert_sees(vm[i], (uint16_t[]){(uint16_t)(i + 1)}, 1);
    }
}

/* Whoever sees nobody, not even itself, is told that there is no such partition. */
static void test_nobody_to_see(void **state)
{
    struct posix_vm *other = NULL;
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    other = vm_with(2, NULL, 0, NULL);
    vm = vm_with(1, NULL, 0, NULL);
    settle(other, FFA_VERSION_1_2);
    settle(vm, FFA_VERSION_1_1);
    map_buffers(vm, 1);
    assert_int_equal(list_count(vm, &nil_uuid), FFA_INVALID_PARAMETERS);
    assert_int_equal(list_by_buffer(vm, &nil_uuid, 1).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FREE);
}

static void test_edges_have_one_direction(void **state)
{
    struct posix_vm *seer;
    struct posix_vm *seen;

    (void)state;
    rig_start(NULL);
    seer = vm_with(1, sees_2, 1, NULL);
    seen = vm_with(2, NULL, 0, NULL);
    settle(seer, FFA_VERSION_1_2);
    settle(seen, FFA_VERSION_1_2);
    map_buffers(seer, 1);
    map_buffers(seen, 1);
    assert_sees(seer, (uint16_t[]){1, 2}, 2);
    assert_sees(seen, (uint16_t[]){2}, 1);
}

/* Seeing is not handed on: 1 sees 2, 2 sees 3. */
static void test_edges_do_not_add_up(void **state)
{
    static const struct parley_peer sees_3[] = {{.id = 3, .rights = PARLEY_MAY_ALL}};
    struct posix_vm *one;
    struct posix_vm *two;

    (void)state;
    rig_start(NULL);
    one = vm_with(1, sees_2, 1, NULL);
    two = vm_with(2, sees_3, 1, NULL);
    settle(one, FFA_VERSION_1_2);
    settle(two, FFA_VERSION_1_2);
    settle(vm_with(3, NULL, 0, NULL), FFA_VERSION_1_2);
    map_buffers(one, 1);
    map_buffers(two, 1);
    assert_sees(one, (uint16_t[]){1, 2}, 2);
    assert_sees(two, (uint16_t[]){2, 3}, 2);
}

/* The policy is copied, and may name a VM before there is one. */
static void test_peer_created_later(void **state)
{
    struct parley_peer peers[] = {{.id = 2, .rights = PARLEY_MAY_DISCOVER}};
    struct posix_vm *vm;
    struct posix_vm *late;

    (void)state;
    rig_start(NULL);
    vm = vm_with(1, peers, 1, NULL);
    peers[0].id = 3;
    settle(vm, FFA_VERSION_1_2);
    map_buffers(vm, 1);
    assert_sees(vm, (uint16_t[]){1}, 1);
    late = vm_with(2, NULL, 0, NULL);
    settle(vm_with(3, NULL, 0, NULL), FFA_VERSION_1_2);
    assert_sees(vm, (uint16_t[]){1}, 1);
    settle(late, FFA_VERSION_1_0);
    assert_sees(vm, (uint16_t[]){1, 2}, 2);
}

/* A VM is there from finality on: not when it exists, not when it has proposed a version. */
static void test_final_or_invisible(void **state)
{
    struct posix_vm *vm;
    struct posix_vm *peer;

    (void)state;
    rig_start(NULL);
    vm = vm_with(1, sees_2, 1, NULL);
    settle(vm, FFA_VERSION_1_2);
    map_buffers(vm, 1);
    peer = vm_with(2, NULL, 0, NULL);
    assert_sees(vm, (uint16_t[]){1}, 1);
    CALL(peer, FFA_ID_GET);
    assert_sees(vm, (uint16_t[]){1}, 1);
    ask_version(peer, FFA_VERSION_1_1);
    assert_sees(vm, (uint16_t[]){1}, 1);
    CALL(peer, 0x84000099); /* any call makes it final, also one that is unknown */
    assert_sees(vm, (uint16_t[]){1, 2}, 2);
    posix_vm_reset(peer);
    assert_sees(vm, (uint16_t[]){1}, 1);
    settle(peer, FFA_VERSION_1_0);
    assert_sees(vm, (uint16_t[]){1, 2}, 2);
    rig_vm_end(peer);
    assert_sees(vm, (uint16_t[]){1}, 1);
}

static void test_secure_world(void **state)
{
    struct posix_vm *may;
    struct posix_vm *may_not;

    (void)state;
    rig_start(&posix_spmc_1_2);
    may = rig_vm(&(struct parley_vm_config){.id = 1, .secure_rights = PARLEY_MAY_DISCOVER});
    may_not = rig_vm(&(struct parley_vm_config){.id = 2});
    settle(may, FFA_VERSION_1_2);
    settle(may_not, FFA_VERSION_1_2);
    map_buffers(may, 1);
    map_buffers(may_not, 1);
    assert_sees(may, (uint16_t[]){0x8001, 0x8002, 0x8003, 0x8003, 0x8003, 1}, 6);
    assert_sees(may_not, (uint16_t[]){2}, 1);
}

/* --- Hidden and absent are one ---------------------------------------------------------------- */

/* The answers to one caller, byte by byte. */
struct answers {
    struct answer count;
    struct answer list;
    struct answer registers;
    struct answer nil_registers;
    uint8_t rx[FFA_PAGE_SIZE];
};

static void ask_everything(struct posix_vm *vm, const struct ffa_uuid *uuid,
                           struct answers *answers)
{
    uint64_t w1 = ffa_uuid_to_u32(uuid, 0);
    uint64_t w2 = ffa_uuid_to_u32(uuid, 1);
    uint64_t w3 = ffa_uuid_to_u32(uuid, 2);
    uint64_t w4 = ffa_uuid_to_u32(uuid, 3);
    uint8_t *rx = posix_vm_at(vm, rx_ipa(vm, 1));

    memset(rx, 0, FFA_PAGE_SIZE);
    answers->count = CALL(vm, FFA_PARTITION_INFO_GET, w1, w2, w3, w4, 1);
    answers->list = CALL(vm, FFA_PARTITION_INFO_GET, w1, w2, w3, w4, 0);
    answers->registers = CALL(vm, FFA_PARTITION_INFO_GET_REGS, ffa_uuid_to_u64(uuid, 0),
                              ffa_uuid_to_u64(uuid, 1), 0);
    CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0);
    memcpy(answers->rx, rx, FFA_PAGE_SIZE);
    CALL(vm, FFA_RX_RELEASE, 0);
    answers->nil_registers = CALL(vm, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0);
}

/*
 * A VM that the caller may not see is made, negotiates, is reset and goes. No answer changes by a
 * bit, the tag included.
 */
static void check_hidden_is_absent(const struct spmc_config *secure, uint8_t secure_rights,
                                   uint32_t version)
{
    static struct answers absent;
    static struct answers hidden;
    struct ffa_uuid uuid = unit_uuid(7);
    struct posix_vm *vm;
    struct posix_vm *secret;

    rig_start(secure);
    vm = rig_vm(&(struct parley_vm_config){
        .id = 1, .secure_rights = secure_rights, .peers = sees_2, .peer_count = 1});
    settle(vm, version);
    settle(vm_with(2, NULL, 0, NULL), FFA_VERSION_1_2);
    map_buffers(vm, 1);

    ask_everything(vm, &uuid, &absent);
    assert_int_equal(absent.count.status, FFA_INVALID_PARAMETERS);
    assert_int_equal(absent.list.status, FFA_INVALID_PARAMETERS);
    secret = vm_with(3, NULL, 0, &uuid);
    ask_everything(vm, &uuid, &hidden);
    assert_memory_equal(&hidden, &absent, sizeof(hidden));
    settle(secret, FFA_VERSION_1_2);
    ask_everything(vm, &uuid, &hidden);
    assert_memory_equal(&hidden, &absent, sizeof(hidden));
    posix_vm_reset(secret);
    settle(secret, FFA_VERSION_1_1);
    ask_everything(vm, &uuid, &hidden);
    assert_memory_equal(&hidden, &absent, sizeof(hidden));
    assert_true(rig_stop());
}

static void test_hidden_vm_is_absent(void **state)
{
    (void)state;
    check_hidden_is_absent(NULL, 0, FFA_VERSION_1_2);
    check_hidden_is_absent(NULL, 0, FFA_VERSION_1_1);
    check_hidden_is_absent(&posix_spmc_1_2, PARLEY_MAY_ALL, FFA_VERSION_1_2);
    check_hidden_is_absent(&posix_spmc_1_1, PARLEY_MAY_ALL, FFA_VERSION_1_1);
}

/* The Secure world itself is hidden from a VM without rights to it: as if there were none. */
static void test_hidden_partitions_are_absent(void **state)
{
    static struct answers without;
    static struct answers with;
    const struct ffa_uuid echo = {{0xf2, 0xa1, 0xc6, 0xd0, 0x7b, 0x43, 0x4e, 0x58, 0x9c, 0x1d, 0x2e,
                                   0x6b, 0x8a, 0x40, 0x5f, 0x11}};
    struct posix_vm *vm;

    (void)state;
    for (unsigned int world = 0; world < 2; world++) {
        rig_start(world == 0 ? NULL : &posix_spmc_1_2);
        vm = vm_with(1, sees_2, 1, NULL);
        settle(vm, FFA_VERSION_1_2);
        map_buffers(vm, 1);
        ask_everything(vm, &echo, world == 0 ? &without : &with);
        assert_true(rig_stop());
    }
    assert_int_equal(with.list.status, FFA_INVALID_PARAMETERS);
    assert_int_equal(with.registers.status, FFA_INVALID_PARAMETERS);
    assert_memory_equal(&with, &without, sizeof(with));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_deny_by_default),
        RIG_TEST(test_nobody_to_see),
        RIG_TEST(test_edges_have_one_direction),
        RIG_TEST(test_edges_do_not_add_up),
        RIG_TEST(test_peer_created_later),
        RIG_TEST(test_final_or_invisible),
        RIG_TEST(test_secure_world),
        RIG_TEST(test_hidden_vm_is_absent),
        RIG_TEST(test_hidden_partitions_are_absent),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
