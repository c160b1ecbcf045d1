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
#include "vm.h"
#include "work.h"

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

static void check_cpu(void)
{
    if (bits(register_read(id_aa64mmfr2_el1), 40, 4) == 0) {
        console_say("hyp", "this CPU has no FEAT_S2FWB; run with -cpu max");
        machine_exit(1);
    }
}

static void check_gic(void)
{
    if (!vgic_is_possible()) {
        console_say("hyp", "this CPU has too few list registers, or other than 5 priority bits");
        machine_exit(1);
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
    if (status.sri_intid != 0) {
        gic_enable_on_all(status.sri_intid);
    }
}

void main(void)
{
    cpu_init(0);
    console_init();
    timer_init(table.seconds_max);
    check_cpu();
    check_table();
    scheduler_init();
    gic_init();
    init_cpu();
    check_gic();
    if (!vms_init()) {
        machine_exit(1);
    }
    cpu_start_others();
    enable_receivers();
    report_machine();
    if (!vms_create()) {
        machine_exit(1);
    }
    vms_start();
    run();
}
