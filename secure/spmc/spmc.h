/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A portable Secure Partition Manager Core (SPMC): the other end of the Non-secure physical
 * instance of FF-A, for one hypervisor (or OS kernel) in the Normal world.
 *
 * It runs inside an EL3 monitor or inside a test, on any CPU, on several at once. It allocates
 * nothing and has no globals. Of the rest of the tree it knows <parley/ffa.h> and nothing else, so
 * that a mistake in the mediator meets a second reading of the specification.
 *
 * Served: version, features and identity, buffers (the caller's own, and those that it registers
 * for its VMs), discovery, direct requests, FFA_RUN, indirect messages, notifications, memory that
 * VMs share with partitions, lend or donate to them. Every other FF-A call is FFA_ERROR,
 * NOT_SUPPORTED.
 */
#ifndef SPMC_H
#define SPMC_H

#include <parley/ffa.h>

#define SPMC_ID FFA_ID_SPMC /* what FFA_SPM_ID_GET answers */

#define SPMC_PARTITIONS_MAX  8u /* the first so many of a table run; the others are shown only */
#define SPMC_CONTEXTS_MAX    8u /* and of each, so many contexts */
#define SPMC_CPUS_MAX        64u
#define SPMC_VMS_MAX         64u /* that have buffers or notifications here at a time */
#define SPMC_VCPUS_MAX       32u /* of a VM that has notifications */
#define SPMC_PARTITION_BYTES (16 * FFA_PAGE_SIZE) /* memory of a partition that brings none */
#define SPMC_SRI_INTID       8u                   /* where the configuration names none */

#define SPMC_TRANSACTIONS_MAX 64u    /* of memory, at a time */
#define SPMC_BORROWERS_MAX    16u    /* of one transaction, those of the Normal world among them */
#define SPMC_RANGES_MAX       65536u /* of all transactions together */

/* --- What the host describes -------------------------------------------------------------------
 */

/* One Secure Partition: what discovery shows of it, and what the code that runs it needs. */
struct spmc_partition {
    const char *name;  /* for people */
    uint16_t id;       /* bit 15 set, not SPMC_ID, not FFA_ID_SPMD, unique in its table */
    uint16_t contexts; /* 1: it may run on any CPU; else context n runs on CPU n, and only there */
    uint32_t properties; /* FFA_PARTITION_...; callers of older versions see the bits they know */
    const struct ffa_uuid *uuids; /* at least one, none nil */
    unsigned int uuid_count;
    const void *settings; /* for the code that runs it */
    void *memory;         /* where its buffers may lie; NULL: SPMC_PARTITION_BYTES of the SPMC's */
    size_t memory_bytes;
};

enum spmc_entry_kind {
    SPMC_ENTRY_COLD,   /* for the first time: it makes itself ready, and calls FFA_MSG_WAIT */
    SPMC_ENTRY_RETURN, /* its last call returns, with x0 to x17 as given */
    SPMC_ENTRY_RESUME, /* it goes on where it was interrupted; x0 to x17 as given mean nothing */
};

/* Who is entered, where, and how. */
struct spmc_entry {
    void *host;
    const struct spmc_partition *partition;
    unsigned int context;
    unsigned int cpu;
    enum spmc_entry_kind kind;
    void *memory; /* the partition's; zero at first */
    size_t memory_bytes;
    struct spmc *spmc; /* for spmc_port_map(), if the partition runs in the host itself */
};

enum spmc_exit {
    SPMC_EXIT_CALL,      /* the partition makes an FF-A call, with x0 to x17 as left */
    SPMC_EXIT_PREEMPTED, /* an interrupt of the Normal world came; it is still pending */
};

/*
 * Runs one context of a partition until it leaves. Called without the SPMC's lock, for different
 * contexts on several CPUs at once; never twice for one context.
 */
typedef enum spmc_exit spmc_enter(const struct spmc_entry *entry, uint64_t regs[FFA_REGS_MAX]);

struct spmc_hostile; /* hostile.h */

/* What becomes of a transaction that a bad FFA_MEM_FRAG_TX has spoiled. */
enum spmc_spoiled {
    SPMC_SPOILED_DROPPED, /* it is gone, and its handle with it */
    SPMC_SPOILED_RECLAIM, /* it keeps its pages until FFA_MEM_RECLAIM */
    SPMC_SPOILED_STAYS,   /* it keeps them for ever: FFA_MEM_RECLAIM is ABORTED */
};

struct spmc_config {
    uint32_t version; /* the highest that it speaks: FFA_VERSION_1_0, _1_1, _1_2 or one that is
                         later, of which it knows what 1.2 has */
    const struct spmc_partition *partitions;
    unsigned int partition_count;
    uint16_t rxtx_pages_max;   /* pages of one buffer, 1 to 63; 0 stands for 63 */
    uint16_t sri_intid;        /* what FFA_FEATURES tells; 0 stands for SPMC_SRI_INTID */
    uint16_t transactions_max; /* 0 stands for SPMC_TRANSACTIONS_MAX */
    uint32_t ranges_max;       /* 0 stands for SPMC_RANGES_MAX */
    uint16_t entry_bytes;      /* in RX, of an entry since 1.1, as later versions make it longer;
                                  0 stands for what 1.1 and 1.2 have */
    bool lends_mixed;          /* FFA_MEM_LEND to partitions and VMs together; else DENIED */
    enum spmc_spoiled spoiled;
    const uint32_t *absent; /* function IDs that it does not know, in neither form */
    unsigned int absent_count;
    struct spmc_hostile *hostile; /* a journal and lies, for tests; NULL: an honest SPMC */
    void *host;                   /* the host's own, to tell one SPMC from another in its hooks */

    /* Hooks that a host may leave out. None of them may make a call of this SPMC. */
    spmc_enter *enter;               /* NULL: partitions are shown, and answer ABORTED */
    unsigned int (*cpu)(void *host); /* which CPU calls, below SPMC_CPUS_MAX; NULL: always 0 */
    void (*raise_sri)(void *host);   /* pends the schedule receiver interrupt on this CPU */
    void (*clean)(void *host, void *at, size_t bytes); /* caches, to the point of coherency */
    void (*log)(void *host, const struct spmc_partition *from, const char *text, size_t bytes);
};

/* --- What the SPMC keeps -----------------------------------------------------------------------
 */

/* Who may touch an RX buffer. */
enum spmc_rx_owner {
    SPMC_RX_NOBODY, /* no pair is mapped */
    SPMC_RX_SPMC,   /* free: the SPMC may fill it */
    SPMC_RX_FULL,   /* an indirect message is in it, and the receiver has not been told */
    SPMC_RX_CALLER, /* the other side's, until FFA_RX_RELEASE */
};

struct spmc_pair {
    enum spmc_rx_owner rx_owner;
    size_t bytes; /* of each buffer */
    void *rx;
    const void *tx;
    uint64_t rx_at; /* their addresses, as the other side gave them */
    uint64_t tx_at;
};

/* Notifications of one receiver from the senders of one world. */
struct spmc_bitmap {
    uint64_t bound;    /* these have a sender... */
    uint64_t per_vcpu; /* ...and of those, these name a vCPU when they are set */
    uint16_t sender[FFA_NOTIFICATION_COUNT];
    uint64_t global; /* pending */
    uint64_t vcpu[SPMC_VCPUS_MAX];
};

struct spmc_inbox {
    uint16_t vcpus; /* 0: this endpoint receives no notifications */
    struct spmc_bitmap from_sps;
    struct spmc_bitmap from_vms; /* those for VMs are with the hypervisor */
    uint32_t from_spm;           /* the framework's */
    uint32_t from_hypervisor;
    bool news_global; /* since FFA_NOTIFICATION_INFO_GET told of it last */
    uint32_t news_vcpus;
};

/* In use while it has buffers or an inbox. */
struct spmc_vm {
    uint16_t id;
    struct spmc_pair pair;
    struct spmc_inbox inbox;
};

enum spmc_context_state {
    SPMC_CONTEXT_OFF, /* has not been entered yet */
    SPMC_CONTEXT_WAITING,
    SPMC_CONTEXT_RUNNING,
    SPMC_CONTEXT_PREEMPTED,
    SPMC_CONTEXT_BLOCKED, /* in FFA_YIELD */
    SPMC_CONTEXT_ABORTED,
};

/* What a context that is not waiting is busy with. */
enum spmc_work {
    SPMC_WORK_BOOT,
    SPMC_WORK_CYCLES, /* FFA_RUN woke it */
    SPMC_WORK_INTERRUPT,
    SPMC_WORK_DIRECT,
};

struct spmc_context {
    uint16_t partition; /* index in the table */
    uint16_t index;     /* in the partition */
    enum spmc_context_state state;
    enum spmc_work work;
    uint32_t request[3];         /* w0 to w2 of a direct request */
    enum spmc_entry_kind kind;   /* how it is entered next, */
    uint64_t regs[FFA_REGS_MAX]; /* and with what */
};

enum spmc_transaction_state {
    SPMC_TRANSACTION_NONE,
    SPMC_TRANSACTION_BUILDING, /* fragments are missing */
    SPMC_TRANSACTION_SPOILED,
    SPMC_TRANSACTION_GRANTED, /* borrowers may retrieve, and some may have done so */
    SPMC_TRANSACTION_DONATED, /* it has no handle any more, and its pages are the receiver's */
};

struct spmc_borrower {
    uint16_t id;         /* one of the Normal world is the hypervisor's business alone */
    uint8_t permissions; /* FFA_MEM_ACCESS_..., as the sender gave them */
    bool holds;          /* has retrieved the memory, and not relinquished it... */
    bool writes;         /* ...for writing... */
    bool zero_after;     /* ...and it shall be cleared afterwards */
    uint64_t impdef[2];
};

struct spmc_transaction {
    enum spmc_transaction_state state;
    uint64_t handle;
    uint64_t tag;
    uint32_t type; /* FFA_MEM_TYPE_... */
    uint32_t flags;
    uint16_t attributes;
    uint16_t sender;
    bool zero_after; /* somebody who has relinquished it wanted it cleared, and others hold it */
    uint32_t borrower_count;
    struct spmc_borrower borrowers[SPMC_BORROWERS_MAX];

    /* As announced, and as far as it is here. */
    uint32_t page_count;
    uint32_t range_count;
    uint32_t pages_here;
    uint32_t ranges_here;
    uint32_t bytes; /* of the descriptor */
    uint32_t bytes_here;
    uint32_t first; /* its ranges, in the sender's order: a list */
    uint32_t last;
};

/* Pages that the Normal world has granted. Number 0 stands for none. */
struct spmc_range {
    uint64_t pa;
    uint32_t pages;
    uint32_t next;  /* in its transaction's list, or among the unused */
    uint32_t below; /* in the tree of all ranges, by address */
    uint32_t above;
    uint16_t transaction;
};

struct spmc_ranges {
    uint32_t root;
    uint32_t unused;  /* a list of those that were used once */
    uint32_t touched; /* so many were ever used; those behind have no content */
    uint32_t free;    /* so many are not taken, nor promised to a transaction */
};

/* How far a receiver has got with the fragments of a descriptor that it retrieves. */
struct spmc_delivery {
    uint64_t handle; /* 0: there is none */
    uint16_t transaction;
    uint32_t bytes;
    uint32_t from; /* offset and first range of the fragment that it has got... */
    uint32_t from_range;
    uint32_t to; /* ...and of the next one */
    uint32_t to_range;
};

/* What becomes of a partition while it runs. */
struct spmc_runtime {
    struct spmc_context contexts[SPMC_CONTEXTS_MAX];
    struct spmc_pair pair;
    struct spmc_inbox inbox;
    struct spmc_delivery delivery;
    _Alignas(FFA_PAGE_SIZE) uint8_t memory[SPMC_PARTITION_BYTES];
};

/* Complete, so that a host can give it static storage. The host reads `config.host`, no more. */
struct spmc {
    struct spmc_config config;

    bool locked; /* guards all that follows, but the memory of partitions */

    uint32_t version; /* negotiated with the caller; 0 while it has asked for none */
    bool final;       /* another FF-A call has been made since: `version` stands for ever */
    uint64_t booted;  /* CPUs that have entered their partitions */

    union {
        struct spmc_pair own;        /* the caller's buffers */
        enum spmc_rx_owner rx_owner; /* own.rx_owner */
    };
    struct spmc_vm vms[SPMC_VMS_MAX];
    struct spmc_runtime runtimes[SPMC_PARTITIONS_MAX];

    uint32_t serial;               /* of the last handle */
    struct spmc_delivery delivery; /* to the caller */
    struct spmc_transaction draft; /* a descriptor that is being looked at */
    struct spmc_transaction transactions[SPMC_TRANSACTIONS_MAX];
    struct spmc_ranges ranges;
    struct spmc_range range[SPMC_RANGES_MAX + 1]; /* last: spmc_init() does not touch it */
};

/* --- Calls and hooks ---------------------------------------------------------------------------
 */

/*
 * Starts an SPMC, or returns one to its first state. The configuration is copied; the tables and
 * the hostile part that it points to stay in use. No call is under way.
 */
void spmc_init(struct spmc *spmc, const struct spmc_config *config);

/*
 * Serves one FF-A call of the Normal world's manager, made with an SMC: regs are x0 to x17 in and
 * out. The function ID in w0 is one for which ffa_fid_is_ffa() holds; the host keeps other calls.
 *
 * Any CPU, any number at a time. They take turns, but for the time that a partition runs in them.
 * Interrupts that could make another call on the same CPU are masked.
 */
void spmc_call(struct spmc *spmc, uint64_t regs[FFA_REGS_MAX]);

/*
 * A Secure interrupt for a partition. Enters its context of this CPU with FFA_INTERRUPT, and
 * returns when it has handled it; or returns false, if that context is in the middle of something.
 * Then the host keeps the interrupt masked until the context is entered again.
 */
bool spmc_interrupt(struct spmc *spmc, uint16_t partition_id, uint32_t intid);

/*
 * Takes back what VMs have donated to partitions, for which FF-A has no way. For hosts that give
 * that memory to VMs again. No call is under way.
 */
void spmc_forget_donations(struct spmc *spmc);

/*
 * A hook of the host. Gives the SPMC the use of `bytes` of memory at physical address `pa`, both
 * multiples of FFA_PAGE_SIZE and not wrapping, or returns NULL if not all of it is Non-secure RAM.
 * The SPMC uses it until FFA_RXTX_UNMAP, FFA_MEM_RECLAIM or spmc_init(). Called with the SPMC's
 * lock held, but for a partition that runs in the host, and maps what it has retrieved.
 */
void *spmc_port_map(struct spmc *spmc, uint64_t pa, size_t bytes);

#endif
