/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the mediator's files offer each other. Imports point down:
 *
 *     call                                              the gate, the dispatcher, the one exit
 *     version features identity rxtx discovery console  a chapter of FF-A each
 *     direct run secure indirect shadow                 messages
 *     notification* schedule                            signals, and cycles for who is signalled
 *     memory_* transaction retrieval                    memory: who grants and borrows what
 *     lifecycle availability                            create, reset, destroy; who is told of it
 *     partition_scan endpoint                           who sees whom; references
 *     spmc                                              the client of the physical instance
 *     extents                                           ranges of a VM's pages
 *     layout* state word vcpu memory span bits abi      formats, state and tables
 *
 * Locks, each held for a bounded number of instructions, and never two at once:
 *     parley_vm.negotiation          the proposal, until it is final
 *     parley_vm.notifications.lock   what pends for a VM and who may signal it
 *     parley_vm.memory.lock          what a VM has granted and borrowed
 *     spmc.lock                      Parley's own TX buffer, and the order of bindings at the SPMC,
 *                                    for one SMC
 */
#ifndef PARLEY_SRC_INTERNAL_H
#define PARLEY_SRC_INTERNAL_H

#include "abi.h"
#include "state.h"

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

static inline struct vcpu *call_vcpu(const struct call *call)
{
    return &call->vm->vcpu[call->vcpu];
}

/* Whether the vCPU has no request of its own under way, answered or not. */
static inline bool vcpu_is_free(const struct vcpu *vcpu)
{
    return vcpu_state_of(parley_load_acquire(&vcpu->word)) == VCPU_RUNNING;
}

/* call.c: whether a VM that speaks `version` in this execution state can use the function ID. */
bool parley_abi_offered(const struct parley_vm *vm, enum parley_version version, uint32_t fid);

/*
 * A handler serves one ABI: it decodes, checks, and does, in this order. `result` comes zeroed; an
 * x0 left at 0 becomes FFA_SUCCESS_32. What it returns is FFA_OK, or the status of the FFA_ERROR
 * that the guest gets instead of `result`; then nothing has changed. Or one of enum served.
 */
enum served {
    SERVED_BLOCK = 1,     /* the vCPU waits; there is no result yet */
    SERVED_YIELD = 2,     /* as FFA_OK, but others go first */
    SERVED_PREEMPTED = 3, /* the vCPU's work goes on in parley_continue() */
};

int32_t parley_handle_version(const struct call *call, struct parley_regs *result);
int32_t parley_handle_features(const struct call *call, struct parley_regs *result);
int32_t parley_handle_id_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_spm_id_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_rxtx_map(const struct call *call, struct parley_regs *result);
int32_t parley_handle_rxtx_unmap(const struct call *call, struct parley_regs *result);
int32_t parley_handle_rx_release(const struct call *call, struct parley_regs *result);
int32_t parley_handle_partition_info_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_partition_info_get_regs(const struct call *call, struct parley_regs *result);
int32_t parley_handle_direct_req(const struct call *call, struct parley_regs *result);
int32_t parley_handle_direct_resp(const struct call *call, struct parley_regs *result);
int32_t parley_handle_msg_wait(const struct call *call, struct parley_regs *result);
int32_t parley_handle_yield(const struct call *call, struct parley_regs *result);
int32_t parley_handle_run(const struct call *call, struct parley_regs *result);
int32_t parley_handle_msg_send2(const struct call *call, struct parley_regs *result);
int32_t parley_handle_mem_send(const struct call *call, struct parley_regs *result);
int32_t parley_handle_mem_frag_tx(const struct call *call, struct parley_regs *result);
int32_t parley_handle_mem_retrieve_req(const struct call *call, struct parley_regs *result);
int32_t parley_handle_mem_relinquish(const struct call *call, struct parley_regs *result);
int32_t parley_handle_mem_reclaim(const struct call *call, struct parley_regs *result);
int32_t parley_handle_console_log(const struct call *call, struct parley_regs *result);

/* call.c: the call that blocked is over: `message` is its answer, and leaves by the one exit. */
void parley_call_complete(struct parley_vm *vm, unsigned int vcpu,
                          const struct parley_regs *message, struct parley_regs *regs);

/*
 * The same for a call in pieces: what its handler returned in the end, and `result`, lead to. Also
 * PARLEY_PREEMPTED.
 */
enum parley_outcome parley_call_end(const struct call *call, int32_t status,
                                    struct parley_regs *result, struct parley_regs *regs);

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
/* The same for a VM that may not be final yet: it only does not end. */
bool parley_endpoint_hold(struct parley_vm *vm);
void parley_endpoint_drop(struct parley_vm *vm);

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

/* Whether `vm` may do with `peer`, which may be gone by now, what `right` says. */
bool parley_policy_allows(const struct parley_vm *vm, const struct parley_vm *peer,
                          enum policy_right right);

/*
 * Takes a reference on the VM with this ID, if the caller may discover it and it is a member; NULL,
 * and the same for all reasons, if not. A VM may find itself only if it is its own peer, so never.
 */
struct parley_vm *parley_endpoint_find(const struct parley_vm *caller, uint16_t id, uint64_t *word);
/* The place of a VM ID in the directory, or NULL; whoever is there. */
struct parley_vm *parley_vm_place(struct parley *parley, uint16_t id);
bool parley_endpoint_is_visible(const struct parley_vm *caller, uint16_t id);

/* Takes a reference on the VM with this ID if it still lives the same life; NULL if not. */
struct parley_vm *parley_endpoint_take_again(struct parley *parley, uint16_t id,
                                             uint32_t generation);

/* Whether the ID is one that the VM may know by policy, whoever is there. */
bool parley_vm_id_is_known(const struct parley_vm *vm, uint16_t id);

/* Whether the UUID is one of the VM's, or nil. */
bool parley_vm_has_uuid(const struct parley_vm *vm, const struct uuid *uuid);

/* --- rxtx.c --------------------------------------------------------------- */

/* Takes the VM's RX buffer to fill it. FFA_BUSY if there is none or it is not free. */
int32_t parley_rx_fill_begin(struct parley_vm *vm);
/* Writes at `offset` of the buffer being filled. False, having written nothing, if it does not fit.
 */
bool parley_rx_write(struct parley_vm *vm, size_t offset, const void *from, size_t bytes);
/* Hands the buffer to the VM: `bytes` of it were written, the rest is cleared. */
void parley_rx_fill_end(struct parley_vm *vm, size_t bytes);
/*
 * Gives the buffer back unfilled: the `bytes` that were written are cleared. If a message of the
 * SPMC's waits for the buffer, that has it next.
 */
void parley_rx_fill_abandon(struct parley_vm *vm, size_t bytes);
/* Clears the first `bytes` of the buffer being filled. */
void parley_rx_clear(const struct parley_vm *vm, size_t bytes);
/* Gives it back to nobody in particular. */
void parley_rx_fill_cancel(struct parley_vm *vm);
/* Gives back an RX buffer that the VM owns. False if it does not. */
bool parley_rx_release(struct parley_vm *vm);
enum parley_rx_state parley_rx_state(const struct parley_vm *vm);

/* Bytes of one buffer, while it is held. */
size_t parley_rxtx_bytes(const struct parley_vm *vm);

/* Holds the VM's TX buffer. FFA_BUSY if a sibling has it read, FFA_DENIED if there is none. */
int32_t parley_tx_begin(struct parley_vm *vm);
void parley_tx_end(struct parley_vm *vm);
/* Keeps the pair mapped, whoever reads or fills it meanwhile. False if there is none. */
bool parley_pair_hold(struct parley_vm *vm);
bool parley_pair_is_mapped(const struct parley_vm *vm);
void parley_pair_drop(struct parley_vm *vm);
/* Copies from a held TX buffer, once; the range lies inside. */
void parley_tx_read(const struct parley_vm *vm, size_t offset, uint8_t *to, size_t bytes);
/* Copies from a held TX buffer to an RX buffer being filled; both ranges lie inside. */
void parley_rx_copy_from_tx(struct parley_vm *receiver, size_t to, const struct parley_vm *sender,
                            size_t from, size_t bytes);

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

/* The header of an indirect message, in no particular layout. */
struct message {
    uint16_t sender;
    uint16_t receiver;
    uint32_t payload_offset;
    uint32_t payload_bytes;
    struct uuid uuid;
};

/* --- direct.c ------------------------------------------------------------- */

/* The message of a direct request or response, as its receiver gets it. */
void parley_message_copy(const struct call *call, struct parley_regs *message);
/* Whether a response of one kind may answer a request of the other (FF-A 1.2, 15.3). */
bool parley_direct_kinds_match(uint32_t request, uint32_t response);
/*
 * For a vCPU that has stopped: it waits for nothing any more, and whoever waits for it gets
 * ABORTED. False if a message for it is being written in this moment, or the Secure world has
 * something of it.
 */
bool parley_direct_leave(struct parley_vm *vm, unsigned int vcpu);
/* For the end of a VM: all of its vCPUs. */
bool parley_direct_end(struct parley_vm *vm);

/* --- run.c ---------------------------------------------------------------- */

/* Takes the message of a vCPU that is READY, and lets it run. */
void parley_vcpu_take_message(struct vcpu *vcpu, struct parley_regs *message);
/* The same as the result of a call: FFA_OK, or the status of the FFA_ERROR that the message is. */
int32_t parley_vcpu_take_answer(struct vcpu *vcpu, struct parley_regs *result);

/* --- secure.c ------------------------------------------------------------- */

int32_t parley_secure_request(const struct call *call, uint16_t partition,
                              struct parley_regs *result);
/* FFA_RUN for what this vCPU's word names: SECURE_LEFT, or READY after Parley has ended it. */
int32_t parley_secure_run(const struct call *call, uint32_t target, struct parley_regs *result);
bool parley_secure_is_visible(const struct parley_vm *vm, uint16_t id);
/*
 * A partition's context of this CPU is at work for one at a time: for the request of a VM, until
 * that is over, also while the vCPU has left it; for a message or the cycles of Parley's own. False
 * if it is at work for somebody else, or the CPU is none that is configured. Whoever has taken it
 * drops it, for the same CPU. `partition`: its first entry in the SPMC's list.
 */
bool parley_context_take(struct parley *parley, unsigned int partition, unsigned int cpu);
void parley_context_drop(struct parley *parley, unsigned int partition, unsigned int cpu);
/* Whether target information names a context of this partition. */
bool parley_secure_is_context(const struct spmc *spmc, uint16_t id, uint32_t target);
/*
 * Whether the VM may send to the partition what `properties` receive: INVALID_PARAMETERS if it does
 * not see it or it has not the UUID, DENIED if policy or the partition forbid it.
 */
int32_t parley_secure_check(const struct parley_vm *vm, uint16_t id, const struct uuid *uuid,
                            uint32_t properties);
/* Whether the VM sees the partition, and policy allows it what `right` (PARLEY_MAY_...) says. */
int32_t parley_secure_allows(const struct parley_vm *vm, uint16_t id, uint8_t right);
/* For the end of a VM: resumes what it left in the Secure world. False if something is left. */
bool parley_secure_end(struct parley_vm *vm);

/* --- shadow.c ------------------------------------------------------------- */

/* Whether Parley can carry indirect messages between VMs and Secure Partitions at all. */
bool parley_shadow_is_possible(const struct parley *parley);
/* Whether the VM can have such messages. */
bool parley_shadow_is_wanted(const struct parley_vm *vm);
/* While the VM's pair is MAPPING: registers the shadow with the SPMC, if it is wanted. */
void parley_shadow_register(struct parley_vm *vm);
/*
 * While the VM's pair is UNMAPPING. False if the SPMC does not give the shadow back: it serves the
 * next pair, or is asked back at the end of the VM.
 */
bool parley_shadow_unregister(struct parley_vm *vm);
/* The same at the end of a VM, when it has to be given back. */
enum parley_progress parley_shadow_end(struct parley_vm *vm);
/*
 * The SPMC has filled the shadow, as the VM asks what there is. True if the VM's RX buffer was
 * free, and has the message now; otherwise it follows, with an interrupt, once the buffer is given
 * back.
 */
bool parley_shadow_receive(struct parley_vm *vm);
/* The VM's RX buffer has become free: hands on what waits, and interrupts for it. */
void parley_shadow_deliver(struct parley_vm *vm);
/* Sends to a Secure Partition what is in the VM's TX buffer, which is held. */
int32_t parley_shadow_send(const struct call *call, const struct message *message);

/* --- notification.c, notification_bind.c, notification_info.c ------------- */

int32_t parley_handle_notification_bind(const struct call *call, struct parley_regs *result);
int32_t parley_handle_notification_unbind(const struct call *call, struct parley_regs *result);
int32_t parley_handle_notification_set(const struct call *call, struct parley_regs *result);
int32_t parley_handle_notification_get(const struct call *call, struct parley_regs *result);
int32_t parley_handle_notification_info_get(const struct call *call, struct parley_regs *result);

bool parley_scope_is_pending(const struct scope *scope);
/*
 * Under the lock: adds what pends for the VM, or for one vCPU. Who is to be interrupted once the
 * lock is dropped, or NO_VCPU.
 */
unsigned int parley_scope_add(struct parley_vm *vm, unsigned int vcpu, struct scope news);
/* Without the lock. */
void parley_notifications_raise(struct parley_vm *vm, unsigned int vcpu);
/* All of it. */
void parley_notify(struct parley_vm *vm, unsigned int vcpu, struct scope news);
/* If the VM has a pair: interrupts for what it could not ask for without. */
void parley_notifications_remind(struct parley_vm *vm);
/* At finality: interrupts for what came before. */
void parley_notifications_start(struct parley_vm *vm);

/* --- notification_life.c -------------------------------------------------- */

/*
 * Before the VM runs: the bitmap at the SPMC, unless there is one. The VM does without, if the SPMC
 * also refuses the last try.
 */
void parley_notifications_create(struct parley_vm *vm, bool is_last_try);
/* At its end, one SMC a step. */
enum parley_progress parley_notifications_destroy(struct parley_vm *vm);
void parley_notifications_reset(struct parley_vm *vm);

/* --- availability.c ------------------------------------------------------- */

/* Before either of the next two. */
void parley_availability_begin(struct parley_vm *vm);
/* Tells one partition of the VM. True if all have been told. */
bool parley_availability_created(struct parley_vm *vm);
/* Tells one partition of the end of the VM. PARLEY_QUARANTINED: it does not acknowledge it. */
enum parley_progress parley_availability_destroyed(struct parley_vm *vm);
/* Whether the partition is not to be seen by the VM, because it does not know it. */
bool parley_partition_is_hidden(const struct parley_vm *vm, const struct partition *partition);

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

#define LAYOUT_MESSAGE_BYTES_MAX sizeof(struct ffa_msg_header_1_2)

size_t parley_layout_message_bytes(enum parley_version version);
void parley_layout_message_decode(const uint8_t *bytes, enum parley_version version,
                                  struct message *message);
/* The payload follows the header at once. */
void parley_layout_message_encode(const struct message *message, enum parley_version version,
                                  uint8_t *bytes);
/* The descriptor by which the SPMC is given a pair of buffers under a VM's ID, in at most a page.
 */
void parley_layout_rxtx_encode(uint16_t vm, parley_pa rx, parley_pa tx, unsigned int pages,
                               uint8_t *bytes);

/* --- spmc.c --------------------------------------------------------------- */

/* Looks for an SPMC and agrees with it on a version, buffers and the list of partitions. */
void parley_spmc_connect(struct spmc *spmc);
/* What an answer says: FFA_OK, the status of an FFA_ERROR, or FFA_ABORTED for anything else. */
int32_t parley_spmc_status(const struct parley_regs *regs);
/* A status code from the Secure world: one that FF-A knows, FFA_OK among them, or FFA_ABORTED. */
int32_t parley_spmc_status_code(uint32_t code);
/* The version whose structures the SPMC is given. */
enum parley_version parley_spmc_layout_version(const struct spmc *spmc);
/* Registers a pair of Parley's own under a VM's ID. Takes the lock of Parley's TX buffer. */
int32_t parley_spmc_map_for_vm(struct spmc *spmc, uint16_t vm, const uint8_t *rx, const uint8_t *tx,
                               unsigned int pages);
/* Gives back the RX buffer that the SPMC knows under a VM's ID. */
int32_t parley_spmc_release_rx(uint16_t vm);
/* Returns the SPMC to its first state. The status of what it refused, or FFA_OK. */
int32_t parley_spmc_disconnect(struct spmc *spmc);

#include "memory_internal.h"

#endif
