/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that touches everything it does not have: devices, the memory of others, of its hypervisor
 * and of the Secure world, and system registers; by loads, stores and instruction fetches, and as
 * tables of its own. Each time it must be told so by an exception, exactly there, with nothing
 * else changed. Its place takes_faults, and has no FP/SIMD registers.
 */
#include "el1.h"
#include "poker_targets.h"
#include "probe.h"

#ifndef POKER_SECONDS
#define POKER_SECONDS 8u
#endif
#define ROUNDS_MIN 100u
#define PAUSE_US   2000u
#define VCPUS_MAX  2u
#define BROKEN_MAX 20u /* that are told */

#define FLAGS     UINT64_C(0xf0000000)
#define MODE      UINT64_C(0x1f)
#define MODE_EL1H UINT64_C(0x05)

#define EC_UNKNOWN     0x00u
#define EC_SVC         0x15u
#define EC_FETCH       0x21u
#define EC_DATA        0x25u
#define STATUS         0x3fu
#define STATUS_OUTSIDE 0x10u /* synchronous external abort */
#define STATUS_WALK    0x14u /* the same, on the way through tables; and the level */
#define ESR_WRITE      0x40u

struct poker {
    uint32_t *code; /* in a page where nobody else writes code: QEMU may miss that otherwise */
    struct probe probe;
    uint64_t expected[PROBE_REGISTERS];
    uint32_t round;
    uint32_t pokes;
    uint32_t faults;
    uint32_t broken;
};

static struct poker pokers[VCPUS_MAX];
static uint64_t end;

/* --- One probe -------------------------------------------------------------------------------- */

static unsigned int class_of(const struct poker *poker)
{
    return (unsigned int)(poker->probe.esr >> 26) & 0x3f;
}

/* A value of its own in each register, the address in x1. */
static void prepare(struct poker *poker, uint64_t entry, uint64_t address)
{
    struct probe *probe = &poker->probe;

    for (unsigned int i = 0; i < PROBE_REGISTERS; i++) {
        probe->x[i] = (uint64_t)(0x5a00 + i) << 48 | (uint64_t)poker->pokes << 8 | i;
    }
    probe->x[1] = address;
    probe->entry = entry;
    probe->spsr = (uint64_t)(poker->pokes % 16) << 28;
    for (unsigned int i = 0; i < PROBE_REGISTERS; i++) {
        poker->expected[i] = probe->x[i];
    }
    poker->pokes++;
}

static bool flags_are_kept(const struct poker *poker)
{
    uint64_t flags = (uint64_t)((poker->pokes - 1) % 16) << 28;

    return (poker->probe.spsr & (FLAGS | MODE)) == (flags | MODE_EL1H);
}

/* All but those that the instruction may have changed, one bit each. */
static bool registers_are_kept(const struct poker *poker, uint32_t changed)
{
    for (unsigned int i = 0; i < PROBE_REGISTERS; i++) {
        if ((changed >> i & 1) == 0 && poker->probe.x[i] != poker->expected[i]) {
            return false;
        }
    }
    return poker->probe.sp == poker->probe.caller_sp;
}

static void judge(struct poker *poker, bool holds, const char *what, uint64_t where)
{
    const struct probe *probe = &poker->probe;

    guest_expect(holds);
    if (!holds && poker->broken++ < BROKEN_MAX) {
        guest_print("BROKEN: %s, %#llx: ESR %#llx, FAR %#llx, ELR %#llx", what,
                    (unsigned long long)where, (unsigned long long)probe->esr,
                    (unsigned long long)probe->far, (unsigned long long)probe->elr);
    }
}

/* --- Addresses -------------------------------------------------------------------------------- */

static bool is_own_ram(uint64_t ipa)
{
    return ipa >= el1_boot.ipa && ipa - el1_boot.ipa < el1_boot.pages * FFA_PAGE_SIZE;
}

/* The instruction as it was prepared, and the exception that belongs to it. */
static bool is_fault_of(const struct poker *poker, const struct poker_form *form, uint64_t address)
{
    const struct probe *probe = &poker->probe;
    bool wrote = (probe->esr & ESR_WRITE) != 0;
    uint64_t far = form->is_block ? probe->far | 63 : probe->far;

    return class_of(poker) == EC_DATA && (probe->esr & STATUS) == STATUS_OUTSIDE &&
           (form->is_both || wrote == form->is_write) &&
           far == (form->is_block ? address | 63 : address) && probe->elr == probe->entry;
}

static void touch(struct poker *poker, const struct poker_form *form, uint64_t ipa,
                  const char *what)
{
    uint64_t address = el1_probe_address(ipa);

    if (is_own_ram(ipa)) {
        return;
    }
    el1_probe_instruction(poker->code, form->instruction);
    prepare(poker, (uintptr_t)poker->code, address - form->before);
    el1_probe(&poker->probe);
    poker->faults += class_of(poker) == EC_DATA;
    judge(poker,
          is_fault_of(poker, form, address) && registers_are_kept(poker, 0) &&
              flags_are_kept(poker),
          what, ipa);
}

/* What it has, but not so: by this instruction, here. */
static void touch_oddly(struct poker *poker, const struct poker_odd *odd)
{
    touch(poker, &odd->form, odd->ipa, "an odd access to a device of its own");
}

static void fetch(struct poker *poker, uint64_t ipa)
{
    const struct probe *probe = &poker->probe;
    uint64_t address = el1_probe_address(ipa & ~UINT64_C(3));

    if (is_own_ram(ipa)) {
        return;
    }
    prepare(poker, address, address);
    el1_probe(&poker->probe);
    poker->faults += class_of(poker) == EC_FETCH;
    judge(poker,
          class_of(poker) == EC_FETCH && (probe->esr & STATUS) == STATUS_OUTSIDE &&
              probe->far == address && probe->elr == address && registers_are_kept(poker, 0) &&
              flags_are_kept(poker),
          "an instruction fetch", ipa);
}

static bool is_status_of_walk(uint64_t esr)
{
    return (esr & STATUS) == STATUS_OUTSIDE || (esr & STATUS & ~UINT64_C(3)) == STATUS_WALK;
}

/* A table of its own is where it has nothing. Tables are the VM's, so that vCPU 0 alone does it. */
static void walk(struct poker *poker, uint64_t ipa)
{
    const struct probe *probe = &poker->probe;
    uint64_t address;

    if (guest_vcpu() != 0 || is_own_ram(ipa)) {
        return;
    }
    address = el1_probe_walk(ipa & ~UINT64_C(0xfff)) + ipa % FFA_PAGE_SIZE;
    el1_probe_instruction(poker->code, poker_forms[0].instruction);
    prepare(poker, (uintptr_t)poker->code, address);
    el1_probe(&poker->probe);
    poker->faults += class_of(poker) == EC_DATA;
    judge(poker,
          class_of(poker) == EC_DATA && is_status_of_walk(probe->esr) && probe->far == address &&
              probe->elr == probe->entry && registers_are_kept(poker, 0) && flags_are_kept(poker),
          "a table of its own", ipa);
}

/* --- Instructions ----------------------------------------------------------------------------- */

static void execute(struct poker *poker, uint32_t instruction)
{
    const struct probe *probe = &poker->probe;

    el1_probe_instruction(poker->code, instruction);
    prepare(poker, (uintptr_t)poker->code, 0);
    el1_probe(&poker->probe);
    poker->faults += class_of(poker) == EC_UNKNOWN;
    judge(poker,
          class_of(poker) == EC_UNKNOWN && probe->elr == probe->entry &&
              registers_are_kept(poker, 0) && flags_are_kept(poker),
          "an instruction that there is not", instruction);
}

/* The probe itself: what is no fault is none, and changes what it should. */
static void execute_well(struct poker *poker)
{
    el1_probe_instruction(poker->code, POKER_MOV_X5_X6);
    prepare(poker, (uintptr_t)poker->code, 0);
    el1_probe(&poker->probe);
    judge(poker,
          class_of(poker) == EC_SVC && poker->probe.elr == poker->probe.entry + 8 &&
              poker->probe.x[5] == poker->expected[6] && registers_are_kept(poker, 1u << 5) &&
              flags_are_kept(poker),
          "an instruction that is none of these", POKER_MOV_X5_X6);
}

/* --- Rounds ----------------------------------------------------------------------------------- */

/* Somewhere in the page, another place each time, as the instruction wants it to be aligned. */
static uint64_t place(const struct poker *poker, const struct poker_form *form, uint64_t page)
{
    uint64_t offset = poker->pokes * UINT64_C(0x1f3) % (FFA_PAGE_SIZE - 64);

    return page + (form->is_aligned ? offset & ~UINT64_C(63) : offset);
}

static void poke_addresses(struct poker *poker)
{
    for (unsigned int i = 0; i < poker_page_count; i++) {
        const struct poker_form *form = &poker_forms[(poker->round + i) % poker_form_count];
        uint64_t ipa = place(poker, form, poker_pages[i]);

        touch(poker, form, ipa, "an access");
        fetch(poker, ipa);
        if ((poker->round + i) % 8 == 0) {
            walk(poker, ipa);
        }
    }
}

static void poke_instructions(struct poker *poker)
{
    for (unsigned int i = 0; i < poker_register_count; i++) {
        execute(poker, poker_registers[i] | POKER_MRS | 5);
        execute(poker, poker_registers[i] | POKER_MSR | 5);
    }
    for (unsigned int i = 0; i < poker_instruction_count; i++) {
        execute(poker, poker_instructions[i]);
    }
}

static bool is_same(const uint64_t *a, const uint64_t *b)
{
    for (unsigned int i = 0; i < EL1_STATE_WORDS; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static void poke(void *argument)
{
    struct poker *poker = argument;
    uint64_t before[EL1_STATE_WORDS];
    uint64_t after[EL1_STATE_WORDS];

    poker->code = guest_pages(1);
    el1_open_extensions();
    guest_timer(PAUSE_US);
    while (poker->round < ROUNDS_MIN || guest_clock() < end) {
        uint32_t ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER);

        el1_state(before);
        poke_addresses(poker);
        poke_instructions(poker);
        for (unsigned int i = 0; i < poker_odd_count; i++) {
            touch_oddly(poker, &poker_odds[i]);
        }
        execute_well(poker);
        el1_state(after);
        judge(poker, is_same(before, after), "the registers of EL1", poker->round);
        (void)guest_interrupt_await(GUEST_INTERRUPT_TIMER, ticks + 1);
        poker->round++;
    }
    guest_timer(0);
}

void guest_main(void)
{
    bool two = guest_vcpus() > 1;

    end = guest_clock() + POKER_SECONDS * UINT64_C(1000000);
    if (two) {
        guest_expect(guest_vcpu_start(1, poke, &pokers[1]));
    }
    poke(&pokers[0]);
    if (two) {
        guest_vcpu_join(1);
    }
    guest_print("%u rounds: poked %u times at what it does not have, and was told so %u times",
                pokers[0].round + pokers[1].round, pokers[0].pokes + pokers[1].pokes,
                pokers[0].faults + pokers[1].faults);
}
