/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_MSG_SEND2 from VM to VM: what it is refused for, in which order, and what arrives. */
#include "letter.h"

#define PAGES 2u

/* --- Checks ----------------------------------------------------------------------------------- */

/* In the order in which they are checked. */
enum wrong {
    WRONG_W1,
    WRONG_W2,
    WRONG_SENDER_PROPERTY,
    WRONG_NO_TX,
    WRONG_SENDER,
    WRONG_SELF,
    WRONG_OFFSET,
    WRONG_SIZE,
    WRONG_HIDDEN,
    WRONG_POLICY,
    WRONG_RECEIVER_PROPERTY,
    WRONG_VERSION,
    WRONG_UUID,
    WRONG_RX_FULL,
    WRONG_NO_RX,
    WRONG_TOO_LONG,
    WRONGS,
};

static const int32_t status_of[WRONGS] = {
    [WRONG_W1] = FFA_INVALID_PARAMETERS,
    [WRONG_W2] = FFA_INVALID_PARAMETERS,
    [WRONG_SENDER_PROPERTY] = FFA_DENIED,
    [WRONG_NO_TX] = FFA_DENIED,
    [WRONG_SENDER] = FFA_INVALID_PARAMETERS,
    [WRONG_SELF] = FFA_INVALID_PARAMETERS,
    [WRONG_OFFSET] = FFA_INVALID_PARAMETERS,
    [WRONG_SIZE] = FFA_INVALID_PARAMETERS,
    [WRONG_HIDDEN] = FFA_INVALID_PARAMETERS,
    [WRONG_POLICY] = FFA_DENIED,
    [WRONG_RECEIVER_PROPERTY] = FFA_DENIED,
    [WRONG_VERSION] = FFA_DENIED,
    [WRONG_UUID] = FFA_INVALID_PARAMETERS,
    [WRONG_RX_FULL] = FFA_BUSY,
    [WRONG_NO_RX] = FFA_BUSY,
    [WRONG_TOO_LONG] = FFA_NO_MEMORY,
};

#define BIT(wrong)        (1u << (wrong))
#define HAS(wrongs, what) (((wrongs)&BIT(what)) != 0)

static bool is_one_or_two(unsigned int wrongs)
{
    unsigned int rest = wrongs & (wrongs - 1);

    return wrongs != 0 && (rest & (rest - 1)) == 0;
}

static int32_t expected(unsigned int wrongs)
{
    unsigned int first = 0;

    while (!HAS(wrongs, first)) {
        first++;
    }
    return status_of[first];
}

static struct posix_vm *make_sender(unsigned int wrongs)
{
    struct parley_vm_config config = rig_friend_config(1);
    struct parley_peer peer = {2, PARLEY_MAY_ALL};
    struct posix_vm *vm;

    config.peers = &peer;
    config.peer_count = HAS(wrongs, WRONG_HIDDEN) ? 0 : 1;
    if (HAS(wrongs, WRONG_POLICY)) {
        peer.rights = PARLEY_MAY_DISCOVER | PARLEY_MAY_NOTIFY;
    }
    if (HAS(wrongs, WRONG_SENDER_PROPERTY)) {
        config.properties &= ~(uint32_t)FFA_PARTITION_INDIRECT_MSG;
    }
    vm = rig_vm(&config);
    settle(vm, FFA_VERSION_1_2);
    if (!HAS(wrongs, WRONG_NO_TX)) {
        assert_int_equal(map_buffers(vm, PAGES).status, FFA_OK);
    }
    return vm;
}

/* Its buffers are smaller than the sender's. */
static struct posix_vm *make_receiver(unsigned int wrongs)
{
    const struct ffa_uuid uuid = unit_uuid(1);
    struct parley_vm_config config = rig_friend_config(2);
    struct posix_vm *vm;

    config.uuids = &uuid;
    config.uuid_count = 1;
    if (HAS(wrongs, WRONG_RECEIVER_PROPERTY)) {
        config.properties &= ~(uint32_t)FFA_PARTITION_INDIRECT_MSG;
    }
    vm = rig_vm(&config);
    settle(vm, HAS(wrongs, WRONG_VERSION) ? FFA_VERSION_1_0 : FFA_VERSION_1_2);
    letter_dirty(vm, 1);
    if (!HAS(wrongs, WRONG_NO_RX)) {
        assert_int_equal(map_buffers(vm, 1).status, FFA_OK);
    }
    return vm;
}

static void fill_rx(struct posix_vm *receiver)
{
    struct posix_vm *third = rig_friend(3, FFA_VERSION_1_1);

    assert_int_equal(map_buffers(third, 1).status, FFA_OK);
    assert_int_equal(letter_send(third, 1, &(struct letter){.receiver = 2, .bytes = 5, .seed = 9}),
                     FFA_OK);
    assert_int_equal(rig_vm_status(receiver).rx, PARLEY_RX_FULL);
}

static struct letter make_letter(unsigned int wrongs)
{
    struct letter letter = {.receiver = 2, .bytes = 16};

    if (HAS(wrongs, WRONG_SENDER)) {
        letter.sender = 2;
    }
    if (HAS(wrongs, WRONG_SELF)) {
        letter.receiver = 1;
    }
    if (HAS(wrongs, WRONG_OFFSET)) {
        letter.offset = sizeof(struct ffa_msg_header_1_2) - 1;
    }
    if (HAS(wrongs, WRONG_TOO_LONG)) {
        letter.bytes = FFA_PAGE_SIZE - sizeof(struct ffa_msg_header_1_2) + 1;
    }
    if (HAS(wrongs, WRONG_SIZE)) {
        letter.bytes = PAGES * FFA_PAGE_SIZE;
    }
    if (HAS(wrongs, WRONG_UUID)) {
        letter.uuid = unit_uuid(2);
    }
    return letter;
}

static bool can_be_full(unsigned int wrongs)
{
    return !HAS(wrongs, WRONG_NO_RX) && !HAS(wrongs, WRONG_VERSION) &&
           !HAS(wrongs, WRONG_RECEIVER_PROPERTY);
}

static void try_one(unsigned int wrongs)
{
    bool full = HAS(wrongs, WRONG_RX_FULL);
    struct letter letter = make_letter(wrongs);
    uint64_t w1 = HAS(wrongs, WRONG_W1) ? 2u << 16 : 0;
    uint64_t w2 = HAS(wrongs, WRONG_W2) ? FFA_NOTIFICATION_SET_DELAY_SRI : 0;
    struct posix_vm *sender;
    struct posix_vm *receiver;
    int32_t status;

    rig_start(NULL);
    sender = make_sender(wrongs);
    receiver = make_receiver(wrongs);
    if (full) {
        fill_rx(receiver);
    }
    letter_write(sender, PAGES, &letter);
    status = CALL(sender, FFA_MSG_SEND2, w1, w2).status;
    if (status != expected(wrongs)) {
        fail_msg("wrong %#x: %d, expected %d", wrongs, status, expected(wrongs));
    }
    /* Nothing has changed. */
    if (full) {
        letter_assert(receiver, 1, &(struct letter){.sender = 3, .bytes = 5, .seed = 9});
    } else {
        assert_int_equal(rig_vm_status(receiver).rx,
                         HAS(wrongs, WRONG_NO_RX) ? PARLEY_RX_UNMAPPED : PARLEY_RX_FREE);
        assert_true(letter_is_dirty(receiver, 1));
        assert_int_equal(posix_vcpu_injected(receiver, 0, RIG_NPI), 0);
    }
    assert_true(rig_stop());
}

static void test_checks(void **state)
{
    (void)state;
    for (unsigned int wrongs = 1; wrongs < BIT(WRONGS); wrongs++) {
        bool full = HAS(wrongs, WRONG_RX_FULL);

        if (is_one_or_two(wrongs) && (!full || can_be_full(wrongs))) {
            try_one(wrongs);
        }
    }
}

static void test_w1_and_w2(void **state)
{
    static const uint32_t bad_w1[] = {1, 0x10001, 2u << 16, 0x80010000, 0xffff0000, 0xffffffff};
    struct posix_vm *sender;
    struct posix_vm *receiver;

    (void)state;
    rig_start(NULL);
    sender = make_sender(0);
    receiver = make_receiver(0);
    letter_write(sender, PAGES, &(struct letter){.receiver = 2, .bytes = 1});
    for (size_t i = 0; i < COUNT(bad_w1); i++) {
        assert_int_equal(CALL(sender, FFA_MSG_SEND2, bad_w1[i], 0).status, FFA_INVALID_PARAMETERS);
    }
    for (unsigned int bit = 0; bit < 32; bit++) {
        assert_int_equal(CALL(sender, FFA_MSG_SEND2, 0, 1ull << bit).status,
                         FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(rig_vm_status(receiver).rx, PARLEY_RX_FREE);
    assert_int_equal(CALL(sender, FFA_MSG_SEND2, 1u << 16, 0).status, FFA_OK);
    assert_int_equal(CALL(receiver, FFA_RX_RELEASE, 0).status, FFA_OK);
    assert_int_equal(CALL(sender, FFA_MSG_SEND2, 0, 0).status, FFA_OK);
}

/* Reserved fields of the header are not looked at, and not passed on. */
static void test_reserved_fields(void **state)
{
    struct letter letter = {.sender = 1, .receiver = 2, .bytes = 3};
    struct posix_vm *sender;
    struct posix_vm *receiver;
    struct ffa_msg_header_1_2 *header;

    (void)state;
    rig_start(NULL);
    sender = make_sender(0);
    receiver = make_receiver(0);
    letter_write(sender, PAGES, &letter);
    header = posix_vm_at(sender, tx_ipa(sender));
    header->flags = ~0u;
    header->reserved = ~0u;
    header->reserved2 = ~0u;
    assert_int_equal(CALL(sender, FFA_MSG_SEND2, 0, 0).status, FFA_OK);
    letter_assert(receiver, 1, &letter);
}

/* --- Versions --------------------------------------------------------------------------------- */

struct side {
    uint32_t version;
    bool aarch64;
};

static const struct side sides[] = {
    {FFA_VERSION_1_0, true},  {FFA_VERSION_1_1, true},  {FFA_VERSION_1_2, true},
    {FFA_VERSION_1_1, false}, {FFA_VERSION_1_2, false},
};

static struct posix_vm *make(uint16_t id, const struct side *side)
{
    const struct ffa_uuid uuids[] = {unit_uuid(1), unit_uuid(2)};
    struct parley_vm_config config = rig_friend_config(id);
    struct posix_vm *vm;

    config.uuids = uuids;
    config.uuid_count = COUNT(uuids);
    vm = side->aarch64 ? rig_vm(&config) : rig_vm_32(&config);
    settle(vm, side->version);
    assert_int_equal(map_buffers(vm, PAGES).status, FFA_OK);
    return vm;
}

static int32_t verdict(const struct side *from, const struct side *to)
{
    if (from->version < FFA_VERSION_1_1) {
        return FFA_NOT_SUPPORTED;
    }
    return to->version < FFA_VERSION_1_1 ? FFA_DENIED : FFA_OK;
}

static void test_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sides); i++) {
        for (size_t j = 0; j < COUNT(sides); j++) {
            for (unsigned int with_uuid = 0; with_uuid < 2; with_uuid++) {
                bool has_uuid = with_uuid != 0 && sides[i].version >= FFA_VERSION_1_2;
                struct letter letter = {.sender = 1, .receiver = 2, .bytes = 100, .seed = 3};
                struct posix_vm *from;
                struct posix_vm *to;

                rig_start(NULL);
                from = make(1, &sides[i]);
                to = make(2, &sides[j]);
                letter.uuid = has_uuid ? unit_uuid(2) : nil_uuid;
                letter_dirty(to, PAGES);
                assert_int_equal(letter_send(from, PAGES, &letter), verdict(&sides[i], &sides[j]));
                if (verdict(&sides[i], &sides[j]) == FFA_OK) {
                    letter_assert(to, PAGES, &letter);
                } else {
                    assert_true(letter_is_dirty(to, PAGES));
                }
                assert_true(rig_stop());
            }
        }
    }
}

/* --- The buffer ------------------------------------------------------------------------------- */

static uint32_t rx_full_bit(struct posix_vm *vm, uint32_t flags, unsigned int result)
{
    return (uint32_t)CALL(vm, FFA_NOTIFICATION_GET, rig_vm_status(vm).id, flags).regs.x[result];
}

/* Each message takes the buffer, and nothing of the last one stays in it. */
static void test_messages_after_each_other(void **state)
{
    struct posix_vm *from;
    struct posix_vm *to;

    (void)state;
    rig_start(NULL);
    from = rig_friend(1, FFA_VERSION_1_2);
    to = rig_friend(2, FFA_VERSION_1_1);
    map_buffers(from, 2);
    map_buffers(to, 2);
    for (uint32_t bytes = 8000; bytes > 1; bytes /= 3) {
        struct letter letter = {.sender = 1, .receiver = 2, .bytes = bytes};

        letter.seed = (uint8_t)bytes;
        assert_int_equal(letter_send(from, 2, &letter), FFA_OK);
        assert_int_equal(letter_send(from, 2, &(struct letter){.receiver = 2, .bytes = 1}),
                         FFA_BUSY);
        letter_assert(to, 2, &letter);
        assert_int_equal(CALL(to, FFA_RX_RELEASE, 0).status, FFA_OK);
        assert_int_equal(CALL(to, FFA_RX_RELEASE, 0).status, FFA_DENIED);
    }
}

/* The receiver is told by the hypervisor's framework notification, and interrupted. */
static void test_rx_full_notification(void **state)
{
    const struct letter letter = {.sender = 1, .receiver = 2, .bytes = 4};
    struct posix_vm *from;
    struct posix_vm *to;

    (void)state;
    rig_start(NULL);
    from = rig_friend(1, FFA_VERSION_1_2);
    to = rig_friend(2, FFA_VERSION_1_1);
    map_buffers(from, 1);
    map_buffers(to, 1);
    assert_int_equal(letter_send(from, 1, &letter), FFA_OK);
    assert_int_equal(posix_vcpu_injected(to, 0, RIG_NPI), 1);
    assert_int_equal(posix_vcpu_injected(to, 1, RIG_NPI), 0);
    assert_int_equal(rx_full_bit(to, FFA_NOTIFICATION_GET_SPM | FFA_NOTIFICATION_GET_VM, 7), 0);
    assert_int_equal(rx_full_bit(to, FFA_NOTIFICATION_GET_HYPERVISOR, 7), 1);
    assert_int_equal(rx_full_bit(to, FFA_NOTIFICATION_GET_HYPERVISOR, 7), 0);
    letter_assert(to, 1, &letter);

    /* Nobody is told of what was not sent. */
    assert_int_equal(letter_send(from, 1, &letter), FFA_BUSY);
    assert_int_equal(rx_full_bit(to, 0xf, 7), 0);
    assert_int_equal(posix_vcpu_injected(to, 0, RIG_NPI), 1);
    assert_int_equal(CALL(to, FFA_RX_RELEASE, 0).status, FFA_OK);
    assert_int_equal(letter_send(from, 1, &letter), FFA_OK);
    assert_int_equal(posix_vcpu_injected(to, 0, RIG_NPI), 2);
}

/* Who receives no notifications gets the message all the same. */
static void test_receiver_without_notifications(void **state)
{
    const struct letter letter = {.sender = 1, .receiver = 2, .bytes = 4};
    struct parley_vm_config config = rig_friend_config(2);
    struct posix_vm *from;
    struct posix_vm *to;

    (void)state;
    rig_start(NULL);
    from = rig_friend(1, FFA_VERSION_1_2);
    config.properties &= ~(uint32_t)FFA_PARTITION_NOTIFICATION_RECV;
    to = rig_vm(&config);
    settle(to, FFA_VERSION_1_2);
    map_buffers(from, 1);
    map_buffers(to, 1);
    assert_int_equal(letter_send(from, 1, &letter), FFA_OK);
    letter_assert(to, 1, &letter);
    assert_int_equal(posix_vcpu_injected(to, 0, RIG_NPI), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_checks),
        RIG_TEST(test_w1_and_w2),
        RIG_TEST(test_reserved_fields),
        RIG_TEST(test_versions),
        RIG_TEST(test_messages_after_each_other),
        RIG_TEST(test_rx_full_notification),
        RIG_TEST(test_receiver_without_notifications),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
