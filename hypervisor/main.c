/* SPDX-License-Identifier: BSD-3-Clause */
/* From the first line of C on each CPU to the first guest. */
#include "console.h"
#include "cpu.h"
#include "firmware.h"
#include "gicv3.h"
#include "registers.h"
#include "report.h"
#include "scheduler.h"
#include "stage2.h"
#include "timer.h"
#include "tree.h"
#include "vm.h"
#include "vms.h"
#include "work.h"

#define PARANGE_40_BITS 2 /* ID_AA64MMFR0_EL1.PARange */
#define PSCI_0_2        2

_Noreturn void main(void);
_Noreturn void main_secondary(unsigned int cpu);

static void init_cpu(void)
{
    gic_init_cpu();
    vgic_init_cpu();
    stage2_init_cpu();
    vcpu_init_cpu();
    work_init_cpu();
    cpu_ready();
}

static _Noreturn void run(void)
{
    guest_enter(scheduler_next());
}

void main_secondary(unsigned int cpu)
{
    cpu_init(cpu);
    init_cpu();
    run();
}

/* What the machine or its firmware lacks: one line, and the run has failed. */
static _Noreturn void refuse(const char *why)
{
    console_say("hyp", "cannot run here: %s", why);
    machine_exit(1);
}

/* The granule of 4 KiB at stage 2, which has a field of its own or is as at stage 1. */
static bool has_pages_of_4k(uint64_t mmfr0)
{
    uint64_t stage1 = bits(mmfr0, 28, 4);
    uint64_t stage2 = bits(mmfr0, 40, 4);

    return stage1 != 0xf && stage2 != 1;
}

static void check_cpu(void)
{
    uint64_t mmfr0 = register_read(id_aa64mmfr0_el1);

    if (bits(register_read(id_aa64mmfr2_el1), 40, 4) == 0) {
        refuse("this CPU has no FEAT_S2FWB; run with -cpu max");
    }
    if (!has_pages_of_4k(mmfr0) || bits(mmfr0, 0, 4) < PARANGE_40_BITS) {
        refuse("this CPU has no pages of 4 KiB, or fewer than 40 bits of address");
    }
    /* 0: HCR_EL2.E2H can be clear. A CPU that has no such field can do it, too. */
    if (bits(register_read(ID_AA64MMFR4_EL1), 24, 4) != 0) {
        refuse("this CPU has EL2 with VHE alone");
    }
    if (register_read(cntfrq_el0) == 0) {
        refuse("the firmware has not set CNTFRQ_EL0");
    }
}

static void check_gic(void)
{
    const char *why_not = gic_why_not();

    if (why_not != NULL) {
        refuse(why_not);
    }
    if (!cpu_is_the_first()) {
        refuse("the firmware has started another CPU than the first");
    }
}

static void check_lists(void)
{
    if (!vgic_is_possible()) {
        refuse("this CPU has too few list registers, or other than 5 priority bits");
    }
}

static void check_firmware(void)
{
    uint32_t psci = firmware_psci_version();

    /* From 0.2 on its functions have these numbers; an unknown function is -1. */
    if (psci < PSCI_0_2 || (int32_t)psci < 0) {
        refuse("the firmware has no PSCI 0.2 or later");
    }
}

static void check_ram(void)
{
    const char *why_not = tree_check();

    if (why_not != NULL) {
        refuse(why_not);
    }
}

static void check_table(void)
{
    struct table_fault fault = table_check(&table);

    if (fault.text == NULL) {
        return;
    }
    console_say("hyp", "table %s refused: VM 0x%x: %s", table.name, fault.id, fault.text);
    machine_exit(1);
}

/* The interrupt by which the Secure world asks for receivers of notifications to be run. */
static void enable_receivers(void)
{
    struct parley_status status;

    parley_status(vms_parley(), &status);
    if (status.sri_intid != 0 && !gic_enable_on_all(status.sri_intid)) {
        console_say("hyp",
                    "the Secure world's interrupt %u cannot be had: nobody is told of its "
                    "notifications",
                    status.sri_intid);
    }
}

/* In the order in which each can be found out: what a step needs was checked before it. */
void main(void)
{
    cpu_init(0);
    console_init();
    check_cpu();
    timer_init(table.seconds_max);
    check_gic();
    check_firmware();
    check_ram();
    check_table();
    scheduler_init();
    gic_init();
    init_cpu();
    check_lists();
    if (!vms_init()) {
        machine_exit(1);
    }
    cpu_start_others();
    enable_receivers();
    pl011_init_input();
    report_machine();
    if (!vms_create()) {
        machine_exit(1);
    }
    vms_start();
    run();
}
