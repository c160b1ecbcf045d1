/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

/* Registers of EL1 and EL2 that a visit to S-EL1 could spoil. ELR, SPSR and SP are taken away. */
#define SYSREGS(X)                                                                                 \
    X(actlr_el1)                                                                                   \
    X(cpacr_el1)                                                                                   \
    X(ttbr0_el1)                                                                                   \
    X(ttbr1_el1)                                                                                   \
    X(tcr_el1) X(mair_el1) X(amair_el1) X(vbar_el1) X(esr_el1) X(far_el1) X(afsr0_el1)             \
        X(afsr1_el1) X(elr_el1) X(sp_el0) X(sp_el1) X(tpidr_el0) X(tpidrro_el0) X(tpidr_el1)       \
            X(contextidr_el1) X(cntkctl_el1) X(spsr_el1) X(sctlr_el1) X(csselr_el1) X(par_el1)     \
                X(tpidr_el2) X(vttbr_el2) X(elr_el2) X(spsr_el2) X(far_el2) X(esr_el2) X(hcr_el2)  \
                    X(vbar_el2) X(sctlr_el2) X(cptr_el2) X(mdcr_el2) X(cnthctl_el2) X(cntvoff_el2) \
                        X(mair_el2) X(tcr_el2) X(ttbr0_el2) X(vmpidr_el2) X(s3_0_c4_c6_0)          \
                            X(s3_0_c12_c12_7)

#define MEMBER(name) uint64_t name;
#define SAVE(name)   regs->name = read(#name);
#define DIFFER(name) differing |= before->name ^ after->name;

struct sysregs {
    SYSREGS(MEMBER)
};

static void save(struct sysregs *regs)
{
    SYSREGS(SAVE)
}

static bool equal(const struct sysregs *before, const struct sysregs *after)
{
    uint64_t differing = 0;

    SYSREGS(DIFFER)
    return differing == 0;
}

static void fill(void)
{
    write("ttbr0_el1", 0x12345000);
    write("ttbr1_el1", 0x54321000);
    write("tcr_el1", 0x10);
    write("mair_el1", 0x4400bb);
    write("vbar_el1", 0x45678800);
    write("esr_el1", 0x56000000);
    write("far_el1", 0xfeedface0000);
    write("elr_el1", 0x40201234);
    write("spsr_el1", 0x3c5);
    write("sp_el0", 0x1110);
    write("sp_el1", 0x2220);
    write("tpidr_el0", 0x333);
    write("tpidrro_el0", 0x444);
    write("tpidr_el1", 0x555);
    write("contextidr_el1", 0x666);
    write("cpacr_el1", 3 << 20);
    write("tpidr_el2", 0x777);
    write("vttbr_el2", 0x888000);
}

static struct sysregs before;

void sysregs_begin(void)
{
    fill();
    save(&before);
}

void sysregs_end(const char *what)
{
    struct sysregs after;

    save(&after);
    check(equal(&before, &after), what);
}
