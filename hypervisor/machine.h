/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's virt machine as this hypervisor uses it, and the limits that follow. Also read by the
 * assembler and the linker script.
 */
#ifndef MACHINE_H
#define MACHINE_H

#define GICD_BASE   0x08000000
#define GICR_BASE   0x080a0000
#define GICR_STRIDE 0x20000
#define GIC_END     0x09000000
#define UART_BASE   0x09000000

/* The PL011 at UART_BASE, also for boot.S. */
#define UART_CONTROL   0x30
#define UART_TRANSMITS 0x101

#define RAM_BASE 0x40000000
#define RAM_END  0x80000000
#define HYPERVISOR_BASE                                                        \
    0x40200000 /* the image; what follows it, up to the VMs' RAM, is ours too; \
                   what comes before it is the firmware's, for a device tree */
#define VM_RAM_BASE 0x48000000

/*
 * More RAM for VMs. What lies between is not used, so that the addresses of VMs, which may lie
 * there, are never physical ones; nor are function IDs and status codes.
 */
#define HIGH_RAM_BASE 0xc6000000
#define HIGH_RAM_END  0xff000000

#define PAGE_SHIFT 12
#define PAGE_BYTES 4096

#define CPUS_MAX    8
#define STACK_BYTES 16384 /* of each CPU, with an unmapped page below it */

/* Where a VM finds its console: the IPA of an emulated PL011. */
#define VM_UART_IPA   0x09000000
#define VM_UART_INTID 33

/* Its interrupt controller: the distributor, and a redistributor for each vCPU. */
#define VM_GICD_IPA    0x08000000
#define VM_GICR_IPA    0x080a0000
#define VM_GICR_STRIDE 0x20000

/* A VM's addresses have this many bits, as have ours. */
#define ADDRESS_BITS 39

#endif
