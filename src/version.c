/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_VERSION and finality (FF-A 1.2, 13.2).
 *
 * Until a VM makes another FF-A call, it may ask for versions as often as it likes, and the last
 * valid one stands as a proposal. The first other call makes the proposal final, for this life of
 * the VM. docs/negotiation.md lists every case.
 */
#include "internal.h"

/*
 * What a request amounts to: a version of ours as it is; anything else that is well formed, our own
 * version, from which the caller sees that it must do with less; none if bit 31 is set.
 */
static enum parley_version normalise(uint32_t request)
{
    if ((request & FFA_VERSION_BIT31) != 0) {
        return VERSION_NONE;
    }
    switch (request) {
    case FFA_VERSION_1_0:
        return VERSION_1_0;
    case FFA_VERSION_1_1:
        return VERSION_1_1;
    default:
        return VERSION_1_2;
    }
}

/* Records a proposal. Returns the version in force if a sibling made one final first, or else
 * `asked`; none if the VM is dying. */
static enum parley_version propose(struct parley_vm *vm, enum parley_version asked)
{
    enum parley_version standing = asked;

    parley_lock_take(&vm->negotiation);
    uint64_t word = parley_load_acquire(&vm->word);
    if (word_is_dying(word) || word_is_member(word)) {
        standing = word_version(word);
    } else {
        vm->proposed = asked;
    }
    parley_lock_drop(&vm->negotiation);
    return standing;
}

int32_t parley_handle_version(const struct call *call, struct parley_regs *result)
{
    enum parley_version asked = normalise(call_word(call, 1));
    enum parley_version standing = call->version;

    if (asked == VERSION_NONE) {
        return FFA_NOT_SUPPORTED;
    }
    if (standing == VERSION_NONE) {
        standing = propose(call->vm, asked);
    }
    if (standing != asked) {
        return FFA_NOT_SUPPORTED;
    }
    result->x[0] = PARLEY_FFA_VERSION;
    return FFA_OK;
}

/*
 * Publishes the proposal, under the negotiation lock. One exchange makes the VM a member; before it
 * everything is written that others may read about the VM. It pairs with the acquires in
 * parley_call() and parley_endpoint_take(). False if the VM is dying.
 */
static bool publish(struct parley_vm *vm)
{
    vm->aarch64 = parley_port_vm_is_aarch64(vm->context);

    uint64_t word = parley_load_acquire(&vm->word);
    while (!word_is_dying(word)) {
        if (parley_compare_exchange(&vm->word, &word, word | vm->proposed)) {
            return true;
        }
    }
    return false;
}

enum parley_version parley_version_finalise(const struct call *call)
{
    struct parley_vm *vm = call->vm;
    bool published = false;

    parley_lock_take(&vm->negotiation);
    enum parley_version version = word_version(parley_load_acquire(&vm->word));
    if (version == VERSION_NONE && vm->proposed != VERSION_NONE) {
        published = publish(vm);
        version = published ? vm->proposed : VERSION_NONE;
    }
    parley_lock_drop(&vm->negotiation);

    if (published && version >= VERSION_1_1) {
        parley_notifications_start(vm);
    }
    if (published && parley_occurrence_is_told(parley_counter_read(&vm->counters.resets) + 1)) {
        parley_port_event(&(struct parley_event){
            .kind = PARLEY_EVENT_VERSION_FINAL,
            .vm_id = vm->id,
            .vcpu = (uint16_t)call->vcpu,
            .fid = call->fid,
            .value = parley_version_word(version),
        });
    }
    return version;
}
