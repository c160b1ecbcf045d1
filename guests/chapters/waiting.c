/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs that wait, for an answer or for a message: what interrupts them, how they go on, what they
 * may do in between (under_way.def), and who else gets a turn.
 */
#include "stage.h"

#define POKE       3u /* the SGI that gets vCPU 0 out of its wait */
#define POKE_US    500u
#define NEST_US    20000u
#define HELPER     2u /* this vCPU, and the next one */
#define TICK_US    1000u
#define SETTLES_US 2000u /* what has been sent has been answered */

struct row {
    uint32_t fid;
    uint32_t w1;
    uint32_t w2;
    int32_t status;
    const char *why;
};

#define FFA_SUCCESS                      FFA_OK
#define IDS(from, to)                    ((uint32_t)(from) << 16 | (to))
#define CALL(fid, w1, w2, status, why)   {fid, w1, w2, FFA_##status, why},
#define RUN(endpoint, vcpu, status, why) {FFA_RUN, IDS(endpoint, vcpu), 0, FFA_##status, why},

static const struct row rows[] = {
#include "under_way.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void pause(uint32_t microseconds)
{
    uint64_t end = guest_clock() + microseconds;

    while (guest_clock() < end) {
        guest_yield();
    }
}

/* --- A request that is interrupted ------------------------------------------------------------ */

/* What vCPU 0 and its helper tell each other. */
struct act {
    struct stage *stage;
    unsigned int scene; /* vCPU 0 has come so far */
    unsigned int pokes; /* the helper pokes until vCPU 0 has come so far */
    uint64_t target;    /* w1 of the interrupt */
};

static unsigned int scene(const struct act *act)
{
    return __atomic_load_n(&act->scene, __ATOMIC_ACQUIRE);
}

static void next_scene(struct act *act)
{
    __atomic_add_fetch(&act->scene, 1, __ATOMIC_RELEASE);
}

/* Interrupts vCPU 0 until it has noticed. */
static void poke_until(const struct act *act, unsigned int end)
{
    while (scene(act) < end) {
        guest_interrupt_send(0, POKE);
        pause(POKE_US);
    }
}

static void release(void *argument)
{
    const struct stage *stage = argument;

    ERRAND(&stage->errand, SERVANT_RELEASE, 0, 0);
}

/* The helper: another vCPU cannot go on with the request; but it can have it answered. */
static void help(void *argument)
{
    struct act *act = argument;
    struct client *client = act->stage->client;

    poke_until(act, 1);
    expect_status(client, FFA_STATUS(client, FFA_RUN, act->target), FFA_DENIED,
                  "FFA_RUN of another vCPU's request");
    while (scene(act) < 2) {
        guest_yield();
    }
    poke_until(act, 3);
    release(act->stage);
    while (scene(act) < 4) {
        guest_yield();
    }
    poke_until(act, 5);
    release(act->stage);
    pause(SETTLES_US);
    next_scene(act);
}

static void play_rows(const struct stage *stage)
{
    struct client *client = stage->client;

    client->about = "under_way.def";
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        uint32_t w1 = row->fid == FFA_FEATURES ? row->w1 : stage_ids(stage, row->w1);

        client->row = (unsigned int)i + 1;
        expect_status(client, FFA_STATUS(client, row->fid, w1, row->w2, 0),
                      stage_has(stage, row->fid) ? row->status : FFA_NOT_SUPPORTED, row->why);
    }
    client->about = NULL;
    if (stage->world != SECURE_WORLD_FOREIGN) {
        expect_status(client, FFA_STATUS(client, FFA_RUN, ffa_target_make(0x8001, 0)),
                      stage->world != SECURE_WORLD_NONE ? FFA_DENIED : FFA_INVALID_PARAMETERS,
                      "FFA_RUN of a partition that was not asked");
    }
}

static struct guest_regs send_await(const struct stage *stage)
{
    struct message request = stage_request(stage, stage->errand.fid, SERVANT(SERVANT_AWAIT, 0));

    return message_send(stage->client, &request);
}

static void expect_interrupted(struct act *act, const struct guest_regs *answer)
{
    struct client *client = act->stage->client;

    expect_equal(client, answer->x[0], FFA_INTERRUPT, "a request that is interrupted");
    expect_equal(client, answer->x[1], ffa_target_make(act->stage->peer->id, 0), "who serves it");
    act->target = answer->x[1];
    next_scene(act);
}

static void expect_answered(const struct stage *stage, const struct guest_regs *answer)
{
    struct message response;

    expect(stage->client, message_read(answer, &response), "FFA_RUN brings the answer");
    expect_equal(stage->client, response.fid, message_response_to(stage->errand.fid), "its kind");
    expect_equal(stage->client, response.word[0], SERVANT_ANSWER(SERVANT_AWAIT, 0), "its payload");
    expect_status(stage->client,
                  FFA_STATUS(stage->client, FFA_RUN, ffa_target_make(stage->peer->id, 0)),
                  FFA_DENIED, "FFA_RUN of a request that is over");
}

static void be_interrupted(struct stage *stage)
{
    struct client *client = stage->client;
    struct act act = {.stage = stage};
    uint32_t taken = guest_interrupt_count(POKE);
    struct guest_regs answer;

    guest_interrupt_enable(POKE);
    expect(client, guest_vcpu_start(HELPER, help, &act), "the helper starts");

    answer = send_await(stage);
    expect_interrupted(&act, &answer);
    play_rows(stage);
    next_scene(&act);
    answer = FFA(client, FFA_RUN, act.target);
    expect_interrupted(&act, &answer);
    answer = message_finish(client, answer);
    expect_answered(stage, &answer);

    next_scene(&act);
    answer = send_await(stage);
    expect_interrupted(&act, &answer);
    while (scene(&act) < 6) {
        guest_yield();
    }
    answer = FFA(client, FFA_RUN, act.target);
    expect_answered(stage, &answer);
    guest_vcpu_join(HELPER);
    expect(client, guest_interrupt_count(POKE) >= taken + 3, "each interrupt was taken");
}

/* --- Nobody waits ----------------------------------------------------------------------------- */

/* The servant's vCPU 1 asks us in its service, and our own servant says nothing. */
static void keep_vcpu_1_busy(void *argument)
{
    const struct stage *stage = argument;

    expect_status(stage->client,
                  THERE(stage, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(stage->peer->id, ME), 0,
                        SERVANT(SERVANT_AWAIT, 0)),
                  FFA_OK, "a request that is answered late");
}

static void expect_busy(void *argument)
{
    const struct stage *stage = argument;

    for (unsigned int kind = 0; kind < STAGE_KINDS; kind++) {
        uint32_t fid = stage_kinds[kind];
        int32_t expected = stage_peer_has(stage, fid) ? FFA_BUSY : FFA_DENIED;

        expect_status(
            stage->client, FFA_STATUS(stage->client, fid, ffa_ids_make(ME, stage->peer->id), 0, 0),
            stage_has(stage, fid) ? expected : FFA_NOT_SUPPORTED, "a request while nobody waits");
    }
}

static void run_on(struct stage *stage, unsigned int vcpu, void (*entry)(void *argument))
{
    expect(stage->client, guest_vcpu_start(vcpu, entry, stage), "a vCPU starts");
}

/* Both vCPUs of the servant are in a service. */
static void find_nobody_waiting(struct stage *stage)
{
    struct guest_regs answer;

    guest_timer(TICK_US);
    answer = send_await(stage);
    guest_timer(0);
    expect_equal(stage->client, answer.x[1], ffa_target_make(stage->peer->id, 0), "vCPU 0 serves");

    run_on(stage, HELPER, keep_vcpu_1_busy);
    servant_await_awaiting(&stage->own, 1);
    run_on(stage, HELPER + 1, expect_busy);
    guest_vcpu_join(HELPER + 1);
    servant_release(&stage->own);
    guest_vcpu_join(HELPER);
    run_on(stage, HELPER, release);
    answer = message_finish(stage->client, answer);
    guest_vcpu_join(HELPER);
    expect_answered(stage, &answer);
}

/* --- Circles and chains ----------------------------------------------------------------------- */

/* We ask the servant, which asks us, on another vCPU, which asks the servant, on another vCPU. */
static void go_in_circles(const struct stage *stage)
{
    uint32_t ids = ffa_ids_make(stage->peer->id, ME);
    struct guest_regs result =
        errand_call(&stage->errand, FFA_MSG_SEND_DIRECT_REQ_32,
                    (const uint64_t[ERRAND_WORDS]){
                        ids, 0, SERVANT(SERVANT_CALL, SERVANT_FID(FFA_MSG_SEND_DIRECT_REQ_32)),
                        ffa_ids_make(ME, stage->peer->id)});

    expect_equal(stage->client, result.x[0], FFA_MSG_SEND_DIRECT_RESP_32, "a circle of requests");
    expect_equal(stage->client, result.x[1], ffa_ids_make(ME, stage->peer->id), "who closed it");
}

/* The servant asks another one. */
static void go_on_to_another(const struct stage *stage)
{
    uint16_t other = stage->peer->peers[1];
    struct guest_regs result =
        errand_call(&stage->errand, FFA_MSG_SEND_DIRECT_REQ_32,
                    (const uint64_t[ERRAND_WORDS]){ffa_ids_make(stage->peer->id, other), 0,
                                                   SERVANT(SERVANT_ECHO, 0), 0x1a0df00d});

    expect_equal(stage->client, result.x[0], FFA_MSG_SEND_DIRECT_RESP_32, "a chain of requests");
    expect_equal(stage->client, result.x[1], ffa_ids_make(other, stage->peer->id), "its end");
    expect_equal(stage->client, result.x[4], 0xe5f20ff2, "its payload");
}

static void expect_nested(const struct stage *stage)
{
    uint64_t told[ERRAND_WORDS] = {NEST_US};

    errand_run(&stage->errand, SERVANT(SERVANT_NEST, ME), told, told);
    expect_status(stage->client, (int32_t)(uint32_t)told[0], FFA_DENIED,
                  "an answer, with a request of its own under way");
    expect_status(stage->client, (int32_t)(uint32_t)told[1], FFA_DENIED,
                  "a wait, with a request of its own under way");
    expect_status(stage->client, (int32_t)(uint32_t)told[2], FFA_DENIED,
                  "a second request, while it serves one");
    expect_equal(stage->client, told[3], FFA_MSG_SEND_DIRECT_RESP_32, "the end of the first");
}

/* --- FFA_YIELD, FFA_MSG_WAIT ------------------------------------------------------------------ */

static void yield(const struct stage *stage)
{
    for (unsigned int i = 1; i <= 3; i++) {
        uint64_t x[FFA_REGS_SMC32] = {FFA_YIELD};

        x[i] = 0x100;
        expect_status(stage->client, client_status_of(client_call(stage->client, x, 4)),
                      FFA_INVALID_PARAMETERS, "FFA_YIELD with something in w1 to w3");
    }
    expect_status(stage->client, FFA_STATUS(stage->client, FFA_YIELD, 0, 0, 0), FFA_OK,
                  "FFA_YIELD");
    expect_status(stage->client, THERE(stage, FFA_YIELD, 0), FFA_OK, "FFA_YIELD in a service");
    expect_status(stage->client, THERE(stage, FFA_YIELD, 1), FFA_INVALID_PARAMETERS,
                  "FFA_YIELD with w1, in a service");
    expect_status(stage->client, THERE(stage, FFA_MSG_WAIT, 0), FFA_DENIED,
                  "FFA_MSG_WAIT in a service");
}

static void fill_rx(const struct stage *stage)
{
    expect_status(stage->client, FFA_STATUS(stage->client, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0),
                  FFA_OK, "a list in RX");
}

/* Nobody sends us anything: a tick ends the wait. RX is given back on the way, or kept. */
static void wait_for_nothing(const struct stage *stage, uint32_t w2, bool keeps_rx)
{
    struct client *client = stage->client;
    struct guest_regs answer;

    fill_rx(stage);
    guest_timer(TICK_US);
    answer = FFA(client, FFA_MSG_WAIT, 0, w2);
    guest_timer(0);
    expect_equal(client, answer.x[0], FFA_INTERRUPT, "a wait that is interrupted");
    expect_equal(client, answer.x[1], 0, "w1 of a wait that is interrupted");
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), keeps_rx ? FFA_OK : FFA_DENIED,
                  "RX after FFA_MSG_WAIT");
    expect_status(client, FFA_STATUS(client, FFA_RUN, 0), FFA_INVALID_PARAMETERS,
                  "FFA_RUN after FFA_MSG_WAIT");
}

void chapter_waiting(struct stage *stage)
{
    bool may_keep = stage->client->version >= FFA_VERSION_1_2;

    be_interrupted(stage);
    find_nobody_waiting(stage);
    go_in_circles(stage);
    go_on_to_another(stage);
    expect_nested(stage);
    yield(stage);
    wait_for_nothing(stage, 0, false);
    wait_for_nothing(stage, FFA_MSG_WAIT_KEEP_RX, may_keep);
    wait_for_nothing(stage, ~FFA_MSG_WAIT_KEEP_RX, false);
}
