/* SPDX-License-Identifier: BSD-3-Clause */
#include "poker_targets.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- Accesses --------------------------------------------------------------------------------- */

#define LOAD_BYTE   0x39400022u /* ldrb w2, [x1] */
#define LOAD_HALF   0x79400022u /* ldrh w2, [x1] */
#define LOAD_WORD   0xb9400022u /* ldr w2, [x1] */
#define LOAD_LONG   0xf9400022u /* ldr x2, [x1] */
#define STORE_BYTE  0x39000022u
#define STORE_HALF  0x79000022u
#define STORE_WORD  0xb9000022u
#define STORE_LONG  0xf9000022u
#define LOAD_SIGNED 0xb9800022u /* ldrsw x2, [x1] */

const struct poker_form poker_forms[] = {
    {.instruction = LOAD_WORD},
    {.instruction = STORE_WORD, .is_write = true},
    {.instruction = LOAD_BYTE},
    {.instruction = STORE_BYTE, .is_write = true},
    {.instruction = LOAD_HALF},
    {.instruction = STORE_HALF, .is_write = true},
    {.instruction = LOAD_LONG},
    {.instruction = STORE_LONG, .is_write = true},
    {.instruction = LOAD_SIGNED},
    {.instruction = 0xa9400c22u},                                       /* ldp x2, x3, [x1] */
    {.instruction = 0xa9000c22u, .is_write = true},                     /* stp x2, x3, [x1] */
    {.instruction = 0xf8408422u},                                       /* ldr x2, [x1], #8 */
    {.instruction = 0xf8008c22u, .is_write = true, .before = 8},        /* str x2, [x1, #8]! */
    {.instruction = 0xc85f7c22u, .is_aligned = true},                   /* ldxr x2, [x1] */
    {.instruction = 0x88dffc22u, .is_aligned = true},                   /* ldar w2, [x1] */
    {.instruction = 0x889ffc22u, .is_write = true, .is_aligned = true}, /* stlr w2, [x1] */
    {.instruction = 0xf8220023u, .is_both = true, .is_aligned = true},  /* ldadd x2, x3, [x1] */
    {.instruction = 0xc8a27c23u, .is_both = true, .is_aligned = true},  /* cas x2, x3, [x1] */
    {.instruction = 0xd50b7421u,
     .is_both = true,
     .is_aligned = true,
     .is_block = true}, /* dc zva */
};

const unsigned int poker_form_count = COUNT(poker_forms);

/* Of QEMU's virt machine, and what runs on it. */
const uint64_t poker_pages[] = {
    0x00000000,                                      /* flash: the monitor */
    0x00001000,  0x04000000,                         /* flash */
    0x08010000,                                      /* GICC, of a GICv2 */
    0x08020000,                                      /* GICv2m */
    0x08030000,                                      /* GICH */
    0x08040000,                                      /* GICV */
    0x08080000,                                      /* ITS */
    0x08090000,  0x080e0000,                         /* redistributors that others have */
    0x08100000,  0x08180000, 0x08fff000, 0x09001000, /* behind the serial port */
    0x0900f000,  0x09010000,                         /* clock */
    0x09020000,                                      /* fw_cfg */
    0x09030000,                                      /* GPIO */
    0x09040000,                                      /* the Secure world's serial port */
    0x09050000,                                      /* SMMU */
    0x0a000000,                                      /* virtio */
    0x0b000000,                                      /* GPIO of the Secure world */
    0x0c000000,                                      /* platform bus */
    0x0e000000,                                      /* the Secure world's RAM */
    0x0e100000,  0x0efff000, 0x10000000,             /* PCIe */
    0x3eff0000,  0x3f000000, 0x40000000,             /* the machine's device tree */
    0x40200000,                                      /* the hypervisor: its first instruction */
    0x40210000,  0x40400000,                         /* its memory */
    0x41000000,  0x44000000, 0x47fff000, 0x48000000, /* the RAM of VMs */
    0x48001000,  0x48200000, 0x49000000, 0x60000000, 0x7ffff000,
    0xc6000000,  0xc7654000, 0xfefff000, 0xff000000, /* behind it */
    0x100000000,

};

const unsigned int poker_page_count = COUNT(poker_pages);

#define GICD 0x08000000u
#define GICR 0x080a0000u
#define UART 0x09000000u

const struct poker_odd poker_odds[] = {
    {GICD, {.instruction = LOAD_BYTE}}, /* GICD_CTLR */
    {GICD + 1, {.instruction = LOAD_WORD}},
    {GICD + 2, {.instruction = STORE_HALF, .is_write = true}},
    {GICD + 0x104, {.instruction = STORE_BYTE, .is_write = true}}, /* GICD_ISENABLER1 */
    {GICD + 0x422, {.instruction = LOAD_HALF}},                    /* GICD_IPRIORITYR */
    {GICD + 0x423, {.instruction = STORE_WORD, .is_write = true}},
    {GICD + 0x6103, {.instruction = LOAD_LONG}}, /* GICD_IROUTER */
    {GICD + 0xfffe, {.instruction = LOAD_WORD}}, /* into the next frame */
    {GICD, {.instruction = LOAD_SIGNED}},
    {GICD, {.instruction = 0xa9400c22u}}, /* ldp */
    {GICD, {.instruction = 0xa9000c22u, .is_write = true}},
    {GICR, {.instruction = LOAD_BYTE}}, /* GICR_CTLR */
    {GICR + 0x14, {.instruction = STORE_LONG, .is_write = true}},
    {GICR + 0x9, {.instruction = LOAD_WORD}},
    {GICR + 0x10100, {.instruction = LOAD_LONG}}, /* GICR_ISENABLER0 */
    {GICR + 0x10102, {.instruction = STORE_WORD, .is_write = true}},
    {GICR + 0x10402, {.instruction = STORE_HALF, .is_write = true}},
    {UART, {.instruction = LOAD_LONG}},
    {UART + 1, {.instruction = LOAD_HALF}},
    {UART + 2, {.instruction = STORE_WORD, .is_write = true}},
    {UART, {.instruction = LOAD_SIGNED}},
    {UART, {.instruction = 0xf8220023u, .is_both = true}}, /* ldadd */
};

const unsigned int poker_odd_count = COUNT(poker_odds);

/* --- Instructions ----------------------------------------------------------------------------- */

#define REGISTER(op0, op1, crn, crm, op2) \
    (0xd5100000u | ((op0)-2u) << 19 | (op1) << 16 | (crn) << 12 | (crm) << 8 | (op2) << 5)

const uint32_t poker_registers[] = {
    REGISTER(3u, 3u, 9u, 12u, 0u),                                /* PMCR_EL0 */
    REGISTER(3u, 3u, 9u, 13u, 0u),                                /* PMCCNTR_EL0 */
    REGISTER(3u, 3u, 9u, 12u, 5u),                                /* PMSELR_EL0 */
    REGISTER(3u, 3u, 9u, 14u, 0u),                                /* PMUSERENR_EL0 */
    REGISTER(3u, 0u, 9u, 14u, 1u),                                /* PMINTENSET_EL1 */
    REGISTER(3u, 3u, 14u, 15u, 7u),                               /* PMCCFILTR_EL0 */
    REGISTER(3u, 3u, 14u, 2u, 1u),                                /* CNTP_CTL_EL0 */
    REGISTER(3u, 3u, 14u, 2u, 2u),                                /* CNTP_CVAL_EL0 */
    REGISTER(3u, 3u, 14u, 2u, 0u),                                /* CNTP_TVAL_EL0 */
    REGISTER(3u, 7u, 14u, 2u, 1u),                                /* CNTPS_CTL_EL1 */
    REGISTER(3u, 0u, 10u, 4u, 0u),                                /* LORSA_EL1 */
    REGISTER(3u, 0u, 10u, 4u, 1u),                                /* LOREA_EL1 */
    REGISTER(3u, 0u, 10u, 4u, 3u),                                /* LORC_EL1 */
    REGISTER(3u, 0u, 1u, 2u, 0u),                                 /* ZCR_EL1 */
    REGISTER(3u, 0u, 1u, 2u, 6u),                                 /* SMCR_EL1 */
    REGISTER(3u, 3u, 4u, 2u, 2u),                                 /* SVCR */
    REGISTER(3u, 0u, 2u, 1u, 0u),                                 /* APIAKeyLo_EL1 */
    REGISTER(3u, 0u, 2u, 1u, 1u),                                 /* APIAKeyHi_EL1 */
    REGISTER(3u, 0u, 2u, 2u, 0u),                                 /* APDAKeyLo_EL1 */
    REGISTER(3u, 0u, 2u, 3u, 1u),                                 /* APGAKeyHi_EL1 */
    REGISTER(3u, 0u, 5u, 3u, 1u),                                 /* ERRSELR_EL1 */
    REGISTER(3u, 0u, 5u, 4u, 1u),                                 /* ERXCTLR_EL1 */
    REGISTER(3u, 3u, 13u, 2u, 0u),                                /* AMCR_EL0 */
    REGISTER(3u, 0u, 15u, 0u, 0u),                                /* implementation defined */
    REGISTER(3u, 3u, 15u, 2u, 0u),  REGISTER(2u, 0u, 1u, 0u, 0u), /* MDRAR_EL1 */
    REGISTER(2u, 0u, 0u, 5u, 4u),                                 /* DBGBVR5_EL1 */
    REGISTER(2u, 0u, 0u, 5u, 7u),                                 /* DBGWCR5_EL1 */
    REGISTER(2u, 1u, 0u, 1u, 0u),                                 /* TRCPRGCTLR */
    REGISTER(3u, 4u, 1u, 1u, 0u),                                 /* HCR_EL2 */
    REGISTER(3u, 4u, 2u, 1u, 0u),                                 /* VTTBR_EL2 */
    REGISTER(3u, 4u, 1u, 0u, 0u),                                 /* SCTLR_EL2 */
    REGISTER(3u, 4u, 12u, 0u, 0u),                                /* VBAR_EL2 */
    REGISTER(3u, 4u, 4u, 0u, 1u),                                 /* ELR_EL2 */
    REGISTER(3u, 4u, 14u, 0u, 3u),                                /* CNTVOFF_EL2 */
    REGISTER(3u, 4u, 12u, 11u, 0u),                               /* ICH_HCR_EL2 */
    REGISTER(3u, 4u, 12u, 12u, 0u),                               /* ICH_LR0_EL2 */
    REGISTER(3u, 4u, 4u, 1u, 0u),                                 /* SP_EL1, which is EL2's */
    REGISTER(3u, 5u, 1u, 0u, 0u),                                 /* SCTLR_EL12 */
    REGISTER(3u, 6u, 1u, 1u, 0u),                                 /* SCR_EL3 */
    REGISTER(3u, 6u, 12u, 0u, 0u),                                /* VBAR_EL3 */
};

const unsigned int poker_register_count = COUNT(poker_registers);

const uint32_t poker_instructions[] = {
    0x00000000u, /* udf */
    0x9e670000u, /* fmov d0, x0 */
    0x3dc00020u, /* ldr q0, [x1] */
    0x04bf5000u, /* rdvl x0, #0 */
    0xd503477fu, /* smstart */
    0x9ac23020u, /* pacga x0, x1, x2 */
    0xd50c7801u, /* at s1e2r, x1 */
    0xd50c871fu, /* tlbi alle2 */
    0xd50e871fu, /* tlbi alle3 */
};

const unsigned int poker_instruction_count = COUNT(poker_instructions);
