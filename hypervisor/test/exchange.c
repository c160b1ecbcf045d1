/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of two VMs to a third, vCPU by vCPU, while timers interrupt all who wait: each request
 * is answered once, and nobody sleeps over it. For AArch64 and AArch32.
 */
#include <guest.h>

#define SERVER    1u
#define ROUNDS    300u
#define PERIOD_US 300u
#define LIMIT_US  10000000u
#define STOP      0xffffu /* in place of a number: the server's vCPU is done */

static uint16_t self;
static uint32_t interruptions;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN on vCPU %u: %s", guest_vcpu(), what);
    }
    guest_expect(holds);
}

/* Calls, and waits on for as long as interrupts come between. */
static void call(struct guest_regs *regs)
{
    ffa_call(regs);
    while ((uint32_t)regs->x[0] == FFA_INTERRUPT) {
        uint64_t target = regs->x[1];

        __atomic_add_fetch(&interruptions, 1, __ATOMIC_RELAXED);
        *regs = target == 0 ? (struct guest_regs){{FFA_MSG_WAIT}}
                            : (struct guest_regs){{FFA_RUN, target}};
        ffa_call(regs);
    }
}

/* The server may not be a member yet, or all of its vCPUs may be serving. */
static struct guest_regs ask(uint32_t number)
{
    uint64_t end = guest_clock() + LIMIT_US;

    for (;;) {
        struct guest_regs regs = {
            {FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, SERVER), 0, number, guest_vcpu()}};

        call(&regs);
        if ((uint32_t)regs.x[0] != FFA_ERROR || (int32_t)(uint32_t)regs.x[2] == FFA_ABORTED ||
            guest_clock() >= end) {
            return regs;
        }
        guest_yield();
    }
}

static void ask_all(void *argument)
{
    (void)argument;
    guest_timer(PERIOD_US);
    for (uint32_t number = 1; number <= ROUNDS; number++) {
        struct guest_regs regs = ask(number);

        expect((uint32_t)regs.x[0] == FFA_MSG_SEND_DIRECT_RESP_32, "a response");
        expect((uint32_t)regs.x[3] == ~number && (uint32_t)regs.x[4] == guest_vcpu(),
               "to what was asked");
    }
    guest_timer(0);
}

static void serve(void *argument)
{
    struct guest_regs regs = {{FFA_MSG_WAIT}};

    (void)argument;
    guest_timer(PERIOD_US);
    call(&regs);
    while ((uint32_t)regs.x[3] != STOP) {
        uint32_t ids = (uint32_t)regs.x[1];

        expect((uint32_t)regs.x[0] == FFA_MSG_SEND_DIRECT_REQ_32, "a request");
        regs = (struct guest_regs){{FFA_MSG_SEND_DIRECT_RESP_32,
                                    ffa_ids_make(self, ffa_ids_sender(ids)), 0,
                                    ~(uint32_t)regs.x[3], (uint32_t)regs.x[4]}};
        call(&regs);
    }
    guest_timer(0);
}

static void on_all(void (*what)(void *argument))
{
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(guest_vcpu_start(vcpu, what, NULL), "a vCPU starts");
    }
    what(NULL);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        guest_vcpu_join(vcpu);
    }
}

/* What is stopped with its request unanswered goes off: the request is aborted. */
static void stop_one(void *argument)
{
    struct guest_regs regs = ask(STOP);

    (void)argument;
    expect((uint32_t)regs.x[0] == FFA_ERROR && (int32_t)(uint32_t)regs.x[2] == FFA_ABORTED,
           "a request to a vCPU that goes off");
}

static void become_member(void)
{
    struct guest_regs version = {{FFA_VERSION, FFA_VERSION_1_1}};
    struct guest_regs id = {{FFA_ID_GET}};

    ffa_call(&version);
    ffa_call(&id);
    self = (uint16_t)id.x[2];
}

void guest_main(void)
{
    become_member();
    if (self == SERVER) {
        on_all(serve);
        expect(interruptions > 0, "timers interrupt who waits");
    } else {
        on_all(ask_all);
        on_all(stop_one);
    }
}
