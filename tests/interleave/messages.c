/* SPDX-License-Identifier: BSD-3-Clause */
#include "messages.h"

static struct parley_regs *regs_of(struct world_vm *of, unsigned int vcpu)
{
    return &of->vcpu[vcpu].regs;
}

/* --- Who asks ------------------------------------------------------------- */

/* Sleeps to the end of the request, and waits on after each interrupt. */
static bool wait_on(struct world_vm *of, unsigned int vcpu, bool is_over)
{
    struct parley_regs *regs = regs_of(of, vcpu);

    for (;;) {
        if (!is_over && !world_sleep(of, vcpu)) {
            return false;
        }
        if (regs->x[0] != FFA_INTERRUPT) {
            return true;
        }
        EXPECT(world_take_interrupts(of, vcpu), "an interrupted wait, and there is no interrupt");
        is_over = WORLD_ENTER(of, vcpu, FFA_RUN, regs->x[1]);
        EXPECT(!is_over || regs->x[0] == FFA_MSG_SEND_DIRECT_RESP_32 || refused(regs, FFA_ABORTED),
               "FFA_RUN neither waits nor has the answer, but says %#llx, %d",
               (unsigned long long)regs->x[0], (int32_t)regs->x[2]);
    }
}

bool ask(struct world_vm *of, unsigned int vcpu, uint16_t receiver, uint32_t token)
{
    bool is_over =
        WORLD_ENTER(of, vcpu, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(of->id, receiver), 0, token);

    return wait_on(of, vcpu, is_over);
}

bool await_answer(struct world_vm *of, unsigned int vcpu)
{
    return wait_on(of, vcpu, false);
}

/* --- Who answers ---------------------------------------------------------- */

void begin_wait(struct world_vm *of, unsigned int vcpu)
{
    EXPECT(!WORLD_ENTER(of, vcpu, FFA_MSG_WAIT), "a vCPU that waits is not blocked");
}

void answer(struct world_vm *of, unsigned int vcpu)
{
    const struct parley_regs *request = regs_of(of, vcpu);
    uint32_t ids = (uint32_t)request->x[1];

    EXPECT(request->x[0] == FFA_MSG_SEND_DIRECT_REQ_32 && ffa_ids_receiver(ids) == of->id,
           "vCPU %u of VM %u is woken with %#llx", vcpu, of->id, (unsigned long long)request->x[0]);
    EXPECT(!WORLD_ENTER(of, vcpu, FFA_MSG_SEND_DIRECT_RESP_32,
                        ffa_ids_make(of->id, ffa_ids_sender(ids)), 0, (uint32_t)~request->x[3]),
           "an answer is refused, or its vCPU is not blocked");
}

unsigned int serve(struct world_vm *of, unsigned int vcpu)
{
    const struct parley_regs *regs = regs_of(of, vcpu);
    unsigned int served = 0;

    while (world_sleep(of, vcpu)) {
        if (regs->x[0] == FFA_INTERRUPT) {
            EXPECT(regs->x[1] == 0, "a wait for any message names %#llx",
                   (unsigned long long)regs->x[1]);
            (void)world_take_interrupts(of, vcpu);
            begin_wait(of, vcpu);
        } else if (world_is_stopped(of, vcpu)) {
            break;
        } else {
            answer(of, vcpu);
            served++;
        }
    }
    return served;
}

/* --- What they got -------------------------------------------------------- */

static bool is_message(const struct parley_regs *regs, uint32_t fid, uint32_t ids, uint32_t token)
{
    return regs->x[0] == fid && regs->x[1] == ids && regs->x[2] == 0 && regs->x[3] == token;
}

bool is_request(const struct parley_regs *regs, uint16_t sender, uint16_t receiver, uint32_t token)
{
    return is_message(regs, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(sender, receiver), token);
}

bool is_answer(const struct parley_regs *regs, uint16_t sender, uint16_t receiver, uint32_t token)
{
    return is_message(regs, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(receiver, sender), ~token);
}

void finish_service(struct world_vm *of, unsigned int vcpu)
{
    if (regs_of(of, vcpu)->x[0] == FFA_MSG_SEND_DIRECT_REQ_32 || has_message(of, vcpu)) {
        answer(of, vcpu);
    }
    EXPECT(!has_message(of, vcpu), "a request comes of nobody");
}

void expect_service(struct world_vm *client, unsigned int client_vcpu, struct world_vm *servant,
                    unsigned int servant_vcpu)
{
    const uint32_t token = 0x600d;

    EXPECT(!WORLD_ENTER(client, client_vcpu, FFA_MSG_SEND_DIRECT_REQ_32,
                        ffa_ids_make(client->id, servant->id), 0, token),
           "VM %u is not served any more", client->id);
    EXPECT(has_message(servant, servant_vcpu), "vCPU %u of VM %u, which sleeps, is not asked",
           servant_vcpu, servant->id);
    answer(servant, servant_vcpu);
    EXPECT(has_message(client, client_vcpu) &&
               is_answer(regs_of(client, client_vcpu), client->id, servant->id, token),
           "VM %u gets no answer any more", client->id);
}
