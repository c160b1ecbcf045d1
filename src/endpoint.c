/* SPDX-License-Identifier: BSD-3-Clause */
/* References to VMs: the only way to read about a VM that is not the caller. */
#include "internal.h"

bool parley_endpoint_take(struct parley_vm *vm, uint64_t *word)
{
    /* Pairs with the exchange in version.c that made the VM a member. */
    *word = parley_load_acquire(&vm->word);

    /*
     * The exchange compares version, dying and generation together with the count, so a reference
     * is never taken on a VM that has begun to end, or on the next life under the same ID.
     */
    while (word_is_member(*word) && !word_references_exhausted(*word)) {
        if (parley_compare_exchange(&vm->word, word, *word + WORD_REFERENCE)) {
            return true;
        }
    }
    return false;
}

bool parley_endpoint_hold(struct parley_vm *vm)
{
    uint64_t word = parley_load_acquire(&vm->word);

    while (!word_is_dying(word) && !word_references_exhausted(word)) {
        if (parley_compare_exchange(&vm->word, &word, word + WORD_REFERENCE)) {
            return true;
        }
    }
    return false;
}

void parley_endpoint_drop(struct parley_vm *vm)
{
    /* Pairs with the acquire in lifecycle.c that sees the last reference go. */
    (void)parley_fetch_sub(&vm->word, WORD_REFERENCE);
}

bool parley_policy_allows(const struct parley_vm *vm, const struct parley_vm *peer,
                          enum policy_right right)
{
    unsigned int place = peer->id - vm->parley->config.vm_id_first;

    return (parley_policy_row(vm, right)[place / 64] >> (place % 64) & 1) != 0;
}

struct parley_vm *parley_vm_place(struct parley *parley, uint16_t id)
{
    unsigned int place = (unsigned int)id - parley->config.vm_id_first;

    return place < parley->config.vms_max ? &parley->vms[place] : NULL;
}

/* The place of an ID that the VM may know by policy, or NULL. */
static struct parley_vm *known_place(const struct parley_vm *vm, uint16_t id)
{
    struct parley *parley = vm->parley;
    unsigned int place = (unsigned int)id - parley->config.vm_id_first;

    if (place >= parley->config.vms_max ||
        !parley_policy_allows(vm, &parley->vms[place], POLICY_DISCOVER)) {
        return NULL;
    }
    return &parley->vms[place];
}

struct parley_vm *parley_endpoint_find(const struct parley_vm *caller, uint16_t id, uint64_t *word)
{
    struct parley_vm *vm = known_place(caller, id);

    return vm != NULL && parley_endpoint_take(vm, word) ? vm : NULL;
}

bool parley_vm_id_is_known(const struct parley_vm *vm, uint16_t id)
{
    return known_place(vm, id) != NULL;
}

struct parley_vm *parley_endpoint_take_again(struct parley *parley, uint16_t id,
                                             uint32_t generation)
{
    struct parley_vm *vm = &parley->vms[id - parley->config.vm_id_first];
    uint64_t word;

    if (!parley_endpoint_take(vm, &word)) {
        return NULL;
    }
    if (word_generation(word) != generation) {
        parley_endpoint_drop(vm);
        return NULL;
    }
    return vm;
}

bool parley_endpoint_is_visible(const struct parley_vm *caller, uint16_t id)
{
    uint64_t word;
    struct parley_vm *vm = parley_endpoint_find(caller, id, &word);

    if (vm == NULL) {
        return false;
    }
    parley_endpoint_drop(vm);
    return true;
}

bool parley_vm_has_uuid(const struct parley_vm *vm, const struct uuid *uuid)
{
    for (unsigned int i = 0; i < vm->uuid_count; i++) {
        if (uuid_equal(&vm->uuids[i], uuid)) {
            return true;
        }
    }
    return uuid_is_nil(uuid);
}
