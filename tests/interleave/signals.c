/* SPDX-License-Identifier: BSD-3-Clause */
#include "signals.h"

#define LOOKERS 2u

#define ALL_KINDS                                                                   \
    (FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_SPM | \
     FFA_NOTIFICATION_GET_HYPERVISOR)

static struct world_vm *receiver(void)
{
    return &world.vms[SIGNAL_RECEIVER];
}

static struct parley_regs bind(uint32_t fid, unsigned int vcpu, uint16_t sender, uint32_t signals)
{
    uint32_t flags = (signals & SIGNAL_VCPU) != 0 ? FFA_NOTIFICATION_BIND_PER_VCPU : 0;

    return WORLD_CALL(receiver()->vm, vcpu, fid, ffa_ids_make(sender, SIGNAL_RECEIVER), flags,
                      signals);
}

struct parley_regs signal_bind(unsigned int vcpu, uint16_t sender, uint32_t signals)
{
    return bind(FFA_NOTIFICATION_BIND, vcpu, sender, signals);
}

struct parley_regs signal_unbind(unsigned int vcpu, uint16_t sender, uint32_t signals)
{
    return bind(FFA_NOTIFICATION_UNBIND, vcpu, sender, signals);
}

struct parley_regs signal_set(struct world_vm *of, uint32_t signals, unsigned int vcpu)
{
    uint32_t flags = (signals & SIGNAL_VCPU) != 0
                         ? ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU, (uint16_t)vcpu)
                         : 0;

    return WORLD_CALL(of->vm, 0, FFA_NOTIFICATION_SET, ffa_ids_make(of->id, SIGNAL_RECEIVER), flags,
                      signals);
}

/* --- Looking -------------------------------------------------------------- */

static void count(unsigned int got[WORLD_SIGNALS], uint64_t signals)
{
    for (unsigned int i = 0; i < WORLD_SIGNALS; i++) {
        got[i] += (signals >> i) & 1u;
    }
    EXPECT((signals & ~(uint64_t)SIGNAL_ALL) == 0, "signals %#llx are got",
           (unsigned long long)signals);
}

static struct parley_regs get(unsigned int vcpu, uint32_t kinds)
{
    struct parley_regs reply =
        WORLD_CALL(receiver()->vm, vcpu, FFA_NOTIFICATION_GET,
                   ffa_receiver_info_make(SIGNAL_RECEIVER, (uint16_t)vcpu), kinds);

    if (succeeded(&reply)) {
        count(world.got_of_partitions, reply.x[2] | reply.x[3] << 32);
        count(world.got_of_vms, reply.x[4] | reply.x[5] << 32);
    }
    return reply;
}

struct parley_regs signal_look_for(unsigned int vcpu, uint32_t kinds)
{
    (void)world_take_interrupts(receiver(), vcpu);
    return get(vcpu, kinds);
}

struct parley_regs signal_look(unsigned int vcpu)
{
    return signal_look_for(vcpu, ALL_KINDS);
}

/* --- For checks ----------------------------------------------------------- */

/* The vCPUs that are online, or of these, those that an interrupt pends for. */
static unsigned int online(bool interrupted_only)
{
    unsigned int set = 0;

    for (unsigned int i = 0; i < LOOKERS; i++) {
        const struct world_vcpu *vcpu = &receiver()->vcpu[i];

        if (vcpu->online != 0 && (!interrupted_only || (vcpu->signals & WORLD_NPI) != 0)) {
            set |= 1u << i;
        }
    }
    return set;
}

bool signal_is_interrupted(void)
{
    return online(true) != 0;
}

uint32_t signal_get_rest(void)
{
    unsigned int there = online(false);
    unsigned int interrupted = online(true);
    uint32_t all = 0;

    for (unsigned int i = 0; i < LOOKERS; i++) {
        struct parley_regs reply = get(i, ALL_KINDS);
        uint32_t rest = (uint32_t)(reply.x[2] | reply.x[4]);

        EXPECT(succeeded(&reply), "NOTIFICATION_GET is refused");
        EXPECT((rest & SIGNAL_GLOBALS) == 0 || interrupted != 0 || there == 0,
               "signals %#x pend, and no vCPU is interrupted", rest);
        EXPECT((rest & SIGNAL_VCPU) == 0 || (interrupted >> i & 1) != 0 || (there >> i & 1) == 0,
               "signals %#x pend for vCPU %u, which is not interrupted", rest, i);
        all |= rest;
    }
    return all;
}

static unsigned int sum(const unsigned int got[WORLD_SIGNALS], uint32_t signals)
{
    unsigned int times = 0;

    for (unsigned int i = 0; i < WORLD_SIGNALS; i++) {
        times += (signals >> i & 1) != 0 ? got[i] : 0;
    }
    return times;
}

unsigned int signal_got_of_vms(uint32_t signal)
{
    return sum(world.got_of_vms, signal);
}

unsigned int signal_got_of_partitions(uint32_t signal)
{
    return sum(world.got_of_partitions, signal);
}

void expect_got(unsigned int got, unsigned int set)
{
    EXPECT((got != 0) == (set != 0) && got <= set, "a signal is set %u times, and got %u times",
           set, got);
}
