/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is shared with partitions, lent and donated to them. What echo does with it, it does
 * at S-EL1, through its own translation tables.
 */
#include "payload.h"

#include "../../partitions/commands.h"
#include "../../partitions/partitions.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define PAGE     FFA_PAGE_SIZE

/* RAM that nobody else uses. */
#define RAM_PA   0x60000000ull
#define NO_RAM   0x80000000ull /* without -m 2G or more */
#define SECURE   0x0e400000ull
#define FAR_MANY 20000u

#define RW FFA_MEM_ACCESS_DATA_RW
#define RO FFA_MEM_ACCESS_DATA_RO

/* In TX: a header, one endpoint, and as many ranges as a test puts there. */
struct transaction {
    struct ffa_mem_transaction_1_1 header;
    struct ffa_mem_access_1_0 access;
    struct ffa_mem_composite composite;
    struct ffa_mem_constituent ranges[];
};

#define TX           ((struct transaction *)(void *)buffers)
#define RANGES_AT    80u
#define RANGES_FIRST ((PAGE - RANGES_AT) / 16)
#define RANGES_EACH  (PAGE / 16)

_Static_assert(sizeof(struct transaction) == RANGES_AT, "where the ranges begin");

struct range {
    uint64_t pa;
    uint32_t pages;
};

static const struct range three[] = {{RAM_PA + 5 * PAGE, 2}, {RAM_PA, 1}, {RAM_PA + 0x08000000, 4}};

#define THREE_PAGES 7u

static struct range (*range_of)(uint32_t index);

static struct range of_three(uint32_t index)
{
    return three[index];
}

/* Every other page, from the end. */
static struct range of_many(uint32_t index)
{
    return (struct range){RAM_PA + 2 * (FAR_MANY - 1 - index) * (uint64_t)PAGE, 1};
}

static void write_ranges(struct ffa_mem_constituent *to, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct range range = range_of(first + i);

        to[i] = (struct ffa_mem_constituent){.address = range.pa, .page_count = range.pages};
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Sends it in as many fragments as it takes. */
static void send(uint64_t regs[REGS], uint32_t fid, uint16_t to, uint32_t flags, uint32_t pages,
                 uint32_t count)
{
    uint32_t sent = least(count, RANGES_FIRST);

    *TX = (struct transaction){
        .header = {.sender = TEST_VM,
                   .attributes = fid == FFA_MEM_SHARE_32 ? FFA_MEM_ATTR_NORMAL_WB_INNER : 0,
                   .flags = flags,
                   .tag = 0,
                   .access_size = sizeof(TX->access),
                   .access_count = 1,
                   .access_offset = sizeof(TX->header)},
        .access = {.endpoint = to,
                   .permissions = fid == FFA_MEM_DONATE_32 ? 0 : RW,
                   .composite_offset = RANGES_AT - sizeof(TX->composite)},
        .composite = {.page_count = pages, .constituent_count = count},
    };
    write_ranges(TX->ranges, 0, sent);
    ffa(regs, fid, RANGES_AT + 16 * count, RANGES_AT + 16 * sent, 0);
    while (regs[0] == FFA_MEM_FRAG_RX && sent < count) {
        const uint32_t next = least(count - sent, RANGES_EACH);

        write_ranges((struct ffa_mem_constituent *)(void *)buffers, sent, next);
        sent += next;
        ffa_7(regs,
              (const uint64_t[]){FFA_MEM_FRAG_TX, regs[1], regs[2], 16 * next, regs[4], 0, 0, 0});
    }
}

static uint64_t send_ok(uint32_t fid, uint16_t to, uint32_t flags, uint32_t pages, uint32_t count)
{
    uint64_t regs[REGS];

    send(regs, fid, to, flags, pages, count);
    check(regs[0] == FFA_SUCCESS_32, "memory is granted");
    check((regs[3] >> 31) == 0, "and the handle is the SPMC's");
    return regs[3] << 32 | regs[2];
}

static uint64_t send_three(uint32_t fid, uint16_t to, uint32_t flags)
{
    range_of = of_three;
    return send_ok(fid, to, flags, THREE_PAGES, 3);
}

static uint64_t reclaim(uint64_t handle)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32, 0);
    return regs[0] == FFA_ERROR ? regs[2] : FFA_OK;
}

/* A command about a region: its status, with the other words in `regs`. */
static uint32_t tell(uint64_t regs[REGS], uint16_t partition, uint32_t what, uint64_t handle,
                     uint32_t word3, uint32_t word4)
{
    ask(regs, partition, what, (uint32_t)handle, handle >> 32, word3, word4);
    check(is_response(regs, partition), "a partition answers about memory");
    return (uint32_t)regs[3];
}

static uint32_t retrieve(uint16_t partition, uint64_t handle, uint32_t permissions)
{
    uint64_t regs[REGS];

    return tell(regs, partition, COMMAND_MEMORY_RETRIEVE, handle, TEST_VM | permissions << 16, 0);
}

static uint32_t relinquish(uint16_t partition, uint64_t handle)
{
    uint64_t regs[REGS];

    return tell(regs, partition, COMMAND_MEMORY_RELINQUISH, handle, 0, 0);
}

/* --- The region as the sender sees it --- */

static volatile uint8_t *byte_at(uint32_t offset)
{
    uint32_t i = 0;

    while (offset >= three[i].pages * PAGE) {
        offset -= three[i++].pages * PAGE;
    }
    return (volatile uint8_t *)(three[i].pa + offset);
}

static void fill(uint32_t seed)
{
    for (uint32_t i = 0; i < THREE_PAGES * PAGE; i++) {
        *byte_at(i) = (uint8_t)COMMAND_PATTERN(seed, i);
    }
}

static uint32_t checksum(void)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < THREE_PAGES * PAGE; i++) {
        sum = COMMAND_CHECKSUM(sum, *byte_at(i));
    }
    return sum;
}

/* --- Tests --- */

static void test_share(uint16_t partition)
{
    const uint64_t handle = send_three(FFA_MEM_SHARE_32, partition, 0);
    uint64_t regs[REGS];

    fill(1);
    check(retrieve(partition, handle, RW) == FFA_OK, "a partition retrieves what is shared");
    check(reclaim(handle) == (uint32_t)FFA_DENIED, "which cannot be reclaimed then");
    tell(regs, partition, COMMAND_MEMORY_RANGE, handle, 2, 0);
    check(regs[4] == three[2].pa && regs[6] == three[2].pages, "it knows where it is");
    tell(regs, partition, COMMAND_MEMORY_SUM, handle, 0, THREE_PAGES * PAGE);
    check(regs[3] == FFA_OK && regs[4] == checksum(), "it reads what the VM wrote");
    *byte_at(2 * PAGE) = 0x5a;
    tell(regs, partition, COMMAND_MEMORY_READ, handle, 2 * PAGE, 0);
    check((regs[4] & 0xff) == 0x5a, "and what the VM writes meanwhile");
    tell(regs, partition, COMMAND_MEMORY_WRITE, handle, 3 * PAGE + 4, 0x12345678);
    check(regs[3] == FFA_OK && *byte_at(3 * PAGE + 4) == 0x78, "and the VM reads what it writes");
    tell(regs, partition, COMMAND_MEMORY_FILL, handle, PAGE / 2, 7u << 24 | 6 * PAGE);
    check(*byte_at(6 * PAGE) == COMMAND_PATTERN(7, 6 * PAGE - PAGE / 2), "all of it");
    check(relinquish(partition, handle) == FFA_OK, "it relinquishes it");
    check(relinquish(partition, handle) == (uint32_t)FFA_DENIED, "once");
    check(reclaim(handle) == FFA_OK, "and the VM reclaims it");
    check(retrieve(partition, handle, RW) == (uint32_t)FFA_INVALID_PARAMETERS, "for good");
}

static void test_lend(void)
{
    uint64_t handle;
    uint64_t regs[REGS];
    uint32_t bytes = 0;

    fill(2);
    handle = send_three(FFA_MEM_LEND_32, ECHO, FFA_MEM_SEND_ZERO);
    for (uint32_t i = 0; i < THREE_PAGES * PAGE; i++) {
        bytes |= *byte_at(i);
    }
    check(bytes == 0, "memory is cleared when it is lent");
    check(retrieve(ECHO, handle, RO) == FFA_OK, "echo may read it");
    tell(regs, ECHO, COMMAND_MEMORY_WALK, handle, 0, 0);
    check(regs[3] == FFA_OK && regs[4] == 0, "and finds nothing");
    tell(regs, ECHO, COMMAND_MEMORY_WALK, handle, 1, 0);
    check(regs[3] == (uint32_t)FFA_DENIED, "and may not write it");
    check(relinquish(ECHO, handle) == FFA_OK && reclaim(handle) == FFA_OK, "it comes back");
}

static void test_donate(void)
{
    uint64_t regs[REGS];
    uint64_t handle;

    range_of = of_three;
    handle = send_ok(FFA_MEM_DONATE_32, ECHO, 0, THREE_PAGES, 3);
    check(reclaim(handle) == FFA_OK, "what nobody took is reclaimed");
    handle = send_three(FFA_MEM_DONATE_32, NOTIFIER, 0);
    check(retrieve(NOTIFIER, handle, RW) == FFA_OK, "what was donated is retrieved");
    check(reclaim(handle) == (uint32_t)FFA_INVALID_PARAMETERS, "and has no handle any more");
    send(regs, FFA_MEM_SHARE_32, ECHO, 0, THREE_PAGES, 3);
    check(is_error(regs, FFA_DENIED), "nor is it its sender's");
}

static struct range bad;

static struct range of_bad(uint32_t index)
{
    (void)index;
    return bad;
}

static void test_places(void)
{
    static const struct range places[] = {
        {NO_RAM, 1}, {NO_RAM - PAGE, 2}, {SECURE, 1}, {0, 1}, {0x09000000, 1}};
    uint64_t regs[REGS];

    range_of = of_bad;
    for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        bad = places[i];
        send(regs, FFA_MEM_SHARE_32, ECHO, 0, bad.pages, 1);
        check(is_error(regs, FFA_DENIED), "what is no RAM of VMs is not shared");
    }
    bad = (struct range){(uint64_t)buffers, 1};
    send(regs, FFA_MEM_SHARE_32, ECHO, 0, 1, 1);
    check(is_error(regs, FFA_DENIED), "nor is a buffer");
}

/* Thousands of pages here and there, and one word in each. */
static void test_many(void)
{
    uint64_t handle;
    uint64_t regs[REGS];
    uint32_t sum = 0;
    uint32_t wrong = 0;

    range_of = of_many;
    for (uint32_t i = 0; i < FAR_MANY; i++) {
        *(volatile uint32_t *)of_many(i).pa = i * i;
        sum += i * i;
    }
    handle = send_ok(FFA_MEM_LEND_32, ECHO, 0, FAR_MANY, FAR_MANY);
    check(retrieve(ECHO, handle, RW) == FFA_OK, "echo retrieves thousands of ranges");
    tell(regs, ECHO, COMMAND_MEMORY_WALK, handle, 5, 0);
    check(regs[3] == FFA_OK && regs[4] == sum, "and reads them all");
    check(relinquish(ECHO, handle) == FFA_OK && reclaim(handle) == FFA_OK, "they come back");
    for (uint32_t i = 0; i < FAR_MANY; i++) {
        wrong += *(volatile uint32_t *)of_many(i).pa != i * i + 5 ? 1 : 0;
    }
    check(wrong == 0, "with what echo wrote");
}

/* --- Several CPUs: what one context retrieves, all have --- */

static uint64_t held;
static uint32_t seen[CPUS];

static void read_there(unsigned int cpu)
{
    uint64_t regs[REGS] = {FFA_MSG_SEND_DIRECT_REQ_32,
                           ffa_ids_make(TEST_VM, ECHO),
                           0,
                           COMMAND_MEMORY_READ,
                           (uint32_t)held,
                           held >> 32,
                           0};

    smc_call(regs);
    seen[cpu] = regs[3] == FFA_OK ? (uint32_t)regs[4] : 0;
}

static void write_there(unsigned int cpu)
{
    uint64_t regs[REGS] = {FFA_MSG_SEND_DIRECT_REQ_32,
                           ffa_ids_make(TEST_VM, ECHO),
                           0,
                           COMMAND_MEMORY_WRITE,
                           (uint32_t)held,
                           held >> 32,
                           cpu * PAGE,
                           cpu};

    smc_call(regs);
    seen[cpu] = (uint32_t)regs[3];
}

static void everywhere(void (*what)(unsigned int cpu))
{
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        cpu_start(cpu, what);
    }
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        cpu_join(cpu);
    }
}

/* A CPU that remembered that the pages are read-only could not write them afterwards. */
static void test_cpus(void)
{
    fill(3);
    held = send_three(FFA_MEM_SHARE_32, ECHO, 0);
    check(retrieve(ECHO, held, RO) == FFA_OK, "echo retrieves it to read");
    everywhere(read_there);
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        check(seen[cpu] == *(volatile uint32_t *)byte_at(0), "its other contexts can read it");
    }
    check(relinquish(ECHO, held) == FFA_OK, "gives it back");
    everywhere(read_there);
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        check(seen[cpu] == 0, "on all CPUs");
    }
    check(retrieve(ECHO, held, RW) == FFA_OK, "and retrieves it to write");
    everywhere(write_there);
    for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
        check(seen[cpu] == FFA_OK && *byte_at(cpu * PAGE) == cpu, "which they can, too");
    }
    check(relinquish(ECHO, held) == FFA_OK && reclaim(held) == FFA_OK, "it comes back");
}

/* --- A VM ends --- */

static void vm_message(uint32_t type)
{
    uint64_t regs[REGS];

    ffa_7(regs,
          (const uint64_t[]){FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(0, NOTIFIER),
                             FFA_DIRECT_FRAMEWORK(type), UINT32_MAX, UINT32_MAX, TEST_VM, 0, 0});
    check(regs[0] == FFA_MSG_SEND_DIRECT_RESP_32 && regs[3] == FFA_OK, "a VM comes and goes");
}

static void test_destroyed(void)
{
    uint64_t handle;

    vm_message(FFA_FRAMEWORK_VM_CREATED_REQ);
    handle = send_three(FFA_MEM_LEND_32, NOTIFIER, 0);
    check(retrieve(NOTIFIER, handle, RW) == FFA_OK, "notifier borrows from a VM");
    vm_message(FFA_FRAMEWORK_VM_DESTROYED_REQ);
    check(reclaim(handle) == FFA_OK, "and gives back when that is destroyed");
}

void test_memory(void)
{
    test_share(ECHO);
    test_share(NOTIFIER);
    test_lend();
    test_places();
    test_many();
    test_cpus();
    test_destroyed();
    test_donate();
}
