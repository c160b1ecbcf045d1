/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A portable Secure Partition Manager Core (SPMC): the other end of the Non-secure physical
 * instance of FF-A, for one hypervisor (or OS kernel) in the Normal world.
 *
 * It runs inside an EL3 monitor or inside a test, on any CPU, on several at once. It allocates
 * nothing and has no globals. Of the rest of the tree it knows <parley/ffa.h> and nothing else, so
 * that a mistake in the mediator meets a second reading of the specification.
 *
 * Served: FFA_VERSION, FFA_FEATURES, FFA_ID_GET, FFA_SPM_ID_GET, FFA_RXTX_MAP_32/_64 and
 * FFA_RXTX_UNMAP (the caller's own pair), FFA_RX_RELEASE, FFA_PARTITION_INFO_GET,
 * FFA_PARTITION_INFO_GET_REGS. Every other FF-A call is FFA_ERROR, NOT_SUPPORTED.
 */
#ifndef SPMC_H
#define SPMC_H

#include <parley/ffa.h>

#define SPMC_ID FFA_ID_SPMC /* what FFA_SPM_ID_GET answers */

/* What one Secure Partition shows of itself in discovery. */
struct spmc_partition {
    const char *name; /* for people */
    uint16_t id;      /* bit 15 set, not SPMC_ID, not FFA_ID_SPMD, unique in its table */
    uint16_t contexts;
    uint32_t properties; /* FFA_PARTITION_...; callers of older versions see the bits they know */
    const struct ffa_uuid *uuids; /* at least one, none nil */
    unsigned int uuid_count;
};

struct spmc_hostile; /* hostile.h */

struct spmc_config {
    uint32_t version; /* the highest that it speaks: FFA_VERSION_1_0, _1_1 or _1_2 */
    const struct spmc_partition *partitions;
    unsigned int partition_count;
    uint16_t rxtx_pages_max;      /* pages of one buffer, 1 to 63; 0 stands for 63 */
    struct spmc_hostile *hostile; /* a journal and lies, for tests; NULL: an honest SPMC */
    void *host;                   /* the host's own, to tell one SPMC from another in its hooks */
};

/* Who may touch the caller's RX buffer. */
enum spmc_rx_owner {
    SPMC_RX_NOBODY, /* no pair is mapped */
    SPMC_RX_SPMC,   /* free: the SPMC may fill it */
    SPMC_RX_CALLER, /* full: the caller reads it, until FFA_RX_RELEASE */
};

/* Complete, so that a host can give it static storage. The host reads `config.host`, no more. */
struct spmc {
    struct spmc_config config;

    bool locked; /* guards all that follows, for the whole of one call */

    uint32_t version; /* negotiated with the caller; 0 while it has asked for none */
    bool final;       /* another FF-A call has been made since: `version` stands for ever */

    enum spmc_rx_owner rx_owner;
    size_t buffer_bytes;
    void *rx;
    const void *tx;
};

/*
 * Starts an SPMC, or returns one to its first state. The configuration is copied; the tables and
 * the hostile part that it points to stay in use. No call is under way.
 */
void spmc_init(struct spmc *spmc, const struct spmc_config *config);

/*
 * Serves one FF-A call of the Normal world's manager, made with an SMC: regs are x0 to x17 in and
 * out. The function ID in w0 is one for which ffa_fid_is_ffa() holds; the host keeps other calls.
 *
 * Any CPU, any number at a time; the calls take turns. Interrupts that could make another call on
 * the same CPU are masked.
 */
void spmc_call(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX]);

/*
 * A hook of the host. Gives the SPMC the use of `bytes` of memory at physical address `pa`, both
 * multiples of FFA_PAGE_SIZE and not wrapping, or returns NULL if not all of it is Non-secure RAM.
 * The SPMC uses it until FFA_RXTX_UNMAP or spmc_init(). Called with the SPMC's lock held.
 */
void *spmc_port_map(struct spmc *spmc, uint64_t pa, size_t bytes);

#endif
