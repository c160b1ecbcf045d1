/* SPDX-License-Identifier: BSD-3-Clause */
/* Offsets in struct vcpu that vectors.S uses; vcpu.c insists that they are right. */
#ifndef VCPU_LAYOUT_H
#define VCPU_LAYOUT_H

#define VCPU_X      0
#define VCPU_PC     248
#define VCPU_PSTATE 256
#define VCPU_STACK  264

#endif
