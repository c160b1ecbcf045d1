/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct messages between VMs that live: requests, answers, interrupts and waits cross. Each
 * request that is accepted has one end, its own answer; and nobody sleeps for whom there is a
 * message.
 */
#include "messages.h"
#include "tests.h"

#include <string.h>

#define A 1u /* asks */
#define B 2u /* serves */
#define C 3u /* asks, too */

#define TOKEN_A 0xa0a0u
#define TOKEN_B 0xb0b0u
#define TOKEN_C 0xc0c0u

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

/* What a vCPU's last call brought. */
static const struct parley_regs *regs(uint16_t id, unsigned int vcpu)
{
    return &vm(id)->vcpu[vcpu].regs;
}

static void set_up(void)
{
    world_begin();
    world_create_open(A, 2);
    world_create_open(B, 2);
    world_create_open(C, 1);
}

/* B's first vCPU waits. */
static void set_up_waiting(void)
{
    set_up();
    begin_wait(vm(B), 0);
}

static void set_up_two_askers(void)
{
    set_up_waiting();
    vm(B)->vcpu[0].stops = WORLD_STOP | WORLD_STOP_TOO;
}

/* Both VMs have a second vCPU that waits. */
static void set_up_both_ways(void)
{
    set_up();
    begin_wait(vm(A), 1);
    begin_wait(vm(B), 1);
}

/* B's first vCPU has a request of A's to answer. */
static void set_up_asked(void)
{
    set_up_waiting();
    EXPECT(!WORLD_ENTER(vm(A), 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(A, B), 0, TOKEN_A),
           "a waiting vCPU is not asked");
    EXPECT(has_message(vm(B), 0), "a vCPU is asked and has no message");
    vm(B)->vcpu[0].signals = 0;
}

/* --- Threads -------------------------------------------------------------- */

/* Asks, and sends the servant home. */
static void a_asks(void)
{
    (void)ask(vm(A), 0, B, TOKEN_A);
    world_signal(vm(B), 0, WORLD_STOP);
}

static void a_asks_twice(void)
{
    (void)ask(vm(A), 0, B, TOKEN_A);
    world.replies[0][0] = *regs(A, 0);
    a_asks();
}

static void c_asks(void)
{
    (void)ask(vm(C), 0, B, TOKEN_C);
    world_signal(vm(B), 0, WORLD_STOP_TOO);
}

static void b_serves(void)
{
    world.counted[1] = serve(vm(B), 0);
}

static void b_waits_and_serves(void)
{
    begin_wait(vm(B), 0);
    b_serves();
}

static void interrupt_a(void)
{
    world_signal(vm(A), 0, WORLD_TIMER);
}

static void interrupt_b(void)
{
    world_signal(vm(B), 0, WORLD_TIMER);
}

/* --- Rules ---------------------------------------------------------------- */

static void tell_outcome(void)
{
    struct {
        struct parley_regs regs[3][2];
        unsigned int counted[EXPLORE_THREADS_MAX];
    } outcome;

    for (uint16_t id = A; id <= C; id++) {
        for (unsigned int vcpu = 0; vcpu < 2; vcpu++) {
            outcome.regs[id - A][vcpu] = *regs(id, vcpu);
        }
    }
    memcpy(outcome.counted, world.counted, sizeof(outcome.counted));
    explore_outcome(&outcome, sizeof(outcome));
}

/* Whether the VM's request was answered; if not, nobody was there to take it. */
static bool was_answered(uint16_t id, uint16_t by, uint32_t token)
{
    if (is_answer(regs(id, 0), id, by, token)) {
        return true;
    }
    EXPECT(refused(regs(id, 0), FFA_BUSY), "VM %u gets no answer of its own, but %#llx, %d", id,
           (unsigned long long)regs(id, 0)->x[0], (int32_t)regs(id, 0)->x[2]);
    return false;
}

/* The servant sleeps, has nothing to do, and can be asked again. */
static void expect_idle(uint16_t id, unsigned int vcpu)
{
    EXPECT(!has_message(vm(id), vcpu), "a request comes of nobody");
    expect_service(vm(C), 0, vm(id), vcpu);
}

static void check_served(void)
{
    tell_outcome();
    EXPECT(was_answered(A, B, TOKEN_A), "a servant waits, and is busy");
    EXPECT(world.counted[1] == 1, "%u answers to one request", world.counted[1]);
    expect_idle(B, 0);
}

static void check_served_or_busy(void)
{
    tell_outcome();
    EXPECT(world.counted[1] == was_answered(A, B, TOKEN_A), "%u answers", world.counted[1]);
    expect_idle(B, 0);
}

static void check_two_askers(void)
{
    unsigned int answered = was_answered(A, B, TOKEN_A);

    tell_outcome();
    answered += was_answered(C, B, TOKEN_C);
    EXPECT(answered >= 1, "a servant waits, and nobody is served");
    EXPECT(world.counted[1] == answered, "%u answers, of which %u came", world.counted[1],
           answered);
    expect_idle(B, 0);
}

/* Who answers waits again before the answer is there. */
static void check_asked_again(void)
{
    tell_outcome();
    EXPECT(is_answer(&world.replies[0][0], A, B, TOKEN_A), "the first request is not answered");
    EXPECT(was_answered(A, B, TOKEN_A), "a servant has answered, and is busy");
    EXPECT(world.counted[1] == 2, "%u answers to two requests", world.counted[1]);
    expect_idle(B, 0);
}

/* --- Two servants ---------------------------------------------------------- */

/* Both vCPUs of B wait. */
static void set_up_two_servants(void)
{
    set_up_waiting();
    begin_wait(vm(B), 1);
}

static void a_sends(void)
{
    world.counted[0] =
        !WORLD_ENTER(vm(A), 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(A, B), 0, TOKEN_A);
}

static void c_sends(void)
{
    world.counted[1] =
        !WORLD_ENTER(vm(C), 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(C, B), 0, TOKEN_C);
}

/* The first of them does something else. */
static void b_takes_interrupt(void)
{
    world_signal(vm(B), 0, WORLD_TIMER);
    EXPECT(world_sleep(vm(B), 0), "stopped");
}

/* Each servant that still waits has one request, and each request has one servant. */
static void check_two_servants(void)
{
    unsigned int asked_of_a = 0;
    unsigned int asked_of_c = 0;

    tell_outcome();
    for (unsigned int vcpu = 0; vcpu < 2; vcpu++) {
        if (regs(B, vcpu)->x[0] == FFA_MSG_WAIT) {
            (void)has_message(vm(B), vcpu);
        }
        asked_of_a += is_request(regs(B, vcpu), A, B, TOKEN_A);
        asked_of_c += is_request(regs(B, vcpu), C, B, TOKEN_C);
    }
    EXPECT(asked_of_a == world.counted[0] && asked_of_c == world.counted[1],
           "%u and %u requests are sent, and %u and %u arrive", world.counted[0], world.counted[1],
           asked_of_a, asked_of_c);
    EXPECT(asked_of_a + asked_of_c == 2 || regs(B, 0)->x[0] == FFA_INTERRUPT,
           "a servant waits, and is busy");
}

/* --- Both ways at once ---------------------------------------------------- */

static void a_asks_second(void)
{
    (void)ask(vm(A), 0, B, TOKEN_A);
    world_signal(vm(B), 1, WORLD_STOP);
}

static void b_asks_second(void)
{
    (void)ask(vm(B), 0, A, TOKEN_B);
    world_signal(vm(A), 1, WORLD_STOP);
}

static void a_serves_second(void)
{
    world.counted[2] = serve(vm(A), 1);
}

static void b_serves_second(void)
{
    world.counted[3] = serve(vm(B), 1);
}

static void check_both_ways(void)
{
    tell_outcome();
    EXPECT(was_answered(A, B, TOKEN_A) && was_answered(B, A, TOKEN_B),
           "a servant waits, and is busy");
    EXPECT(world.counted[2] == 1 && world.counted[3] == 1, "a request is answered twice");
    expect_idle(A, 1);
    expect_idle(B, 1);
}

/* --- A cycle -------------------------------------------------------------- */

/* Before it answers A, it asks A, and sends home who is to answer that. */
static void b_asks_back(void)
{
    struct parley_regs request;

    EXPECT(world_sleep(vm(B), 0), "stopped");
    request = *regs(B, 0);
    (void)ask(vm(B), 0, A, TOKEN_B);
    world.replies[1][0] = *regs(B, 0);
    world_signal(vm(A), 1, WORLD_STOP);
    vm(B)->vcpu[0].regs = request;
    answer(vm(B), 0);
}

static void a_only_asks(void)
{
    (void)ask(vm(A), 0, B, TOKEN_A);
}

static void a_second_waits_and_serves(void)
{
    begin_wait(vm(A), 1);
    a_serves_second();
}

static void check_cycle(void)
{
    const struct parley_regs *asked_back = &world.replies[1][0];

    tell_outcome();
    EXPECT(was_answered(A, B, TOKEN_A), "a servant waits, and is busy");
    EXPECT(world.counted[2] == is_answer(asked_back, B, A, TOKEN_B),
           "the second request has %u answers", world.counted[2]);
    EXPECT(world.counted[2] == 1 || refused(asked_back, FFA_BUSY),
           "the second request has no end: %#llx", (unsigned long long)asked_back->x[0]);
    expect_idle(A, 1);
    expect_idle(B, 0);
}

/* --- Who was not asked ---------------------------------------------------- */

static void a_awaits_answer(void)
{
    (void)await_answer(vm(A), 0);
}

static void b_answers(void)
{
    answer(vm(B), 0);
    world.counted[1]++;
}

/* The other vCPU answers what it was not asked, with an answer of its own. */
static void b_second_answers(void)
{
    (void)WORLD_ENTER(vm(B), 1, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(B, A), 0, TOKEN_B);
}

static void check_wrong_vcpu(void)
{
    EXPECT(refused(regs(B, 1), FFA_DENIED), "a vCPU answers what it was not asked");
    check_served();
}

/* --- The suite ------------------------------------------------------------ */

#define DIRECT_TEST(title, start, rule, more, ...) \
    {                                              \
        .explore = {.name = (title),               \
                    .threads = {__VA_ARGS__},      \
                    .set_up = (start),             \
                    .check = (rule),               \
                    WORLD_STATE},                  \
        .also = (more),                            \
    }

static const struct interleave_test tests[] = {
    DIRECT_TEST("direct_interrupt", set_up_waiting, check_served, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"A asks", a_asks}, {"B serves", b_serves}, {"interrupt A", interrupt_a}),
    DIRECT_TEST("direct_interrupt_servant", set_up_waiting, check_served_or_busy,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks", a_asks}, {"B serves", b_serves},
                {"interrupt B", interrupt_b}),
    DIRECT_TEST("direct_wait", set_up, check_served_or_busy, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"A asks", a_asks}, {"B waits, serves", b_waits_and_serves},
                {"interrupt B", interrupt_b}),
    DIRECT_TEST("direct_two_askers", set_up_two_askers, check_two_askers, ALSO_BY_CALL,
                {"A asks", a_asks}, {"B serves", b_serves}, {"C asks", c_asks}),
    DIRECT_TEST("direct_ask_again", set_up_waiting, check_asked_again,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks twice", a_asks_twice},
                {"B serves", b_serves}),
    DIRECT_TEST("direct_two_servants", set_up_two_servants, check_two_servants,
                ALSO_BY_CALL | ALSO_SLEEP_SETS, {"A asks", a_sends}, {"C asks", c_sends},
                {"interrupt B", b_takes_interrupt}),
    DIRECT_TEST("direct_both_ways", set_up_both_ways, check_both_ways, ALSO_BY_CALL,
                {"A asks", a_asks_second}, {"B asks", b_asks_second}, {"A serves", a_serves_second},
                {"B serves", b_serves_second}),
    DIRECT_TEST("direct_cycle", set_up_waiting, check_cycle, ALSO_BY_CALL | ALSO_SLEEP_SETS,
                {"A asks", a_only_asks}, {"B asks back", b_asks_back},
                {"A waits, serves", a_second_waits_and_serves}),
    DIRECT_TEST("direct_wrong_vcpu", set_up_asked, check_wrong_vcpu,
                ALSO_BY_CALL | ALSO_SLEEP_SETS | ALSO_UNREDUCED, {"A waits on", a_awaits_answer},
                {"B answers", b_answers}, {"B' answers", b_second_answers}),
};

const struct interleave_suite direct_suite = {tests, sizeof(tests) / sizeof(tests[0])};
