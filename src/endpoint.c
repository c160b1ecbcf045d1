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

void parley_endpoint_drop(struct parley_vm *vm)
{
    /* Pairs with the acquire in lifecycle.c that sees the last reference go. */
    (void)parley_fetch_sub(&vm->word, WORD_REFERENCE);
}
