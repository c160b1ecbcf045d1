/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a test hangs on an SPMC: a journal of the calls it got, and lies in place of its answers.
 *
 * A lie is a row of data: which calls it is about, and what becomes of their answers. All lies that
 * match a call apply, in their order. A test writes, for instance,
 *
 *     const struct spmc_lie lies[] = {
 *         spmc_lie_info_count(0x10000000),
 *         spmc_lie_info_size(4096),
 *         spmc_lie_only(spmc_lie_status(FFA_RX_RELEASE, FFA_BUSY), 2, 1),
 *     };
 *     struct spmc_hostile hostile = {.lies = lies, .lie_count = 3};
 *
 * and sets spmc_config.hostile. The third says that the second FFA_RX_RELEASE, and no other, fails.
 */
#ifndef SPMC_HOSTILE_H
#define SPMC_HOSTILE_H

#include "spmc.h"

enum spmc_lie_kind {
    SPMC_LIE_STATUS,   /* the call is not served; it is FFA_ERROR with status `value` */
    SPMC_LIE_ANSWER,   /* the call is not served; w0 is `value`, and the rest zero */
    SPMC_LIE_REGISTER, /* the call is served; then the bits `mask` of x[where] are `value` */
    SPMC_LIE_RX,       /* the same for the 8 bytes at offset `where` of the RX buffer, if mapped */
    SPMC_LIE_ENOUGH,   /* FFA_MEM_FRAG_RX becomes the success that is due after the last fragment */
    SPMC_LIE_MORE,     /* anything but FFA_MEM_FRAG_RX becomes it, for a handle that is known */
    SPMC_LIE_OTHERS,   /* the handle of a success becomes that of another transaction */
};

struct spmc_lie {
    enum spmc_lie_kind kind;
    uint32_t fid;   /* SMC32 and SMC64 form alike; 0: every call */
    uint32_t first; /* from which call of that ABI on, counting from 1; 0 is as good as 1 */
    uint32_t times; /* for how many of them; 0: all that come */
    uint32_t when;  /* only where the answer's w0 is this; 0: whatever it is */
    uint32_t where;
    uint64_t mask;
    uint64_t value;
};

/* An ABI that fails. */
static inline struct spmc_lie spmc_lie_status(uint32_t fid, int32_t status)
{
    return (struct spmc_lie){.kind = SPMC_LIE_STATUS, .fid = fid, .value = (uint32_t)status};
}

/*
 * An ABI that is answered with this function ID, and does nothing: FFA_INTERRUPT, FFA_YIELD or
 * FFA_MSG_WAIT, a response that nobody made, FFA_SUCCESS_64, or no function ID at all.
 */
static inline struct spmc_lie spmc_lie_answer(uint32_t fid, uint64_t w0)
{
    return (struct spmc_lie){.kind = SPMC_LIE_ANSWER, .fid = fid, .value = w0};
}

/* A register of an answer. With fid 0 and x8 to x17: what an SMC does not preserve. */
static inline struct spmc_lie spmc_lie_register(uint32_t fid, uint32_t number, uint64_t value)
{
    return (struct spmc_lie){
        .kind = SPMC_LIE_REGISTER, .fid = fid, .where = number, .mask = ~0ull, .value = value};
}

/* Narrows a lie to `times` calls of its ABI from the one number `first` on. */
static inline struct spmc_lie spmc_lie_only(struct spmc_lie lie, uint32_t first, uint32_t times)
{
    lie.first = first;
    lie.times = times;
    return lie;
}

/*
 * FFA_VERSION answers `w0`: 0xffffffff is an error; a lower or a higher minor, another major and
 * bit 31 are made the same way. The SPMC goes on with what it agreed on in truth.
 */
static inline struct spmc_lie spmc_lie_version(uint32_t w0)
{
    return spmc_lie_register(FFA_VERSION, 0, w0);
}

/* Silent on features: it says that it has none, though the ABIs work. */
static inline struct spmc_lie spmc_lie_no_features(void)
{
    return spmc_lie_status(FFA_FEATURES, FFA_NOT_SUPPORTED);
}

/* FFA_PARTITION_INFO_GET: the number of descriptors, whatever is in the buffer. */
static inline struct spmc_lie spmc_lie_info_count(uint32_t count)
{
    return spmc_lie_register(FFA_PARTITION_INFO_GET, 2, count);
}

/* And their size: 0, 8, 23, 4096, or one that wraps when it is multiplied. */
static inline struct spmc_lie spmc_lie_info_size(uint32_t bytes)
{
    return spmc_lie_register(FFA_PARTITION_INFO_GET, 3, bytes);
}

/* The ID in its entry number `index`, of 24 bytes each: without bit 15, or one already there. */
static inline struct spmc_lie spmc_lie_info_id(uint32_t index, uint16_t id)
{
    return (struct spmc_lie){.kind = SPMC_LIE_RX,
                             .fid = FFA_PARTITION_INFO_GET,
                             .where = index * (uint32_t)sizeof(struct ffa_partition_info_1_1),
                             .mask = FFA_ID_MASK,
                             .value = id};
}

/* FFA_PARTITION_INFO_GET_REGS: the word with last and current index, tag and size. */
static inline struct spmc_lie spmc_lie_regs_x2(uint64_t x2)
{
    return spmc_lie_register(FFA_PARTITION_INFO_GET_REGS, 2, x2);
}

/* And the ID in a slot of its answer, 0 to 4. */
static inline struct spmc_lie spmc_lie_regs_id(uint32_t slot, uint16_t id)
{
    struct spmc_lie lie = spmc_lie_register(FFA_PARTITION_INFO_GET_REGS,
                                            3 + slot * FFA_PARTITION_INFO_GET_REGS_PER_DESC, id);

    lie.mask = FFA_ID_MASK;
    return lie;
}

/* Who it says was interrupted or gave the CPU back: in the answer of a request, or of FFA_RUN. */
static inline struct spmc_lie spmc_lie_target(uint32_t fid, uint16_t endpoint, uint16_t vcpu)
{
    return spmc_lie_register(fid, 1, ffa_target_make(endpoint, vcpu));
}

/* The status that a partition gives to VM_CREATED and VM_DESTROYED. */
static inline struct spmc_lie spmc_lie_vm_status(int32_t status)
{
    return spmc_lie_register(FFA_MSG_SEND_DIRECT_REQ_32, 3, (uint32_t)status);
}

/* FFA_NOTIFICATION_INFO_GET: the word that says how many lists there are, and how long. */
static inline struct spmc_lie spmc_lie_info_lists(uint64_t x2)
{
    return spmc_lie_register(FFA_NOTIFICATION_INFO_GET_64, 2, x2);
}

/* And that there is more to come, however often it is asked. */
static inline struct spmc_lie spmc_lie_info_more(void)
{
    struct spmc_lie lie = spmc_lie_info_lists(FFA_NOTIFICATION_INFO_GET_MORE);

    lie.mask = FFA_NOTIFICATION_INFO_GET_MORE;
    return lie;
}

/* And the endpoint or vCPU at a place in its lists, 0 to 19. */
static inline struct spmc_lie spmc_lie_info_list_id(uint32_t place, uint16_t id)
{
    struct spmc_lie lie = spmc_lie_register(FFA_NOTIFICATION_INFO_GET_64, 3 + place / 4,
                                            (uint64_t)id << (16 * (place % 4)));

    lie.mask = (uint64_t)FFA_ID_MASK << (16 * (place % 4));
    return lie;
}

/* --- Memory. `fid` is that of a send, or FFA_MEM_FRAG_TX: what answers the last fragment. --- */

/* Half of the handle that was allocated, or some of its bits: bit 63 set, all ones, or zero. */
static inline struct spmc_lie spmc_lie_handle_half(uint32_t fid, bool high, uint32_t mask,
                                                   uint32_t value)
{
    struct spmc_lie lie = spmc_lie_register(fid, high ? 3 : 2, value);

    lie.mask = mask;
    lie.when = FFA_SUCCESS_32;
    return lie;
}

/* The handle of another transaction that it knows, if there is one. */
static inline struct spmc_lie spmc_lie_handle_of_another(uint32_t fid)
{
    return (struct spmc_lie){.kind = SPMC_LIE_OTHERS, .fid = fid, .when = FFA_SUCCESS_32};
}

/* Success before all fragments came. */
static inline struct spmc_lie spmc_lie_enough(uint32_t fid)
{
    return (struct spmc_lie){.kind = SPMC_LIE_ENOUGH, .fid = fid, .when = FFA_MEM_FRAG_RX};
}

/* FFA_MEM_FRAG_RX for ever: with both, there is no end. In truth it is at the end, or refuses. */
static inline struct spmc_lie spmc_lie_more(uint32_t fid)
{
    return (struct spmc_lie){.kind = SPMC_LIE_MORE, .fid = fid};
}

/* A register of FFA_MEM_FRAG_RX: 1 and 2 handle, 3 offset, 4 sender in [31:16]. */
static inline struct spmc_lie spmc_lie_frag_rx(uint32_t fid, uint32_t number, uint32_t value)
{
    struct spmc_lie lie = spmc_lie_register(fid, number, value);

    lie.when = FFA_MEM_FRAG_RX;
    return lie;
}

/* FFA_MEM_RECLAIM fails so many times, and does nothing; 0: for ever. */
static inline struct spmc_lie spmc_lie_reclaim(int32_t status, uint32_t times)
{
    return spmc_lie_only(spmc_lie_status(FFA_MEM_RECLAIM, status), 1, times);
}

/* What FFA_MEM_RETRIEVE_REQ tells the hypervisor: 8 bytes of the descriptor... */
static inline struct spmc_lie spmc_lie_retrieved(uint32_t where, uint64_t mask, uint64_t value)
{
    return (struct spmc_lie){.kind = SPMC_LIE_RX,
                             .fid = FFA_MEM_RETRIEVE_REQ_32,
                             .where = where,
                             .mask = mask,
                             .value = value,
                             .when = FFA_MEM_RETRIEVE_RESP};
}

/* ...how long all of it is, how much of it is in RX, and the same of a later fragment. */
static inline struct spmc_lie spmc_lie_retrieved_bytes(uint32_t bytes)
{
    return spmc_lie_register(FFA_MEM_RETRIEVE_REQ_32, 1, bytes);
}

static inline struct spmc_lie spmc_lie_retrieved_first(uint32_t bytes)
{
    return spmc_lie_register(FFA_MEM_RETRIEVE_REQ_32, 2, bytes);
}

static inline struct spmc_lie spmc_lie_retrieved_next(uint32_t bytes)
{
    return spmc_lie_register(FFA_MEM_FRAG_RX, 3, bytes);
}

#define SPMC_JOURNAL_NUMBERS (FFA_NUMBER_LAST - FFA_NUMBER_FIRST + 1u)
#define SPMC_JOURNAL_ENTRIES 128u

struct spmc_journal_entry {
    uint32_t fid;
    uint32_t w1;
    uint32_t w2;
    uint32_t w3;
    uint32_t w4;
    uint32_t answer; /* w0, as told */
    int32_t status;  /* FFA_OK, or the status code of FFA_ERROR, as told */
};

struct spmc_hostile {
    const struct spmc_lie *lies; /* may be changed while no call is under way */
    unsigned int lie_count;

    /* The journal. Read it while no call is under way; zero it to begin anew. */
    uint32_t calls[SPMC_JOURNAL_NUMBERS];    /* by function number, SMC32 and SMC64 together */
    uint32_t failures[SPMC_JOURNAL_NUMBERS]; /* of these, answered with FFA_ERROR */
    uint32_t reserved_inputs;                /* how often something was in a reserved one */
    uint32_t entry_count;                    /* calls in all; the first of them are in `entries` */
    struct spmc_journal_entry entries[SPMC_JOURNAL_ENTRIES];
};

/* How often an ABI was called, and how often that failed, in either form. */
uint32_t spmc_journal_calls(const struct spmc_hostile *hostile, uint32_t fid);
uint32_t spmc_journal_failures(const struct spmc_hostile *hostile, uint32_t fid);

#endif
