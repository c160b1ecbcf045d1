/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine: QEMU's `virt` with secure=on,virtualization=on,gic-version=3, and what the monitor
 * makes of its memory. Read by C, assembly and the linker script.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

/* Secure: code in flash, from where all CPUs start; all else in RAM. */
#define SECURE_FLASH_PA    0x00000000
#define SECURE_FLASH_BYTES 0x00200000 /* as much of the 64 MiB as the monitor may fill */
#define SECURE_RAM_PA      0x0e000000
#define SECURE_RAM_BYTES   0x01000000

/* The first 4 MiB are the monitor's and the SPMC's; partitions at S-EL1 have the rest. */
#define MONITOR_RAM_BYTES    0x00400000
#define PARTITIONS_RAM_PA    (SECURE_RAM_PA + MONITOR_RAM_BYTES)
#define PARTITIONS_RAM_BYTES (SECURE_RAM_BYTES - MONITOR_RAM_BYTES)

/* Non-secure. QEMU leaves its device tree at the start of RAM (-m 1G at least). */
#define NORMAL_RAM_PA   0x40000000
#define NORMAL_RAM_MIN  0x40000000
#define NORMAL_RAM_MAX  0xc0000000 /* what there is more stays unused */
#define NORMAL_ENTRY_PA 0x40200000 /* EL2 starts here, on CPU 0 */

/* Devices */
#define DEVICES_PA     0x08000000
#define DEVICES_BYTES  0x02000000
#define GICD_PA        0x08000000
#define GICR_PA        0x080a0000
#define GICR_BYTES     0x00020000 /* for each CPU */
#define NORMAL_UART_PA 0x09000000
#define SECURE_UART_PA 0x09040000

#define CPUS_MAX        8 /* more than these stay parked, unknown to PSCI */
#define CPU_STACK_SHIFT 13
#define CPU_STACK_BYTES (1 << CPU_STACK_SHIFT)

/* The SGI that wakes a parked CPU. Secure; EL2 has SGIs 0 to 14. */
#define WAKE_SGI 15

/* The SGI that tells EL2 that somebody has notifications. Non-secure, as all are that EL2 has. */
#define SRI_SGI 8

/* The Secure physical timer of each CPU. It belongs to the partition at S-EL1. */
#define SECURE_TIMER_INTID 29

/* Priorities, as the Secure side sees them. The Non-secure side has the lower half, from 0x80 on.
 */
#define PRIORITY_ALL          0xff /* of the mask: lets everything through */
#define PRIORITY_SECURE       0x80 /* of the mask: lets Secure interrupts through, no others */
#define PRIORITY_SECURE_TIMER 0x40

/* SMC of a partition that had an exception: x0 to x2 are ESR, ELR and FAR. */
#define SEL1_PANIC_IMMEDIATE 1

/* How a run ends that the monitor ends (semihosting). SYSTEM_OFF is success. */
#define EXIT_SYSTEM_OFF   0
#define EXIT_SYSTEM_RESET 2 /* no restart: whoever did not expect it shall notice */
#define EXIT_PANIC        3

#endif
