/* SPDX-License-Identifier: BSD-3-Clause */
/* The buffers of VMs, and indirect messages through them. */
#include "world.h"

#include <string.h>

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID

static uint8_t *at(struct world *world, uint64_t pa)
{
    return world->memory + (pa - WORLD_PA);
}

/* The descriptor that FFA_RXTX_MAP finds in TX. */
struct descriptor {
    struct ffa_rxtx_descriptor_1_1 ids;
    uint32_t pad;
    struct ffa_mem_composite rx;
    struct ffa_mem_constituent rx_range[2];
    struct ffa_mem_composite tx;
    struct ffa_mem_constituent tx_range[1];
};

static const struct descriptor good = {
    .ids = {.endpoint = VM, .rx_offset = 16, .tx_offset = 64},
    .rx = {.page_count = 2, .constituent_count = 2},
    .rx_range = {{.address = WORLD_PA + 2 * FFA_PAGE_SIZE, .page_count = 1},
                 {.address = WORLD_PA + 3 * FFA_PAGE_SIZE, .page_count = 1}},
    .tx = {.page_count = 2, .constituent_count = 1},
    .tx_range = {{.address = VM_TX_PA, .page_count = 2}},
};

static int32_t map(struct world *world, const struct descriptor *descriptor)
{
    memcpy(world->memory, descriptor, sizeof(*descriptor));
    return status(world, FFA_RXTX_MAP_64, 0, 0, 0);
}

static void test_map_for_vm(void **state)
{
    static struct world world;
    struct descriptor other = good;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        world_agree(&world, version);
        assert_int_equal(map(&world, &good), FFA_INVALID_PARAMETERS); /* no TX to read it from */
        assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
        assert_int_equal(map(&world, &good), FFA_OK);
        assert_int_equal(map(&world, &good), FFA_DENIED);
        other.ids.endpoint = OTHER_VM;
        assert_int_equal(map(&world, &other), FFA_OK);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, VM << 16, 0, 0), FFA_OK);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, VM << 16, 0, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(map(&world, &good), FFA_OK);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 3 << 16, 0, 0), FFA_INVALID_PARAMETERS);
    }
    world_agree(&world, FFA_VERSION_1_0);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    assert_int_equal(map(&world, &good), FFA_INVALID_PARAMETERS);
}

#define BAD(expected, ...)                             \
    {                                                  \
        struct descriptor bad = good;                  \
        __VA_ARGS__;                                   \
        assert_int_equal(map(&world, &bad), expected); \
    }

static void test_bad_descriptors(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    BAD(FFA_INVALID_PARAMETERS, bad.ids.endpoint = 0)
    BAD(FFA_INVALID_PARAMETERS, bad.ids.endpoint = ECHO)
    BAD(FFA_INVALID_PARAMETERS, bad.ids.rx_offset = 8)
    BAD(FFA_INVALID_PARAMETERS, bad.ids.tx_offset = 0)
    BAD(FFA_INVALID_PARAMETERS, bad.ids.tx_offset = 65)
    BAD(FFA_NO_MEMORY, bad.ids.tx_offset = 4088)
    BAD(FFA_NO_MEMORY, bad.ids.tx_offset = 4096)
    BAD(FFA_NO_MEMORY, bad.ids.tx_offset = 0xfffffff8)
    BAD(FFA_INVALID_PARAMETERS, bad.rx.page_count = 1)
    BAD(FFA_INVALID_PARAMETERS, bad.rx.constituent_count = 1)
    BAD(FFA_INVALID_PARAMETERS, bad.rx.page_count = 0; bad.rx.constituent_count = 0)
    BAD(FFA_NO_MEMORY, bad.tx.constituent_count = 0xffffffff)
    BAD(FFA_NO_MEMORY, bad.rx_range[1].address += FFA_PAGE_SIZE)
    BAD(FFA_INVALID_PARAMETERS, bad.tx.page_count = 1; bad.tx_range[0].page_count = 1)
    BAD(FFA_INVALID_PARAMETERS, bad.tx_range[0].address = good.rx_range[0].address)
    BAD(FFA_INVALID_PARAMETERS, bad.tx_range[0].address += 1)
    BAD(FFA_INVALID_PARAMETERS, bad.tx_range[0].address = 0x1000)
    memcpy(world.memory + 100, &good.tx, sizeof(good.tx) + sizeof(good.tx_range));
    BAD(FFA_INVALID_PARAMETERS, bad.ids.tx_offset = 100)
    memcpy(world.memory + 104, &good.tx, sizeof(good.tx) + sizeof(good.tx_range));
    BAD(FFA_OK, bad.ids.tx_offset = 104)
}

static void test_acquire(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(status(&world, FFA_RX_ACQUIRE, VM, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, FFA_RX_RELEASE, VM, 0, 0), FFA_INVALID_PARAMETERS);
    world_give_buffers(&world);
    assert_int_equal(status(&world, FFA_RX_RELEASE, VM, 0, 0), FFA_DENIED);
    assert_int_equal(status(&world, FFA_RX_ACQUIRE, VM, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_RX_ACQUIRE, VM, 0, 0), FFA_DENIED);
    assert_int_equal(status(&world, FFA_RX_RELEASE, VM, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_DENIED);
}

/* Puts a message in VM's TX: a header that fits a version, and a payload after `offset` bytes. */
static void write_message(struct world *world, uint32_t version, uint32_t offset, uint32_t ids,
                          const char *text)
{
    const struct ffa_msg_header_1_2 header = {
        .payload_offset = offset, .ids = ids, .payload_size = (uint32_t)strlen(text)};

    memset(at(world, VM_TX_PA), 0xee, FFA_PAGE_SIZE);
    memcpy(at(world, VM_TX_PA), &header, version >= FFA_VERSION_1_2 ? sizeof(header) : 20);
    memcpy(at(world, VM_TX_PA) + offset, text, strlen(text));
}

static uint32_t checksum(const char *text)
{
    uint32_t sum = 0;

    for (; *text != '\0'; text++) {
        sum = COMMAND_CHECKSUM(sum, (uint8_t)*text);
    }
    return sum;
}

static void test_vm_to_partition(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        const uint32_t header = version >= FFA_VERSION_1_2 ? 40 : 20;

        world_agree(&world, version);
        world_give_buffers(&world);
        write_message(&world, version, header, ffa_ids_make(VM, ECHO), "good morning");
        assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_OK);
        assert_int_equal(world.sri_count, 1);
        assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_BUSY);
        regs = call(&world, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0, 0, 0);
        assert_int_equal(regs.x[2], ffa_notification_info_make(false, 1));
        assert_int_equal(regs.x[3], ECHO);
        regs = run(&world, ECHO, 0);
        assert_target(&regs, FFA_MSG_WAIT, ECHO, 0);
        regs = ask(&world, ECHO, COMMAND_MESSAGES, 0, 0, 0, 0);
        assert_int_equal(word(&regs, 1), 1);
        assert_int_equal(word(&regs, 2), VM);
        assert_int_equal(word(&regs, 3), 12);
        assert_int_equal(word(&regs, 4), checksum("good morning"));
        assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_OK);
    }
}

static int32_t sent(struct world *world, uint32_t offset, uint32_t ids)
{
    write_message(world, FFA_VERSION_1_2, 64, ids, "x");
    memcpy(at(world, VM_TX_PA) + 8, &offset, 4);
    return status(world, FFA_MSG_SEND2, VM << 16, 0, 0);
}

static void test_send_refused(void **state)
{
    static struct world world;
    const uint32_t size = 4096 - 40 + 1;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_INVALID_PARAMETERS);
    world_give_bitmap(&world, 1);
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_DENIED);
    world_give_buffers(&world);
    assert_int_equal(sent(&world, 64, ffa_ids_make(OTHER_VM, ECHO)), FFA_INVALID_PARAMETERS);
    assert_int_equal(sent(&world, 64, ffa_ids_make(VM, VM)), FFA_INVALID_PARAMETERS);
    assert_int_equal(sent(&world, 64, ffa_ids_make(VM, 0x8009)), FFA_INVALID_PARAMETERS);
    assert_int_equal(sent(&world, 64, ffa_ids_make(VM, NOTIFIER)), FFA_DENIED);
    assert_int_equal(sent(&world, 39, ffa_ids_make(VM, ECHO)), FFA_INVALID_PARAMETERS);
    assert_int_equal(sent(&world, 4096, ffa_ids_make(VM, ECHO)), FFA_INVALID_PARAMETERS);
    assert_int_equal(sent(&world, 0xffffffff, ffa_ids_make(VM, ECHO)), FFA_INVALID_PARAMETERS);
    write_message(&world, FFA_VERSION_1_2, 40, ffa_ids_make(VM, ECHO), "x");
    memcpy(at(&world, VM_TX_PA) + 16, &size, 4);
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_INVALID_PARAMETERS);
    write_message(&world, FFA_VERSION_1_2, 40, ffa_ids_make(VM, ECHO), "x");
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 2, 0), FFA_INVALID_PARAMETERS);
    at(&world, VM_TX_PA)[24] = 1; /* a UUID that nobody has */
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_INVALID_PARAMETERS);
    memcpy(at(&world, VM_TX_PA) + 24, secure_partitions[0].uuids, 16);
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_MSG_SEND2, OTHER_VM << 16, 0, 0), FFA_INVALID_PARAMETERS);
}

/* A buffer of two pages holds more than the partition's one page takes. */
static void test_too_long(void **state)
{
    const struct ffa_msg_header_1_2 header = {
        .payload_offset = 40, .ids = ffa_ids_make(VM, ECHO), .payload_size = 4096 - 40 + 1};
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    assert_int_equal(map(&world, &good), FFA_OK);
    memcpy(at(&world, VM_TX_PA), &header, sizeof(header));
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_NO_MEMORY);
    at(&world, VM_TX_PA)[16] = 0xd8; /* one byte less */
    assert_int_equal(status(&world, FFA_MSG_SEND2, VM << 16, 0, 0), FFA_OK);
}

/* The message is FULL until the VM has been told, and the VM's until it is released. */
static void test_partition_to_vm(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        const uint32_t header = version >= FFA_VERSION_1_2 ? 40 : 20;
        const uint32_t expected[] = {header, ffa_ids_make(ECHO, VM), 100};
        uint8_t *rx;

        world_agree(&world, version);
        world_give_buffers(&world);
        assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, VM, 100, 9, 0), FFA_DENIED);
        world_give_bitmap(&world, 2);
        assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, VM, 100, 9, 0), FFA_OK);
        assert_int_equal(world.sri_count, 1);
        assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, VM, 100, 9, 0), FFA_BUSY);
        rx = at(&world, VM_RX_PA);
        assert_memory_equal(rx + 8, expected, sizeof(expected));
        for (uint32_t i = 0; i < 100; i++) {
            assert_int_equal(rx[header + i], COMMAND_PATTERN(9, i));
        }
        for (uint32_t i = header + 100; i < FFA_PAGE_SIZE; i++) {
            assert_int_equal(rx[i], 0);
        }
        assert_int_equal(status(&world, FFA_RX_RELEASE, VM, 0, 0), FFA_DENIED);
        assert_int_equal(status(&world, FFA_RX_ACQUIRE, VM, 0, 0), FFA_DENIED);
        regs = call(&world, FFA_NOTIFICATION_GET, ffa_receiver_info_make(VM, 1),
                    FFA_NOTIFICATION_GET_SPM, 0, 0, 0);
        assert_success(&regs);
        assert_zero(&regs, 2, 5);
        assert_int_equal(regs.x[6], FFA_NOTIFICATION_RX_FULL);
        assert_int_equal(status(&world, FFA_RX_RELEASE, VM, 0, 0), FFA_OK);
        assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, VM, 100, 9, 0), FFA_OK);
    }
}

static void test_partition_to_vm_refused(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    world_give_buffers(&world);
    world_give_bitmap(&world, 1);
    assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, OTHER_VM, 1, 0, 0),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, VM, 4057, 0, 0), FFA_NO_MEMORY);
    assert_int_equal(command(&world, NOTIFIER, COMMAND_MESSAGE_SEND, VM, 1, 0, 0), FFA_DENIED);
    assert_int_equal(command(&world, ECHO, COMMAND_MESSAGE_SEND, VM, 4056, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_RXTX_UNMAP, VM << 16, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_NOTIFICATION_BITMAP_DESTROY, VM, 0, 0), FFA_OK);
}

int run_indirect_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_for_vm),      cmocka_unit_test(test_bad_descriptors),
        cmocka_unit_test(test_acquire),         cmocka_unit_test(test_vm_to_partition),
        cmocka_unit_test(test_send_refused),    cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_partition_to_vm), cmocka_unit_test(test_partition_to_vm_refused),
    };

    return cmocka_run_group_tests_name("indirect messages", tests, NULL, NULL);
}
