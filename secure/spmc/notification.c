/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications (FF-A 1.2, 10 and 16). Those from partitions to VMs, and all to partitions, are
 * kept here; those from VMs to VMs are the hypervisor's. What a receiver has not bound cannot be
 * set.
 */
#include "internal.h"

#define GET_FROM_SECURE (FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_SPM)

/* --- Inboxes --- */

void spmc_notify(struct spmc_frame *frame, struct spmc_inbox *inbox, enum spmc_sri sri)
{
    inbox->news_global = true;
    if (frame->sri < sri) {
        frame->sri = sri;
    }
}

bool spmc_pending(const struct spmc_inbox *inbox)
{
    return (inbox->from_sps.global | inbox->from_vms.global | inbox->from_spm |
            inbox->from_hypervisor) != 0;
}

bool spmc_pending_vcpu(const struct spmc_inbox *inbox, unsigned int vcpu)
{
    return (inbox->from_sps.vcpu[vcpu] | inbox->from_vms.vcpu[vcpu]) != 0;
}

/* Pending for whomever. */
static uint64_t pending(const struct spmc_bitmap *bitmap)
{
    uint64_t all = bitmap->global;

    for (unsigned int i = 0; i < SPMC_VCPUS_MAX; i++) {
        all |= bitmap->vcpu[i];
    }
    return all;
}

/* Those of `bits` that are bound to `sender`. */
static uint64_t bound_to(const struct spmc_bitmap *bitmap, uint16_t sender, uint64_t bits)
{
    uint64_t theirs = 0;

    for (unsigned int i = 0; i < FFA_NOTIFICATION_COUNT; i++) {
        if ((bits & bitmap->bound & FFA_BIT64(i)) != 0 && bitmap->sender[i] == sender) {
            theirs |= FFA_BIT64(i);
        }
    }
    return theirs;
}

/* The inbox of an endpoint; NULL: it is not known, or receives nothing. */
static struct spmc_inbox *inbox_of(struct spmc *spmc, uint16_t id)
{
    const unsigned int found = spmc_partition_find(spmc, id);
    struct spmc_vm *vm;

    if (found < spmc->config.partition_count) {
        return found < SPMC_PARTITIONS_MAX && (spmc->config.partitions[found].properties &
                                               FFA_PARTITION_NOTIFICATION_RECV) != 0
                   ? &spmc->runtimes[found].inbox
                   : NULL;
    }
    vm = spmc_vm_find(spmc, id);
    return vm != NULL && vm->inbox.vcpus != 0 ? &vm->inbox : NULL;
}

static struct spmc_bitmap *bitmap_from(struct spmc_inbox *inbox, uint16_t sender)
{
    return ffa_id_is_secure(sender) ? &inbox->from_sps : &inbox->from_vms;
}

/* --- The bitmap of a VM --- */

int32_t spmc_notification_bitmap_create(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t id = (uint16_t)frame->in[1];
    const uint64_t vcpus = frame->in[2];
    struct spmc_vm *vm;

    if (frame->in[1] > FFA_ID_MASK || ffa_id_is_secure(id) || vcpus == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    vm = spmc_vm_find_or_add(spmc, id);
    if (vm == NULL || vcpus > SPMC_VCPUS_MAX) {
        return FFA_NO_MEMORY;
    }
    if (vm->inbox.vcpus != 0) {
        return FFA_DENIED;
    }
    memset(&vm->inbox, 0, sizeof(vm->inbox));
    vm->inbox.vcpus = (uint16_t)vcpus;
    return FFA_OK;
}

/* It must be quiet. What is pending is bound, too, but for what comes from the SPMC itself. */
int32_t spmc_notification_bitmap_destroy(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t id = (uint16_t)frame->in[1];
    struct spmc_vm *vm = spmc_vm_find(spmc, id);

    if (spmc_refuses_reserved(spmc, frame->in[1] & ~(uint64_t)FFA_ID_MASK) ||
        ffa_id_is_secure(id)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (vm == NULL || vm->inbox.vcpus == 0) {
        return FFA_DENIED;
    }
    if (vm->inbox.from_sps.bound != 0 || vm->inbox.from_spm != 0) {
        return FFA_DENIED;
    }
    vm->inbox.vcpus = 0;
    return FFA_OK;
}

/* --- Bind and unbind --- */

/* What both carry, and BIND's flags. */
struct binding {
    uint16_t sender;
    struct spmc_bitmap *bitmap; /* of the receiver, for that sender */
    uint64_t bits;
    uint64_t flags;
};

/* `sender_ok`: whether such a sender can be. */
static int32_t decode_binding(struct spmc *spmc, const struct spmc_frame *frame, bool sender_ok,
                              struct binding *binding)
{
    const uint32_t w1 = (uint32_t)frame->in[1];
    struct spmc_inbox *inbox = inbox_of(spmc, ffa_ids_receiver(w1));

    *binding = (struct binding){
        .sender = ffa_ids_sender(w1),
        .bits = ffa_handle_make((uint32_t)frame->in[3], (uint32_t)frame->in[4]),
        .flags = frame->in[2],
    };
    if (!sender_ok || inbox == NULL || binding->bits == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    binding->bitmap = bitmap_from(inbox, binding->sender);
    return FFA_OK;
}

/* All or nothing. What is bound to this sender already may change its kind. */
static int32_t bind(const struct binding *binding)
{
    struct spmc_bitmap *bitmap = binding->bitmap;
    const uint64_t others =
        binding->bits & bitmap->bound & ~bound_to(bitmap, binding->sender, binding->bits);

    if ((others | (binding->bits & pending(bitmap))) != 0) {
        return FFA_DENIED;
    }
    for (unsigned int i = 0; i < FFA_NOTIFICATION_COUNT; i++) {
        if ((binding->bits & FFA_BIT64(i)) != 0) {
            bitmap->sender[i] = binding->sender;
        }
    }
    bitmap->bound |= binding->bits;
    bitmap->per_vcpu &= ~binding->bits;
    if ((binding->flags & FFA_NOTIFICATION_BIND_PER_VCPU) != 0) {
        bitmap->per_vcpu |= binding->bits;
    }
    return FFA_OK;
}

static int32_t unbind(const struct binding *binding)
{
    struct spmc_bitmap *bitmap = binding->bitmap;

    if (bound_to(bitmap, binding->sender, binding->bits) != binding->bits ||
        (binding->bits & pending(bitmap)) != 0) {
        return FFA_DENIED;
    }
    bitmap->bound &= ~binding->bits;
    bitmap->per_vcpu &= ~binding->bits;
    return FFA_OK;
}

/* The Normal world binds for a VM, and only what a partition may send it is kept here. */
static bool is_normal_binding(const struct spmc *spmc, const struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];

    return spmc_partition_find(spmc, ffa_ids_sender(w1)) < spmc->config.partition_count &&
           !ffa_id_is_secure(ffa_ids_receiver(w1));
}

int32_t spmc_notification_bind(struct spmc *spmc, struct spmc_frame *frame)
{
    struct binding binding;
    int32_t status;

    if (spmc_refuses_reserved(spmc, frame->in[2] & ~(uint64_t)FFA_NOTIFICATION_BIND_PER_VCPU)) {
        return FFA_INVALID_PARAMETERS;
    }
    status = decode_binding(spmc, frame, is_normal_binding(spmc, frame), &binding);
    return status == FFA_OK ? bind(&binding) : status;
}

int32_t spmc_notification_unbind(struct spmc *spmc, struct spmc_frame *frame)
{
    struct binding binding;
    int32_t status = decode_binding(spmc, frame, is_normal_binding(spmc, frame), &binding);

    return status == FFA_OK ? unbind(&binding) : status;
}

/* A partition binds for itself, to whomever else; which VMs there are, the hypervisor knows. */
static bool is_own_binding(const struct spmc *spmc, const struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];
    const uint16_t self = spmc_partition_of(spmc, frame->runs)->id;
    const uint16_t sender = ffa_ids_sender(w1);

    return ffa_ids_receiver(w1) == self && sender != self &&
           (!ffa_id_is_secure(sender) ||
            spmc_partition_find(spmc, sender) < spmc->config.partition_count);
}

int32_t spmc_partition_notification_bind(struct spmc *spmc, struct spmc_frame *frame)
{
    struct binding binding;
    int32_t status = decode_binding(spmc, frame, is_own_binding(spmc, frame), &binding);

    if (status == FFA_OK) {
        status = bind(&binding);
    }
    return status == FFA_OK ? SPMC_RUNS : status;
}

int32_t spmc_partition_notification_unbind(struct spmc *spmc, struct spmc_frame *frame)
{
    struct binding binding;
    int32_t status = decode_binding(spmc, frame, is_own_binding(spmc, frame), &binding);

    if (status == FFA_OK) {
        status = unbind(&binding);
    }
    return status == FFA_OK ? SPMC_RUNS : status;
}

/* --- Set --- */

struct signal {
    uint16_t sender;
    uint16_t vcpu;
    bool per_vcpu;
    uint64_t bits;
    enum spmc_sri sri;
};

static int32_t decode_signal(const struct spmc_frame *frame, struct signal *signal)
{
    const uint32_t w2 = (uint32_t)frame->in[2];
    const uint32_t known = FFA_NOTIFICATION_SET_PER_VCPU | FFA_NOTIFICATION_SET_DELAY_SRI |
                           FFA_NOTIFICATION_SET_VCPU_MASK;

    *signal = (struct signal){
        .sender = ffa_ids_sender((uint32_t)frame->in[1]),
        .vcpu = ffa_notification_set_vcpu(w2),
        .per_vcpu = (w2 & FFA_NOTIFICATION_SET_PER_VCPU) != 0,
        .bits = ffa_handle_make((uint32_t)frame->in[3], (uint32_t)frame->in[4]),
        .sri = (w2 & FFA_NOTIFICATION_SET_DELAY_SRI) != 0 ? SPMC_SRI_DELAYED : SPMC_SRI_NOW,
    };
    if ((w2 & ~known) != 0 || signal->bits == 0 || (!signal->per_vcpu && signal->vcpu != 0)) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

/* Marks what was not pending before, and only then there is news. */
static void deliver(struct spmc_frame *frame, struct spmc_inbox *inbox, const struct signal *signal)
{
    struct spmc_bitmap *bitmap = bitmap_from(inbox, signal->sender);
    uint64_t *place = signal->per_vcpu ? &bitmap->vcpu[signal->vcpu] : &bitmap->global;
    const bool news_global = inbox->news_global;

    if ((signal->bits & ~*place) == 0) {
        return;
    }
    *place |= signal->bits;
    spmc_notify(frame, inbox, signal->sri);
    if (signal->per_vcpu) {
        inbox->news_global = news_global;
        inbox->news_vcpus |= 1u << signal->vcpu;
    }
}

static int32_t set(struct spmc_frame *frame, struct spmc_inbox *inbox, const struct signal *signal)
{
    struct spmc_bitmap *bitmap = bitmap_from(inbox, signal->sender);
    const uint64_t kind = signal->per_vcpu ? ~bitmap->per_vcpu : bitmap->per_vcpu;

    if (bound_to(bitmap, signal->sender, signal->bits) != signal->bits) {
        return FFA_DENIED;
    }
    if ((signal->bits & kind) != 0 || signal->vcpu >= inbox->vcpus) {
        return FFA_INVALID_PARAMETERS;
    }
    deliver(frame, inbox, signal);
    return FFA_OK;
}

int32_t spmc_notification_set(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t receiver = ffa_ids_receiver((uint32_t)frame->in[1]);
    struct spmc_inbox *inbox = inbox_of(spmc, receiver);
    struct signal signal;
    int32_t status = decode_signal(frame, &signal);

    if (status != FFA_OK) {
        return status;
    }
    /* To delay the interrupt is for a partition, which gives the CPU back soon. */
    if (signal.sri == SPMC_SRI_DELAYED || ffa_id_is_secure(signal.sender) ||
        spmc_partition_find(spmc, receiver) == spmc->config.partition_count) {
        return FFA_INVALID_PARAMETERS;
    }
    return inbox != NULL ? set(frame, inbox, &signal) : FFA_DENIED;
}

int32_t spmc_partition_notification_set(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint16_t self = spmc_partition_of(spmc, frame->runs)->id;
    const uint16_t receiver = ffa_ids_receiver((uint32_t)frame->in[1]);
    struct spmc_inbox *inbox = inbox_of(spmc, receiver);
    struct signal signal;
    int32_t status = decode_signal(frame, &signal);

    if (status != FFA_OK) {
        return status;
    }
    if (signal.sender != self || receiver == self || inbox == NULL) {
        return FFA_INVALID_PARAMETERS;
    }
    status = set(frame, inbox, &signal);
    return status == FFA_OK ? SPMC_RUNS : status;
}

/* --- Get --- */

static uint64_t take(struct spmc_bitmap *bitmap, unsigned int vcpu)
{
    const uint64_t taken = bitmap->global | bitmap->vcpu[vcpu];

    bitmap->global = 0;
    bitmap->vcpu[vcpu] = 0;
    return taken;
}

/* The receiver that is told of a message owns the buffer that it is in. */
static uint32_t take_framework(uint32_t *word, struct spmc_pair *pair)
{
    const uint32_t taken = *word;

    *word = 0;
    if ((taken & FFA_NOTIFICATION_RX_FULL) != 0 && pair->rx_owner == SPMC_RX_FULL) {
        pair->rx_owner = SPMC_RX_CALLER;
    }
    return taken;
}

static void put_bitmap(uint64_t *out, uint64_t bits)
{
    out[0] = ffa_handle_low(bits);
    out[1] = ffa_handle_high(bits);
}

static void get(struct spmc_frame *frame, struct spmc_inbox *inbox, struct spmc_pair *pair)
{
    const unsigned int vcpu = ffa_receiver_info_vcpu((uint32_t)frame->in[1]);
    const uint64_t flags = frame->in[2];

    if ((flags & FFA_NOTIFICATION_GET_SP) != 0) {
        put_bitmap(&frame->out[2], take(&inbox->from_sps, vcpu));
    }
    if ((flags & FFA_NOTIFICATION_GET_VM) != 0) {
        put_bitmap(&frame->out[4], take(&inbox->from_vms, vcpu));
    }
    if ((flags & FFA_NOTIFICATION_GET_SPM) != 0) {
        frame->out[6] = take_framework(&inbox->from_spm, pair);
    }
    if ((flags & FFA_NOTIFICATION_GET_HYPERVISOR) != 0) {
        frame->out[7] = take_framework(&inbox->from_hypervisor, pair);
    }
    inbox->news_global = inbox->news_global && spmc_pending(inbox);
    if (!spmc_pending_vcpu(inbox, vcpu)) {
        inbox->news_vcpus &= ~(1u << vcpu);
    }
}

/* What VMs send to a VM is not here: to ask for it was an error, and since 1.2 finds nothing. */
int32_t spmc_notification_get(struct spmc *spmc, struct spmc_frame *frame)
{
    const uint32_t w1 = (uint32_t)frame->in[1];
    struct spmc_vm *vm = spmc_vm_find(spmc, ffa_receiver_info_endpoint(w1));

    if (spmc_refuses_reserved(spmc, frame->in[2] & ~(uint64_t)GET_FROM_SECURE)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (vm == NULL || ffa_receiver_info_vcpu(w1) >= vm->inbox.vcpus) {
        return FFA_INVALID_PARAMETERS;
    }
    get(frame, &vm->inbox, &vm->pair);
    return FFA_OK;
}

int32_t spmc_partition_notification_get(struct spmc *spmc, struct spmc_frame *frame)
{
    struct spmc_runtime *runtime = spmc_runtime_of(spmc, frame->runs);
    const uint32_t w1 = (uint32_t)frame->in[1];

    if (ffa_receiver_info_endpoint(w1) != spmc_partition_of(spmc, frame->runs)->id ||
        ffa_receiver_info_vcpu(w1) >= runtime->inbox.vcpus) {
        return FFA_INVALID_PARAMETERS;
    }
    get(frame, &runtime->inbox, &runtime->pair);
    return SPMC_RUNS;
}
