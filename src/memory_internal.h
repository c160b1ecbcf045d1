/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of memory management offer each other: a part of internal.h, which includes it. */
#ifndef PARLEY_SRC_MEMORY_INTERNAL_H
#define PARLEY_SRC_MEMORY_INTERNAL_H

#include "internal.h"

/* --- layout_memory.c ------------------------------------------------------ */

/* A memory transaction descriptor's header, one borrower's part, and so on, in no version. */
struct memory_header {
    uint16_t sender;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    uint32_t access_bytes;
    uint32_t access_count;
    uint32_t access_offset;
};

struct memory_access {
    uint16_t endpoint;
    uint8_t permissions;
    uint8_t flags;
    uint32_t composite_offset;
    uint64_t impdef[2];
};

struct memory_composite {
    uint32_t pages;
    uint32_t ranges;
};

struct memory_range {
    uint64_t address;
    uint32_t pages;
};

size_t parley_layout_transaction_bytes(enum parley_version version);
void parley_layout_transaction_decode(const uint8_t *bytes, enum parley_version version,
                                      struct memory_header *header);
void parley_layout_transaction_encode(const struct memory_header *header,
                                      enum parley_version version, uint8_t *bytes);
/* The form that is written for this version; both forms are read in all. */
uint32_t parley_layout_access_bytes(enum parley_version version);
void parley_layout_access_decode(const uint8_t *bytes, uint32_t access_bytes,
                                 struct memory_access *access);
void parley_layout_access_encode(const struct memory_access *access, uint32_t access_bytes,
                                 uint8_t *bytes);
void parley_layout_composite_decode(const uint8_t *bytes, struct memory_composite *composite);
void parley_layout_composite_encode(const struct memory_composite *composite, uint8_t *bytes);
void parley_layout_constituent_decode(const uint8_t *bytes, struct memory_range *range);
void parley_layout_constituent_encode(const struct memory_range *range, uint8_t *bytes);

/* --- memory_send.c -------------------------------------------------------- */

/* Holds the TX buffer for a descriptor: INVALID_PARAMETERS if there is none. */
int32_t parley_memory_tx_begin(const struct call *call);
/* Each reads its part of the `sent` bytes in the held TX buffer. False if it is not valid. */
bool parley_memory_read_header(const struct call *call, uint32_t sent,
                               struct memory_header *header);
bool parley_memory_read_access(const struct call *call, uint32_t sent,
                               const struct memory_header *header, unsigned int index,
                               struct memory_access *access);
/* `total`: of the descriptor, which ends with the ranges that the composite descriptor counts. */
bool parley_memory_read_composite(const struct call *call, uint32_t sent, uint32_t total,
                                  const struct memory_header *header, uint32_t offset,
                                  struct memory_composite *composite);
/*
 * Attributes that say of what type the memory is: FFA_OK for the ones that RAM has, DENIED for
 * others that FF-A knows.
 */
#define MEMORY_ATTRIBUTES \
    (FFA_MEM_ATTR_TYPE_MASK | FFA_MEM_ATTR_CACHE_MASK | FFA_MEM_ATTR_SHARE_MASK)
int32_t parley_memory_check_attributes(uint32_t attributes);
/* The flags beside `known` that the caller's version refuses. */
uint32_t parley_memory_reserved_flags(const struct call *call, uint32_t known);

/* --- memory_retrieve.c ---------------------------------------------------- */

/*
 * With both buffers held, RX for the answer: the request in the first `bytes` of TX is agreed with
 * the lender. On FFA_OK *retrieval is on its way.
 */
int32_t parley_retrieve_begin(const struct call *call, uint32_t bytes,
                              struct retrieval **retrieval);

/* --- transaction.c -------------------------------------------------------- */

/* A free one, BUILDING, for the caller to fill in; or NULL. */
struct transaction *parley_transaction_begin(struct parley_vm *lender);
void parley_transaction_forget(struct parley_vm *lender, struct transaction *transaction);
/* Under the lender's lock. */
struct transaction *parley_transaction_find(struct parley_vm *lender, uint64_t handle);
/* Under the lender's lock: the part of a VM in this life of it, or NULL. */
struct borrower *parley_transaction_borrower(struct transaction *transaction,
                                             const struct parley_vm *vm);
/* The next fragment is there to be read, or `status` says why it is refused. */
void parley_transaction_read(struct transaction *transaction, int32_t status);
void parley_transaction_move(struct parley_vm *lender, struct transaction *transaction,
                             enum parley_transaction_state to);
/* Each sets what is to be done; parley_transaction_step() does it. Under the lender's lock. */
void parley_transaction_reclaim(struct transaction *transaction);
void parley_transaction_give(struct transaction *transaction);
void parley_transaction_name(struct transaction *transaction);
void parley_transaction_quarantine(struct parley_vm *lender, struct transaction *transaction,
                                   int32_t status);
/* Does one bounded piece. Whether there is more. */
bool parley_transaction_step(struct parley_vm *lender, struct transaction *transaction);
/* All of it, unless the port wants the CPU: then SERVED_PREEMPTED. */
int32_t parley_transaction_work(const struct call *call, enum work_kind kind,
                                struct transaction *transaction, struct parley_regs *result);

/* --- transaction_out.c, transaction_back.c: one piece each ---------------- */

void parley_step_read(struct parley_vm *lender, struct transaction *transaction);
void parley_step_pin(struct parley_vm *lender, struct transaction *transaction);
void parley_step_open(struct parley_vm *lender, struct transaction *transaction);
void parley_step_revoke(struct parley_vm *lender, struct transaction *transaction);
void parley_step_zero(struct parley_vm *lender, struct transaction *transaction);
void parley_step_tell(struct parley_vm *lender, struct transaction *transaction);
void parley_step_recall(struct parley_vm *lender, struct transaction *transaction);
void parley_step_name(struct parley_vm *lender, struct transaction *transaction);
void parley_step_release(struct parley_vm *lender, struct transaction *transaction);

static inline void transaction_enter(struct transaction *transaction, enum transaction_step step)
{
    transaction->step = step;
    transaction->cursor = (struct cursor){.place = transaction->first, .page = 0};
}

/* --- cursor.c ------------------------------------------------------------- */

static inline struct extent *extent_at(const struct parley_vm *vm, uint32_t place)
{
    return &vm->memory.extents.extent[place];
}

static inline parley_ipa range_ipa(const struct memory_range *range)
{
    return (parley_ipa){range->address};
}

/* Whether these are whole pages of an address space, at least one and at most `pages_max`. */
bool parley_memory_is_range(const struct memory_range *range, uint32_t pages_max);
/* The next piece of at most `limit` pages. False at the end. */
bool parley_cursor_piece(const struct parley_vm *vm, const struct cursor *cursor, uint32_t limit,
                         struct memory_range *piece);
void parley_cursor_advance(const struct parley_vm *vm, struct cursor *cursor, uint32_t pages);

/* --- retrieval.c ---------------------------------------------------------- */

struct retrieval *parley_retrieval_begin(struct parley_vm *vm, uint16_t lender, uint64_t handle);
void parley_retrieval_forget(struct parley_vm *vm, struct retrieval *retrieval);
/* Under the VM's lock. */
struct retrieval *parley_retrieval_find(struct parley_vm *vm, uint64_t handle);
/* It is to be given back. Under the VM's lock. */
void parley_retrieval_leave(struct retrieval *retrieval);
void parley_retrieval_fail(struct parley_vm *vm, struct retrieval *retrieval, int32_t status);
/* Takes a reference on the lender, if it still lives the same life; or NULL. */
struct parley_vm *parley_retrieval_lender(const struct parley_vm *vm,
                                          const struct retrieval *retrieval);
struct transaction *parley_retrieval_transaction(struct parley_vm *lender,
                                                 const struct retrieval *retrieval);
bool parley_retrieval_step(struct parley_vm *vm, struct retrieval *retrieval);
int32_t parley_retrieval_work(const struct call *call, enum work_kind kind,
                              struct retrieval *retrieval, struct parley_regs *result);

/* --- retrieval_in.c, retrieval_out.c: one piece each ---------------------- */

void parley_take_read(struct parley_vm *vm, struct retrieval *retrieval);
void parley_take_place(struct parley_vm *vm, struct retrieval *retrieval);
void parley_take_map(struct parley_vm *vm, struct retrieval *retrieval);
void parley_take_adopt(struct parley_vm *vm, struct retrieval *retrieval);
void parley_take_give(struct parley_vm *vm, struct retrieval *retrieval);
void parley_take_answer(struct parley_vm *vm, struct retrieval *retrieval);
void parley_take_keep(struct parley_vm *vm, struct retrieval *retrieval);
void parley_leave_clean(struct parley_vm *vm, struct retrieval *retrieval);
void parley_leave_unmap(struct parley_vm *vm, struct retrieval *retrieval);
void parley_leave_zero(struct parley_vm *vm, struct retrieval *retrieval);
void parley_leave_drop(struct parley_vm *vm, struct retrieval *retrieval);

static inline void retrieval_enter(struct retrieval *retrieval, enum retrieval_step step)
{
    retrieval->step = step;
    retrieval->cursor = (struct cursor){.place = retrieval->first, .page = 0};
}

/* --- memory_secure.c ------------------------------------------------------ */

void parley_secure_count_run(struct transaction *transaction, const struct parley_run *run);
/* One SMC. *done: the SPMC has all of it. */
int32_t parley_secure_tell(struct parley_vm *lender, struct transaction *transaction, bool *done);
int32_t parley_secure_recall(struct parley_vm *lender, struct transaction *transaction);

/* --- memory_reclaim.c ----------------------------------------------------- */

/* Goes on with what the vCPU does in pieces. */
int32_t parley_memory_continue(const struct call *call, struct parley_regs *result);
void parley_memory_create(struct parley_vm *vm, const struct parley_vm_config *config);
/* For the end of a VM: the first, once; the second, before its buffers go; the last, one step. */
void parley_memory_end_begin(struct parley_vm *vm);
void parley_memory_stop(struct parley_vm *vm);
enum parley_progress parley_memory_end(struct parley_vm *vm);

#endif
