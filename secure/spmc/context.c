/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contexts of the partitions, and how they get CPU cycles (FF-A 1.2, 8 and 9).
 *
 *              from            to
 *   boot       OFF             RUNNING      on the context's CPU, before that CPU's first call
 *   claim      WAITING         RUNNING      a request, FFA_RUN, or a Secure interrupt
 *   preempt    RUNNING         PREEMPTED    an interrupt of the Normal world came
 *   FFA_YIELD  RUNNING         BLOCKED
 *   FFA_RUN    either of them  RUNNING
 *   finish     RUNNING         WAITING      FFA_MSG_WAIT, or the answer to the request
 *   fail       RUNNING         ABORTED      it cannot even make itself ready
 */
#include "memory.h"

struct spmc_runtime *spmc_runtime_of(struct spmc *spmc, const struct spmc_context *context)
{
    return &spmc->runtimes[context->partition];
}

const struct spmc_partition *spmc_partition_of(const struct spmc *spmc,
                                               const struct spmc_context *context)
{
    return &spmc->config.partitions[context->partition];
}

uint32_t spmc_target_of(const struct spmc *spmc, const struct spmc_context *context)
{
    return ffa_target_make(spmc_partition_of(spmc, context)->id, context->index);
}

unsigned int spmc_partition_find(const struct spmc *spmc, uint16_t id)
{
    unsigned int i = 0;

    while (i < spmc->config.partition_count && spmc->config.partitions[i].id != id) {
        i++;
    }
    return i;
}

static bool is_up(const struct spmc_partition *partition)
{
    return partition->contexts == 1;
}

struct spmc_context *spmc_context(struct spmc *spmc, unsigned int partition, unsigned int index)
{
    if (spmc->config.enter == NULL || partition >= SPMC_PARTITIONS_MAX ||
        index >= SPMC_CONTEXTS_MAX || index >= spmc->config.partitions[partition].contexts) {
        return NULL;
    }
    return &spmc->runtimes[partition].contexts[index];
}

/* Who takes messages hears of them the same way as of notifications. */
static bool has_inbox(const struct spmc_partition *partition)
{
    return (partition->properties &
            (FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_INDIRECT_MSG)) != 0;
}

static void init_runtime(struct spmc_runtime *runtime, const struct spmc_partition *partition,
                         unsigned int table_index)
{
    for (unsigned int i = 0; i < SPMC_CONTEXTS_MAX; i++) {
        runtime->contexts[i].partition = (uint16_t)table_index;
        runtime->contexts[i].index = (uint16_t)i;
    }
    if (has_inbox(partition)) {
        runtime->inbox.vcpus =
            partition->contexts < SPMC_CONTEXTS_MAX ? partition->contexts : SPMC_CONTEXTS_MAX;
    }
}

void spmc_init(struct spmc *spmc, const struct spmc_config *config)
{
    memset(spmc, 0, offsetof(struct spmc, range));
    spmc->config = *config;
    spmc_ranges_init(spmc);
    for (unsigned int i = 0; i < config->partition_count && i < SPMC_PARTITIONS_MAX; i++) {
        init_runtime(&spmc->runtimes[i], &config->partitions[i], i);
    }
}

void spmc_context_move(struct spmc_context *context, enum spmc_context_state to)
{
    context->state = to;
}

static void start(struct spmc_context *context, enum spmc_work work, enum spmc_entry_kind kind)
{
    spmc_context_move(context, SPMC_CONTEXT_RUNNING);
    context->work = work;
    context->kind = kind;
}

int32_t spmc_context_claim(struct spmc *spmc, struct spmc_frame *frame, unsigned int partition,
                           enum spmc_work work)
{
    struct spmc_context *context;

    if (partition >= spmc->config.partition_count) {
        return FFA_INVALID_PARAMETERS;
    }
    context =
        spmc_context(spmc, partition, is_up(&spmc->config.partitions[partition]) ? 0 : frame->cpu);
    if (context == NULL) {
        return spmc->config.enter == NULL ? FFA_ABORTED : FFA_DENIED;
    }
    switch (context->state) {
    case SPMC_CONTEXT_WAITING:
        start(context, work, SPMC_ENTRY_RETURN);
        frame->runs = context;
        return FFA_OK;
    case SPMC_CONTEXT_ABORTED:
        return FFA_ABORTED;
    case SPMC_CONTEXT_OFF:
        return FFA_DENIED;
    default:
        return FFA_BUSY;
    }
}

/* What the Normal world reads when a context leaves before it is done. */
static void tell_target(const struct spmc *spmc, struct spmc_frame *frame, uint32_t fid)
{
    memset(frame->out, 0, sizeof(frame->out));
    frame->out[0] = fid;
    frame->out[1] = spmc_target_of(spmc, frame->runs);
}

static void preempt(struct spmc *spmc, struct spmc_frame *frame)
{
    spmc_context_move(frame->runs, SPMC_CONTEXT_PREEMPTED);
    frame->runs->kind = SPMC_ENTRY_RESUME;
    tell_target(spmc, frame, FFA_INTERRUPT);
}

/* Its call is answered, and it goes on. */
static void answer(struct spmc_frame *frame, int32_t status)
{
    const uint64_t error[FFA_REGS_MAX] = {[0] = FFA_ERROR, [2] = (uint32_t)status};

    frame->runs->kind = SPMC_ENTRY_RETURN;
    memcpy(frame->runs->regs, status == SPMC_RUNS ? frame->out : error, sizeof(error));
}

static enum spmc_exit enter(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_context *context = frame->runs;
    const struct spmc_partition *partition = spmc_partition_of(spmc, context);
    const bool own = partition->memory != NULL;
    const struct spmc_entry entry = {
        .host = spmc->config.host,
        .partition = partition,
        .context = context->index,
        .cpu = frame->cpu,
        .kind = context->kind,
        .memory = own ? partition->memory : spmc_runtime_of(spmc, context)->memory,
        .memory_bytes = own ? partition->memory_bytes : SPMC_PARTITION_BYTES,
        .spmc = spmc,
    };
    enum spmc_exit exit;

    spmc_unlock(spmc, frame);
    exit = spmc->config.enter(&entry, context->regs);
    spmc_lock(spmc);
    return exit;
}

void spmc_context_run(struct spmc *spmc, struct spmc_frame *frame)
{
    int32_t status;

    do {
        if (enter(spmc, frame) == SPMC_EXIT_PREEMPTED) {
            preempt(spmc, frame);
            return;
        }
        status = spmc_partition_call(spmc, frame);
        if (status != FFA_OK) {
            answer(frame, status);
        }
    } while (status != FFA_OK);
}

static void boot(struct spmc *spmc, struct spmc_frame *frame, struct spmc_context *context)
{
    start(context, SPMC_WORK_BOOT, SPMC_ENTRY_COLD);
    frame->runs = context;
    spmc_context_run(spmc, frame);
    if (context->state != SPMC_CONTEXT_WAITING) {
        spmc_context_move(context, SPMC_CONTEXT_ABORTED);
    }
}

/* The call that brought this CPU here has not been looked at yet. */
void spmc_boot(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint64_t cpu = 1ull << (frame->cpu % SPMC_CPUS_MAX);

    if ((spmc->booted & cpu) != 0) {
        return;
    }
    spmc->booted |= cpu;
    for (unsigned int i = 0; i < spmc->config.partition_count; i++) {
        struct spmc_context *context =
            spmc_context(spmc, i, is_up(&spmc->config.partitions[i]) ? 0 : frame->cpu);

        if (context != NULL && context->state == SPMC_CONTEXT_OFF) {
            boot(spmc, frame, context);
        }
    }
    frame->runs = NULL;
}

static void wake(struct spmc *spmc, struct spmc_context *context)
{
    const uint64_t run[FFA_REGS_MAX] = {FFA_RUN, spmc_target_of(spmc, context)};

    start(context, SPMC_WORK_CYCLES, SPMC_ENTRY_RETURN);
    memcpy(context->regs, run, sizeof(run));
}

static void unblock(struct spmc_context *context)
{
    const uint64_t success[FFA_REGS_MAX] = {FFA_SUCCESS_32};

    start(context, context->work, SPMC_ENTRY_RETURN);
    memcpy(context->regs, success, sizeof(success));
}

/* FFA_RUN: FFA_OK makes it RUNNING. */
static int32_t let_run(struct spmc *spmc, struct spmc_context *context)
{
    switch (context->state) {
    case SPMC_CONTEXT_WAITING:
        wake(spmc, context);
        return FFA_OK;
    case SPMC_CONTEXT_PREEMPTED:
        start(context, context->work, SPMC_ENTRY_RESUME);
        return FFA_OK;
    case SPMC_CONTEXT_BLOCKED:
        unblock(context);
        return FFA_OK;
    case SPMC_CONTEXT_RUNNING:
        return FFA_BUSY;
    case SPMC_CONTEXT_ABORTED:
        return FFA_ABORTED;
    default:
        return FFA_DENIED;
    }
}

int32_t spmc_run(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t id = ffa_target_endpoint((uint32_t)frame->in[1]);
    const uint16_t index = ffa_target_vcpu((uint32_t)frame->in[1]);
    const unsigned int found = spmc_partition_find(spmc, id);
    const struct spmc_partition *partition;
    struct spmc_context *context;
    int32_t status;

    if (found == spmc->config.partition_count) {
        return FFA_INVALID_PARAMETERS;
    }
    partition = &spmc->config.partitions[found];
    if (index >= partition->contexts || (!is_up(partition) && index != frame->cpu)) {
        return FFA_INVALID_PARAMETERS;
    }
    context = spmc_context(spmc, found, index);
    if (context == NULL) {
        return FFA_ABORTED;
    }
    status = let_run(spmc, context);
    if (status != FFA_OK) {
        return status;
    }
    frame->runs = context;
    return SPMC_RUNS;
}
