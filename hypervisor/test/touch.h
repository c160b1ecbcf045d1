/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses that may end in an abort, and say so. The handler goes on behind the access, or, if it
 * was a call, behind that. It needs no stack, and takes no interrupt's registers: the latter are
 * taken where the platform takes them.
 */
#ifndef TOUCH_H
#define TOUCH_H

#include <guest.h>

struct touch {
    uint32_t value;
    uint32_t fault;   /* 0, or the syndrome: ESR_EL1, DFSR or IFSR */
    uint32_t address; /* of the abort */
};

#ifdef __aarch64__

#define TOUCH_LOAD_ABORTED  0x96000010u /* data abort of EL1, external, not of a walk */
#define TOUCH_STORE_ABORTED 0x96000050u
#define TOUCH_CALL_ABORTED  0x86000010u

__asm__(".section .text.touch, \"ax\"\n"
        ".balign 0x800\n"
        "touch_vectors:\n"
        ".org touch_vectors + 0x200\n"
        "    mrs x1, esr_el1\n"
        "    mrs x2, far_el1\n"
        "    mrs x3, elr_el1\n"
        "    add x3, x3, #4\n"
        "    ubfx x4, x1, #26, #6\n"
        "    cmp x4, #0x21\n" /* instruction abort */
        "    csel x3, x30, x3, eq\n"
        "    msr elr_el1, x3\n"
        "    eret\n"
        ".org touch_vectors + 0x280\n"
        "    b el1_vectors + 0x280\n"
        ".org touch_vectors + 0x800\n"
        ".previous\n");

static inline void touch_init(void)
{
    __asm__ volatile("adr x0, touch_vectors\n"
                     "msr vbar_el1, x0\n"
                     "isb" ::
                         : "x0", "memory");
}

#define TOUCH_VALUE 5
#define TOUCH_REGISTER_OF(number, name, start) \
    register uintptr_t name __asm__("x" #number) = (start)
#define TOUCH_LOAD  "ldr w0, [x0]"
#define TOUCH_STORE "str w5, [x0]"
#define TOUCH_CALL  "blr x0"
#define TOUCH_CLOBBERS                                                                          \
    "x3", "x4", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", \
        "x30", "cc", "memory"

#else

#define TOUCH_LOAD_ABORTED  0x008u
#define TOUCH_STORE_ABORTED 0x808u
#define TOUCH_CALL_ABORTED  0x008u

/* SPSR_abt is not looked at: QEMU has something else in it (abort.c). */
__asm__(".section .text.touch, \"ax\"\n"
        ".syntax unified\n"
        ".arm\n"
        ".balign 32\n"
        "touch_vectors:\n"
        "    b el1_vectors\n"
        "    b el1_vectors + 0x4\n"
        "    b el1_vectors + 0x8\n"
        "    b touch_prefetch\n"
        "    b touch_data\n"
        "    b el1_vectors + 0x14\n"
        "    b el1_vectors + 0x18\n"
        "    b el1_vectors + 0x1c\n"
        "touch_prefetch:\n"
        "    mrc p15, 0, r1, c5, c0, 1\n"
        "    mrc p15, 0, r2, c6, c0, 2\n"
        "    cps #0x13\n"
        "    bx lr\n"
        "touch_data:\n"
        "    sub r3, lr, #4\n"
        "    mrc p15, 0, r1, c5, c0, 0\n"
        "    mrc p15, 0, r2, c6, c0, 0\n"
        "    cps #0x13\n"
        "    bx r3\n"
        ".previous\n");

static inline void touch_init(void)
{
    __asm__ volatile("ldr r0, =touch_vectors\n"
                     "mcr p15, 0, r0, c12, c0, 0\n"
                     "isb" ::
                         : "r0", "memory");
}

#define TOUCH_VALUE 4
#define TOUCH_REGISTER_OF(number, name, start) \
    register uintptr_t name __asm__("r" #number) = (start)
#define TOUCH_LOAD     "ldr r0, [r0]"
#define TOUCH_STORE    "str r4, [r0]"
#define TOUCH_CALL     "blx r0"
#define TOUCH_CLOBBERS "r3", "ip", "lr", "cc", "memory"

#endif

#define TOUCH_REGISTER(number, name, start) TOUCH_REGISTER_OF(number, name, start)

/* What the instruction takes as its value; an abort leaves its syndrome and address in the rest. */
#define TOUCH(instruction, where, what)                                                \
    do {                                                                               \
        TOUCH_REGISTER(0, first, where);                                               \
        TOUCH_REGISTER(1, syndrome, 0);                                                \
        TOUCH_REGISTER(2, address, 0);                                                 \
        TOUCH_REGISTER(TOUCH_VALUE, value, what);                                      \
                                                                                       \
        __asm__ volatile(instruction                                                   \
                         : "+r"(first), "+r"(syndrome), "+r"(address), "+r"(value)     \
                         :                                                             \
                         : TOUCH_CLOBBERS);                                            \
        return (struct touch){(uint32_t)first, (uint32_t)syndrome, (uint32_t)address}; \
    } while (0)

static inline struct touch touch_load(uintptr_t where)
{
    TOUCH(TOUCH_LOAD, where, 0);
}

static inline struct touch touch_store(uintptr_t where, uint32_t what)
{
    TOUCH(TOUCH_STORE, where, what);
}

static inline struct touch touch_call(uintptr_t where)
{
    TOUCH(TOUCH_CALL, where, 0);
}

#endif
