/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "interrupts.h"
#include "cpu.h"
#include "gicv3.h"
#include "pl011.h"
#include "scheduler.h"
#include "vcpu.h"
#include "work.h"

static void take(unsigned int interrupt)
{
    struct vcpu *loaded = cpu_self()->loaded;

    switch (interrupt) {
    case GIC_SGI_KICK: /* it has woken this CPU, which will see for itself */
        break;
    case GIC_PPI_TIMER:
        scheduler_tick();
        break;
    case GIC_SPI_UART:
        pl011_take_input();
        break;
    case GIC_PPI_MAINTENANCE:
        if (loaded != NULL) {
            vgic_refill(loaded);
        }
        break;
    case GIC_PPI_VIRTUAL_TIMER:
        if (loaded != NULL) {
            vgic_timer_fired(loaded);
            gic_keep_active(interrupt);
            return;
        }
        break;
    default:
        work_add(WORK_RECEIVERS); /* the Secure world's: no other is enabled */
        break;
    }
    gic_end(interrupt);
}

void interrupts_take(void)
{
    unsigned int interrupt = gic_acknowledge();

    while (interrupt < GIC_SPURIOUS) {
        take(interrupt);
        interrupt = gic_acknowledge();
    }
}
