/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MMU_H
#define MMU_H

/* Builds EL2's translation tables, on CPU 0, before the MMU is on. boot.S then turns it on. */
void mmu_build(void);

#endif
