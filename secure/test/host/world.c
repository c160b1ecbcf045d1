/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <string.h>

#define POISON(n)   (0xdead0000beef0000ull + (n))
#define POISON_HIGH 0xbad0bad000000000ull

void *spmc_port_map(struct spmc *spmc, uint64_t pa, size_t bytes)
{
    struct world *world = spmc->config.host;

    if (pa < WORLD_PA || pa - WORLD_PA + bytes > sizeof(world->memory)) {
        return NULL;
    }
    return world->memory + (pa - WORLD_PA);
}

void world_start(struct world *world, uint32_t version, const struct spmc_lie *lies,
                 unsigned int lie_count)
{
    const struct spmc_config config = {
        .version = version,
        .partitions = secure_partitions,
        .partition_count = PARTITION_COUNT,
        .hostile = &world->hostile,
        .host = world,
    };

    memset(world, 0, sizeof(*world));
    memset(world->memory, 0xa5, sizeof(world->memory));
    world->hostile.lies = lies;
    world->hostile.lie_count = lie_count;
    spmc_init(&world->spmc, &config);
}

void world_agree(struct world *world, uint32_t version)
{
    world_start(world, version, NULL, 0);
    assert_int_equal(answer(world, FFA_VERSION, version, 0, 0), version);
}

struct regs call(struct world *world, uint32_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
                 uint64_t x4, uint64_t x5)
{
    struct regs regs = {{fid, x1, x2, x3, x4, x5}};

    for (unsigned int i = 0; !ffa_fid_is_64(fid) && i < FFA_REGS_SMC32; i++) {
        regs.x[i] |= POISON_HIGH;
    }
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX; i++) {
        regs.x[i] = POISON(i);
    }
    spmc_call(&world->spmc, regs.x);
    return regs;
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

void assert_success(const struct regs *regs)
{
    assert_true(regs->x[0] == FFA_SUCCESS_32 || regs->x[0] == FFA_SUCCESS_64);
    assert_int_equal(regs->x[1], 0);
}
