/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct messages between VMs of which one ends, is reset, or loses a vCPU, at any moment. Who
 * lives on gets one end of its request: its answer, ABORTED, or a refusal. Nobody hears of another
 * life.
 */
#include "messages.h"
#include "tests.h"

#include <string.h>

#define A 1u /* asks */
#define B 2u /* serves */
#define C 3u /* serves B */

#define TOKEN_A 0xa0a0u
#define TOKEN_B 0xb0b0u
#define TOKEN_2 0x2222u /* of A's second request */

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

static struct world_vm *heir(void)
{
    return &world.heirs[0];
}

static const struct parley_regs *regs(uint16_t id, unsigned int vcpu)
{
    return &vm(id)->vcpu[vcpu].regs;
}

static void set_up(void)
{
    world_begin();
    world_create_open(A, 2);
    world_create_open(B, 2);
}

static void set_up_waiting(void)
{
    set_up();
    begin_wait(vm(B), 0);
}

/* A sleeps until B's first vCPU, which has not looked yet, answers. */
static void set_up_sent(void)
{
    set_up_waiting();
    EXPECT(!WORLD_ENTER(vm(A), 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(A, B), 0, TOKEN_A),
           "a waiting vCPU is not asked");
}

/* The same, and B has it. */
static void set_up_asked(void)
{
    set_up_sent();
    EXPECT(has_message(vm(B), 0) && is_request(regs(B, 0), A, B, TOKEN_A), "B is not asked");
    vm(B)->vcpu[0].signals = 0;
}

/* Each VM sleeps until the other answers. */
static void set_up_crossed(void)
{
    set_up_asked();
    begin_wait(vm(A), 1);
    EXPECT(!WORLD_ENTER(vm(B), 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(B, A), 0, TOKEN_B),
           "a waiting vCPU is not asked");
}

/* --- Threads -------------------------------------------------------------- */

static void a_asks(void)
{
    (void)ask(vm(A), 0, B, TOKEN_A);
}

static void a_asks_and_leaves(void)
{
    (void)ask(vm(A), 0, B, TOKEN_A);
    world_vcpu_leaves(0);
}

static void a_awaits_answer(void)
{
    (void)await_answer(vm(A), 0);
}

static void interrupt_a(void)
{
    world_signal(vm(A), 0, WORLD_TIMER);
}

static void b_serves(void)
{
    world.counted[1] = serve(vm(B), 0);
}

static void b_serves_and_leaves(void)
{
    b_serves();
    world_vcpu_leaves(0);
}

/* What it was asked already, then whatever else. */
static void b_answers_and_serves(void)
{
    answer(vm(B), 0);
    world.counted[1] = 1 + serve(vm(B), 0);
}

static void stop(uint16_t id)
{
    world_signal(vm(id), 0, WORLD_STOP);
    world_await_vcpus_left(1);
}

static void destroy_a(void)
{
    world_destroy(vm(A));
}

static void stop_and_destroy_a(void)
{
    stop(A);
    destroy_a();
    world_signal(vm(B), 0, WORLD_STOP);
}

static void destroy_b(void)
{
    world_destroy(vm(B));
}

static void stop_and_destroy_b(void)
{
    stop(B);
    destroy_b();
}

static void stop_and_reset_b(void)
{
    stop(B);
    world_reset(vm(B));
    world_negotiate(B, FFA_VERSION_1_2);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs regs[2][2];
        struct parley_regs heirs;
        struct parley_regs replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        unsigned int counted[EXPLORE_THREADS_MAX];
    } outcome;

    for (uint16_t id = A; id <= B; id++) {
        for (unsigned int vcpu = 0; vcpu < 2; vcpu++) {
            outcome.regs[id - A][vcpu] = *regs(id, vcpu);
        }
    }
    outcome.heirs = heir()->vcpu[0].regs;
    memcpy(outcome.replies, world.replies, sizeof(outcome.replies));
    memcpy(outcome.counted, world.counted, sizeof(outcome.counted));
    explore_outcome(&outcome, sizeof(outcome));
}

/* A's request has an end. Whether it is the answer; of a request that is under way, all else is
 * ABORTED. */
static bool was_answered(bool was_under_way)
{
    const struct parley_regs *reply = regs(A, 0);

    if (is_answer(reply, A, B, TOKEN_A)) {
        return true;
    }
    EXPECT(
        refused(reply, FFA_ABORTED) || (!was_under_way && (refused(reply, FFA_BUSY) ||
                                                           refused(reply, FFA_INVALID_PARAMETERS))),
        "A's request ends with %#llx, %d", (unsigned long long)reply->x[0], (int32_t)reply->x[2]);
    return false;
}

/* A's vCPU is through with its request: it may wait for messages. */
static void expect_free(void)
{
    begin_wait(vm(A), 0);
    EXPECT(!has_message(vm(A), 0), "a request has two ends");
}

static void check_destroyed_servant(void)
{
    tell_outcome();
    EXPECT(was_answered(false) == world.counted[1], "%u answers, and A gets another number",
           world.counted[1]);
    EXPECT(vm(B)->is_gone, "B does not end");
    expect_free();
}

static void check_aborted(void)
{
    tell_outcome();
    EXPECT(!was_answered(true), "an answer comes from nobody");
    expect_free();
}

/* B's next life knows nothing of the last one, and serves. */
static void check_reset_servant(void)
{
    tell_outcome();
    EXPECT(was_answered(false) == world.counted[1], "%u answers, and A gets another number",
           world.counted[1]);
    begin_wait(vm(B), 0);
    EXPECT(!has_message(vm(B), 0), "a message of the last life comes");
    expect_service(vm(A), 0, vm(B), 0);
}

static void check_destroyed_asker(void)
{
    tell_outcome();
    EXPECT(vm(A)->is_gone, "A does not end");
    finish_service(vm(B), 0);
    world_create_open(A, 1);
    expect_service(vm(A), 0, vm(B), 0);
}

/* --- The asker's next life ------------------------------------------------ */

/* Another VM under A's ID asks the same. */
static void destroy_create_and_ask(void)
{
    struct parley_vm_config config = world_config_open(heir(), A, 1);

    destroy_a();
    explore_call();
    world.progress[0] = parley_vm_create(world.parley, &config, &heir()->vm);
    world.replies[0][0] = WORLD_CALL(heir()->vm, 0, FFA_VERSION, FFA_VERSION_1_2);
    (void)ask(heir(), 0, B, TOKEN_2);
    world_signal(vm(B), 0, WORLD_STOP);
}

static void check_reborn_asker(void)
{
    const struct parley_regs *reply = &heir()->vcpu[0].regs;

    tell_outcome();
    EXPECT(is_answer(reply, A, B, TOKEN_2) || refused(reply, FFA_BUSY),
           "the next life of A gets %#llx, %#llx", (unsigned long long)reply->x[0],
           (unsigned long long)reply->x[3]);
    EXPECT(world.counted[1] == 1u + is_answer(reply, A, B, TOKEN_2), "B answers %u times",
           world.counted[1]);
    expect_service(heir(), 0, vm(B), 0);
}

/* --- vCPUs that go off ---------------------------------------------------- */

/* In the middle of its request; back, it asks again. */
static void a_goes_and_asks_again(void)
{
    world_go_offline(vm(A), 0);
    world_come_online(vm(A), 0);
    (void)ask(vm(A), 0, B, TOKEN_2);
    world_signal(vm(B), 0, WORLD_STOP);
}

static void check_asked_again(void)
{
    const struct parley_regs *reply = regs(A, 0);

    tell_outcome();
    EXPECT(is_answer(reply, A, B, TOKEN_2) || refused(reply, FFA_BUSY),
           "the request after the vCPU was off gets %#llx, %#llx", (unsigned long long)reply->x[0],
           (unsigned long long)reply->x[3]);
    EXPECT(world.counted[1] == 1u + is_answer(reply, A, B, TOKEN_2), "B answers %u times",
           world.counted[1]);
    expect_service(vm(A), 0, vm(B), 0);
}

/* Whatever it does, it is stopped there, and goes off. */
static void b_serves_and_goes(void)
{
    b_serves();
    world_go_offline(vm(B), 0);
}

static void stop_b(void)
{
    world_signal(vm(B), 0, WORLD_STOP);
}

static void check_gone_servant(void)
{
    tell_outcome();
    EXPECT(was_answered(false) == world.counted[1], "%u answers, and A gets another number",
           world.counted[1]);
    expect_free();
    world_come_online(vm(B), 0);
    begin_wait(vm(B), 0);
    EXPECT(!has_message(vm(B), 0), "what was asked before comes after");
}

/* --- A chain ---------------------------------------------------------------- */

/* B waits for A, and C for B. */
static void set_up_chain(void)
{
    set_up_waiting();
    world_create_open(C, 1);
    begin_wait(vm(C), 0);
}

/* For its answer to A, B asks C. */
static void b_asks_on_and_leaves(void)
{
    struct parley_regs request;

    if (world_sleep(vm(B), 0)) {
        request = *regs(B, 0);
        if (ask(vm(B), 0, C, TOKEN_B)) {
            EXPECT(is_answer(regs(B, 0), B, C, TOKEN_B), "B gets no answer of its own");
            vm(B)->vcpu[0].regs = request;
            answer(vm(B), 0);
            world.counted[1]++;
        }
    }
    world_vcpu_leaves(0);
}

static void c_serves(void)
{
    world.counted[2] = serve(vm(C), 0);
}

static void stop_and_destroy_b_then_stop_c(void)
{
    stop_and_destroy_b();
    world_signal(vm(C), 0, WORLD_STOP);
}

static void check_chain(void)
{
    tell_outcome();
    EXPECT(was_answered(false) == world.counted[1], "%u answers, and A gets another number",
           world.counted[1]);
    EXPECT(vm(B)->is_gone, "B does not end");
    finish_service(vm(C), 0);
    expect_service(vm(A), 0, vm(C), 0);
}

/* --- Both end ------------------------------------------------------------- */

static void check_both_gone(void)
{
    struct parley_vm_status status;

    tell_outcome();
    EXPECT(vm(A)->is_gone && vm(B)->is_gone, "a VM does not end");
    for (uint16_t id = A; id <= B; id++) {
        world_create_open(id, 1);
        status = world_status(vm(id));
        EXPECT(status.generation == 1 && !status.dying, "VM %u has no second life", id);
    }
    begin_wait(vm(B), 0);
    expect_service(vm(A), 0, vm(B), 0);
}

/* --- The suite ------------------------------------------------------------ */

#define END_TEST(title, start, rule, more, ...) \
    {                                           \
        .explore = {.name = (title),            \
                    .threads = {__VA_ARGS__},   \
                    .set_up = (start),          \
                    .check = (rule),            \
                    WORLD_STATE},               \
        .also = (more),                         \
    }

static const struct interleave_test tests[] = {
    END_TEST("direct_destroy_servant", set_up_waiting, check_destroyed_servant,
             ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks", a_asks}, {"B serves", b_serves_and_leaves},
             {"destroy B", stop_and_destroy_b}, {"interrupt A", interrupt_a}),
    END_TEST("direct_destroy_interrupt", set_up_sent, check_aborted, ALSO_BY_CALL | ALSO_SLEEP_SETS,
             {"A waits on", a_awaits_answer}, {"interrupt A", interrupt_a},
             {"destroy B", destroy_b}),
    END_TEST("direct_reset_servant", set_up_waiting, check_reset_servant,
             ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks", a_asks}, {"B serves", b_serves_and_leaves},
             {"reset B", stop_and_reset_b}, {"interrupt A", interrupt_a}),
    END_TEST("direct_destroy_asker", set_up_waiting, check_destroyed_asker,
             ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks", a_asks_and_leaves}, {"B serves", b_serves},
             {"destroy A", stop_and_destroy_a}, {"interrupt A", interrupt_a}),
    END_TEST("direct_reborn_asker", set_up_asked, check_reborn_asker,
             ALSO_BY_CALL | ALSO_SLEEP_SETS, {"next A asks", destroy_create_and_ask},
             {"B answers", b_answers_and_serves}),
    END_TEST("direct_asker_goes_off", set_up_asked, check_asked_again,
             ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks again", a_goes_and_asks_again},
             {"B answers", b_answers_and_serves}),
    END_TEST("direct_servant_goes_off", set_up_waiting, check_gone_servant,
             ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks", a_asks},
             {"B serves, goes", b_serves_and_goes}, {"stop B", stop_b},
             {"interrupt A", interrupt_a}),
    END_TEST("direct_destroy_middle", set_up_chain, check_chain, ALSO_BY_CALL | ALSO_SLEEP_SETS,
             {"A asks", a_asks}, {"B asks C", b_asks_on_and_leaves}, {"C serves", c_serves},
             {"destroy B", stop_and_destroy_b_then_stop_c}),
    END_TEST("direct_destroy_both", set_up_crossed, check_both_gone, ALSO_BY_CALL | ALSO_SLEEP_SETS,
             {"destroy A", destroy_a}, {"destroy B", destroy_b}),
};

const struct interleave_suite direct_end_suite = {tests, sizeof(tests) / sizeof(tests[0])};
