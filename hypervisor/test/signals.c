/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications across the worlds: a Secure Partition signals a VM that sleeps, or that waits in
 * FF-A, and a VM signals a partition that nobody calls, so that it needs cycles of the
 * hypervisor's. For AArch64 and AArch32.
 */
#include <guest.h>

#include "../../secure/partitions/commands.h"
#include "system.h"

#define NOTIFIER   0x8002u
#define NPI        9u
#define ROUNDS     50u
#define LIMIT_US   10000000u
#define OF_SECURE  (FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_SPM)
#define BIT_GLOBAL 0x00000001u /* of what the VM binds; the rest of the word is for its vCPUs */
#define BIT_VCPU   0x00010000u

static uint16_t self;
static bool done;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        guest_print("BROKEN on vCPU %u: %s", guest_vcpu(), what);
    }
    guest_expect(holds);
}

static struct guest_regs call(uint32_t fid, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    struct guest_regs regs = {{fid, a, b, c, d}};

    ffa_call(&regs);
    return regs;
}

static bool is_success(const struct guest_regs *regs)
{
    return (uint32_t)regs->x[0] == FFA_SUCCESS_32;
}

/* One command for the partition, as often as it takes: it serves others, too. */
static struct guest_regs command(uint32_t what, uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t end = guest_clock() + LIMIT_US;

    for (;;) {
        struct guest_regs regs = {
            {FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(self, NOTIFIER), 0, what, a, b, c}};

        ffa_call(&regs);
        while ((uint32_t)regs.x[0] == FFA_INTERRUPT || (uint32_t)regs.x[0] == FFA_YIELD) {
            regs = call(FFA_RUN, (uint32_t)regs.x[1], 0, 0, 0);
        }
        if ((uint32_t)regs.x[0] == FFA_MSG_SEND_DIRECT_RESP_32 || guest_clock() >= end) {
            return regs;
        }
        guest_yield();
    }
}

static void notify(uint32_t flags, uint32_t bit)
{
    struct guest_regs regs = command(COMMAND_NOTIFY, self, flags, bit);

    expect((int32_t)(uint32_t)regs.x[3] == FFA_OK, "the partition signals");
}

static uint32_t get(void)
{
    struct guest_regs regs =
        call(FFA_NOTIFICATION_GET, ffa_receiver_info_make(self, (uint16_t)guest_vcpu()), OF_SECURE,
             0, 0);

    expect(is_success(&regs), "FFA_NOTIFICATION_GET");
    return (uint32_t)regs.x[2];
}

/* vCPU 0 sleeps until it is signalled. */
static void check_global(void)
{
    guest_interrupt_enable(NPI);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        notify(0, BIT_GLOBAL);
        expect(guest_interrupt_await(NPI, round), "the interrupt for a notification");
        expect(get() == BIT_GLOBAL, "what was signalled");
        expect(get() == 0, "and that once");
    }
    expect(guest_interrupt_count(NPI) == ROUNDS, "no more interrupts than notifications");
}

/*
 * The other vCPUs wait for messages that never come. An interrupt that is taken before the wait
 * would not end it, so it is masked until then.
 */
static void wait_for_signals(void *argument)
{
    uint32_t bit = BIT_VCPU << guest_vcpu();
    uint32_t seen = 0;

    (void)argument;
    guest_interrupt_enable(NPI);
    while (seen < ROUNDS) {
        struct guest_regs regs;
        uint32_t bits;

        __asm__ volatile(MASK ::: "memory");
        bits = get();
        if (bits == 0) {
            regs = call(FFA_MSG_WAIT, 0, 0, 0, 0);
            expect((uint32_t)regs.x[0] == FFA_INTERRUPT, "the interrupt ends the wait");
        } else {
            expect(bits == bit, "no other vCPU's signal");
            seen++;
            __atomic_store_n(&done, true, __ATOMIC_RELEASE);
        }
        __asm__ volatile(UNMASK "\n isb" ::: "memory");
    }
}

static void check_vcpu(unsigned int vcpu)
{
    expect(guest_vcpu_start(vcpu, wait_for_signals, NULL), "a vCPU starts");
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t end = guest_clock() + LIMIT_US;

        __atomic_store_n(&done, false, __ATOMIC_RELEASE);
        notify(ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU, (uint16_t)vcpu),
               BIT_VCPU << vcpu);
        while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE) && guest_clock() < end) {
            guest_yield();
        }
        expect(__atomic_load_n(&done, __ATOMIC_ACQUIRE), "a vCPU's signal comes");
    }
    guest_vcpu_join(vcpu);
}

static void bind_own(uint32_t flags, uint32_t bits)
{
    struct guest_regs regs =
        call(FFA_NOTIFICATION_BIND, ffa_ids_make(NOTIFIER, self), flags, bits, 0);

    expect(is_success(&regs), "FFA_NOTIFICATION_BIND");
}

/* The partition is a receiver: it looks when it is run, and nobody but the hypervisor runs it. */
static void check_partition(void)
{
    uint32_t bit = 1u << self;
    uint64_t end = guest_clock() + LIMIT_US;
    uint32_t seen = 0;
    struct guest_regs regs = command(COMMAND_BIND, self, 0, bit);

    expect((int32_t)(uint32_t)regs.x[3] == FFA_OK, "the partition binds");
    regs = call(FFA_NOTIFICATION_SET, ffa_ids_make(self, NOTIFIER), 0, bit, 0);
    expect(is_success(&regs), "FFA_NOTIFICATION_SET");
    while ((seen & bit) == 0 && guest_clock() < end) {
        guest_yield();
        seen |= (uint32_t)command(COMMAND_NOTIFICATIONS, 0, 0, 0).x[5];
    }
    expect((seen & bit) != 0, "the partition has run, and has seen its signal");
}

static void become_member(void)
{
    (void)call(FFA_VERSION, FFA_VERSION_1_1, 0, 0, 0);
    self = (uint16_t)call(FFA_ID_GET, 0, 0, 0, 0).x[2];
}

void guest_main(void)
{
    become_member();
    bind_own(0, BIT_GLOBAL);
    bind_own(FFA_NOTIFICATION_BIND_PER_VCPU, BIT_VCPU << 1 | BIT_VCPU << 2);
    check_global();
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        check_vcpu(vcpu);
    }
    /* One VM alone: the partition tells what it has seen once. */
    if (guest_is_aarch64()) {
        check_partition();
    }
}
