/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Indirect messages from a Secure Partition to a VM: how they are delivered, and when an RX buffer
 * that is in use gets the message that waits for it.
 */
#include "echo.h"

/* --- Delivery --------------------------------------------------------------------------------- */

static struct answer get(uint32_t flags)
{
    return CALL(vm, FFA_NOTIFICATION_GET, VM, flags);
}

/* A message of echo's as it must be in RX. COMMAND_PATTERN is not letter_byte(). */
static void assert_from_echo(uint32_t bytes, uint32_t seed)
{
    const uint8_t *rx = posix_vm_at(vm, rx_ipa(vm, vm_pages));
    uint32_t header_bytes = letter_header(rig_vm_status(vm).version);
    struct ffa_msg_header_1_2 header = {.flags = 0};

    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FULL);
    memcpy(&header, rx, header_bytes);
    assert_int_equal(header.flags | header.reserved | header.reserved2, 0);
    assert_int_equal(header.payload_offset, header_bytes);
    assert_int_equal(header.ids, ffa_ids_make(ECHO, VM));
    assert_int_equal(header.payload_size, bytes);
    assert_true(ffa_uuid_is_nil(&header.uuid));
    for (size_t i = 0; i < vm_pages * FFA_PAGE_SIZE - header_bytes; i++) {
        uint32_t byte = i < bytes ? COMMAND_PATTERN(seed, (uint32_t)i) : 0;

        if (rx[header_bytes + i] != byte) {
            fail_msg("byte %zu is %#x, not %#x", i, rx[header_bytes + i], byte);
        }
    }
}

static void test_delivery(void **state)
{
    static const uint32_t sizes[] = {0, 1, 100, FFA_PAGE_SIZE - 40};

    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        for (size_t j = 0; j < COUNT(versions); j++) {
            for (size_t k = 0; k < COUNT(sizes); k++) {
                start_with(secure[i], versions[j], 2);
                letter_dirty(vm, 2);
                assert_int_equal(echo_sends(sizes[k], 3), FFA_OK);
                assert_int_equal(posix_vcpu_injected(vm, 0, RIG_NPI), 0);
                let_the_secure_world_run();
                assert_int_equal(posix_vcpu_injected(vm, 0, RIG_NPI), 1);
                assert_int_equal(get(FFA_NOTIFICATION_GET_SPM).regs.x[6], 1);
                assert_from_echo(sizes[k], 3);
                assert_int_equal(get(GET_ALL).regs.x[6], 0);
                assert_int_equal(get(GET_ALL).regs.x[7], 0);
                assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_OK);
                assert_true(rig_stop());
            }
        }
    }
}

/* One after the other, each after the last was released. */
static void test_many(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(echo_sends(200 * i, i), FFA_OK);
        assert_int_equal(echo_sends(1, 0), FFA_BUSY); /* the shadow is full */
        let_the_secure_world_run();
        assert_int_equal(get(GET_ALL).regs.x[6], 1);
        assert_from_echo(200 * i, i);
        assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_OK);
    }
    assert_int_equal(posix_vcpu_injected(vm, 0, RIG_NPI), 20);
}

/* --- RX in use -------------------------------------------------------------------------------- */

enum giver {
    BY_RELEASE,
    BY_WAITING,
};

/* Puts a message of another VM's into RX. */
static void fill_rx(struct posix_vm *other)
{
    assert_int_equal(letter_send(other, 1, &(struct letter){.receiver = VM, .bytes = 9}), FFA_OK);
}

/*
 * RX holds something else when the SPMC says that there is a message: it is not lost, and the VM is
 * told of it when it is there, not before.
 */
static void waits_for_rx(enum giver giver)
{
    struct posix_vm *other;
    struct waiting waits;

    start();
    other = rig_friend(2, FFA_VERSION_1_2);
    map_buffers(other, 1);
    fill_rx(other);
    get(GET_ALL);
    assert_int_equal(echo_sends(77, 7), FFA_OK);
    let_the_secure_world_run();
    assert_int_equal(posix_vcpu_injected(vm, 0, RIG_NPI), 2);
    assert_int_equal(get(GET_ALL).regs.x[6], 0);
    letter_assert(vm, 2, &(struct letter){.sender = 2, .bytes = 9});

    if (giver == BY_RELEASE) {
        assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_OK);
    } else {
        waits = WAIT(vm, 0, FFA_MSG_WAIT, 0, 0);
        interrupted(&waits);
    }
    assert_int_equal(posix_vcpu_injected(vm, 0, RIG_NPI), 3);
    assert_from_echo(77, 7);
    assert_int_equal(get(GET_ALL).regs.x[6], 1);
    assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_OK);

    /* And the shadow is free for the next. */
    assert_int_equal(echo_sends(78, 8), FFA_OK);
    let_the_secure_world_run();
    assert_int_equal(get(GET_ALL).regs.x[6], 1);
    assert_from_echo(78, 8);
    assert_true(rig_stop());
}

static void test_rx_in_use(void **state)
{
    (void)state;
    waits_for_rx(BY_RELEASE);
    waits_for_rx(BY_WAITING);
}

/* The pair goes while a message waits: the message goes with it, and the next pair begins anew. */
static void test_unmapped_while_it_waits(void **state)
{
    (void)state;
    for (unsigned int how = 0; how < 2; how++) {
        start();
        assert_int_equal(echo_sends(77, 7), FFA_OK);
        let_the_secure_world_run();
        if (how == 0) {
            assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
        } else {
            posix_vm_reset(vm);
            settle(vm, FFA_VERSION_1_2);
        }
        assert_int_equal(get(GET_ALL).status, FFA_OK);
        assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
        assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FREE);
        assert_int_equal(get(GET_ALL).regs.x[6], 0);
        assert_int_equal(echo_sends(11, 1), FFA_OK);
        let_the_secure_world_run();
        assert_int_equal(get(GET_ALL).regs.x[6], 1);
        assert_from_echo(11, 1);
        assert_true(rig_stop());
    }
}

/* --- Messages that are none ------------------------------------------------------------------- */

struct bad_row {
    const char *what;
    struct ffa_msg_header_1_2 header;
};

#define GOOD            .payload_offset = 40, .payload_size = 8
#define PAIR(high, low) ((uint32_t)(high) << 16 | (low))

static const struct bad_row bad_rows[] = {
    {"to another VM", {GOOD, .ids = PAIR(ECHO, 2)}},
    {"to a partition", {GOOD, .ids = PAIR(ECHO, ECHO)}},
    {"to the hypervisor", {GOOD, .ids = PAIR(ECHO, 0)}},
    {"from a VM", {GOOD, .ids = PAIR(2, VM)}},
    {"from itself", {GOOD, .ids = PAIR(VM, VM)}},
    {"from the hypervisor", {GOOD, .ids = PAIR(0, VM)}},
    {"payload in the header", {.payload_offset = 39, .payload_size = 8, .ids = PAIR(ECHO, VM)}},
    {"payload at 0", {.payload_offset = 0, .payload_size = 8, .ids = PAIR(ECHO, VM)}},
    {"payload behind the end", {.payload_offset = 8193, .payload_size = 0, .ids = PAIR(ECHO, VM)}},
    {"payload too long", {.payload_offset = 40, .payload_size = 8153, .ids = PAIR(ECHO, VM)}},
    {"payload that wraps", {.payload_offset = 40, .payload_size = ~0u, .ids = PAIR(ECHO, VM)}},
    {"offset that wraps", {.payload_offset = ~0u, .payload_size = 41, .ids = PAIR(ECHO, VM)}},
    {"all ones", {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, {{0xff}}}},
};

/* RX stays free, the VM is not told, and the SPMC gets its buffer back. */
static void test_messages_that_are_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_rows); i++) {
        struct answer answer;

        start();
        assert_int_equal(echo_sends(77, 7), FFA_OK);
        memcpy(posix_spmc_buffers_of(VM).rx, &bad_rows[i].header, sizeof(bad_rows[i].header));
        let_the_secure_world_run();
        answer = get(GET_ALL);
        if (answer.status != FFA_OK || answer.regs.x[6] != 0 ||
            rig_vm_status(vm).rx != PARLEY_RX_FREE) {
            fail_msg("%s: %d, RX is %d", bad_rows[i].what, answer.status,
                     (int)rig_vm_status(vm).rx);
        }
        assert_int_equal(echo_sends(12, 2), FFA_OK);
        let_the_secure_world_run();
        assert_int_equal(get(GET_ALL).regs.x[6], 1);
        assert_from_echo(12, 2);
        assert_true(rig_stop());
    }
}

/* The SPMC says that there is a message, and there is none: a VM without a pair, and with one. */
static void test_a_bit_without_a_message(void **state)
{
    struct script script = {.fid = FFA_NOTIFICATION_GET};

    (void)state;
    start_with(&posix_spmc_1_2, FFA_VERSION_1_2, 0);
    script_answer(&script, (struct parley_regs){{FFA_SUCCESS_32, 0, 0, 0, 0, 0, 1}});
    script_begin(&script);
    assert_int_equal(get(GET_ALL).status, FFA_OK);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(map_buffers(vm, 2).status, FFA_OK);
    vm_pages = 2;
    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FREE);
    script_begin(&script);
    assert_int_equal(get(GET_ALL).regs.x[6], 0); /* the shadow is zero: no message */
    posix_smc_replace(NULL, NULL);
    assert_int_equal(rig_vm_status(vm).rx, PARLEY_RX_FREE);
    assert_int_equal(echo_sends(12, 2), FFA_OK);
    let_the_secure_world_run();
    assert_int_equal(get(GET_ALL).regs.x[6], 1);
    assert_from_echo(12, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_delivery),
        RIG_TEST(test_many),
        RIG_TEST(test_rx_in_use),
        RIG_TEST(test_unmapped_while_it_waits),
        RIG_TEST(test_messages_that_are_none),
        RIG_TEST(test_a_bit_without_a_message),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
