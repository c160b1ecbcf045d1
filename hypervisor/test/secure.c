/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM whose vCPUs, several at once, ask a Secure Partition for more than a time slice of work.
 * They are interrupted and go back to it, on the CPU where it is; or they leave it alone, go off,
 * or end with it unfinished, and the hypervisor does what they did not. For AArch64 and AArch32.
 */
#include <guest.h>

#include "../../secure/partitions/commands.h"

#define ECHO       0x8001u
#define SPIN_US    20000u
#define YIELDS     3u
#define PATIENT_US 900000u /* longer than the hypervisor is */
#define LIMIT_US   10000000u

static uint16_t self;
static uint32_t interruptions;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN on vCPU %u: %s", guest_vcpu(), what);
    }
    guest_expect(holds);
}

static bool is_left(const struct guest_regs *regs)
{
    uint32_t answer = (uint32_t)regs->x[0];

    return answer == FFA_INTERRUPT || answer == FFA_YIELD;
}

static bool is_error(const struct guest_regs *regs, int32_t status)
{
    return (uint32_t)regs->x[0] == FFA_ERROR && (int32_t)(uint32_t)regs->x[2] == status;
}

/* The partition's context on a CPU serves one request at a time. */
static struct guest_regs ask(uint32_t command, uint32_t argument)
{
    uint64_t end = guest_clock() + LIMIT_US;

    for (;;) {
        struct guest_regs regs = {
            {FFA_MSG_SEND_DIRECT_REQ_32, (uint32_t)self << 16 | ECHO, 0, command, argument}};

        ffa_call(&regs);
        if (!is_error(&regs, FFA_BUSY) || guest_clock() >= end) {
            return regs;
        }
        guest_yield();
    }
}

static bool go_back(struct guest_regs *regs)
{
    uint64_t target = regs->x[1];

    *regs = (struct guest_regs){{FFA_RUN, target}};
    ffa_call(regs);
    return is_left(regs);
}

static void check_spin(void)
{
    struct guest_regs regs = ask(COMMAND_SPIN, SPIN_US);

    while (is_left(&regs)) {
        __atomic_add_fetch(&interruptions, 1, __ATOMIC_RELAXED);
        guest_yield();
        (void)go_back(&regs);
    }
    expect((uint32_t)regs.x[0] == FFA_MSG_SEND_DIRECT_RESP_32, "a response");
    expect((uint32_t)regs.x[1] == (ECHO << 16 | self), "from the partition");
    expect((uint32_t)regs.x[3] == 0, "with its status");
}

/* Leaves a request unfinished: the vCPU cannot make another one. */
static struct guest_regs leave(void)
{
    struct guest_regs regs = ask(COMMAND_YIELD, YIELDS);
    struct guest_regs other;

    expect(is_left(&regs), "a request is left");
    other = ask(COMMAND_ECHO, 0);
    expect(is_error(&other, FFA_DENIED), "a request while another is left");
    return regs;
}

static void check_neglect(void)
{
    struct guest_regs regs = leave();
    uint32_t naps = guest_interrupt_count(GUEST_INTERRUPT_TIMER) + 3;

    guest_timer(PATIENT_US / 3);
    expect(guest_interrupt_await(GUEST_INTERRUPT_TIMER, naps), "time passes");
    guest_timer(0);
    (void)go_back(&regs);
    expect(is_error(&regs, FFA_ABORTED), "what is left for too long is aborted");
}

static void check_here(void *argument)
{
    (void)argument;
    guest_timer(1000);
    check_spin();
    expect(guest_interrupt_count(GUEST_INTERRUPT_TIMER) > 0, "ticks during a request");
    guest_timer(0);
    check_neglect();
    check_spin();
}

static void leave_here(void *argument)
{
    (void)argument;
    (void)leave();
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
    if (guest_life() == 0) {
        on_all(check_here);
        expect(interruptions > 0, "a time slice interrupts a partition");
        for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
            expect(guest_vcpu_start(vcpu, leave_here, NULL), "a vCPU starts");
            guest_vcpu_join(vcpu);
        }
        check_spin();
        (void)leave();
        guest_print("resets itself with requests that are unfinished");
        guest_reset();
    }
    check_spin();
    on_all(leave_here);
    guest_print("stops with requests that are unfinished");
}
