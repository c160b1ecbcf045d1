/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <string.h>

#define POISON(n)   (0xdead0000beef0000ull + (n))
#define POISON_HIGH 0xbad0bad000000000ull

void *spmc_port_map(struct spmc *spmc, uint64_t pa, size_t bytes)
{
    struct world *world = spmc->config.host;

    if (pa >= FAR_PA && pa - FAR_PA < FAR_PAGES * (uint64_t)PAGE &&
        bytes <= FAR_PAGES * (uint64_t)PAGE - (pa - FAR_PA)) {
        return far_is_gone ? NULL : far_memory(pa);
    }
    if (pa < WORLD_PA || pa - WORLD_PA + bytes > sizeof(world->memory)) {
        return NULL;
    }
    return world->memory + (pa - WORLD_PA);
}

static _Thread_local unsigned int this_cpu;

void world_on_cpu(unsigned int cpu)
{
    this_cpu = cpu;
}

static unsigned int cpu(void *host)
{
    (void)host;
    return this_cpu;
}

static void raise_sri(void *host)
{
    struct world *world = host;

    __atomic_fetch_add(&world->sri_count, 1, __ATOMIC_RELAXED);
}

static void log_line(void *host, const struct spmc_partition *from, const char *text, size_t bytes)
{
    struct world *world = host;

    (void)from;
    assert_in_range(bytes, 1, sizeof(world->log) - 1);
    memcpy(world->log, text, bytes);
    world->log[bytes] = '\0';
}

static void start(struct world *world, uint32_t version, const struct spmc_partition *partitions,
                  unsigned int count)
{
    const struct spmc_config config = {
        .version = version,
        .partitions = partitions,
        .partition_count = count,
        .hostile = &world->hostile,
        .host = world,
        .enter = agent_enter,
        .cpu = cpu,
        .raise_sri = raise_sri,
        .log = log_line,
    };

    memset(&world->hostile, 0, sizeof(world->hostile));
    memset(world->log, 0, sizeof(world->log));
    world->sri_count = 0;
    memset(world->memory, 0xa5, sizeof(world->memory));
    this_cpu = 0;
    spmc_init(&world->spmc, &config);
}

void world_start(struct world *world, uint32_t version, const struct spmc_lie *lies,
                 unsigned int lie_count)
{
    start(world, version, secure_partitions, PARTITION_COUNT);
    world->hostile.lies = lies;
    world->hostile.lie_count = lie_count;
}

void world_agree(struct world *world, uint32_t version)
{
    world_agree_with(world, version, secure_partitions, PARTITION_COUNT);
}

void world_agree_with(struct world *world, uint32_t version,
                      const struct spmc_partition *partitions, unsigned int count)
{
    start(world, version, partitions, count);
    assert_int_equal(answer(world, FFA_VERSION, version, 0, 0), version);
}

void world_give_buffers(struct world *world)
{
    struct {
        struct ffa_rxtx_descriptor_1_1 ids;
        uint32_t pad;
        struct ffa_mem_composite rx;
        struct ffa_mem_constituent rx_range;
        struct ffa_mem_composite tx;
        struct ffa_mem_constituent tx_range;
    } descriptor = {
        .ids = {.endpoint = VM, .rx_offset = 16, .tx_offset = 48},
        .rx = {.page_count = 1, .constituent_count = 1},
        .rx_range = {.address = VM_RX_PA, .page_count = 1},
        .tx = {.page_count = 1, .constituent_count = 1},
        .tx_range = {.address = VM_TX_PA, .page_count = 1},
    };

    assert_int_equal(status(world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    memcpy(world->memory, &descriptor, sizeof(descriptor));
    assert_int_equal(status(world, FFA_RXTX_MAP_64, 0, 0, 0), FFA_OK);
}

void world_give_bitmap(struct world *world, unsigned int vcpus)
{
    assert_int_equal(status(world, FFA_NOTIFICATION_BITMAP_CREATE, VM, vcpus, 0), FFA_OK);
}

struct regs call_with(struct world *world, struct regs regs)
{
    const uint32_t fid = (uint32_t)regs.x[0];
    const bool all =
        ffa_fid_is_64(fid) && ffa_fid_number(fid) >= ffa_fid_number(FFA_CONSOLE_LOG_64);

    for (unsigned int i = 0; !ffa_fid_is_64(fid) && i < FFA_REGS_SMC32; i++) {
        regs.x[i] |= POISON_HIGH;
    }
    for (unsigned int i = FFA_REGS_SMC32; !all && i < FFA_REGS_MAX; i++) {
        regs.x[i] = POISON(i);
    }
    spmc_call(&world->spmc, regs.x);
    return regs;
}

struct regs call(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
                 uint64_t x4, uint64_t x5)
{
    struct regs regs = {{fid, x1, x2, x3, x4, x5}};

    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        regs.x[i] = POISON(i);
    }
    return call_with(world, regs);
}

struct regs ask(struct world *world, uint16_t partition, uint32_t word0, uint32_t word1,
                uint32_t word2, uint32_t word3, uint32_t word4)
{
    return call_with(world, (struct regs){{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(VM, partition),
                                           0, word0, word1, word2, word3, word4}});
}

uint32_t word(const struct regs *answer, unsigned int n)
{
    return (uint32_t)answer->x[(answer->x[0] == FFA_MSG_SEND_DIRECT_RESP2 ? 4 : 3) + n];
}

struct regs run(struct world *world, uint16_t partition, uint16_t vcpu)
{
    return call(world, FFA_RUN, ffa_target_make(partition, vcpu), 0, 0, 0, 0);
}

struct regs insist(struct world *world, struct regs answer)
{
    while (answer.x[0] == FFA_INTERRUPT || answer.x[0] == FFA_YIELD) {
        const uint32_t target = (uint32_t)answer.x[1];

        answer = run(world, ffa_target_endpoint(target), ffa_target_vcpu(target));
    }
    return answer;
}

int32_t command(struct world *world, uint16_t partition, uint32_t word0, uint32_t word1,
                uint32_t word2, uint32_t word3, uint32_t word4)
{
    const struct regs answer =
        insist(world, ask(world, partition, word0, word1, word2, word3, word4));

    assert_int_equal(answer.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(answer.x[1], ffa_ids_make(partition, VM));
    return (int32_t)word(&answer, 0);
}

uint32_t answer(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
    struct regs regs = call(world, fid, x1, x2, x3, 0, 0);

    assert_zero(&regs, 1, 7);
    return (uint32_t)regs.x[0];
}

int32_t status(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
    struct regs regs = call(world, fid, x1, x2, x3, 0, 0);

    if (regs.x[0] != FFA_ERROR) {
        assert_success(&regs);
        return FFA_OK;
    }
    assert_error(&regs, (int32_t)regs.x[2]);
    return (int32_t)regs.x[2];
}

void assert_zero(const struct regs *regs, unsigned int first, unsigned int last)
{
    for (unsigned int i = first; i <= last; i++) {
        assert_int_equal(regs->x[i], 0);
    }
}

void assert_poisoned(const struct regs *regs, unsigned int first)
{
    for (unsigned int i = first; i < FFA_REGS_MAX; i++) {
        assert_int_equal(regs->x[i], POISON(i));
    }
}

/* All 64 bits of x2: the code is a 32-bit one. */
void assert_error(const struct regs *regs, int32_t expected)
{
    assert_int_equal(regs->x[0], FFA_ERROR);
    assert_int_equal(regs->x[1], 0);
    assert_int_equal(regs->x[2], (uint32_t)expected);
    assert_zero(regs, 3, 7);
}

void assert_target(const struct regs *regs, uint32_t fid, uint16_t partition, uint16_t vcpu)
{
    assert_int_equal(regs->x[0], fid);
    assert_int_equal(regs->x[1], ffa_target_make(partition, vcpu));
    assert_zero(regs, 2, 7);
}

void assert_success(const struct regs *regs)
{
    assert_true(regs->x[0] == FFA_SUCCESS_32 || regs->x[0] == FFA_SUCCESS_64);
    assert_int_equal(regs->x[1], 0);
}
