/* SPDX-License-Identifier: BSD-3-Clause */
#include "el1.h"
#include "registers.h"

/* SCTLR: the bits that are one after a reset, AArch32 with CP15 barriers. */
#define SCTLR_RESET_AARCH64 0x30d00800u
#define SCTLR_RESET_AARCH32 0x00c50838u

void el1_reset(struct el1 *el1, bool aarch64)
{
    *el1 = (struct el1){
        .sctlr_el1 = aarch64 ? SCTLR_RESET_AARCH64 : SCTLR_RESET_AARCH32,
    };
}

void el1_save(struct el1 *el1)
{
#define EL1_SAVE(name) el1->name = register_read(name);
    EL1_REGISTERS(EL1_SAVE)
#undef EL1_SAVE
}

void el1_restore(const struct el1 *el1)
{
#define EL1_RESTORE(name) register_write(name, el1->name);
    EL1_REGISTERS(EL1_RESTORE)
#undef EL1_RESTORE
}
