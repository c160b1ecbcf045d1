/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parley: an FF-A mediator for hypervisors. This header is what an embedder calls, and its manual.
 * What an embedder provides in return is in port.h; the FF-A ABI itself is in ffa.h.
 *
 *     size_t bytes = parley_memory_size(&config);
 *     struct parley *parley = parley_init(memory, bytes, &config);
 *     struct parley_vm *vm;
 *     parley_vm_create(parley, &vm_config, &vm);
 *     ...
 *     switch (parley_call(vm, vcpu, &regs)) {        in the SMC/HVC trap
 *     case PARLEY_RETURN:  ...                       go back to the guest with regs
 *     case PARLEY_NOT_FFA: ...                       the call is somebody else's
 *     }
 *
 * Contexts. A function marked "any context" may run on any CPU at any time, also while others run
 * on other CPUs for the same VM. Nothing here sleeps, allocates, or keeps an interrupt waiting for
 * longer than one bounded step. The life of one VM (create, reset, destroy, continue) is the
 * business of one caller at a time; different VMs do not wait for each other.
 */
#ifndef PARLEY_PARLEY_H
#define PARLEY_PARLEY_H

#include <parley/env.h>
#include <parley/ffa.h>

struct parley;    /* one mediator; it lives in the memory that parley_init() was given */
struct parley_vm; /* one VM's end of it; it lives in the same memory */

/* x0 to x17, the registers that SMCCC 1.2 gives to a call. x18 and up are never Parley's. */
struct parley_regs {
    uint64_t x[FFA_REGS_MAX];
};

/* The highest version that Parley speaks, and what FFA_VERSION answers. */
#define PARLEY_FFA_VERSION FFA_VERSION_1_2

/* --- One mediator --------------------------------------------------------- */

#define PARLEY_VMS_MAX          4096u    /* upper bound of parley_config.vms_max */
#define PARLEY_CPUS_MAX         1024u    /* upper bound of parley_config.cpus_max */
#define PARLEY_VCPUS_MAX        4096u    /* upper bound of parley_config.vcpus_max */
#define PARLEY_PARTITIONS_MAX   1024u    /* upper bound of parley_config.partitions_max */
#define PARLEY_TRANSACTIONS_MAX 1024u    /* upper bound of parley_config.transactions_max */
#define PARLEY_RANGES_MAX       1048576u /* upper bound of parley_config.ranges_max */
#define PARLEY_BORROWERS_MAX    8u       /* borrowers of one transaction */
#define PARLEY_RXTX_PAGES_MAX   63u      /* what FFA_RXTX_MAP can say in its 6 bits */
#define PARLEY_UUIDS_PER_VM     4u       /* upper bound of parley_vm_config.uuid_count */

struct parley_config {
    /*
     * VM IDs are vm_id_first to vm_id_first + vms_max - 1. An ID names its place in the directory,
     * so that finding a VM costs the same however many there are. All of them lie in 1 to 0x7fff:
     * 0 is the hypervisor, and bit 15 is the Secure world's (FF-A 1.2, 6.1).
     */
    uint16_t vm_id_first;
    uint16_t vms_max;   /* VMs that can exist at once, 1 to PARLEY_VMS_MAX */
    uint16_t vcpus_max; /* vCPUs of one VM at most, 1 to PARLEY_VCPUS_MAX */
    uint16_t
        partitions_max; /* entries kept of the SPMC's partition list, 0 to PARLEY_PARTITIONS_MAX */
    uint16_t rxtx_pages_max; /* 4 KiB pages of one RX or TX buffer, 1 to PARLEY_RXTX_PAGES_MAX */
    /*
     * Pages of each of the two buffers that Parley keeps for a VM's indirect messages with Secure
     * Partitions, 0 to PARLEY_RXTX_PAGES_MAX. 0: there are no such messages. It bounds their size.
     */
    uint16_t shadow_pages;
    uint16_t cpus_max; /* physical CPUs, as parley_port_cpu() numbers them, 1 to PARLEY_CPUS_MAX */
    /*
     * The interrupts that guests are told of: notification pending and schedule receiver. Two SGIs
     * or PPIs; Linux can use SGIs 8 to 15 only. Both 0: there are no notifications.
     */
    uint16_t npi_intid;
    uint16_t sri_intid;
    /*
     * No SMC is made and no Secure world is looked for: VM to VM only. Left false, Parley asks
     * once, in parley_init(), and does without an SPMC if there is none that it can work with.
     */
    bool no_spmc;
    /*
     * Memory transactions (FFA_MEM_SHARE, LEND, DONATE) that one VM may have under way as their
     * lender, and as many that it may have borrowed from, 0 to PARLEY_TRANSACTIONS_MAX. 0: there is
     * no memory management.
     */
    uint16_t transactions_max;
    /*
     * Ranges of memory that one VM may have granted, borrowed, given away or been given, beside its
     * RX/TX buffers, 0 to PARLEY_RANGES_MAX.
     */
    uint32_t ranges_max;
    bool can_donate;     /* the port has parley_port_memory_adopt() and forget() */
    uint32_t contiguity; /* pages that are always physically contiguous, and aligned; 0 is 1 */
};

/* What parley_init() needs, in bytes, for this configuration. 0 if the configuration is refused. */
size_t parley_memory_size(const struct parley_config *config);

/*
 * Makes a mediator in `memory`: `bytes` of it (at least parley_memory_size()), aligned to
 * FFA_PAGE_SIZE, physically contiguous, readable and writable by every CPU, Parley's alone until
 * parley_shutdown() says PARLEY_DONE. The configuration is copied.
 *
 * If there is an SPMC, this negotiates with it: FFA_VERSION is the first FF-A call that leaves the
 * hypervisor. Call it once, on one CPU, before any VM runs.
 *
 * Returns NULL, having done nothing, for a configuration or memory that it refuses; the reason is
 * told through parley_port_event(). An SPMC that cannot be used is no reason to fail.
 */
struct parley *parley_init(void *memory, size_t bytes, const struct parley_config *config);

/* --- Steps ---------------------------------------------------------------- */

/* The end of a step in the life of a VM or of the mediator. */
enum parley_progress {
    PARLEY_DONE,
    PARLEY_AGAIN,            /* more to do: take your interrupts, then call parley_vm_continue() */
    PARLEY_QUARANTINED,      /* the VM is gone, and its ID retired: see parley_quarantine_retry() */
    PARLEY_REFUSED_CONFIG,   /* the configuration breaks a rule; told through parley_port_event() */
    PARLEY_REFUSED_ID_USED,  /* a VM of that ID exists, or still ends */
    PARLEY_REFUSED_VMS_LEFT, /* shutdown: a VM still exists */
    PARLEY_REFUSED_BY_SPMC,  /* shutdown: the SPMC does not give Parley's buffers back */
};

/*
 * Returns the SPMC to its first state, so that another owner of this exception level can start.
 * All VMs must have been destroyed. Call it with no other call under way.
 *
 * PARLEY_DONE:            the memory given to parley_init() is the embedder's again.
 * PARLEY_REFUSED_VMS_LEFT: nothing was done.
 * PARLEY_REFUSED_BY_SPMC: the SPMC may still write to the memory: it must not be used again, unless
 * a later call says PARLEY_DONE.
 */
enum parley_progress parley_shutdown(struct parley *parley);

/* --- The life of a VM ----------------------------------------------------- */

/* What one VM may do with another. Nothing is allowed that is not said (see struct parley_peer). */
#define PARLEY_MAY_DISCOVER \
    (1u << 0)                        /* see it in partition information; the others need this one */
#define PARLEY_MAY_MESSAGE (1u << 1) /* send it messages */
#define PARLEY_MAY_NOTIFY  (1u << 2) /* signal it */
#define PARLEY_MAY_SHARE   (1u << 3) /* grant it memory */
#define PARLEY_MAY_ALL     0xfu

/* One edge of the policy: what the VM that owns it may do with `id`. It says nothing of the way
 * back. */
struct parley_peer {
    uint16_t id;    /* a VM ID of the directory, whether or not it exists yet; never the VM's own */
    uint8_t rights; /* PARLEY_MAY_... */
};

struct parley_vm_config {
    uint16_t id;    /* in the range that parley_config names */
    uint16_t vcpus; /* execution contexts, 1 to parley_config.vcpus_max */
    /*
     * What messaging the VM takes part in: FFA_PARTITION_... bits 0 to 3, 9 and 10. Others see the
     * part of it that the VM's version has and that Parley serves.
     */
    uint32_t properties;
    /* Protocol UUIDs that the VM answers to, at most PARLEY_UUIDS_PER_VM, none nil, no two equal.
     */
    const struct ffa_uuid *uuids;
    unsigned int uuid_count;
    /* Policy towards other VMs. At most one entry per peer; a VM not named here does not exist. */
    const struct parley_peer *peers;
    unsigned int peer_count;
    /* Policy towards the Secure world: PARLEY_MAY_..., for all Secure Partitions alike. */
    uint8_t secure_rights;
    /* Quota: pages of one RX or TX buffer, 1 to parley_config.rxtx_pages_max. */
    uint16_t rxtx_pages_max;
    /*
     * Where memory appears that the VM borrows or is given: a stretch of its addresses that is free
     * of RAM and devices, whole pages. Without one, it borrows nothing.
     */
    uint64_t window_ipa;
    uint64_t window_pages;
    void *context; /* the port's name for this VM, handed back to it in hooks; may be NULL */
};

/*
 * Creates a VM. Its ID and state are ready before its first vCPU may run. The configuration, and
 * what it points to, is copied.
 *
 * PARLEY_DONE:             *vm is valid until parley_vm_destroy() says PARLEY_DONE.
 * PARLEY_REFUSED_CONFIG:   parley_port_event() was told which rule is broken.
 * PARLEY_REFUSED_ID_USED:  see there. *vm is NULL in both cases, and nothing has changed.
 *
 * Any context; two creations of one ID may race, and one is refused.
 */
enum parley_progress parley_vm_create(struct parley *parley, const struct parley_vm_config *config,
                                      struct parley_vm **vm);

/*
 * Ends this life of the VM and starts another under the same ID and configuration, as PSCI
 * SYSTEM_RESET does: buffers are given back, the version is negotiated anew. (A guest that starts
 * another kernel by itself, without a reset, keeps version and buffers.)
 *
 * The VM's vCPUs have been stopped, and none is inside parley_call(). Nor may one enter it before
 * PARLEY_DONE. PARLEY_AGAIN: call parley_vm_continue() until it says PARLEY_DONE.
 */
enum parley_progress parley_vm_reset(struct parley_vm *vm);

/*
 * Ends the VM. Nobody finds it from the moment this is called; its pages are given back to the port
 * and its ID may be used again when it, or parley_vm_continue(), says PARLEY_DONE. `vm` is then no
 * more. Also allowed while a reset is under way: it turns the reset into the end.
 *
 * The VM's vCPUs have been stopped, as for parley_vm_reset().
 */
enum parley_progress parley_vm_destroy(struct parley_vm *vm);

/*
 * Goes on with the creation, reset or destruction that said PARLEY_AGAIN, and returns as they do.
 * Each call does a bounded amount of work. PARLEY_DONE if there is nothing under way.
 *
 * Let vCPUs of other VMs run in between: a partition that is to be told of the VM may be at work
 * for one of them, and then nothing goes on until that request is over, be it by
 * parley_vcpu_finish().
 */
enum parley_progress parley_vm_continue(struct parley_vm *vm);

/*
 * Tries again to end a VM that ended as PARLEY_QUARANTINED, because the Secure world did not let go
 * of it. Returns as parley_vm_destroy() does; PARLEY_REFUSED_CONFIG if there can be no such VM.
 */
enum parley_progress parley_quarantine_retry(struct parley *parley, uint16_t id);

/* --- Calls of a guest ----------------------------------------------------- */

/* What the trap handler does next. */
enum parley_outcome {
    PARLEY_RETURN, /* back to the guest, with `regs` as they are now */
    PARLEY_BLOCK,  /* the vCPU waits: keep it out, with `regs` as they are; see parley_continue() */
    PARLEY_YIELD,  /* as PARLEY_RETURN, after others have had a turn */
    PARLEY_PREEMPTED, /* not done: take your interrupts, run others, then parley_continue() soon,
                         without the guest in between; the vCPU is not interruptible meanwhile */
    PARLEY_NOT_FFA, /* the function ID is none of FF-A's: `regs` are unchanged, the call is not ours
                     */
};

/*
 * Serves one SMC or HVC (immediate 0) of a guest. To be called for each, or at least for function
 * numbers 0x60 to 0xef of 0x84000000 and 0xc4000000.
 *
 * vm, vcpu: who calls; vcpu is below parley_vm_config.vcpus. The caller's identity is taken from
 * here and never from a register. regs: x0 to x17 as the guest left them, all 64 bits; for an
 * AArch32 guest, r0 to r14 in x0 to x14 as the architecture maps them. On PARLEY_RETURN they hold
 * what the guest must see. No other copy is kept.
 *
 * Any context, except that one vCPU is in at most one call. Interrupts may be on or off.
 * FF-A 1.2, chapter 11 (register use), and each ABI's own chapter.
 */
enum parley_outcome parley_call(struct parley_vm *vm, unsigned int vcpu, struct parley_regs *regs);

/*
 * Goes on with a vCPU that was preempted (PARLEY_PREEMPTED), or that blocked, once
 * parley_port_vcpu_wake() has named it; the wake may come
 * before parley_call() has returned PARLEY_BLOCK, and must not be lost then. `regs` are those of
 * the call. PARLEY_RETURN: they hold its result. PARLEY_BLOCK: it still waits, the wake was for
 * nothing. PARLEY_PREEMPTED: call again. Any context, for one vCPU on one CPU at a time.
 */
enum parley_outcome parley_continue(struct parley_vm *vm, unsigned int vcpu,
                                    struct parley_regs *regs);

/*
 * To be called when a blocked vCPU has a virtual interrupt to take: a vCPU that waits stays
 * interruptible. Its call completes with FFA_INTERRUPT, or with its message if that came first; it
 * waits on with FFA_RUN. Returns as parley_continue() does; PARLEY_BLOCK says that its message
 * comes in this moment, and the wake with it.
 */
enum parley_outcome parley_vcpu_interrupt(struct parley_vm *vm, unsigned int vcpu,
                                          struct parley_regs *regs);

/*
 * The CPU on which a vCPU must run, because the Secure world left a request of its there, or
 * PARLEY_ANY_CPU. The same for parley_vm_continue() of a VM that ends. To be asked after each call,
 * by a port that moves vCPUs between CPUs; FFA_RUN elsewhere is refused with BUSY.
 */
#define PARLEY_ANY_CPU (~0u)
unsigned int parley_vcpu_cpu(const struct parley_vm *vm, unsigned int vcpu);
unsigned int parley_vm_cpu(const struct parley_vm *vm);

/*
 * For a vCPU that parley_vcpu_cpu() binds to this CPU, and that has not resumed its request for
 * longer than the port wants a partition to be kept from others: resumes it in the vCPU's stead,
 * one SMC a call. PARLEY_AGAIN until the request is over; the guest's FFA_RUN is then answered with
 * ABORTED. On that CPU only, while the vCPU is not inside parley_call().
 */
enum parley_progress parley_vcpu_finish(struct parley_vm *vm, unsigned int vcpu);

/* --- Notifications and cycles --------------------------------------------- */

/* A vCPU came online: it is interrupted for what pends. Any context. */
void parley_vcpu_online(struct parley_vm *vm, unsigned int vcpu);

/*
 * A vCPU went offline: it is in no call, does not run, and parley_port_vcpu_is_online() says so
 * already. It waits for nothing any more, whoever waits for its response gets ABORTED, and what
 * pends for the VM finds another vCPU. On the CPU that parley_vcpu_cpu() names. PARLEY_AGAIN: call
 * again.
 */
enum parley_progress parley_vcpu_offline(struct parley_vm *vm, unsigned int vcpu);

/*
 * To be called, outside of the handler, after the physical interrupt parley_status.sri_intid, on
 * the CPU that took it, and once after a CPU went offline: asks the SPMC who was signalled. One
 * SMC. PARLEY_AGAIN: there is more, call again. FF-A 1.2, 10.6.
 */
enum parley_progress parley_schedule_receivers(struct parley *parley);

/*
 * Runs, on this CPU, one partition that was signalled and waits for cycles. One SMC. To be called
 * after parley_schedule_receivers() and parley_port_cpu_kick(), and now and then, such as at the
 * end of a time slice: a partition that serves a VM at the moment is tried later. PARLEY_AGAIN:
 * take your interrupts, then call again; PARLEY_DONE: nothing more can be done now.
 */
enum parley_progress parley_cpu_work(struct parley *parley);

/* --- What an operator can see --------------------------------------------- */

/* Since the VM was created, resets included. Read one by one, while others count. */
struct parley_vm_counters {
    uint64_t calls;                    /* FF-A calls of the guest */
    uint64_t refused[1 - FFA_NO_DATA]; /* of these, refused: indexed by the negated status code */
};

/* Where a VM's receive buffer stands (FF-A 1.2, 7.2.2.4). Only src/rxtx.c moves it. */
enum parley_rx_state {
    PARLEY_RX_UNMAPPED,
    PARLEY_RX_MAPPING,   /* being pinned; nobody can use it yet */
    PARLEY_RX_FREE,      /* Parley's to fill */
    PARLEY_RX_FILLING,   /* being filled: cannot be unmapped or released */
    PARLEY_RX_FULL,      /* the guest's to read, until FFA_RX_RELEASE */
    PARLEY_RX_UNMAPPING, /* being unpinned */
};

struct parley_vm_status {
    uint16_t id;
    uint32_t version;    /* as FFA_VERSION writes it, FFA_VERSION_1_x; 0 while it is not final */
    uint32_t generation; /* counts the lives that this ID has had */
    bool dying;          /* reset or destruction under way */
    enum parley_rx_state rx;
    struct parley_vm_counters counters;
};

/* Any context, for as long as vm is valid. A snapshot: true when each part was read. */
void parley_vm_status(const struct parley_vm *vm, struct parley_vm_status *status);

struct parley_status {
    uint32_t spmc_version;    /* what was agreed with the SPMC; 0 if there is none */
    uint16_t spmc_id;         /* valid with spmc_version */
    uint16_t partition_count; /* entries kept of the SPMC's list, one per partition and UUID */
    uint16_t sri_intid;       /* the physical schedule receiver interrupt; 0: the SPMC has none */
    uint16_t vms;             /* VMs that are created, final or not */
};

/* Any context. A snapshot. */
void parley_status(const struct parley *parley, struct parley_status *status);

/* Where a memory transaction stands. Only src/transaction.c moves it. */
enum parley_transaction_state {
    PARLEY_TRANSACTION_FREE,
    PARLEY_TRANSACTION_BUILDING,    /* fragments are being received and checked */
    PARLEY_TRANSACTION_SENT,        /* complete; being taken from the lender, told to the SPMC */
    PARLEY_TRANSACTION_ACTIVE,      /* can be retrieved */
    PARLEY_TRANSACTION_RECLAIMING,  /* going back to the lender */
    PARLEY_TRANSACTION_QUARANTINED, /* the SPMC does not let go */
};

struct parley_transaction_status {
    enum parley_transaction_state state;
    uint64_t handle;
    uint32_t type; /* FFA_MEM_TYPE_SHARE, LEND or DONATE */
    uint32_t pages;
    unsigned int borrower_count;
    struct {
        uint16_t id;
        bool holds; /* has retrieved it, and not given it back. Of a partition: not known, false */
    } borrowers[PARLEY_BORROWERS_MAX];
};

/*
 * The VM's transaction number `index`, as its lender. False if there is no such place; the state
 * may be FREE. Any context, for as long as vm is valid. A snapshot.
 */
bool parley_transaction_status(struct parley_vm *vm, unsigned int index,
                               struct parley_transaction_status *status);

/*
 * Something that an operator may want to know. Parley hands it to parley_port_event(); what a guest
 * can cause without end is told on its 1st, 2nd, 4th, 8th, ... occurrence only.
 */
enum parley_event_kind {
    PARLEY_EVENT_CONFIG_REFUSED,    /* text: the rule; vm_id: the VM, or 0 for parley_init() */
    PARLEY_EVENT_SPMC_FOUND,        /* value: the version agreed on */
    PARLEY_EVENT_SPMC_ABSENT,       /* text: why Parley runs without one; value: what it answered */
    PARLEY_EVENT_PARTITION_IGNORED, /* text: why; value: the ID that the SPMC listed */
    PARLEY_EVENT_SPMC_REFUSED,      /* fid: what Parley asked; status: the answer */
    PARLEY_EVENT_VM_CREATED,
    PARLEY_EVENT_VM_RESET,
    PARLEY_EVENT_VM_DESTROYED,
    PARLEY_EVENT_VM_QUARANTINED,
    PARLEY_EVENT_VM_REFUSED_BY_PARTITION, /* value: the partition; status: what it answered */
    PARLEY_EVENT_MEMORY_QUARANTINED, /* value: the handle; status: why the SPMC keeps the memory */
    PARLEY_EVENT_VERSION_FINAL, /* value: the version; vcpu: whose call made it final; fid: that
                                   call */
    PARLEY_EVENT_CALL_REFUSED, /* fid, vcpu, status; value: how often this VM has got this status */
};

struct parley_event {
    enum parley_event_kind kind;
    uint16_t vm_id;
    uint16_t vcpu;
    uint32_t fid;
    int32_t status; /* FFA_... */
    uint64_t value;
    const char *text; /* a constant string, or NULL */
};

/*
 * Writes the event as one line of text without a newline into `line`, cut to `bytes` - 1 characters
 * and always terminated. `bytes` is at least 1; PARLEY_EVENT_TEXT_BYTES never cuts. Any context.
 */
#define PARLEY_EVENT_TEXT_BYTES 160u
void parley_event_text(const struct parley_event *event, char *line, size_t bytes);

/* The name of a function ID, such as "FFA_RXTX_MAP_64", or NULL if FF-A 1.2 has none. Any context.
 */
const char *parley_fid_name(uint32_t fid);

#endif
