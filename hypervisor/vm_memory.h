/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's memory over its lives: where its RAM is, and what is in it when a life begins. */
#ifndef VM_MEMORY_H
#define VM_MEMORY_H

#include <stdint.h>

struct vm;

/* Gives it RAM, as its place in the table says, for its first life. NULL, or why not. */
const char *vm_memory_create(struct vm *vm, unsigned int vmid);

enum vm_memory_progress {
    VM_MEMORY_READY,
    VM_MEMORY_AGAIN,
    VM_MEMORY_NONE_LEFT,
};

/*
 * A step, bounded, towards the memory of the next life: until the program is there, and zeroes
 * behind it. What others still have of the VM's RAM, or it gave away, is replaced, and what it was
 * given goes. A VM that is made anew gets all of its RAM so. From vm->pages_done == 0 on.
 */
enum vm_memory_progress vm_memory_prepare(struct vm *vm);

/*
 * A step, bounded, after Parley has ended the VM: until it has no memory any more, but, if it is in
 * quarantine, what the Secure world keeps. From vm->pages_done == 0 on.
 */
enum vm_memory_progress vm_memory_give_back(struct vm *vm);

#endif
