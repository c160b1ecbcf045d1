/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls as a guest makes them. Every register that is not an argument is poisoned before a call, as
 * are the upper halves of the arguments of an SMC32 call; after it, all of x0 to x17 are held
 * against the rules of register use, and what breaks one is a violation (posix.h).
 */
#ifndef CALL_H
#define CALL_H

#include "posix.h"

struct answer {
    uint32_t fid;   /* w0: FFA_SUCCESS_..., FFA_ERROR, a message; of FFA_VERSION, its result */
    int32_t status; /* FFA_OK, or the status code of FFA_ERROR; FFA_OK for FFA_VERSION */
    bool yields;    /* PARLEY_YIELD */
    struct parley_regs regs;
};

/* The vCPU of CALL(), and of all that is built on it: 0, unless the thread is another one. */
extern _Thread_local unsigned int call_vcpu;

/*
 * CALL(vm, fid, x1, x2, ...): a call on that vCPU. What is not given is not an argument. It must
 * not wait; one that does is a violation, and is interrupted.
 */
#define CALL(vm, ...) CALL_ON(vm, call_vcpu, __VA_ARGS__)
#define CALL_ON(vm, vcpu, ...)                           \
    call_with(vm, vcpu, (const uint64_t[]){__VA_ARGS__}, \
              sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

struct answer call_with(struct posix_vm *vm, unsigned int vcpu, const uint64_t *arguments,
                        unsigned int count);

/* --- Calls that wait -------------------------------------------------------------------------- */

/* WAIT(vm, vcpu, fid, x1, x2, ...): a call that must say PARLEY_BLOCK. */
struct waiting {
    struct posix_vm *vm;
    unsigned int vcpu;
    struct parley_regs made;
    struct parley_regs regs;
    uint32_t version;
};

#define WAIT(vm, vcpu, ...)                              \
    wait_with(vm, vcpu, (const uint64_t[]){__VA_ARGS__}, \
              sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

struct waiting wait_with(struct posix_vm *vm, unsigned int vcpu, const uint64_t *arguments,
                         unsigned int count);

/* Its answer, for which it must have been woken. */
struct answer woken(struct waiting *waiting);

/* Whether it was not woken, and would not go on if it were. */
bool still_waits(struct waiting *waiting);

/* Its answer after an interrupt. */
struct answer interrupted(struct waiting *waiting);

/* Whether the payload, registers `first` to `last`, is that of the message sent or made. */
bool same_payload(const struct parley_regs *a, const struct parley_regs *b, unsigned int first,
                  unsigned int last);

/* --- Beginnings ------------------------------------------------------------------------------- */

/* w0 of FFA_VERSION. */
uint32_t ask_version(struct posix_vm *vm, uint32_t version);

/* FFA_VERSION, and FFA_ID_GET to make it final. Both must succeed. */
void settle(struct posix_vm *vm, uint32_t version);

/*
 * Maps TX and RX of so many pages, TX at the first page of RAM and RX at the one after TX. The call
 * fits the VM's width.
 */
struct answer map_buffers(struct posix_vm *vm, unsigned int pages);
uint64_t tx_ipa(const struct posix_vm *vm);
uint64_t rx_ipa(const struct posix_vm *vm, unsigned int pages);

/* --- Discovery, as a client reads it ---------------------------------------------------------- */

#define LIST_MAX 512u

struct list {
    int32_t status; /* of the call; FFA_OK or why there is no list */
    unsigned int count;
    struct ffa_partition_info_1_1 entry[LIST_MAX]; /* a 1.0 entry has a nil UUID here */
    uint16_t tag;                                  /* list_by_registers() */
};

extern const struct ffa_uuid nil_uuid;

/* FFA_PARTITION_INFO_GET into the RX of `pages`, read by the stride it tells, then released. */
struct list list_by_buffer(struct posix_vm *vm, const struct ffa_uuid *uuid, unsigned int pages);

/* FFA_PARTITION_INFO_GET, count only; the count, or the status code. */
int64_t list_count(struct posix_vm *vm, const struct ffa_uuid *uuid);

/* FFA_PARTITION_INFO_GET_REGS, called until its last entry came. */
struct list list_by_registers(struct posix_vm *vm, const struct ffa_uuid *uuid);

/* Adds the entries of one answer to FFA_PARTITION_INFO_GET_REGS. False if it cannot be right. */
bool list_read_part(struct list *list, const struct answer *answer);

/* The place of an ID in the list; list->count if it is not there. */
unsigned int list_find(const struct list *list, uint16_t id);

/* --- For threads ------------------------------------------------------------------------------ */

/*
 * The rules of register use alone. versions: in force before and after the call, 0 if none; they
 * differ also where another vCPU made one final meanwhile.
 */
void check_hygiene(const struct posix_vm *vm, const struct parley_regs *call,
                   const struct parley_regs *answer, uint32_t version_before,
                   uint32_t version_after);

/* Whether another vCPU of the VM may be calling: then no state is compared around a call. */
extern bool call_among_others;

#endif
