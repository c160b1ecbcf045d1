/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state of memory management: what a VM has granted, what it has borrowed. Each side keeps its
 * own half, in its own place and out of its own quota; the handle ties them together. So a borrower
 * that lives on does not need the lender any more, and the other way round.
 *
 * Who may write what:
 *     extents, and a state of a transaction, borrower or retrieval    under the lock of the VM
 * whose they are the rest of a transaction that is BUILDING, SENT or RECLAIMING  the vCPU that
 * works on it the rest of one that is ACTIVE                                  nobody: borrowers
 * read it the rest of a retrieval that is RETRIEVING or RELINQUISHING     the vCPU that works on it
 */
#ifndef PARLEY_SRC_MEMORY_H
#define PARLEY_SRC_MEMORY_H

#include <parley/port.h>

#include "extents.h"

/* One endpoint of a transaction, other than the lender. */
enum borrower_state {
    BORROWER_NONE,       /* has no access */
    BORROWER_RETRIEVING, /* is getting it, or giving it back */
    BORROWER_HOLDS,
    BORROWER_ZEROES, /* has let go, as the last, and zeroes it: nobody gets it before that is done
                      */
};

struct borrower {
    uint16_t id;
    uint8_t permissions; /* that the lender grants, FFA_MEM_ACCESS_... */
    enum borrower_state state;
    uint32_t generation; /* the life of the VM that it was granted to; 0 for a partition */
    uint64_t impdef[2];
};

/* How far a walk over the ranges of a transaction or retrieval has come. */
struct cursor {
    uint32_t place; /* the range, EXTENT_NONE at the end, */
    uint32_t page;  /* and the page in it */
};

/* What is being done with a transaction, one bounded piece at a time. */
#define HANDLE_PLACE_MASK 0xffffull
#define HANDLE_USES_SHIFT 16
#define HANDLE_SLOT_SHIFT 48
#define HANDLE_SLOT_MASK  0x7fffu

enum transaction_step {
    STEP_IDLE,   /* waits for a fragment, or for borrowers */
    STEP_READ,   /* constituents from the TX buffer into the set of extents */
    STEP_PIN,    /* pages of the fragment that was read */
    STEP_OPEN,   /* the SPMC hears of the transaction before all of it is there */
    STEP_REVOKE, /* from the lender */
    STEP_ZERO,
    STEP_TELL,    /* the SPMC, of the rest */
    STEP_RECALL,  /* from the SPMC */
    STEP_NAME,    /* to the port, which pages it does not let go of */
    STEP_RELEASE, /* back to the lender, and out of the set of extents */
};

struct transaction {
    enum parley_transaction_state state;
    enum transaction_step step;
    uint32_t type; /* FFA_MEM_TYPE_... */
    uint16_t attributes;
    uint32_t flags;
    uint64_t tag;
    uint64_t handle; /* 0 until there is one */
    uint32_t uses;   /* of this place: part of the next handle */
    uint8_t borrower_count;
    uint8_t secure_count; /* of these, partitions */
    struct borrower borrowers[PARLEY_BORROWERS_MAX];

    uint32_t pages;        /* in all, as announced; and as far as they are */
    uint32_t pages_read;   /* in the set of extents */
    uint32_t pages_pinned; /* a prefix of the ranges in their order, each time */
    uint32_t pages_revoked;
    uint32_t pages_named; /* as lost */
    uint32_t ranges;
    uint32_t ranges_read;
    uint32_t first; /* the ranges, in the lender's order */
    uint32_t last;
    struct cursor cursor;
    bool writable;     /* the lender must be able to write to it, to have it written or zeroed */
    bool is_read_only; /* some of it, to the lender: it cannot have it zeroed */
    bool zero;         /* once nobody has it any more, or before the lender has it back */
    bool is_given;     /* donated and retrieved: it does not come back */

    /* The fragment at hand. */
    uint32_t fragment_ranges; /* still to be read from TX, */
    uint32_t fragment_offset; /* from here on */
    uint32_t ranges_offset;   /* of the first one in the lender's descriptor */
    bool is_worked_on;        /* BUILDING: a vCPU has a fragment in hand */

    /* Towards the SPMC. */
    bool is_told;        /* it may know of the transaction */
    bool is_refused;     /* it has said that it has dropped it */
    uint32_t runs;       /* physical ranges: counted while pinning, later those still to be sent */
    uint32_t pages_told; /* a prefix, like the others */
    struct cursor told;  /* where it ends */
    uint32_t bytes_told; /* of its descriptor */

    uint32_t tries; /* at the end of the lender: how often it was refused back */
    bool is_lost;   /* the Secure world has it for good */

    int32_t status; /* why it fails; FFA_OK so far */
};

enum retrieval_state {
    RETRIEVAL_FREE,
    RETRIEVAL_TAKING, /* on its way to the borrower */
    RETRIEVAL_HELD,
    RETRIEVAL_LEAVING, /* given back, or given up */
};

/* What is being done with a retrieval, one bounded piece at a time. */
enum retrieval_step {
    RETRIEVAL_IDLE,
    RETRIEVAL_READ,   /* where the borrower wants it, from its TX buffer */
    RETRIEVAL_PLACE,  /* or: where in the window there is room */
    RETRIEVAL_MAP,    /* into the borrower */
    RETRIEVAL_ADOPT,  /* if it is given to it for good: it is its own from now on, */
    RETRIEVAL_GIVE,   /* and no more the former owner's */
    RETRIEVAL_ANSWER, /* into the RX buffer */
    RETRIEVAL_KEEP,   /* the ranges, if it was given */
    RETRIEVAL_CLEAN,  /* the only borrower asked for zeroes behind itself */
    RETRIEVAL_UNMAP,
    RETRIEVAL_ZERO, /* the last of several borrowers has let go, and one of them asked for zeroes */
    RETRIEVAL_DROP, /* the ranges, from the window */
};

/* What a VM has borrowed, or is being given: one for each handle. */
struct retrieval {
    enum retrieval_state state;
    enum retrieval_step step;
    enum parley_access access; /* as mapped */
    uint8_t permissions;
    uint32_t type;
    uint64_t handle;
    uint16_t lender; /* its ID, and its life */
    uint32_t lender_generation;
    uint32_t transaction; /* its place at the lender's, */
    uint32_t borrower;    /* and there the place of this VM */
    bool is_alone;        /* there is no other borrower */
    bool zero;            /* once it is given back */

    uint32_t pages;
    uint32_t pages_mapped; /* a prefix of the ranges in their order */
    uint32_t ranges;
    uint32_t first; /* the ranges in the borrower, in its order */
    uint32_t last;
    struct cursor cursor;        /* in these, */
    struct cursor lender_cursor; /* and in the lender's */

    /* What the borrower asked for, and the answer says. */
    uint32_t align_pages;
    uint64_t place_page; /* where it is looked for next, with all of its pages below */
    uint32_t ranges_asked;
    uint32_t pages_asked;
    uint32_t ranges_offset; /* of the next one in its TX buffer */
    uint32_t flags;
    uint64_t tag;
    uint64_t impdef[2];
    uint32_t answer_bytes; /* written so far */

    int32_t status; /* why it fails; FFA_OK so far */
};

/* The call that a vCPU has begun, and goes on with in pieces. */
enum work_kind {
    WORK_NONE,
    WORK_SEND,
    WORK_RETRIEVE,
    WORK_RELINQUISH,
    WORK_RECLAIM,
};

struct work {
    enum work_kind kind;
    uint32_t place; /* of the transaction or retrieval */
};

struct memory {
    parley_lock lock;
    struct extents extents;
    struct transaction *transactions; /* parley_config.transactions_max of each */
    struct retrieval *retrievals;
    struct transaction *building; /* under the lock: of which fragments are to come, or NULL */
    uint64_t window_page;
    uint64_t window_pages;
};

#endif
