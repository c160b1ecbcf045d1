/* SPDX-License-Identifier: BSD-3-Clause */
#include "agent.h"

#include "commands.h"

#define WORDS_32 5 /* of a request, in w3 or x3 and up */
#define WORDS_2  14

static void clear(uint64_t regs[FFA_REGS_MAX])
{
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs[i] = 0;
    }
}

enum agent_step agent_call(struct agent_context *context, enum agent_phase phase,
                           uint64_t regs[FFA_REGS_MAX], uint32_t fid, uint64_t x1)
{
    clear(regs);
    regs[0] = fid;
    regs[1] = x1;
    context->phase = phase;
    return AGENT_CALLS;
}

/* It keeps RX, in which another context may be reading. Up to 1.1 that cannot be said. */
static enum agent_step wait(struct agent_context *context, uint64_t regs[FFA_REGS_MAX])
{
    agent_call(context, AGENT_IDLE, regs, FFA_MSG_WAIT, 0);
    regs[2] = context->version >= FFA_VERSION_1_2 ? FFA_MSG_WAIT_KEEP_RX : 0;
    return AGENT_CALLS;
}

int32_t agent_status(const uint64_t regs[FFA_REGS_MAX])
{
    return (uint32_t)regs[0] == FFA_ERROR ? (int32_t)regs[2] : FFA_OK;
}

/* Who has it is at work on another CPU, and has no reason to wait for this one. */
void agent_take(bool *taken)
{
    while (__atomic_exchange_n(taken, true, __ATOMIC_ACQUIRE)) {
        agent_port_relax();
    }
}

void agent_give(bool *taken)
{
    __atomic_store_n(taken, false, __ATOMIC_RELEASE);
}

/* --- Requests and their answers --- */

static bool is_request2(const struct agent_context *context)
{
    return (uint32_t)context->request[0] == FFA_MSG_SEND_DIRECT_REQ2;
}

static const uint64_t *words_of(const struct agent_context *context)
{
    return &context->request[is_request2(context) ? 4 : 3];
}

uint32_t agent_word(const struct agent_context *context, unsigned int n)
{
    return (uint32_t)words_of(context)[n];
}

uint64_t agent_handle(const struct agent_context *context)
{
    return ffa_handle_make(agent_word(context, 1), agent_word(context, 2));
}

static uint64_t bitmap(const struct agent_context *context)
{
    return ffa_handle_make(agent_word(context, 3), agent_word(context, 4));
}

/* Function number and kind: a request's response is the number after it. */
static enum agent_step begin_response(struct agent_context *context, uint64_t regs[FFA_REGS_MAX])
{
    const uint32_t ids = (uint32_t)context->request[1];

    return agent_call(context, AGENT_IDLE, regs, (uint32_t)context->request[0] + 1,
                      ffa_ids_make(ffa_ids_receiver(ids), ffa_ids_sender(ids)));
}

enum agent_step agent_respond(struct agent_context *context, uint64_t regs[FFA_REGS_MAX],
                              int32_t status)
{
    uint64_t *words = &regs[is_request2(context) ? 4 : 3];

    begin_response(context, regs);
    words[0] = (uint32_t)status;
    for (unsigned int i = 0; i < 4; i++) {
        words[1 + i] = context->answer[i];
    }
    return AGENT_CALLS;
}

static enum agent_step echo(struct agent_context *context, uint64_t regs[FFA_REGS_MAX])
{
    const unsigned int count = is_request2(context) ? WORDS_2 : WORDS_32;
    const unsigned int first = is_request2(context) ? 4 : 3;
    const bool is_64 = ffa_fid_is_64((uint32_t)context->request[0]);

    begin_response(context, regs);
    for (unsigned int i = first; i < first + count; i++) {
        regs[i] = is_64 ? ~context->request[i] : (uint32_t)~context->request[i];
    }
    return AGENT_CALLS;
}

/* VM_CREATED and VM_DESTROYED. */
static bool is_framework(const struct agent_context *context)
{
    return !is_request2(context) && (context->request[2] & FFA_DIRECT_FRAMEWORK_BIT) != 0;
}

enum agent_step agent_respond_vm(struct agent *agent, struct agent_context *context,
                                 uint64_t regs[FFA_REGS_MAX])
{
    const uint32_t type = (uint32_t)context->request[2] & FFA_DIRECT_FRAMEWORK_TYPE_MASK;
    const int32_t status = agent_vm_message(agent, type, context->request[5]);

    begin_response(context, regs);
    regs[2] = FFA_DIRECT_FRAMEWORK(type + 1);
    regs[3] = (uint32_t)status;
    return AGENT_CALLS;
}

/* What is of a VM that is destroyed goes first. */
static enum agent_step answer_framework(struct agent *agent, struct agent_context *context,
                                        uint64_t regs[FFA_REGS_MAX])
{
    const uint32_t type = (uint32_t)context->request[2] & FFA_DIRECT_FRAMEWORK_TYPE_MASK;

    return type == FFA_FRAMEWORK_VM_DESTROYED_REQ ? agent_memory_destroyed(agent, context, regs)
                                                  : agent_respond_vm(agent, context, regs);
}

/* --- Longer work: spinning, then yielding, then the answer --- */

static enum agent_step go_on(struct agent *agent, struct agent_context *context,
                             uint64_t regs[FFA_REGS_MAX])
{
    context->phase = AGENT_SPINNING;
    if (!agent_port_spin(agent, context)) {
        return AGENT_PREEMPTED;
    }
    if (context->yields != 0) {
        context->yields--;
        return agent_call(context, AGENT_YIELDING, regs, FFA_YIELD, 0);
    }
    return is_framework(context) ? answer_framework(agent, context, regs)
                                 : agent_respond(context, regs, FFA_OK);
}

static enum agent_step work(struct agent *agent, struct agent_context *context,
                            uint64_t regs[FFA_REGS_MAX], uint64_t microseconds, uint64_t yields)
{
    context->left = microseconds;
    context->yields = yields;
    return go_on(agent, context, regs);
}

/* --- Commands that are one FF-A call --- */

static enum agent_step send_message(struct agent *agent, struct agent_context *context,
                                    uint64_t regs[FFA_REGS_MAX])
{
    if (__atomic_exchange_n(&agent->tx_taken, true, __ATOMIC_ACQUIRE)) {
        return agent_respond(context, regs, FFA_BUSY);
    }
    if (!agent_message_write(agent, context, (uint16_t)agent_word(context, 1),
                             agent_word(context, 2), agent_word(context, 3))) {
        agent_give(&agent->tx_taken);
        return agent_respond(context, regs, FFA_NO_MEMORY);
    }
    return agent_call(context, AGENT_CALLING, regs, FFA_MSG_SEND2, 0);
}

static enum agent_step notification_call(struct agent_context *context, uint64_t regs[FFA_REGS_MAX],
                                         uint32_t fid, uint32_t ids)
{
    agent_call(context, AGENT_CALLING, regs, fid, ids);
    regs[2] = agent_word(context, 2);
    regs[3] = ffa_handle_low(bitmap(context));
    regs[4] = ffa_handle_high(bitmap(context));
    return AGENT_CALLS;
}

static enum agent_step log_text(struct agent_context *context, uint64_t regs[FFA_REGS_MAX])
{
    agent_call(context, AGENT_CALLING, regs, FFA_CONSOLE_LOG_32, agent_word(context, 1));
    for (unsigned int i = 2; i < WORDS_32; i++) {
        regs[i] = agent_word(context, i);
    }
    return AGENT_CALLS;
}

static enum agent_step called(struct agent *agent, struct agent_context *context,
                              uint64_t regs[FFA_REGS_MAX])
{
    if (agent_word(context, 0) == COMMAND_MESSAGE_SEND) {
        agent_give(&agent->tx_taken);
    }
    return agent_respond(context, regs, agent_status(regs));
}

/* --- Commands that only ask --- */

static void tell_timers(struct agent *agent, struct agent_context *context)
{
    for (unsigned int i = 0; i < AGENT_CONTEXTS_MAX; i++) {
        context->answer[0] += __atomic_load_n(&agent->contexts[i].timers, __ATOMIC_RELAXED);
    }
}

static void tell_notifications(struct agent *agent, struct agent_context *context)
{
    uint64_t bits;

    context->answer[0] = __atomic_exchange_n(&agent->notified_count, 0, __ATOMIC_RELAXED);
    bits = __atomic_exchange_n(&agent->notified_bits, 0, __ATOMIC_RELAXED);
    context->answer[1] = ffa_handle_low(bits);
    context->answer[2] = ffa_handle_high(bits);
    context->answer[3] = __atomic_exchange_n(&agent->notified_framework, 0, __ATOMIC_RELAXED);
}

static void tell_messages(struct agent *agent, struct agent_context *context)
{
    context->answer[0] = __atomic_load_n(&agent->message_count, __ATOMIC_ACQUIRE);
    for (unsigned int i = 0; i < 3; i++) {
        context->answer[1 + i] = __atomic_load_n(&agent->message_last[i], __ATOMIC_RELAXED);
    }
}

/* --- What comes in --- */

static enum agent_step command(struct agent *agent, struct agent_context *context,
                               uint64_t regs[FFA_REGS_MAX])
{
    const uint16_t other = (uint16_t)agent_word(context, 1);

    switch (agent_word(context, 0)) {
    case COMMAND_ECHO:
        return echo(context, regs);
    case COMMAND_SPIN:
        return work(agent, context, regs, agent_word(context, 1), 0);
    case COMMAND_HANG:
        return work(agent, context, regs, UINT64_MAX, 0);
    case COMMAND_YIELD:
        return work(agent, context, regs, 0, agent_word(context, 1));
    case COMMAND_TIMER_ARM:
        return agent_respond(context, regs, agent_port_timer_arm(agent_word(context, 1)));
    case COMMAND_TIMER_COUNT:
        tell_timers(agent, context);
        return agent_respond(context, regs, FFA_OK);
    case COMMAND_MESSAGE_SEND:
        return send_message(agent, context, regs);
    case COMMAND_MESSAGES:
        tell_messages(agent, context);
        return agent_respond(context, regs, FFA_OK);
    case COMMAND_NOTIFY:
        return notification_call(context, regs, FFA_NOTIFICATION_SET,
                                 ffa_ids_make(context->id, other));
    case COMMAND_BIND:
        return notification_call(context, regs, FFA_NOTIFICATION_BIND,
                                 ffa_ids_make(other, context->id));
    case COMMAND_UNBIND:
        return notification_call(context, regs, FFA_NOTIFICATION_UNBIND,
                                 ffa_ids_make(other, context->id));
    case COMMAND_NOTIFICATIONS:
        tell_notifications(agent, context);
        return agent_respond(context, regs, FFA_OK);
    case COMMAND_FAIL:
        agent_call(context, AGENT_IDLE, regs, FFA_ERROR, 0);
        regs[2] = agent_word(context, 1);
        return AGENT_CALLS;
    case COMMAND_SUCCEED:
        return agent_call(context, AGENT_IDLE, regs, FFA_SUCCESS_32, 0);
    case COMMAND_VM_STATE:
        context->answer[0] = agent_vm_state(agent, other);
        return agent_respond(context, regs, FFA_OK);
    case COMMAND_WHERE:
        context->answer[0] = agent_port_level();
        context->answer[1] = context->index;
        return agent_respond(context, regs, FFA_OK);
    case COMMAND_LOG:
        return log_text(context, regs);
    default:
        return agent_memory_command(agent, context, regs);
    }
}

static enum agent_step request(struct agent *agent, struct agent_context *context,
                               uint64_t regs[FFA_REGS_MAX])
{
    const struct agent_settings *settings = agent->settings;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        context->request[i] = regs[i];
    }
    for (unsigned int i = 0; i < 4; i++) {
        context->answer[i] = 0;
    }
    if (!is_framework(context)) {
        return command(agent, context, regs);
    }
    return settings != NULL
               ? work(agent, context, regs, settings->preemptions * 1000ull, settings->yields)
               : answer_framework(agent, context, regs);
}

/* The scheduler says that there may be something. */
static enum agent_step look(struct agent_context *context, uint64_t regs[FFA_REGS_MAX])
{
    agent_call(context, AGENT_LOOKING, regs, FFA_NOTIFICATION_GET,
               ffa_receiver_info_make(context->id, context->index));
    regs[2] = FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_SPM |
              FFA_NOTIFICATION_GET_HYPERVISOR;
    return AGENT_CALLS;
}

static unsigned int count_bits(uint64_t bits)
{
    unsigned int count = 0;

    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

static enum agent_step looked(struct agent *agent, struct agent_context *context,
                              uint64_t regs[FFA_REGS_MAX])
{
    const uint64_t bits = ffa_handle_make((uint32_t)regs[4], (uint32_t)regs[5]);
    const uint64_t framework = regs[7];

    if (agent_status(regs) != FFA_OK) {
        return wait(context, regs);
    }
    __atomic_fetch_or(&agent->notified_bits, bits, __ATOMIC_RELAXED);
    __atomic_fetch_or(&agent->notified_framework, framework, __ATOMIC_RELAXED);
    __atomic_fetch_add(&agent->notified_count, count_bits(bits) + count_bits(framework),
                       __ATOMIC_RELAXED);
    if ((framework & FFA_NOTIFICATION_RX_FULL) == 0) {
        return wait(context, regs);
    }
    agent_message_read(agent);
    return agent_call(context, AGENT_READING, regs, FFA_RX_RELEASE, 0);
}

static enum agent_step idle(struct agent *agent, struct agent_context *context,
                            uint64_t regs[FFA_REGS_MAX])
{
    switch ((uint32_t)regs[0]) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_REQ2:
        return request(agent, context, regs);
    case FFA_RUN:
        return look(context, regs);
    case FFA_INTERRUPT:
        agent_port_interrupt(agent, context);
        return wait(context, regs);
    default:
        return wait(context, regs);
    }
}

enum agent_step agent_step(struct agent *agent, unsigned int index, uint64_t regs[FFA_REGS_MAX])
{
    struct agent_context *context = &agent->contexts[index];

    switch (context->phase) {
    case AGENT_COLD:
        context->index = (uint16_t)index;
        return agent_call(context, AGENT_VERSION, regs, FFA_VERSION, FFA_VERSION_1_2);
    case AGENT_VERSION:
        context->version = (uint32_t)regs[0];
        return agent_call(context, AGENT_ID, regs, FFA_ID_GET, 0);
    case AGENT_ID:
        context->id = (uint16_t)regs[2];
        agent_call(context, AGENT_MAP, regs, FFA_RXTX_MAP_64, (uintptr_t)agent->tx);
        regs[2] = (uintptr_t)agent->rx;
        regs[3] = 1;
        return AGENT_CALLS;
    case AGENT_SPINNING:
    case AGENT_YIELDING:
        return go_on(agent, context, regs);
    case AGENT_CALLING:
        return called(agent, context, regs);
    case AGENT_LOOKING:
        return looked(agent, context, regs);
    case AGENT_IDLE:
        return idle(agent, context, regs);
    case AGENT_MEMORY:
        return agent_memory_go_on(agent, context, regs);
    case AGENT_MAP: /* refused, if another context did it before */
    case AGENT_READING:
    default:
        return wait(context, regs);
    }
}
