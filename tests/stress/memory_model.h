/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that VMs grant to each other, as simply as it can be written down: who owns and who sees
 * each page, which transactions there are, and what each call must answer. It is slow, looks at
 * every page, and knows nothing of how Parley does it.
 */
#ifndef MEMORY_MODEL_H
#define MEMORY_MODEL_H

#include "grant.h"

#define MODEL_VMS          5u  /* IDs 1 to 5 */
#define MODEL_RAM          24u /* pages, of which the first two are buffers */
#define MODEL_WINDOW       24u
#define MODEL_PAGES        (MODEL_RAM + MODEL_WINDOW)
#define MODEL_TRANSACTIONS 4u  /* of one lender, and of one borrower */
#define MODEL_RANGES       14u /* the quota */
#define MODEL_RANGES_MAX   6u  /* of one transaction */
#define MODEL_RAM_IPA      0x80000000u
#define MODEL_WINDOW_IPA   0xa0000000u

/* One page of a VM's addresses. */
struct model_page {
    unsigned int frame; /* 0: nothing is there */
    enum parley_access access;
    bool is_own;
    bool is_granted;
    bool is_revoked;
};

struct model_range {
    unsigned int page; /* its first: of RAM from 0 on, then of the window */
    unsigned int pages;
};

struct model_transaction {
    bool is_there;
    uint32_t type;
    uint64_t handle;
    struct grant grant;
    struct ffa_mem_constituent range[MODEL_RANGES_MAX]; /* all, as they were described */
    struct model_range taken[MODEL_RANGES_MAX];         /* those that came so far */
    unsigned int taken_count;
    unsigned int life[GRANT_BORROWERS]; /* of each borrower, when it was granted */
    bool holds[GRANT_BORROWERS];
    bool zero; /* a borrower that is gone has asked for it */
    bool is_read_only;
};

/* What a VM has borrowed. */
struct model_loan {
    bool is_there;
    uint16_t lender;
    unsigned int lender_life;
    unsigned int transaction;
    unsigned int borrower;
    uint64_t handle;
    uint32_t type;
    uint8_t permissions;
    bool is_alone;
    bool zero;
    struct model_range range[MODEL_PAGES];
    unsigned int ranges;
};

struct model_vm {
    bool is_there;
    unsigned int life;
    uint32_t version;
    struct model_page page[MODEL_PAGES];
    struct model_transaction transaction[MODEL_TRANSACTIONS];
    struct model_loan loan[MODEL_TRANSACTIONS];
    struct model_transaction *building;
    struct model_range given[MODEL_RANGES + 2];
    unsigned int given_count;
    struct model_range received[MODEL_RANGES + 2];
    unsigned int received_count;
    unsigned int ranges; /* of all kinds, buffers included */
};

/* By ID. What is in a frame: its first byte. May: discover, and share. */
extern struct model_vm model[MODEL_VMS + 1];
extern uint8_t model_colour[];
extern uint8_t model_rights[MODEL_VMS + 1][MODEL_VMS + 1];

uint64_t model_ipa(unsigned int page);
enum parley_access model_access(const struct model_page *page);

/* A VM begins, with these frames in its RAM; is reset; is gone. */
void model_begin(uint16_t id, uint32_t version, const struct posix_stage2 *ram);
void model_next_life(uint16_t id);
/* After that: cleared, and with other frames where somebody still has the ones that it had. */
void model_fill(uint16_t id, const struct posix_stage2 *ram);
void model_end(uint16_t id);
void model_set_access(uint16_t id, unsigned int page, enum parley_access access);

/* The last answer was to something wrong in two ways: INVALID_PARAMETERS and DENIED are right. */
extern bool model_either;

/*
 * The answer to a send whose first fragment has so many ranges, and to a next fragment; `fails`:
 * the hypervisor's first hook does. After FFA_OK, *transaction is what there is now: of which more
 * is to come if it is model[id].building.
 */
int32_t model_send(uint16_t id, uint32_t type, const struct grant *grant, unsigned int ranges,
                   bool fails, struct model_transaction **transaction);
int32_t model_send_more(uint16_t id, unsigned int ranges, bool fails);

/* The answers to the others; what a retrieval is to tell. */
int32_t model_retrieve(uint16_t id, const struct grant *request, bool fails,
                       struct retrieved *expected);
int32_t model_relinquish(uint16_t id, uint64_t handle, uint32_t flags);
int32_t model_reclaim(uint16_t id, uint64_t handle, uint32_t flags);

/* --- Between the model's own files ------------------------------------------------------------ */

/* Whether all of the range is of RAM, or all of the window; *to is it then. */
bool model_find_range(const struct ffa_mem_constituent *range, struct model_range *to);

/* Page n of a range of the VM's. */
struct model_page *model_page_in(uint16_t id, const struct model_range *range, unsigned int n);

bool model_overlaps_any(const struct model_range *list, unsigned int count,
                        const struct model_range *range);
bool model_is_in(const struct model_range *list, unsigned int count,
                 const struct model_range *range);

/* Takes it out of a list; false if it is not in it. */
bool model_take_out(struct model_range *list, unsigned int *count, const struct model_range *range);

/* Whether a borrower has it. */
bool model_is_held(const struct model_transaction *transaction);

/* A transaction ends, and its pages are the lender's again; a borrower gives back what it has. */
void model_give_back(uint16_t id, struct model_transaction *transaction);
void model_let_go(uint16_t id, struct model_loan *loan);

#endif
