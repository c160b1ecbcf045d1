/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of several VMs at once, each on a CPU of its own, with the same partition. */
#include "memory.h"

#include <pthread.h>
#include <string.h>

#define CPUS   4u
#define ROUNDS 300u

static struct world world;
static pthread_mutex_t tx = PTHREAD_MUTEX_INITIALIZER;

struct visitor {
    unsigned int cpu;
    unsigned int good; /* rounds in which all went as it should */
    struct ffa_mem_constituent range;
};

static uint64_t share(const struct visitor *visitor)
{
    struct grant grant = grant_of(FFA_VERSION_1_2, SHARE);
    uint64_t regs[FFA_REGS_MAX] = {FFA_MEM_SHARE_32};

    grant.sender = (uint16_t)(VM + visitor->cpu);
    grant.tag = 0;
    grant.ranges = &visitor->range;
    grant.range_count = 1;
    pthread_mutex_lock(&tx);
    regs[1] = grant_write(&grant, FFA_VERSION_1_2, world.memory);
    regs[2] = regs[1];
    spmc_call(&world.spmc, regs);
    pthread_mutex_unlock(&tx);
    return regs[0] == FFA_SUCCESS_32 ? regs[3] << 32 | regs[2] : 0;
}

/* Asks echo in the name of the VM. The status, and word 1 of the answer in *value. */
static int32_t tell(const struct visitor *visitor, uint32_t what, uint64_t handle, uint32_t word3,
                    uint32_t *value)
{
    uint64_t regs[FFA_REGS_MAX] = {FFA_MSG_SEND_DIRECT_REQ_32,
                                   ffa_ids_make((uint16_t)(VM + visitor->cpu), ECHO),
                                   0,
                                   what,
                                   (uint32_t)handle,
                                   handle >> 32,
                                   word3,
                                   *value};

    spmc_call(&world.spmc, regs);
    *value = (uint32_t)regs[4];
    return regs[0] == FFA_MSG_SEND_DIRECT_RESP_32 ? (int32_t)regs[3] : FFA_ABORTED;
}

static bool take_back(uint64_t handle)
{
    uint64_t regs[FFA_REGS_MAX] = {FFA_MEM_RECLAIM, (uint32_t)handle, handle >> 32};

    spmc_call(&world.spmc, regs);
    return regs[0] == FFA_SUCCESS_32;
}

static bool visit(const struct visitor *visitor, uint32_t round)
{
    const uint32_t who = (VM + visitor->cpu) | (uint32_t)RW << 16;
    uint32_t *const word = (uint32_t *)(void *)far_memory(visitor->range.address);
    const uint64_t handle = share(visitor);
    uint32_t value = 0;
    bool good = handle != 0;

    good &= tell(visitor, COMMAND_MEMORY_RETRIEVE, handle, who, &value) == FFA_OK;
    __atomic_store_n(&word[1], round, __ATOMIC_RELAXED);
    good &= tell(visitor, COMMAND_MEMORY_READ, handle, 4, &value) == FFA_OK && value == round;
    value = ~round;
    good &= tell(visitor, COMMAND_MEMORY_WRITE, handle, 8, &value) == FFA_OK;
    good &= __atomic_load_n(&word[2], __ATOMIC_RELAXED) == ~round;
    good &= !take_back(handle);
    good &= tell(visitor, COMMAND_MEMORY_RELINQUISH, handle, 0, &value) == FFA_OK;
    good &= tell(visitor, COMMAND_MEMORY_READ, handle, 0, &value) == FFA_NO_DATA;
    return good && take_back(handle);
}

static void *cpu(void *argument)
{
    struct visitor *visitor = argument;

    world_on_cpu(visitor->cpu);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        visitor->good += visit(visitor, round) ? 1 : 0;
    }
    return NULL;
}

static void test_many_cpus(void **state)
{
    struct visitor visitors[CPUS];
    pthread_t threads[CPUS];
    uint32_t before;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    before = room(&world);
    for (unsigned int i = 0; i < CPUS; i++) {
        visitors[i] = (struct visitor){.cpu = i, .range = {FAR_PA + 4 * i * PAGE, 2, 0}};
        assert_int_equal(pthread_create(&threads[i], NULL, cpu, &visitors[i]), 0);
    }
    for (unsigned int i = 0; i < CPUS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(visitors[i].good, ROUNDS);
    }
    assert_int_equal(room(&world), before);
}

int run_memory_cpu_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_cpus),
    };

    return cmocka_run_group_tests_name("memory: several CPUs", tests, NULL, NULL);
}
