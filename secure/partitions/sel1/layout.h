/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of the partition at S-EL1. Read by C, assembly and the linker script. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "../../monitor/platform.h"

/* Code and constants, then all that is written. What the image leaves open is zero at first. */
#define SEL1_CODE_PA    PARTITIONS_RAM_PA
#define SEL1_CODE_BYTES 0x10000
#define SEL1_DATA_PA    (SEL1_CODE_PA + SEL1_CODE_BYTES)
#define SEL1_DATA_BYTES 0x20000
#define SEL1_BYTES      (SEL1_CODE_BYTES + SEL1_DATA_BYTES)

/*
 * In the next 2 MiB and up, so that blocks map it: tables for the memory of VMs. What is in it is
 * not zero at first.
 */
#define SEL1_BLOCK_SHIFT 21
#define SEL1_POOL_PA     (SEL1_CODE_PA + (1 << SEL1_BLOCK_SHIFT))
#define SEL1_POOL_BLOCKS 4
#define SEL1_POOL_BYTES  (SEL1_POOL_BLOCKS << SEL1_BLOCK_SHIFT)

#define SEL1_STACK_SHIFT 12 /* for each context */

#endif
