/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's memory over its lives: where its RAM is, and what is in it when a life begins. */
#ifndef VM_MEMORY_H
#define VM_MEMORY_H

#include <stdint.h>

struct vm;

/* Gives it RAM, as its place in the table says. NULL, or why not. */
const char *vm_memory_create(struct vm *vm, unsigned int vmid);

enum vm_memory_progress {
    VM_MEMORY_READY, /* the program is there, and zeroes behind it */
    VM_MEMORY_AGAIN,
    VM_MEMORY_NONE_LEFT,
};

/*
 * A step, bounded, towards the memory of the next life. What others still have of the VM's RAM, or
 * it gave away, is replaced, and what it was given goes. From vm->pages_prepared == 0 on.
 */
enum vm_memory_progress vm_memory_prepare(struct vm *vm);

/* Parley has ended the VM: it has no memory any more. */
void vm_memory_give_back(struct vm *vm);

#endif
