/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VM's addresses (IPAs) mean: one translation table per VM, built when the VM is made. */
#ifndef STAGE2_H
#define STAGE2_H

#include <stdbool.h>
#include <stdint.h>

struct stage2 {
    uint64_t *root;
    uint64_t vttbr; /* VTTBR_EL2: the root and the VMID */
};

/* Sets this CPU's stage 2 up, the same for all VMs. */
void stage2_init_cpu(void);

/* An empty translation for VMID `vmid`, 1 to 255. False if there is no memory. */
bool stage2_create(struct stage2 *stage2, unsigned int vmid);

/* One page of RAM: readable, writable, executable. False if there is no memory for the tables. */
bool stage2_map_page(struct stage2 *stage2, uint64_t ipa, uint64_t pa);

/* Where `ipa` is; false if the VM has no RAM there. */
bool stage2_translate(const struct stage2 *stage2, uint64_t ipa, uint64_t *pa);

/* Makes all CPUs forget what they cached of this VM's translations, stage 1 too. */
void stage2_forget(const struct stage2 *stage2);

#endif
