/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mediator's own types, and what its files offer each other. Imports point down:
 *
 *     call            the gate, the dispatcher, the one exit
 *     version  features  identity  rxtx  discovery        one file per chapter
 *     partition_scan                                      who sees whom
 *     lifecycle                                           create, reset, destroy, policy
 *     endpoint                                            the word and references to it
 *     spmc                                                the client of the physical instance
 *     layout  word  span  abi                             formats and tables
 *
 * Locks: only parley_vm.negotiation, held for a few instructions; no two are ever held at once.
 */
#ifndef PARLEY_SRC_INTERNAL_H
#define PARLEY_SRC_INTERNAL_H

#include <parley/port.h>

#include "abi.h"
#include "word.h"

/* --- State ---------------------------------------------------------------- */

/* A UUID as the two 64-bit registers that FF-A puts it in: two words compare faster than 16 bytes.
 */
struct uuid {
    uint64_t low;
    uint64_t high;
};

static inline bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return a->low == b->low && a->high == b->high;
}

static inline bool uuid_is_nil(const struct uuid *uuid)
{
    return (uuid->low | uuid->high) == 0;
}

/* One line of partition information, in no particular layout (FF-A 1.2, 6.2.2). */
struct partition_entry {
    uint16_t id;
    uint16_t contexts;
    uint32_t properties;
    struct uuid uuid;
};

/* An entry of the SPMC's list. A partition with several UUIDs has several, with one ID. */
struct partition {
    struct partition_entry entry;
    bool is_first_of_id;
};

/* The client's end of the physical instance. Written in parley_init() only. */
struct spmc {
    uint32_t version; /* agreed on, as FFA_VERSION writes it; 0: no SPMC */
    bool has_id;
    uint16_t id;
    uint8_t *rx; /* one page each, shared with the SPMC while `mapped` */
    uint8_t *tx;
    bool mapped;
    uint16_t partition_count;
    uint16_t partitions_max;
    struct partition *partitions;
};

/* A VM's RX/TX pair. Only rxtx.c moves `state`; the rest is written before it says FREE. */
struct rxtx {
    parley_atomic64 state; /* enum parley_rx_state */
    uint16_t pages;        /* of each buffer */
    parley_ipa rx_ipa;
    parley_ipa tx_ipa;
    void **rx; /* where the port mapped each page */
    void **tx;
};

/* How far the life of a directory's place has got. Only lifecycle.c moves it. */
enum vm_phase {
    VM_FREE,
    VM_CREATING,
    VM_ALIVE,
    VM_RESETTING,
    VM_ENDING,
};

struct vm_counters {
    parley_counter calls;
    parley_counter refused[1 - FFA_NO_DATA]; /* by the negated status code */
    parley_counter resets;
};

struct parley_vm {
    parley_atomic64 word; /* word.h: published here, found by here */

    /* Constant from parley_init() on. */
    struct parley *parley;
    uint16_t id;
    uint64_t *rights; /* one bitmap over the directory for each right, see parley_policy_row() */

    /* Written by parley_vm_create() before anybody can find the VM; constant until it is gone. */
    uint16_t vcpus;
    uint16_t rxtx_pages_max;
    uint32_t properties;
    uint8_t secure_rights;
    uint8_t uuid_count;
    struct uuid uuids[PARLEY_UUIDS_PER_VM];
    void *context;

    /* Negotiation. `aarch64` is written under the lock, and published by the word with the version.
     */
    parley_lock negotiation;
    enum parley_version proposed; /* under the lock: the last valid FFA_VERSION, or none */
    bool aarch64;

    struct rxtx rxtx;
    struct vm_counters counters;
    parley_atomic64 phase; /* enum vm_phase */
};

struct parley {
    struct parley_config config;
    struct spmc spmc;
    struct parley_vm *vms;     /* config.vms_max of them; VM vm_id_first + n is vms[n] */
    unsigned int rights_words; /* 64-bit words in one bitmap over the directory */
};

/* --- One call of a guest -------------------------------------------------- */

struct call {
    struct parley_vm *vm;
    unsigned int vcpu;
    uint32_t fid;
    enum parley_version version; /* in force; none only while FFA_VERSION is served */
    const struct parley_regs *regs;
};

/* The argument in register `index`: 64 bits, or 32 for a 32-bit function ID (SMCCC 1.2, 2.6). */
static inline uint64_t call_argument(const struct call *call, unsigned int index)
{
    uint64_t value = call->regs->x[index];

    return ffa_fid_is_64(call->fid) ? value : (uint32_t)value;
}

static inline uint32_t call_word(const struct call *call, unsigned int index)
{
    return (uint32_t)call->regs->x[index];
}

/* call.c: whether a VM that speaks `version` in this execution state can use the function ID. */
bool parley_abi_offered(const struct parley_vm *vm, enum parley_version version, uint32_t fid);

/*
 * A handler serves one ABI: it decodes, checks, and does, in this order. `result` comes zeroed; an
 * x0 left at 0 becomes FFA_SUCCESS_32. What it returns is FFA_OK, or the status of the FFA_ERROR
 * that the guest gets instead of `result`; then nothing has changed.
 */
int32_t parley_handle_version(const struct call *call, struct parley_regs *result);
int32_t parley_handle_features(const struct call *call, struct parley_regs *result);
int32_t parley_handle_id_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_spm_id_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_rxtx_map(const struct call *call, struct parley_regs *result);
int32_t parley_handle_rxtx_unmap(const struct call *call, struct parley_regs *result);
int32_t parley_handle_rx_release(const struct call *call, struct parley_regs *result);
int32_t parley_handle_partition_info_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_partition_info_get_regs(const struct call *call, struct parley_regs *result);

/* --- event.c -------------------------------------------------------------- */

/* Whether the `occurrence`th time that a guest causes something is told: the 1st, 2nd, 4th, 8th,
 * ... */
static inline bool parley_occurrence_is_told(uint64_t occurrence)
{
    return (occurrence & (occurrence - 1)) == 0;
}

/* --- version.c ------------------------------------------------------------ */

/*
 * Makes the version final, if one was proposed. Returns the version in force, or none if there is
 * no proposal or the VM is dying. Any number of vCPUs may race; all get the same.
 */
enum parley_version parley_version_finalise(const struct call *call);

/* The version as FFA_VERSION writes it; 0 for none. */
static inline uint32_t parley_version_word(enum parley_version version)
{
    return version == VERSION_NONE ? 0 : FFA_VERSION_1_0 + (uint32_t)(version - VERSION_1_0);
}

/* --- endpoint.c ----------------------------------------------------------- */

/*
 * Takes a reference on a VM, if it is a member of the FF-A world: until parley_endpoint_drop() it
 * does not end, and its public attributes (id, vcpus, properties, uuids, aarch64) are those of one
 * life. *word is what the word showed. Returns false, and takes nothing, if the VM is not a member.
 */
bool parley_endpoint_take(struct parley_vm *vm, uint64_t *word);
void parley_endpoint_drop(struct parley_vm *vm);

/* --- lifecycle.c ---------------------------------------------------------- */

/* The rights of the policy, as places in parley_vm.rights: 1 << right is PARLEY_MAY_... */
enum policy_right {
    POLICY_DISCOVER,
    POLICY_MESSAGE,
    POLICY_NOTIFY,
    POLICY_SHARE,
    POLICY_RIGHTS,
};

/* The VMs with which `vm` may do what `right` says: a bitmap over the directory. */
static inline uint64_t *parley_policy_row(const struct parley_vm *vm, enum policy_right right)
{
    return &vm->rights[right * vm->parley->rights_words];
}

/* --- rxtx.c --------------------------------------------------------------- */

/* Takes the VM's RX buffer to fill it. FFA_BUSY if there is none or it is not free. */
int32_t parley_rx_fill_begin(struct parley_vm *vm);
/* Writes at `offset` of the buffer being filled. False, having written nothing, if it does not fit.
 */
bool parley_rx_write(struct parley_vm *vm, size_t offset, const void *from, size_t bytes);
/* Hands the buffer to the VM: `bytes` of it were written, the rest is cleared. */
void parley_rx_fill_end(struct parley_vm *vm, size_t bytes);
/* Gives the buffer back unfilled: the `bytes` that were written are cleared. */
void parley_rx_fill_abandon(struct parley_vm *vm, size_t bytes);

/* For the end of a VM: unmaps what is mapped. False if a buffer is in use: try again. */
bool parley_rxtx_end(struct parley_vm *vm);

/* --- partition_scan.c ----------------------------------------------------- */

/* Walks over the partitions that a VM may see, one entry at a time. For one caller on its stack. */
struct partition_scan {
    const struct parley_vm *caller;
    enum parley_version version;
    struct uuid uuid; /* what is looked for; nil: everything */
    bool any_uuid;
    uint32_t properties_shown; /* the caller's version knows, and Parley serves */
    uint32_t digest;           /* of ID, generation and version of all that was listed */
    uint16_t next_partition;   /* in the SPMC's list */
    uint16_t next_vm;          /* in the directory */
    struct partition_entry vm; /* the VM that is being listed, as it was when it was looked at */
    uint8_t uuid_next;         /* of vm_uuids, not listed yet */
    uint8_t uuid_end;
    struct uuid vm_uuids[PARLEY_UUIDS_PER_VM];
};

void parley_scan_begin(struct partition_scan *scan, const struct call *call,
                       const struct uuid *uuid);
/* The next entry, as the caller may see it. False at the end. */
bool parley_scan_next(struct partition_scan *scan, struct partition_entry *entry);
/* At the end: the tag of PARTITION_INFO_GET_REGS, which changes with what the caller may see. */
uint16_t parley_scan_tag(const struct partition_scan *scan);

/* --- layout.c ------------------------------------------------------------- */

struct uuid parley_layout_uuid_decode(const struct ffa_uuid *bytes);
struct ffa_uuid parley_layout_uuid_encode(const struct uuid *uuid);

#define LAYOUT_PARTITION_BYTES_MAX sizeof(struct ffa_partition_info_1_1)

/* The size of one partition information descriptor in this version. */
size_t parley_layout_partition_bytes(enum parley_version version);
/* Writes one descriptor; `bytes` are parley_layout_partition_bytes() long. */
void parley_layout_partition_encode(const struct partition_entry *entry,
                                    enum parley_version version, uint8_t *bytes);
/* Reads one descriptor of 1.1 or later: `bytes` are LAYOUT_PARTITION_BYTES_MAX long, and private.
 */
void parley_layout_partition_decode(const uint8_t *bytes, struct partition_entry *entry);
/* The three registers of one descriptor in PARTITION_INFO_GET_REGS. */
void parley_layout_partition_to_regs(const struct partition_entry *entry, uint64_t *regs);

/* --- spmc.c --------------------------------------------------------------- */

/* Looks for an SPMC and agrees with it on a version, buffers and the list of partitions. */
void parley_spmc_connect(struct spmc *spmc);
/* Returns the SPMC to its first state. The status of what it refused, or FFA_OK. */
int32_t parley_spmc_disconnect(struct spmc *spmc);

#endif
