/* SPDX-License-Identifier: BSD-3-Clause */
/* Direct and indirect messages, as they cross into the Secure world and back. */
#include "payload.h"

#include "../../partitions/commands.h"
#include "../../partitions/partitions.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID
#define REFUSER  PARTITION_REFUSER_ID

#define PAYLOAD(n) (0x1122334455660000ull + (n))
#define ROUNDS     100u

static void test_echo_32(void)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, PAYLOAD(0) << 32, PAYLOAD(1), PAYLOAD(2), PAYLOAD(3), PAYLOAD(4));
    check(is_response(regs, ECHO), "echo answers");
    for (unsigned int i = 1; i < 5; i++) {
        check(regs[3 + i] == (uint32_t)~PAYLOAD(i), "with 32 bits of each word inverted");
    }
    check(regs[3] == UINT32_MAX && poisoned_from(regs, 8), "and leaves the rest alone");
}

static void test_echo_64(uint32_t version)
{
    uint64_t regs[REGS];

    poison(regs);
    regs[0] = FFA_MSG_SEND_DIRECT_REQ_64;
    regs[1] = ffa_ids_make(TEST_VM, ECHO);
    regs[2] = 0;
    regs[3] = COMMAND_ECHO;
    check(smc_call(regs) == SMC_INTACT, "x18 to x29 survive a visit at S-EL1");
    check(regs[0] == FFA_MSG_SEND_DIRECT_RESP_64 && regs[1] == ffa_ids_make(ECHO, TEST_VM),
          "echo answers in 64 bits");
    check(regs[3] == UINT64_MAX && regs[4] == ~POISON(4) && regs[7] == ~POISON(7),
          "with all bits of each word inverted");
    check(version < FFA_VERSION_1_2 ? poisoned_from(regs, 8) : zero_between(regs, 8, 17),
          "x8 to x17 carry nothing");
}

static void test_echo_2(void)
{
    uint64_t regs[REGS];

    poison(regs);
    regs[0] = FFA_MSG_SEND_DIRECT_REQ2;
    regs[1] = ffa_ids_make(TEST_VM, ECHO);
    regs[2] = ffa_uuid_to_u64(&secure_partitions[0].uuids[0], 0);
    regs[3] = ffa_uuid_to_u64(&secure_partitions[0].uuids[0], 1);
    regs[4] = COMMAND_ECHO;
    check(smc_call(regs) == SMC_INTACT, "x18 to x29 survive a visit at S-EL1");
    check(regs[0] == FFA_MSG_SEND_DIRECT_RESP2 && zero_between(regs, 2, 3),
          "echo answers REQ2 with RESP2");
    for (unsigned int i = 5; i < REGS; i++) {
        check(regs[i] == ~POISON(i), "with all words inverted");
    }
    regs[0] = FFA_MSG_SEND_DIRECT_REQ2;
    regs[1] = ffa_ids_make(TEST_VM, ECHO);
    regs[2] = 1;
    smc_call(regs);
    check(is_error(regs, FFA_INVALID_PARAMETERS), "echo is no other UUID's");
}

static void test_where(void)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_WHERE, 0, 0, 0, 0);
    check(is_response(regs, ECHO) && regs[4] == 1 && regs[5] == 0, "echo runs at S-EL1");
    ask(regs, NOTIFIER, COMMAND_WHERE, 0, 0, 0, 0);
    check(is_response(regs, NOTIFIER) && regs[4] == 3, "notifier runs at EL3");
}

static void test_ends(uint32_t version)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_FAIL, (uint32_t)FFA_ABORTED, 0, 0, 0);
    check(is_error(regs, FFA_ABORTED), "a request may end with an error");
    if (version >= FFA_VERSION_1_2) {
        ask(regs, ECHO, COMMAND_SUCCEED, 0, 0, 0, 0);
        check(regs[0] == FFA_SUCCESS_32 && zero_between(regs, 1, 7), "or without a response");
    }
    ask(regs, ECHO, COMMAND_YIELD, 3, 0, 0, 0);
    for (unsigned int i = 0; i < 3; i++) {
        check(is_left(regs, FFA_YIELD, ECHO, 0), "a partition yields");
        run(regs, ECHO, 0);
    }
    check(is_response(regs, ECHO) && regs[3] == FFA_OK, "and answers in the end");
    ask(regs, ECHO, 999, 0, 0, 0, 0);
    check(is_response(regs, ECHO) && regs[3] == (uint32_t)FFA_NOT_SUPPORTED, "and is not silent");
}

static void test_refusals(void)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(ECHO, TRIO), 0, 0);
    check(is_error(regs, FFA_INVALID_PARAMETERS), "the Normal world is no partition");
    ffa(regs, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(TEST_VM, 0x8009), 0, 0);
    check(is_error(regs, FFA_INVALID_PARAMETERS), "there is no such partition");
    run(regs, ECHO, 1);
    check(is_error(regs, FFA_INVALID_PARAMETERS), "a context runs on its own CPU");
    run(regs, ECHO, 4);
    check(is_error(regs, FFA_INVALID_PARAMETERS), "echo has four contexts");
    run(regs, ECHO, 0);
    check(is_left(regs, FFA_MSG_WAIT, ECHO, 0), "who waits may have cycles");
}

static uint32_t vm_message(uint64_t regs[REGS], uint16_t partition, uint32_t type, uint16_t vm)
{
    ffa_7(regs, (const uint64_t[]){FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(0, partition),
                                   FFA_DIRECT_FRAMEWORK(type), UINT32_MAX, UINT32_MAX, vm, 0, 0});
    while (regs[0] == FFA_INTERRUPT || regs[0] == FFA_YIELD) {
        run(regs, partition, 0);
    }
    check(regs[0] == FFA_MSG_SEND_DIRECT_RESP_32 && regs[2] == FFA_DIRECT_FRAMEWORK(type + 1),
          "a message about a VM is answered");
    return (uint32_t)regs[3];
}

static void test_vm_messages(void)
{
    const uint32_t created = FFA_FRAMEWORK_VM_CREATED_REQ;
    const uint32_t destroyed = FFA_FRAMEWORK_VM_DESTROYED_REQ;
    uint64_t regs[REGS];

    check(vm_message(regs, NOTIFIER, created, TEST_VM) == FFA_OK, "VM_CREATED");
    check(vm_message(regs, NOTIFIER, destroyed, TEST_VM) == FFA_OK, "VM_DESTROYED");
    check(vm_message(regs, NOTIFIER, destroyed, 9) == (uint32_t)FFA_INVALID_PARAMETERS,
          "VM_DESTROYED of one that was not created");
    if (!HAS_REFUSER) {
        return;
    }
    for (unsigned int i = 0; i < PARTITION_REFUSER_STALLS; i++) {
        check(vm_message(regs, REFUSER, created, TEST_VM) == (uint32_t)FFA_RETRY,
              "the refuser asks for patience");
    }
    check(vm_message(regs, REFUSER, created, TEST_VM) == FFA_OK, "and accepts a VM");
    check(vm_message(regs, REFUSER, created, PARTITION_REFUSED_VM) == (uint32_t)FFA_DENIED,
          "but not that one");
}

/* --- Several CPUs --- */

static struct {
    uint32_t good;
    uint32_t where;
    uint32_t wrong_cpu; /* the status of FFA_RUN of CPU 0's context */
} others[CPUS];

static void hammer(unsigned int cpu)
{
    uint64_t regs[REGS] = {FFA_RUN, ffa_target_make(ECHO, 0)};

    smc_call(regs);
    others[cpu].wrong_cpu = regs[0] == FFA_ERROR ? (uint32_t)regs[2] : 0;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t echo[REGS] = {FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(TEST_VM, ECHO), 0,
                               COMMAND_WHERE, cpu};

        smc_call(echo);
        others[cpu].good += is_response(echo, ECHO) && echo[3] == FFA_OK ? 1 : 0;
        others[cpu].where = (uint32_t)echo[5];
    }
}

static void test_cpus(void)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_YIELD, 1, 0, 0, 0);
    check(is_left(regs, FFA_YIELD, ECHO, 0), "CPU 0 has a request under way");
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        cpu_start(cpu, hammer);
    }
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        cpu_join(cpu);
        check(others[cpu].good == ROUNDS, "each CPU has answers of its own");
        check(others[cpu].where == cpu, "from a context of its own");
        check(others[cpu].wrong_cpu == (uint32_t)FFA_INVALID_PARAMETERS,
              "and cannot run CPU 0's context");
    }
    run(regs, ECHO, 0);
    check(is_response(regs, ECHO), "CPU 0's request is where it was");
}

/* --- Indirect messages --- */

static void give_buffers(void)
{
    const uint64_t tx = (uint64_t)buffers;
    uint64_t regs[REGS];
    struct {
        struct ffa_rxtx_descriptor_1_1 ids;
        uint32_t pad;
        struct ffa_mem_composite rx;
        struct ffa_mem_constituent rx_range;
        struct ffa_mem_composite tx;
        struct ffa_mem_constituent tx_range;
    } *descriptor = (void *)buffers;

    ffa(regs, FFA_RXTX_MAP_64, tx, tx + FFA_PAGE_SIZE, 1);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RXTX_MAP");
    descriptor->ids.endpoint = TEST_VM;
    descriptor->ids.rx_offset = 16;
    descriptor->ids.tx_offset = 48;
    descriptor->rx.page_count = descriptor->tx.page_count = 1;
    descriptor->rx.constituent_count = descriptor->tx.constituent_count = 1;
    descriptor->rx_range.address = (uint64_t)VM_RX;
    descriptor->tx_range.address = (uint64_t)VM_TX;
    descriptor->rx_range.page_count = descriptor->tx_range.page_count = 1;
    ffa(regs, FFA_RXTX_MAP_64, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RXTX_MAP for a VM");
}

static uint32_t header_bytes(uint32_t version)
{
    return version >= FFA_VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                      : sizeof(struct ffa_msg_header_1_1);
}

static void test_vm_to_partition(uint32_t version)
{
    struct ffa_msg_header_1_1 *header = (void *)VM_TX;
    uint64_t regs[REGS];
    uint32_t sum = 0;

    header->payload_offset = header_bytes(version);
    header->ids = ffa_ids_make(TEST_VM, ECHO);
    header->payload_size = 1000;
    for (unsigned int i = 0; i < 1000; i++) {
        VM_TX[header->payload_offset + i] = (uint8_t)COMMAND_PATTERN(3, i);
        sum = COMMAND_CHECKSUM(sum, COMMAND_PATTERN(3, i));
    }
    ffa(regs, FFA_MSG_SEND2, ffa_msg_send2_make(TEST_VM), 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_MSG_SEND2 to a partition");
    run(regs, ECHO, 0);
    check(is_left(regs, FFA_MSG_WAIT, ECHO, 0), "it reads the message when it runs");
    ask(regs, ECHO, COMMAND_MESSAGES, 0, 0, 0, 0);
    check(regs[4] == 1 && regs[5] == TEST_VM && regs[6] == 1000 && regs[7] == sum, "byte for byte");
}

static void test_partition_to_vm(uint32_t version)
{
    const struct ffa_msg_header_1_1 *header = (void *)VM_RX;
    uint64_t regs[REGS];
    unsigned int wrong = 0;

    ffa(regs, FFA_NOTIFICATION_BITMAP_CREATE, TEST_VM, 2, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_NOTIFICATION_BITMAP_CREATE");
    ask(regs, ECHO, COMMAND_MESSAGE_SEND, TEST_VM, 2000, 77, 0);
    check(is_response(regs, ECHO) && regs[3] == FFA_OK, "a partition sends to a VM");
    check(header->payload_offset == header_bytes(version) && header->payload_size == 2000 &&
              header->ids == ffa_ids_make(ECHO, TEST_VM),
          "the header is as this version has it");
    for (unsigned int i = 0; i < 2000; i++) {
        wrong += VM_RX[header->payload_offset + i] != COMMAND_PATTERN(77, i) ? 1 : 0;
    }
    check(wrong == 0, "the message came byte for byte");
    ffa(regs, FFA_NOTIFICATION_GET, TEST_VM, FFA_NOTIFICATION_GET_SPM, 0);
    check(regs[0] == FFA_SUCCESS_32 && regs[6] == FFA_NOTIFICATION_RX_FULL, "RX is full");
    ffa(regs, FFA_RX_RELEASE, TEST_VM, 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RX_RELEASE for a VM");
}

void test_messages(void)
{
    const uint32_t version = EXPECTED_VERSION;

    test_where();
    test_echo_32();
    test_echo_64(version);
    if (version >= FFA_VERSION_1_2) {
        test_echo_2();
    }
    test_ends(version);
    test_refusals();
    test_vm_messages();
    test_cpus();
    give_buffers();
    test_vm_to_partition(version);
    test_partition_to_vm(version);
}
