/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way to S-EL1 and back. It is a call like any other for the code at EL3: the Normal world's
 * registers that S-EL1 has too are put away before it, and are back after it.
 */
#include "sel1.h"

#include "../partitions/sel1/layout.h"
#include "arch.h"

#define VECTOR_LOWER_SYNC 8
#define VECTOR_LOWER_FIQ  10

#define ESR_CLASS_SHIFT    26
#define ESR_CLASS_SMC64    0x17
#define ESR_IMMEDIATE_MASK 0xffffu

#define SPSR_EL1H_ALL_MASKED 0x3c5
#define SCTLR_EL1_OFF        0x30d00980

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

extern const uint8_t sel1_image[], sel1_image_end[]; /* image.S */

static struct sel1_context contexts[CPUS_MAX];

/* To where the CPUs read their instructions from, past the caches that they were written to. */
static void publish_code(void)
{
    for (uintptr_t at = SEL1_CODE_PA; at < SEL1_CODE_PA + SEL1_BYTES; at += CACHE_LINE_BYTES) {
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    dsb();
    __asm__ volatile("ic ialluis" : : : "memory");
    dsb();
    isb();
}

void sel1_init(void)
{
    const size_t bytes = (size_t)(sel1_image_end - sel1_image);
    uint8_t *to = (uint8_t *)SEL1_CODE_PA;

    memcpy(to, sel1_image, bytes);
    memset(to + bytes, 0, SEL1_BYTES - bytes);
    publish_code();
}

static void save(struct sel1_sysregs *sysregs)
{
#define X(name) sysregs->r_##name = read_sysreg(name);
#include "sel1_sysregs.def"
#undef X
}

static void restore(const struct sel1_sysregs *sysregs)
{
#define X(name) write_sysreg(name, sysregs->r_##name);
#include "sel1_sysregs.def"
#undef X
    isb();
}

static void make_cold(struct sel1_context *context, unsigned int index)
{
    *context = (struct sel1_context){
        .x = {index},
        .sysregs = {.r_sctlr_el1 = SCTLR_EL1_OFF,
                    .r_elr_el3 = SEL1_CODE_PA,
                    .r_spsr_el3 = SPSR_EL1H_ALL_MASKED,
                    .r_ICC_PMR_EL1 = PRIORITY_SECURE},
    };
}

/* The partition is broken, and says so, or does what it must not. */
static _Noreturn void panic(const struct sel1_context *context, unsigned int vector, uint64_t esr)
{
    if ((esr & ESR_IMMEDIATE_MASK) == SEL1_PANIC_IMMEDIATE) {
        panic_exception(vector, context->x[0], context->x[1], context->x[2], context->x[30]);
    }
    panic_exception(vector, esr, context->sysregs.r_elr_el3, 0, context->x[30]);
}

/* Once at S-EL1 and back, with nothing said about why. */
static unsigned int visit(struct sel1_context *context)
{
    struct sel1_sysregs normal;
    unsigned int vector;

    save(&normal);
    restore(&context->sysregs);
    el3_choose(WORLD_SECURE);
    vector = sel1_switch(context);
    save(&context->sysregs);
    el3_choose(WORLD_NORMAL);
    restore(&normal);
    return vector;
}

enum spmc_exit sel1_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX])
{
    struct sel1_context *context = &contexts[entry->context];
    unsigned int vector;
    uint64_t esr;

    if (entry->kind == SPMC_ENTRY_COLD) {
        make_cold(context, entry->context);
    } else if (entry->kind == SPMC_ENTRY_RETURN) {
        memcpy(context->x, regs, FFA_REGS_MAX * sizeof(regs[0]));
    }
    do {
        vector = visit(context);
        /* An interrupt that went away before it was looked at interrupts nothing. */
    } while (vector == VECTOR_LOWER_FIQ && gic_pending() != GIC_PENDING_NORMAL);
    if (vector == VECTOR_LOWER_FIQ) {
        return SPMC_EXIT_PREEMPTED;
    }
    esr = read_sysreg(esr_el3);
    if (vector != VECTOR_LOWER_SYNC || esr >> ESR_CLASS_SHIFT != ESR_CLASS_SMC64 ||
        (esr & ESR_IMMEDIATE_MASK) != 0) {
        panic(context, vector, esr);
    }
    memcpy(regs, context->x, FFA_REGS_MAX * sizeof(regs[0]));
    return SPMC_EXIT_CALL;
}
