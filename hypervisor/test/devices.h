/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of a VM's devices have in common. They take no interrupts: with IRQs masked they
 * look at what the CPU interface has for them, and so are sure when that is. DEVICES_MOVED: the
 * devices are not where programs for this hypervisor expect them.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include <guest.h>

#include "system.h"

/* As an IPA; and as an address, which is the same, or far away where every IPA is mapped. */
#ifdef DEVICES_MOVED
#define GICD_IPA    UINT64_C(0x302340000)
#define GICR_IPA    UINT64_C(0x1f0000)
#define UART_IPA    UINT64_C(0x40001000)
#define UART_INTID  63u
#define DEVICE(ipa) ((uintptr_t)(ipa) + UINT64_C(0x4000000000))
#else
#define GICD_IPA    0x08000000u
#define GICR_IPA    0x080a0000u
#define UART_IPA    0x09000000u
#define UART_INTID  33u
#define DEVICE(ipa) ((uintptr_t)(ipa))
#endif

#define GICD       DEVICE(GICD_IPA)
#define GICR(vcpu) (DEVICE(GICR_IPA) + 0x20000u * (vcpu))
#define SGIS(vcpu) (GICR(vcpu) + 0x10000u)
#define UART       DEVICE(UART_IPA)

#define GICD_CTLR      0x0000u
#define GICD_TYPER     0x0004u
#define GICD_IIDR      0x0008u
#define GICD_TYPER2    0x000cu
#define GICD_IGROUPR   0x0080u
#define GICD_ISENABLER 0x0100u
#define GICD_ICENABLER 0x0180u
#define GICD_ISPENDR   0x0200u
#define GICD_ICPENDR   0x0280u
#define GICD_ISACTIVER 0x0300u
#define GICD_ICACTIVER 0x0380u
#define GICD_IPRIORITY 0x0400u
#define GICD_ICFGR     0x0c00u
#define GICD_SGIR      0x0f00u
#define GICD_IROUTER   0x6000u
#define PIDR2          0xffe8u
#define CTLR_RWP       0x80000000u

#define UARTDR   0x00u
#define UARTIMSC 0x38u
#define UARTRIS  0x3cu
#define UARTMIS  0x40u
#define UARTICR  0x44u
#define UART_TX  0x20u

#define NONE     1023u
#define PATIENCE 2000000u /* microseconds for what must come */
#define MOMENT   2000u    /* for what must not, where it would come from another vCPU */

/*
 * Loads and stores that the CPU decodes for the hypervisor: a compiler might take such as move the
 * address on, too.
 */
#ifdef __aarch64__
#define WORD "%w0"
#else
#define WORD "%0"
#endif

static inline uint32_t read(uintptr_t address)
{
    uint32_t value;

    __asm__ volatile("ldr " WORD ", [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void write(uintptr_t address, uint32_t value)
{
    __asm__ volatile("str " WORD ", [%1]" ::"r"(value), "r"(address) : "memory");
}

static inline uint8_t read_byte(uintptr_t address)
{
    uint32_t value;

    __asm__ volatile("ldrb " WORD ", [%1]" : "=r"(value) : "r"(address) : "memory");
    return (uint8_t)value;
}

static inline void write_byte(uintptr_t address, uint8_t value)
{
    __asm__ volatile("strb " WORD ", [%1]" ::"r"((uint32_t)value), "r"(address) : "memory");
}

#ifdef __aarch64__
static inline uint64_t read_pair(uintptr_t address)
{
    uint64_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void write_pair(uintptr_t address, uint64_t value)
{
    __asm__ volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
}
#endif

/* The distributor's registers with a bit for each interrupt. */
static inline uint32_t bit(unsigned int intid)
{
    return 1u << intid % 32;
}

static inline uintptr_t gicd(uint32_t bank, unsigned int intid)
{
    return GICD + bank + intid / 32 * 4;
}

static inline bool is_set(uint32_t bank, unsigned int intid)
{
    return (read(gicd(bank, intid)) & bit(intid)) != 0;
}

static inline void set(uint32_t bank, unsigned int intid)
{
    write(gicd(bank, intid), bit(intid));
}

/* The transmit interrupt. A carriage return is transmitted, and not seen. */
static inline void raise_line(void)
{
    write(UART + UARTIMSC, UART_TX);
    write(UART + UARTDR, '\r');
}

static inline void lower_line(void)
{
    write(UART + UARTICR, UART_TX);
}

/* One line, on the port that is tested, where guest_print() may not find it. */
static inline void put(const char *text)
{
    while (*text != '\0') {
        write(UART + UARTDR, (unsigned char)*text++);
    }
}

static inline void say(const char *text)
{
    put(text);
    write(UART + UARTDR, '\n');
}

static inline void expect(bool holds, const char *what)
{
    if (!holds) {
        say("BROKEN:");
        say(what);
    }
    guest_expect(holds);
}

static inline void mask_interrupts(void)
{
    __asm__ volatile(MASK ::: "memory");
}

/* What the CPU interface hands out now; it is active then. */
static inline uint32_t next(void)
{
    return read_icc_iar1();
}

static inline uint32_t await(void)
{
    uint64_t end = guest_clock() + PATIENCE;
    uint32_t intid;

    do {
        intid = next();
    } while (intid == NONE && guest_clock() < end);
    return intid;
}

static inline void pass(uint32_t microseconds)
{
    uint64_t end = guest_clock() + microseconds;

    while (guest_clock() < end) {
    }
}

static inline void end(uint32_t intid)
{
    write_icc_eoir1(intid);
}

/* What has come is taken, and ended; nothing else may follow at once. */
static inline void expect_next(uint32_t intid, const char *what)
{
    expect(next() == intid, what);
    if (intid != NONE) {
        end(intid);
    }
}

/* This vCPU takes what has any priority. */
static inline void open_interface(void)
{
    mask_interrupts();
    write_icc_pmr(0xff);
    write_icc_igrpen1(1);
}

#endif
