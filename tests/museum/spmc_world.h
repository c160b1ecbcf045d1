/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the physical instance share: what Parley kept of an SPMC, and what it told. */
#ifndef MUSEUM_SPMC_WORLD_H
#define MUSEUM_SPMC_WORLD_H

#include "support.h"

#define SPMC_VERSIONS 2u

extern const uint32_t spmc_versions[SPMC_VERSIONS];

/* An SPMC of 1.1 shows one UUID of each partition. */
unsigned int shown_at(uint32_t version);

/* Entries that Parley kept of the SPMC's list. */
unsigned int partitions_kept(void);

/* VM 1, at 1.2, which sees the Secure world. */
struct posix_vm *viewer_on(void);

/* Whether all that a VM is shown of the Secure world is true. */
void expect_only_truth(void);

/* Asks for all there is, true or not; is_listed() looks whether the answers fit together. */
void use_the_list(void);

/* Calls that the SPMC answered by filling Parley's RX, and releases of it, since the start. */
void expect_as_many_releases_as_fills(void);

/* Where the SPMC finds Parley's buffers, as it was told in FFA_RXTX_MAP. */
struct buffers {
    uint8_t *tx;
    uint8_t *rx;
    size_t bytes;
};

struct buffers parleys_buffers(const struct parley_regs *map);
bool is_map(uint32_t fid);

#endif
