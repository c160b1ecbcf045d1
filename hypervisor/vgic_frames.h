/* SPDX-License-Identifier: BSD-3-Clause */
/* What the frames of a VM's GICv3 have in common. */
#ifndef VGIC_FRAMES_H
#define VGIC_FRAMES_H

#include <stdint.h>

/* In every frame's identification: a GICv3. */
#define VGIC_PIDR2       0xffe8u
#define VGIC_PIDR2_GICV3 0x3bu

/* Of the distributor and the redistributors: Arm's number, as there is none of ours, and a 'P'. */
#define VGIC_IIDR 0x5000043bu

/* Where bytes are priorities, and 64 bits a route; in the distributor, also of what is not there.
 */
#define VGIC_IPRIORITYR     0x0400u
#define VGIC_IPRIORITYR_END 0x0800u
#define VGIC_IROUTER        0x6000u
#define VGIC_IROUTER_END    0x8000u

#define VGIC_PRIORITY_MASK 0xf8u /* the bits that a list register has */

/* The word of four priorities, as far as it is at and above the byte `first`. */
static inline uint32_t vgic_priorities_read(const uint8_t *priority, unsigned int first)
{
    uint32_t value = 0;

    for (unsigned int i = 0; i < 4 - first % 4; i++) {
        value |= (uint32_t)priority[first + i] << (8 * i);
    }
    return value;
}

#endif
