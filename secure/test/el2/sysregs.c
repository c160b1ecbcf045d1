/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

struct sysregs {
#define X(name) uint64_t name;
#include "sysregs.def"
#undef X
};

static void save(struct sysregs *regs)
{
#define X(name) regs->name = read(#name);
#include "sysregs.def"
#undef X
}

static bool equal(const struct sysregs *one, const struct sysregs *other)
{
    uint64_t differing = 0;

#define X(name) differing |= one->name ^ other->name;
#include "sysregs.def"
#undef X
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
