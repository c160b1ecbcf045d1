/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mediator's state: what there is, who may write it, and when. A struct parley holds
 * everything; it lives in the memory that the embedder gave.
 */
#ifndef PARLEY_SRC_STATE_H
#define PARLEY_SRC_STATE_H

#include <parley/port.h>

#include "memory.h"
#include "vcpu.h"
#include "word.h"

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
    uint16_t first_of_id; /* the place in the list of the first entry with this ID */
};

/* The client's end of the physical instance. Written in parley_init() only. */
struct spmc {
    uint32_t version; /* agreed on, as FFA_VERSION writes it; 0: no SPMC */
    bool has_id;
    uint16_t id;
    bool takes_messages; /* FFA_MSG_SEND2 */
    uint16_t sri_intid;  /* the schedule receiver interrupt; 0: it has no notifications */
    uint8_t *rx;         /* one page each, shared with the SPMC while `mapped` */
    uint8_t *tx;         /* written under the lock once VMs run */
    parley_lock lock;    /* held for one SMC: internal.h says what for */
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
    uint32_t rx_place; /* among the VM's extents */
    uint32_t tx_place;
    void **rx; /* where the port mapped each page */
    void **tx;
};

/* Framework notifications, as bits of a scope: who says that the RX buffer is full. */
#define FRAMEWORK_SPM        1u
#define FRAMEWORK_HYPERVISOR 2u

/* What the SPMC keeps, as NOTIFICATION_GET asks for it: signals of partitions, and that RX is full.
 */
#define SECURE_KINDS ((uint32_t)(FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_SPM))

/* What pends for a VM as a whole, or for one of its vCPUs. Under the lock of the VM's
 * notifications. */
struct scope {
    uint64_t vms;       /* what VMs have set */
    uint32_t framework; /* FRAMEWORK_... */
    uint32_t secure;    /* kinds of which the SPMC may have something: flags of GET */
    bool is_armed;      /* the interrupt was raised, and the VM has not looked since */
    bool is_told;       /* NOTIFICATION_INFO_GET has said so */
};

/* Who may set which notification: to VMs, a binding is to one life. */
struct bindings {
    uint16_t sender[FFA_NOTIFICATION_COUNT]; /* 0: nobody */
    uint32_t generation[FFA_NOTIFICATION_COUNT];
    uint64_t per_vcpu; /* a bit for each; the others are global */
};

struct notifications {
    parley_lock lock;
    struct scope global;
    struct bindings bindings;
    /* The partitions that the SPMC has bound: its bindings, remembered for the end of the VM, when
     * all is to be unbound. Under spmc.lock while the VM lives. */
    uint16_t secure_sender[FFA_NOTIFICATION_COUNT];
    bool has_bitmap;  /* at the SPMC */
    uint16_t drained; /* at the end of the VM: vCPUs whose bits were taken, */
    uint16_t tries;   /* and how often the bitmap was refused back */
};

#define NOTIFICATION_TRIES_MAX 100u

/* In place of a vCPU: the VM as a whole, and nobody. */
#define EVERY_VCPU (~0u)
#define NO_VCPU    (~0u - 1)

/* A direct request that a vCPU serves. */
struct service {
    uint32_t fid; /* of the request; 0: serves none */
    uint16_t sender;
    uint16_t sender_vcpu;
    uint32_t sender_generation;
    uint32_t sender_request;
};

/*
 * One vCPU's part in messages. Its word says who may write `message` and `serving`: whoever has
 * made it FILLING; the vCPU itself otherwise. The rest is the vCPU's own.
 */
struct vcpu {
    parley_atomic64 word; /* vcpu.h */
    struct parley_regs message;
    struct service serving;
    struct scope notifications;
    uint32_t requests;         /* how many it has sent to VMs: see vcpu.h */
    uint32_t asked;            /* the kind of its request to a Secure Partition */
    unsigned int asked_on_cpu; /* and where; while SECURE_LEFT, also where it must be resumed */
    uint16_t asked_of;         /* and of whom, in the SPMC's list */
    uint16_t runs;             /* how often Parley has resumed what it left */
    struct work work;          /* what it does in pieces */
};

/* A pair of Parley's own that the SPMC knows under the VM's ID. Owned by the state of the VM's
 * pair. */
struct shadow {
    uint8_t *rx; /* parley_config.shadow_pages each */
    uint8_t *tx;
    uint16_t pages; /* of each, while registered */
    bool is_registered;
    parley_atomic64 is_full; /* the SPMC's message waits for the VM's RX buffer */
    uint16_t tries;          /* at the end of the VM: how often it was refused back */
};

#define SHADOW_TRIES_MAX 100u

/* How far the partitions have been told of a VM. Belongs to the caller that drives the VM's life.
 */
struct availability {
    uint16_t next; /* in the SPMC's list */
    uint16_t tries;
    const struct availability_kind *left; /* the message that the partition was left in; or NULL */
    uint32_t target;                      /* to be resumed on `cpu` before it can answer */
    unsigned int cpu;
};

/* How far the life of a directory's place has got. Only lifecycle.c moves it. */
enum vm_phase {
    VM_FREE,
    VM_CREATING,
    VM_ALIVE,
    VM_RESETTING,
    VM_ENDING,
    VM_QUARANTINED,
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
    struct shadow shadow;
    struct memory memory;
    struct notifications notifications;
    struct availability availability;
    uint64_t *told;    /* the partitions that know this VM: a bitmap over the SPMC's list */
    struct vcpu *vcpu; /* parley_config.vcpus_max of them, `vcpus` in use */
    struct vm_counters counters;
    parley_atomic64 phase; /* enum vm_phase */
};

/* A physical CPU, as parley_port_cpu() numbers it. */
struct cpu {
    parley_atomic64 *wants; /* partitions that want it: a bitmap over the SPMC's list; set by all */
    parley_atomic64 *taken; /* whose context of this number is at work for somebody: the same */
    unsigned int next; /* where it looks first: who is busy does not keep others waiting. Its own */
    unsigned int busy_first; /* whom it found busy first since it found one that was not, plus 1 */
};

struct parley {
    struct parley_config config;
    struct spmc spmc;
    struct cpu *cpus;          /* config.cpus_max of them */
    struct parley_vm *vms;     /* config.vms_max of them; VM vm_id_first + n is vms[n] */
    unsigned int rights_words; /* 64-bit words in one bitmap over the directory */
};

#endif
