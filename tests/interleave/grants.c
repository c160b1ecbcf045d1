/* SPDX-License-Identifier: BSD-3-Clause */
#include "grants.h"

#include <string.h>

static struct world_vm *vm(uint16_t id)
{
    return &world.vms[id];
}

static unsigned int tx_page(uint16_t id)
{
    return 2u * (id - 1u);
}

void grant_create_vm(uint16_t id, unsigned int vcpus)
{
    struct parley_regs reply;

    world_create_open(id, vcpus);
    frames_give(vm(id), 3u << tx_page(id));
    reply = world_map(vm(id)->vm, 0, tx_page(id), tx_page(id) + 1);
    EXPECT(succeeded(&reply), "VM %u gets no buffers", id);
}

/* --- Calls ---------------------------------------------------------------- */

static struct parley_regs call(uint16_t id, unsigned int vcpu, const uint64_t x0_to_x3[4])
{
    struct world_vcpu *caller = &vm(id)->vcpu[vcpu];
    struct parley_regs regs;
    enum parley_outcome outcome;

    memset(&regs, 0, sizeof(regs));
    memcpy(regs.x, x0_to_x3, 4 * sizeof(uint64_t));
    explore_call();
    outcome = parley_call(vm(id)->vm, vcpu, &regs);
    while (outcome == PARLEY_PREEMPTED) {
        if ((explore_port_load(&caller->signals) & WORLD_STOP) != 0) {
            return (struct parley_regs){{0}};
        }
        outcome = parley_continue(vm(id)->vm, vcpu, &regs);
    }
    EXPECT(outcome == PARLEY_RETURN, "a call of memory management ends as %u", outcome);
    return regs;
}

/* --- Descriptors ---------------------------------------------------------- */

static struct world_tx *begin_tx(void)
{
    struct world_tx *tx = &world.grants.tx[explore_thread()];

    tx->count = 0;
    return tx;
}

static void put(struct world_tx *tx, const void *bytes, size_t count)
{
    EXPECT(count <= sizeof(tx->bytes) - tx->count, "the descriptor is too large");
    memcpy(tx->bytes + tx->count, bytes, count);
    tx->count += (unsigned int)count;
}

/* Whoever else writes there: the caller has it there when it calls. */
static void end_tx(uint16_t id, const struct world_tx *tx)
{
    memcpy(world.pages[tx_page(id)], tx->bytes, tx->count);
}

static unsigned int borrowers_of(const struct grant *grant)
{
    return grant->borrowers[1] != 0 ? 2 : 1;
}

static uint8_t permissions_of(const struct grant *grant, bool retrieves)
{
    return grant->fid == FFA_MEM_DONATE_32 && !retrieves ? FFA_MEM_ACCESS_DATA_NONE
                                                         : FFA_MEM_ACCESS_DATA_RW;
}

static bool says_attributes(const struct grant *grant)
{
    return grant->fid == FFA_MEM_SHARE_32 ||
           (grant->fid == FFA_MEM_LEND_32 && borrowers_of(grant) > 1);
}

/* The header, and each borrower's part. `retriever` is 0 in a send. */
static void put_head(struct world_tx *tx, const struct grant *grant, uint64_t handle,
                     uint32_t flags, uint16_t retriever)
{
    unsigned int count = borrowers_of(grant);
    unsigned int behind = (unsigned int)(sizeof(struct ffa_mem_transaction_1_1) +
                                         count * sizeof(struct ffa_mem_access_1_0));
    struct ffa_mem_transaction_1_1 header = {
        .sender = grant->lender,
        .attributes = says_attributes(grant) ? FFA_MEM_ATTR_NORMAL_WB_INNER : 0,
        .flags = flags,
        .handle = handle,
        .access_size = sizeof(struct ffa_mem_access_1_0),
        .access_count = count,
        .access_offset = sizeof(header),
    };

    put(tx, &header, sizeof(header));
    for (unsigned int i = 0; i < count; i++) {
        bool is_other = retriever != 0 && grant->borrowers[i] != retriever;
        struct ffa_mem_access_1_0 access = {
            .endpoint = grant->borrowers[i],
            .permissions = permissions_of(grant, retriever != 0),
            .flags = is_other ? FFA_MEM_ACCESS_NON_RETRIEVAL : 0,
            .composite_offset = retriever == 0 ? behind : 0,
        };

        put(tx, &access, sizeof(access));
    }
}

static void put_range(struct world_tx *tx, unsigned int frame)
{
    const struct ffa_mem_constituent range = {.address = world.page[frame].ipa, .page_count = 1};

    put(tx, &range, sizeof(range));
}

/* --- What a guest does ---------------------------------------------------- */

struct parley_regs grant_send(unsigned int vcpu, const struct grant *grant)
{
    struct world_tx *tx = begin_tx();
    unsigned int at_once = grant->ranges_at_once != 0 ? grant->ranges_at_once : grant->ranges;
    const struct ffa_mem_composite composite = {.page_count = grant->ranges,
                                                .constituent_count = grant->ranges};
    uint64_t total;

    put_head(tx, grant, 0, 0, 0);
    put(tx, &composite, sizeof(composite));
    total = tx->count + grant->ranges * sizeof(struct ffa_mem_constituent);
    for (unsigned int i = 0; i < at_once; i++) {
        put_range(tx, grant->frames[i]);
    }
    end_tx(grant->lender, tx);
    return call(grant->lender, vcpu, (uint64_t[4]){grant->fid, total, tx->count});
}

struct parley_regs grant_send_rest(unsigned int vcpu, const struct grant *grant, uint64_t handle)
{
    struct world_tx *tx = begin_tx();

    put_range(tx, grant->frames[1]);
    end_tx(grant->lender, tx);
    return call(
        grant->lender, vcpu,
        (uint64_t[4]){FFA_MEM_FRAG_TX, ffa_handle_low(handle), ffa_handle_high(handle), tx->count});
}

struct parley_regs grant_retrieve(uint16_t id, unsigned int vcpu, const struct grant *grant,
                                  uint64_t handle, uint32_t flags)
{
    struct world_tx *tx = begin_tx();

    put_head(tx, grant, handle, flags, id);
    end_tx(id, tx);
    return call(id, vcpu, (uint64_t[4]){FFA_MEM_RETRIEVE_REQ_32, tx->count, tx->count});
}

struct parley_regs grant_relinquish(uint16_t id, unsigned int vcpu, uint64_t handle, uint32_t flags)
{
    struct world_tx *tx = begin_tx();
    const struct ffa_mem_relinquish request = {
        .handle = handle, .flags = flags, .endpoint_count = 1};

    put(tx, &request, sizeof(request));
    put(tx, &id, sizeof(id));
    end_tx(id, tx);
    return call(id, vcpu, (uint64_t[4]){FFA_MEM_RELINQUISH});
}

struct parley_regs grant_reclaim(uint16_t id, unsigned int vcpu, uint64_t handle, uint32_t flags)
{
    return call(
        id, vcpu,
        (uint64_t[4]){FFA_MEM_RECLAIM, ffa_handle_low(handle), ffa_handle_high(handle), flags});
}

bool grant_is_cut_off(const struct parley_regs *reply)
{
    return reply->x[0] == 0;
}

uint64_t grant_handle(const struct parley_regs *reply)
{
    return reply->x[0] == FFA_MEM_FRAG_RX
               ? ffa_handle_make((uint32_t)reply->x[1], (uint32_t)reply->x[2])
               : ffa_handle_make((uint32_t)reply->x[2], (uint32_t)reply->x[3]);
}

bool grant_is_retrieved(const struct parley_regs *reply)
{
    return reply->x[0] == FFA_MEM_RETRIEVE_RESP;
}

/* --- What has to work ----------------------------------------------------- */

uint64_t grant_must_send(const struct grant *grant)
{
    struct parley_regs reply = grant_send(0, grant);

    EXPECT(succeeded(&reply), "memory is not granted: %d", (int32_t)reply.x[2]);
    return grant_handle(&reply);
}

void grant_must_retrieve(uint16_t id, const struct grant *grant, uint64_t handle)
{
    struct parley_regs reply = grant_retrieve(id, 0, grant, handle, 0);

    EXPECT(grant_is_retrieved(&reply), "VM %u cannot retrieve: %d", id, (int32_t)reply.x[2]);
    reply = WORLD_CALL(vm(id)->vm, 0, FFA_RX_RELEASE);
    EXPECT(succeeded(&reply), "VM %u does not own its RX buffer", id);
}

void grant_must_relinquish(uint16_t id, uint64_t handle)
{
    struct parley_regs reply = grant_relinquish(id, 0, handle, 0);

    EXPECT(succeeded(&reply), "VM %u cannot relinquish: %d", id, (int32_t)reply.x[2]);
}

void grant_must_reclaim(uint16_t id, uint64_t handle)
{
    struct parley_regs reply = grant_reclaim(id, 0, handle, 0);

    EXPECT(succeeded(&reply), "VM %u cannot reclaim: %d", id, (int32_t)reply.x[2]);
}

/* --- Ends ----------------------------------------------------------------- */

void grant_destroy(uint16_t id)
{
    vm(id)->is_ending = true;
    world_destroy(vm(id));
    frames_end_life(vm(id));
}

void grant_reset(uint16_t id)
{
    vm(id)->is_ending = true;
    world_reset(vm(id));
    frames_end_life(vm(id));
    vm(id)->is_ending = false;
}

void grant_revive(uint16_t id)
{
    if (vm(id)->is_gone) {
        grant_create_vm(id, 2);
        return;
    }
    if (world_status(vm(id)).version == 0) {
        world_negotiate(id, FFA_VERSION_1_2);
    }
    if (world_status(vm(id)).rx == PARLEY_RX_UNMAPPED) {
        (void)world_map(vm(id)->vm, 0, tx_page(id), tx_page(id) + 1);
    }
    if (world_status(vm(id)).rx == PARLEY_RX_FULL) {
        (void)WORLD_CALL(vm(id)->vm, 0, FFA_RX_RELEASE);
    }
    EXPECT(world_status(vm(id)).rx == PARLEY_RX_FREE, "the buffers of VM %u are in state %u", id,
           world_status(vm(id)).rx);
}

/* --- What is left --------------------------------------------------------- */

/* By which code a call is refused depends on the moment; the tests have rules for that. */
static uint8_t kind_of(const struct parley_regs *reply)
{
    if (grant_is_cut_off(reply)) {
        return 0;
    }
    return reply->x[0] == FFA_ERROR ? 2 : 1;
}

/* What was a VM's that is gone is the hypervisor's. */
static uint8_t id_of(const struct world_vm *of)
{
    return of == NULL || of->is_gone ? 0 : (uint8_t)of->id;
}

void grant_tell_outcome(void)
{
    struct {
        uint8_t replies[EXPLORE_THREADS_MAX][WORLD_REPLIES_MAX];
        struct {
            uint8_t owner;
            uint8_t borrowers; /* in no order */
            uint8_t is_held;
            uint8_t content;
        } frames[WORLD_FRAMES];
    } outcome;

    memset(&outcome, 0, sizeof(outcome));
    for (unsigned int i = 0; i < EXPLORE_THREADS_MAX; i++) {
        for (unsigned int j = 0; j < WORLD_REPLIES_MAX; j++) {
            outcome.replies[i][j] = kind_of(&world.replies[i][j]);
        }
    }
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        const struct world_page *frame = &world.page[i];

        outcome.frames[i].owner = id_of(frame->owner);
        for (unsigned int j = 0; j < WORLD_MAPPINGS; j++) {
            outcome.frames[i].borrowers |= (uint8_t)(1u << id_of(frame->mapping[j].vm));
        }
        outcome.frames[i].is_held = (uint8_t)(frame->is_pinned + 2 * frame->is_revoked);
        outcome.frames[i].content = (uint8_t)frame->content;
    }
    explore_outcome(&outcome, sizeof(outcome));
}

void expect_usable_again(const struct grant *grant)
{
    uint64_t handle;

    world.grants.preempts = false;
    world.grants.no_room = 0;
    expect_frames_returned();
    grant_revive(grant->lender);
    for (unsigned int i = 0; i < borrowers_of(grant); i++) {
        grant_revive(grant->borrowers[i]);
    }
    for (unsigned int i = 0; i < grant->ranges; i++) {
        frames_give(vm(grant->lender), 1u << grant->frames[i]);
    }
    handle = grant_must_send(grant);
    for (unsigned int i = 0; i < borrowers_of(grant); i++) {
        grant_must_retrieve(grant->borrowers[i], grant, handle);
    }
    for (unsigned int i = 0; i < borrowers_of(grant); i++) {
        grant_must_relinquish(grant->borrowers[i], handle);
    }
    grant_must_reclaim(grant->lender, handle);
    expect_frames_returned();
}
