/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The execution contexts of the partition. One that waits takes a direct request, or cycles for its
 * notifications. In either it may be preempted, as often as the test says: then FFA_RUN resumes it,
 * whoever asks and on whatever CPU, and the response comes out of the call that has resumed it. A
 * context that is at work takes no request.
 */
#include "spmc.h"

static void refuse_as_busy(struct parley_regs *regs)
{
    *regs = (struct parley_regs){{FFA_ERROR, 0, (uint32_t)FFA_BUSY}};
}

static unsigned int index_of(const struct world_context *context)
{
    return (unsigned int)(context - world.spmc.context);
}

/* --- What the partition does ---------------------------------------------- */

/* A message of the hypervisor's: of the beginning of a VM, or of its end. */
static uint32_t note_life(uint32_t kind, uint64_t vm_id)
{
    uint64_t bit = 1ull << vm_id;
    bool begins = kind == FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_REQ);

    EXPECT(begins == ((world.spmc.lives & bit) == 0), "VM %u %s twice", (unsigned int)vm_id,
           begins ? "begins" : "ends");
    world.spmc.lives ^= bit;
    return begins ? FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_RESP)
                  : FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_RESP);
}

static void respond(const struct world_context *context, struct parley_regs *regs)
{
    *regs = (struct parley_regs){
        {FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(SPMC_PARTITION, context->sender)}};
    if (context->sender == FFA_ID_HYPERVISOR) {
        regs->x[2] = note_life(context->kind, context->token);
    } else {
        regs->x[3] = context->token;
        world.spmc.responses++;
    }
}

/* It runs for a while, in which other CPUs may call: until it is preempted, or done. */
static void go_on(struct world_context *context, struct parley_regs *regs)
{
    bool is_preempted = context->interrupts != 0;

    if (!is_preempted && context->request == FFA_RUN) {
        world.spmc.of_context[index_of(context)] = 0; /* it gets what it was signalled */
    }
    context->state = CONTEXT_RUNS;
    explore_touch(&world.spmc);
    if (is_preempted) {
        context->interrupts--;
        context->state = CONTEXT_PREEMPTED;
        *regs = (struct parley_regs){
            {FFA_INTERRUPT, ffa_target_make(SPMC_PARTITION, (uint16_t)index_of(context))}};
        return;
    }
    context->state = CONTEXT_WAITS;
    if (context->request == FFA_RUN) {
        *regs = (struct parley_regs){{FFA_MSG_WAIT}};
    } else {
        respond(context, regs);
    }
}

/* --- Two calls ------------------------------------------------------------ */

/* Parley sends a message to such only: what it has taken waits, or was preempted in cycles. */
static bool is_between_cycles(const struct world_context *context)
{
    return context->state == CONTEXT_PREEMPTED && context->request == FFA_RUN;
}

/* x4 of a VM's says how often the partition is preempted in it; x5 of a message names a VM. */
void spmc_request(struct parley_regs *regs)
{
    struct world_context *context =
        &world.spmc.context[world.spmc.contexts > 1 ? parley_port_cpu() : 0];
    uint16_t sender = ffa_ids_sender((uint32_t)regs->x[1]);
    bool is_message = sender == FFA_ID_HYPERVISOR;

    if (context->state != CONTEXT_WAITS) {
        EXPECT(!is_message || is_between_cycles(context),
               "a message is sent to a context that is at work for somebody");
        refuse_as_busy(regs);
        return;
    }
    context->request = (uint32_t)regs->x[0];
    context->kind = (uint32_t)regs->x[2];
    context->sender = sender;
    context->token = (uint32_t)regs->x[is_message ? 5 : 3];
    context->interrupts = is_message ? world.spmc.interrupts_of_messages : (unsigned int)regs->x[4];
    go_on(context, regs);
}

void spmc_run(struct parley_regs *regs)
{
    uint16_t index = ffa_target_vcpu((uint32_t)regs->x[1]);
    struct world_context *context = &world.spmc.context[index];

    EXPECT(index == (world.spmc.contexts > 1 ? parley_port_cpu() : 0), "context %u runs on CPU %u",
           index, parley_port_cpu());
    if (context->state == CONTEXT_RUNS) {
        refuse_as_busy(regs);
        return;
    }
    if (context->state == CONTEXT_WAITS) {
        context->request = FFA_RUN;
        context->interrupts = world.spmc.interrupts_of_cycles;
    }
    go_on(context, regs);
}
