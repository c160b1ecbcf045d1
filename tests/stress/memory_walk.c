/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A random walk of five VMs that share, lend and give memory to each other, beside a simple model:
 * each answer, each page of each VM's stage 2, and what is in the pages must be the model's.
 *
 *     memory_walk [STEPS [SEED]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory_choices.h"
#include "rig.h"

#define STEPS 1000000u
#define SEED  1u

static struct posix_vm *vms[MODEL_VMS + 1];
static uint64_t step;
static unsigned int differences;
static bool hook_fails;

/* What happened, for the reader to see that the walk went everywhere. */
static struct {
    uint64_t done;
    uint64_t refused;
    uint64_t sent;
    uint64_t fragments;
    uint64_t retrieved;
    uint64_t given;
    uint64_t relinquished;
    uint64_t reclaimed;
    uint64_t lives;
    uint64_t touched;
    uint64_t faults;
    uint64_t statuses[16];
} tally;

static void differ(const char *what, uint16_t id, uint64_t got, uint64_t expected)
{
    if (++differences <= 10) {
        printf("step %llu: %s of VM %u: %#llx, expected %#llx\n", (unsigned long long)step, what,
               id, (unsigned long long)got, (unsigned long long)expected);
    }
}

static void compare_status(const char *what, uint16_t id, int32_t got, int32_t expected)
{
    bool is_either = model_either && (got == FFA_INVALID_PARAMETERS || got == FFA_DENIED);

    if (got != expected && !is_either) {
        differ(what, id, (uint32_t)got, (uint32_t)expected);
    }
    tally.statuses[-expected]++;
    if (expected == FFA_OK) {
        tally.done++;
    } else {
        tally.refused++;
    }
}

/* --- VMs -------------------------------------------------------------------------------------- */

static const uint32_t versions[MODEL_VMS + 1] = {
    0, FFA_VERSION_1_2, FFA_VERSION_1_1, FFA_VERSION_1_0, FFA_VERSION_1_2, FFA_VERSION_1_2};

static void settle_again(uint16_t id)
{
    settle(vms[id], versions[id]);
    if (map_buffers(vms[id], 1).status != FFA_OK) {
        posix_violation("VM %u cannot map its buffers", id);
    }
}

static void create(uint16_t id)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct parley_peer peers[MODEL_VMS];
    struct posix_stage2 ram[MODEL_RAM];

    config.peers = peers;
    config.peer_count = 0;
    for (uint16_t peer = 1; peer <= MODEL_VMS; peer++) {
        if (peer != id) {
            peers[config.peer_count++] =
                (struct parley_peer){.id = peer, .rights = model_rights[id][peer]};
        }
    }
    config.window_ipa = MODEL_WINDOW_IPA;
    config.window_pages = MODEL_WINDOW;
    vms[id] = rig_vm_of(&config, MODEL_RAM, id == 4 ? 8 : 1);
    settle_again(id);
    posix_vm_stage2(vms[id], MODEL_RAM_IPA, MODEL_RAM, ram);
    model_begin(id, versions[id], ram);
    for (unsigned int page = MODEL_RAM - 3; page < MODEL_RAM; page++) {
        posix_vm_set_page(vms[id], model_ipa(page), POSIX_PAGE_READ_ONLY);
        model_set_access(id, page, PARLEY_ACCESS_RX);
    }
}

static void nothing(void *context)
{
    (void)context;
}

static void start(void)
{
    struct parley_config config = rig_memory_config;

    config.transactions_max = MODEL_TRANSACTIONS;
    config.ranges_max = MODEL_RANGES;
    rig_start_with(NULL, &config);
    posix_check_pages_every(100000);
    posix_preempt(POSIX_PREEMPT_AT_RANDOM);
    posix_between_pieces(nothing, NULL);
    memset(model_rights, PARLEY_MAY_ALL, sizeof(model_rights));
    model_rights[5][4] = PARLEY_MAY_DISCOVER;
    model_rights[4][5] = 0;
    for (uint16_t id = 1; id <= MODEL_VMS; id++) {
        create(id);
    }
}

static void another_life(uint16_t id)
{
    tally.lives++;
    if (!model[id].is_there) {
        create(id);
    } else if (one_in(3)) {
        model_end(id);
        rig_vm_end(vms[id]);
    } else {
        struct posix_stage2 ram[MODEL_RAM];

        model_next_life(id);
        posix_vm_reset(vms[id]);
        posix_vm_stage2(vms[id], MODEL_RAM_IPA, MODEL_RAM, ram);
        model_fill(id, ram);
        settle_again(id);
    }
}

/* --- Sending ---------------------------------------------------------------------------------- */

static const uint32_t types[] = {FFA_MEM_TYPE_SHARE, FFA_MEM_TYPE_LEND, FFA_MEM_TYPE_DONATE};
static const uint32_t fids[] = {FFA_MEM_SHARE_32, FFA_MEM_LEND_32, FFA_MEM_DONATE_32};

/* The descriptor of each VM's send that is open. */
static struct {
    uint8_t bytes[4096];
    uint32_t total;
    uint32_t sent;
} open[MODEL_VMS + 1];

static void after_fragment(uint16_t id, struct model_transaction *transaction,
                           const struct answer *answer, int32_t expected)
{
    bool is_open = expected == FFA_OK && model[id].building == transaction;

    compare_status("send", id, answer->status, expected);
    if (expected != FFA_OK || answer->status != FFA_OK) {
        return;
    }
    if ((answer->fid == FFA_MEM_FRAG_RX) != is_open) {
        differ("whether more is wanted", id, answer->fid, is_open);
        return;
    }
    if (transaction->handle != 0 && transaction->handle != handle_of(answer)) {
        differ("handle", id, handle_of(answer), transaction->handle);
    }
    transaction->handle = handle_of(answer);
    if (is_open) {
        tally.fragments++;
        if (answer->regs.x[3] != open[id].sent) {
            differ("offset", id, answer->regs.x[3], open[id].sent);
        }
    } else {
        tally.sent++;
        remember(id, transaction->handle);
    }
}

static void walk_send(uint16_t id)
{
    struct ffa_mem_constituent ranges[MODEL_RANGES_MAX];
    struct model_transaction *transaction = NULL;
    unsigned int type = one_in(6) ? 2 : below(2); /* a gift less often */
    struct grant grant = any_grant(id, type, ranges);
    unsigned int first = one_in(4) ? below(grant.ranges + 1) : grant.ranges;
    struct answer answer;
    int32_t expected;
    uint8_t bytes[4096];
    uint32_t total = grant_write(vms[id], &grant, bytes);
    uint32_t sent = total - 16 * (grant.ranges - first);
    bool is_open = model[id].building != NULL;

    if (!is_open) {
        memcpy(open[id].bytes, bytes, total);
        memcpy(posix_vm_at(vms[id], tx_ipa(vms[id])), bytes, sent);
        open[id].total = total;
        open[id].sent = sent;
    }
    answer = CALL_ON(vms[id], below(2), fids[type], total, sent, 0, 0);
    expected = model_send(id, types[type], &grant, first, hook_fails, &transaction);
    after_fragment(id, transaction, &answer, expected);
}

/* With the model's place for it known: see walk_send(). */
static void walk_more(uint16_t id)
{
    struct model_transaction *transaction = model[id].building;
    unsigned int left = (open[id].total - open[id].sent) / 16;
    unsigned int ranges = 1 + below(left);
    struct answer answer;
    int32_t expected;

    memcpy(posix_vm_at(vms[id], tx_ipa(vms[id])), open[id].bytes + open[id].sent, 16 * ranges);
    answer = CALL_ON(vms[id], below(2), FFA_MEM_FRAG_TX, (uint32_t)transaction->handle,
                     transaction->handle >> 32, 16 * ranges, 0);
    open[id].sent += 16 * ranges;
    expected = model_send_more(id, ranges, hook_fails);
    after_fragment(id, transaction, &answer, expected);
}

/* --- Retrieving ------------------------------------------------------------------------------- */

static void compare_answer(uint16_t id, const struct retrieved *got,
                           const struct retrieved *expected)
{
    bool is_same =
        got->owner == expected->owner && got->attributes == expected->attributes &&
        got->flags == expected->flags && got->handle == expected->handle &&
        got->tag == expected->tag && got->borrowers == 1 &&
        got->borrower.id == expected->borrower.id && got->borrower.flags == 0 &&
        got->borrower.permissions == expected->borrower.permissions &&
        got->borrower.impdef[0] == expected->borrower.impdef[0] && got->borrower.impdef[1] == 0 &&
        got->pages == expected->pages && got->ranges == expected->ranges &&
        memcmp(got->range, expected->range, expected->ranges * sizeof(expected->range[0])) == 0;

    if (!is_same) {
        differ("answer to a retrieval", id, got->range[0].address, expected->range[0].address);
    }
}

static void walk_retrieve(uint16_t id)
{
    uint64_t handle = handle_for(id);
    uint16_t lender;
    const struct model_transaction *transaction = transaction_of(handle, &lender);
    struct ffa_mem_constituent ranges[4];
    struct retrieved expected = {.status = FFA_OK};
    struct retrieved got;
    struct grant request;
    int32_t status;

    if (transaction != NULL) {
        request = request_for(vms[id], &transaction->grant, handle);
        request.owner = lender;
        request.pages = 0;
        vary(id, &request, ranges, transaction);
    } else {
        request = blind_request(id, handle);
    }
    if (model[id].building == NULL) {
        got = retrieve_with(vms[id], &request);
    } else {
        got.status = CALL(vms[id], FFA_MEM_RETRIEVE_REQ_32, 112, 112, 0, 0).status;
    }
    status = model_retrieve(id, &request, hook_fails, &expected);
    compare_status("retrieve", id, got.status, status);
    if (status == FFA_OK && got.status == FFA_OK) {
        compare_answer(id, &got, &expected);
        tally.retrieved++;
        tally.given += (expected.flags & FFA_MEM_TYPE_MASK) == FFA_MEM_TYPE_DONATE;
    }
}

static void walk_relinquish(uint16_t id)
{
    uint64_t handle = held_handle(id);
    uint32_t flags = one_in(5) ? FFA_MEM_RELINQUISH_ZERO : 0;
    int32_t expected = model_relinquish(id, handle, flags);
    int32_t status = expected == FFA_BUSY ? CALL(vms[id], FFA_MEM_RELINQUISH).status
                                          : relinquish(vms[id], handle, flags);

    compare_status("relinquish", id, status, expected);
    tally.relinquished += expected == FFA_OK;
}

static void walk_reclaim(uint16_t id)
{
    uint64_t handle = own_handle(id);
    uint32_t flags = one_in(8) ? FFA_MEM_RECLAIM_ZERO : 0;
    int32_t expected = model_reclaim(id, handle, flags);

    compare_status("reclaim", id, reclaim(vms[id], handle, flags), expected);
    tally.reclaimed += expected == FFA_OK;
}

/* --- Pages ------------------------------------------------------------------------------------ */

static bool may_write(const struct model_page *page)
{
    enum parley_access access = model_access(page);

    return access == PARLEY_ACCESS_RW || access == PARLEY_ACCESS_RWX;
}

/* A guest looks into a page, and writes to it, or faults. */
static void walk_touch(uint16_t id)
{
    unsigned int page = 2 + below(MODEL_PAGES - 2);
    const struct model_page *there = &model[id].page[page];
    uint8_t colour = (uint8_t)below(256);
    uint8_t value = 0;
    bool can_read = posix_vm_read(vms[id], model_ipa(page), &value);

    tally.touched += can_read;
    tally.faults += !can_read;
    if (can_read != (model_access(there) != PARLEY_ACCESS_NONE)) {
        differ("whether it can read a page", id, can_read, page);
    } else if (can_read && value != model_colour[there->frame]) {
        differ("contents", id, value, model_colour[there->frame]);
    }
    if (posix_vm_write(vms[id], model_ipa(page), colour) != may_write(there)) {
        differ("whether it can write a page", id, !may_write(there), page);
    }
    if (may_write(there)) {
        model_colour[there->frame] = colour;
    }
}

static void compare_pages(uint16_t id)
{
    struct posix_stage2 is[MODEL_PAGES];

    posix_vm_stage2(vms[id], MODEL_RAM_IPA, MODEL_RAM, is);
    posix_vm_stage2(vms[id], MODEL_WINDOW_IPA, MODEL_WINDOW, is + MODEL_RAM);
    for (unsigned int i = 0; i < MODEL_PAGES; i++) {
        const struct model_page *page = &model[id].page[i];
        enum parley_access access = model_access(page);

        if (is[i].access != access) {
            differ("access to a page", id, is[i].access | i << 8, access | i << 8);
        } else if (access != PARLEY_ACCESS_NONE && is[i].frame != page->frame) {
            differ("page", id, is[i].frame, page->frame);
        }
    }
}

/* --- The walk --------------------------------------------------------------------------------- */

static void act(uint16_t id)
{
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        walk_send(id);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        walk_retrieve(id);
        break;
    case 8:
    case 9:
    case 10:
        walk_relinquish(id);
        break;
    case 11:
    case 12:
        walk_reclaim(id);
        break;
    default:
        walk_touch(id);
        break;
    }
}

static void walk(void)
{
    uint16_t id = (uint16_t)(1 + below(MODEL_VMS));

    model_either = false;
    hook_fails = one_in(50);
    if (!model[id].is_there || one_in(500)) {
        another_life(id);
    } else {
        posix_fail_memory(hook_fails ? 1 : 0);
        if (model[id].building != NULL && !one_in(5)) {
            walk_more(id);
        } else {
            act(id);
        }
        posix_fail_memory(0);
    }
    for (uint16_t other = 1; other <= MODEL_VMS; other++) {
        if (model[other].is_there) {
            compare_pages(other);
        }
    }
}

static void print_tally(void)
{
    printf("%llu calls done, %llu refused; %llu sent, %llu fragments, %llu retrieved, %llu of "
           "these given, %llu relinquished, %llu reclaimed; %llu pages touched, %llu faults; %llu "
           "lives\n",
           (unsigned long long)tally.done, (unsigned long long)tally.refused,
           (unsigned long long)tally.sent, (unsigned long long)tally.fragments,
           (unsigned long long)tally.retrieved, (unsigned long long)tally.given,
           (unsigned long long)tally.relinquished, (unsigned long long)tally.reclaimed,
           (unsigned long long)tally.touched, (unsigned long long)tally.faults,
           (unsigned long long)tally.lives);
    for (unsigned int i = 0; i < 16; i++) {
        if (tally.statuses[i] != 0) {
            printf("status -%u: %llu\n", i, (unsigned long long)tally.statuses[i]);
        }
    }
}

int main(int count, char **arguments)
{
    uint64_t steps = count > 1 ? strtoull(arguments[1], NULL, 0) : STEPS;
    bool good;

    choices_seed(count > 2 ? strtoull(arguments[2], NULL, 0) : SEED);
    start();
    for (step = 0; step < steps && differences < 10; step++) {
        walk();
    }
    good = rig_stop() && differences == 0;
    print_tally();
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
