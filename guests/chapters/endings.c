/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends: of a vCPU and of a VM that others wait for, while it asks us, and with all that it has
 * bound and received. Nobody is left waiting, and nothing of a life that is over counts in the next
 * one.
 */
#include "mail.h"
#include "stage.h"

#define HELPER    2u
#define TICK_US   1000u
#define RESET_US  20000u
#define BIT_OURS  0x00000010u /* we set it */
#define BIT_THEIR 0x00000020u /* the servant sets it */

/* In a service of its vCPU 0, the servant asks our vCPU 1, which says nothing until it is released.
 */
static struct message ask_back(const struct stage *stage)
{
    return (struct message){
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = ME,
        .to = stage->peer->id,
        .word = {SERVANT(SERVANT_CALL, SERVANT_FID(FFA_MSG_SEND_DIRECT_REQ_32)),
                 ffa_ids_make(stage->peer->id, ME), 0, SERVANT(SERVANT_AWAIT, 0)},
    };
}

/* A tick brings us back. */
static struct guest_regs leave_under_way(const struct stage *stage, const struct message *request)
{
    struct guest_regs answer;

    guest_timer(TICK_US);
    do {
        answer = message_send(stage->client, request);
    } while (client_status(&answer) == FFA_BUSY);
    guest_timer(0);
    return answer;
}

static void run_on(struct stage *stage, unsigned int vcpu, void (*entry)(void *argument))
{
    expect(stage->client, guest_vcpu_start(vcpu, entry, stage), "a vCPU starts");
}

/* --- A vCPU ----------------------------------------------------------------------------------- */

/* vCPU 0 is busy: it is vCPU 1 that serves this, and goes off. */
static void end_vcpu_1(void *argument)
{
    const struct stage *stage = argument;

    errand_last(&stage->errand, SERVANT_OFF, 0);
}

static void end_a_vcpu(struct stage *stage)
{
    struct client *client = stage->client;
    struct message request = ask_back(stage);
    struct guest_regs answer = leave_under_way(stage, &request);
    struct message response;

    expect_equal(client, answer.x[0], FFA_INTERRUPT, "a request that is interrupted");
    expect_equal(client, answer.x[1], ffa_target_make(stage->peer->id, 0), "which vCPU serves");
    servant_await_awaiting(&stage->own, 1);
    run_on(stage, HELPER, end_vcpu_1);
    guest_vcpu_join(HELPER);
    servant_release(&stage->own);
    answer = message_finish(client, answer);
    expect(client, message_read(&answer, &response), "what vCPU 0 serves goes on");
    expect_equal(client, ERRAND(&stage->errand, SERVANT_START, 1, 0), 1, "vCPU 1 starts again");
}

/* --- A VM ------------------------------------------------------------------------------------- */

static void expect_aborted(void *argument)
{
    const struct stage *stage = argument;
    struct message request = ask_back(stage);
    struct guest_regs answer = message_exchange(stage->client, &request);

    expect_status(stage->client, client_status(&answer), FFA_ABORTED,
                  "a request, when its receiver ends in the middle of one of its own");
}

static bool has_notifications(const struct stage *stage)
{
    return stage->client->version >= FFA_VERSION_1_1 && stage->peer->version >= FFA_VERSION_1_1;
}

static int32_t bind_here(const struct stage *stage, uint32_t fid, uint16_t sender)
{
    return FFA_STATUS(stage->client, fid, ffa_ids_make(sender, ME), 0, BIT_THEIR, 0);
}

static int32_t send_mail(const struct stage *stage)
{
    struct mail mail = {
        .offset = mail_header_bytes(stage->client->version),
        .from = ME,
        .to = stage->peer->id,
        .bytes = 32,
    };

    mail_write(stage->buffers.tx, stage->client->version, &mail);
    return FFA_STATUS(stage->client, FFA_MSG_SEND2, 0, 0);
}

/* Bindings of both sides, a notification that pends, and a message in RX. */
static void leave_things(const struct stage *stage)
{
    struct client *client = stage->client;
    uint16_t peer = stage->peer->id;

    expect_status(client, bind_here(stage, FFA_NOTIFICATION_BIND, peer), FFA_OK, "BIND");
    expect_status(client,
                  THERE(stage, FFA_NOTIFICATION_BIND, ffa_ids_make(ME, peer), 0, BIT_OURS, 0),
                  FFA_OK, "the servant's BIND");
    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_SET, ffa_ids_make(ME, peer), 0, BIT_OURS, 0),
                  FFA_OK, "SET");
    expect_status(client, send_mail(stage), FFA_OK, "a message");
    if (stage->peer->version >= FFA_VERSION_1_2) { /* before, a wait gives RX back */
        expect_status(client, send_mail(stage), FFA_BUSY, "a second message");
    }
    errand_await(&stage->errand); /* its vCPU 0 has been interrupted by all this */
}

static void expect_nothing_left(const struct stage *stage)
{
    struct client *client = stage->client;
    uint16_t peer = stage->peer->id;
    struct guest_regs got = errand_call(
        &stage->errand, FFA_NOTIFICATION_GET,
        (const uint64_t[ERRAND_WORDS]){ffa_receiver_info_make(peer, 0), FFA_NOTIFICATION_GET_VM});

    expect_equal(client, got.x[4] | got.x[5], 0, "what pended for another life");
    expect_status(client,
                  FFA_STATUS(client, FFA_NOTIFICATION_SET, ffa_ids_make(ME, peer), 0, BIT_OURS, 0),
                  FFA_DENIED, "SET of what another life has bound");
    expect_status(client,
                  THERE(stage, FFA_NOTIFICATION_SET, ffa_ids_make(peer, ME), 0, BIT_THEIR, 0),
                  FFA_DENIED, "SET of what was bound to another life");
    expect_status(client, bind_here(stage, FFA_NOTIFICATION_BIND, WORLD_BARRED), FFA_OK,
                  "BIND of what was bound to another life");
    expect_status(client, bind_here(stage, FFA_NOTIFICATION_UNBIND, WORLD_BARRED), FFA_OK,
                  "UNBIND");
    expect_status(client, send_mail(stage), FFA_OK, "a message to another life");
    expect_status(client, THERE(stage, FFA_RX_RELEASE, 0), FFA_OK, "its RX_RELEASE");
}

/* Its vCPU 1 serves us and ends the life, before or after a tick has brought us back. */
static void be_left(const struct stage *stage)
{
    struct client *client = stage->client;
    struct message request = ask_back(stage);
    struct guest_regs answer;

    request.word[0] = SERVANT(SERVANT_RESET, 0);
    request.word[1] = RESET_US;
    answer = leave_under_way(stage, &request);
    if (answer.x[0] == FFA_INTERRUPT) {
        expect_equal(client, answer.x[1], ffa_target_make(stage->peer->id, 1), "who serves");
        guest_vcpu_join(HELPER);
        answer = FFA(client, FFA_RUN, answer.x[1]);
    }
    expect_status(client, client_status(&answer), FFA_ABORTED, "a request, when its receiver ends");
}

static void end_a_vm(struct stage *stage)
{
    struct client *client = stage->client;
    uint64_t life = ERRAND(&stage->errand, SERVANT_LIFE, 0, 0);

    run_on(stage, HELPER, expect_aborted);
    servant_await_awaiting(&stage->own, 1);
    be_left(stage);
    guest_vcpu_join(HELPER);
    servant_release(&stage->own);
    stage_await_servant(stage);
    expect_status(client, FFA_STATUS(client, FFA_RUN, ffa_target_make(stage->peer->id, 0)),
                  FFA_DENIED, "FFA_RUN of a request to another life");
    expect_equal(client, ERRAND(&stage->errand, SERVANT_LIFE, 0, 0), life + 1,
                 "the servant's life");
}

void chapter_endings(struct stage *stage)
{
    errand_await(&stage->errand);
    end_a_vcpu(stage);
    if (has_notifications(stage)) {
        leave_things(stage);
    }
    end_a_vm(stage);
    if (has_notifications(stage)) {
        expect_nothing_left(stage);
    }
}

/* --- This VM ---------------------------------------------------------------------------------- */

/* When our life ends, the servant serves this; it finds nobody to answer, and waits for others. */
static void ask_in_vain(void *argument)
{
    const struct stage *stage = argument;
    struct message request = ask_back(stage);

    request.word[0] = SERVANT(SERVANT_DELAY, 0);
    request.word[1] = RESET_US;
    message_exchange(stage->client, &request);
}

void endings_leave(struct stage *stage)
{
    uint64_t soon = guest_clock() + RESET_US / 4;

    run_on(stage, HELPER, ask_in_vain);
    while (guest_clock() < soon) {
        guest_yield();
    }
}
