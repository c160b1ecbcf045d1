/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest writes to a descriptor while Parley reads it: one reading of it is obeyed. */
#include <pthread.h>
#include <stdatomic.h>

#include "memory.h"

#define ROUNDS 150u

/* --- Another CPU of the guest's, which writes ---------------------------------------------------
 */

struct flipper {
    pthread_t thread;
    volatile uint8_t *at;
    uint8_t value[2];
    atomic_bool stop;
};

static struct flipper flipper;

static void *flip(void *unused)
{
    for (unsigned int i = 0; !atomic_load(&flipper.stop); i++) {
        *flipper.at = flipper.value[i % 2];
    }
    return unused;
}

static void flip_begin(uint8_t *at, uint8_t first, uint8_t second)
{
    flipper.at = at;
    flipper.value[0] = first;
    flipper.value[1] = second;
    atomic_store(&flipper.stop, false);
    assert_int_equal(pthread_create(&flipper.thread, NULL, flip, NULL), 0);
}

static void flip_end(void)
{
    atomic_store(&flipper.stop, true);
    pthread_join(flipper.thread, NULL);
}

/* --- Sends --------------------------------------------------------------------------------------
 */

static uint8_t one[GRANT_BYTES_MAX];
static uint8_t other[GRANT_BYTES_MAX];

static unsigned int frame_of(const struct posix_vm *vm, uint64_t ipa)
{
    struct posix_stage2 stage2;

    posix_vm_stage2(vm, ipa, 1, &stage2);
    return stage2.frame;
}

/* What was granted is what the borrower gets, and is what one of the two descriptors says. */
static void check_granted(uint64_t handle, const struct grant *grants)
{
    struct parley_transaction_status status;
    struct posix_vm *borrower;
    struct grant grant = grants[0];
    struct retrieved got;
    unsigned int frame;

    assert_true(parley_transaction_status(posix_vm_parley(vm_a), 0, &status));
    assert_int_equal(status.state, PARLEY_TRANSACTION_ACTIVE);
    assert_int_equal(status.borrower_count, 1);
    assert_true(status.borrowers[0].id == grants[0].borrower[0].id ||
                status.borrowers[0].id == grants[1].borrower[0].id);
    assert_int_equal(status.pages, posix_vm_holdings(vm_a).granted);
    borrower = status.borrowers[0].id == 2 ? vm_b : vm_c;
    grant.borrower[0].id = status.borrowers[0].id;
    grant.borrower[0].permissions = DATA_RO;
    got = retrieve(borrower, &grant, handle);
    assert_int_equal(got.status, FFA_OK);
    assert_int_equal(got.owner, 1);
    assert_int_equal(got.pages, status.pages);
    frame = frame_of(borrower, got.range[0].address);
    assert_true(
        frame == frame_of(vm_a, page_of(vm_a, 8)) ||
        (frame == frame_of(vm_a, page_of(vm_a, 9)) && grants[1].one.address == page_of(vm_a, 9)));
    assert_int_equal(relinquish(borrower, handle, 0), FFA_OK);
}

/* Descriptors that differ in one byte, which changes all the while. How often it was granted. */
static unsigned int send_while_flipped(const struct grant grants[2])
{
    const uint32_t total = grant_write(vm_a, &grants[0], one);
    uint8_t *tx = posix_vm_at(vm_a, tx_ipa(vm_a));
    unsigned int granted = 0;
    uint32_t place = 0;

    assert_int_equal(grant_write(vm_a, &grants[1], other), total);
    while (one[place] == other[place]) {
        place++;
    }
    assert_memory_equal(one + place + 1, other + place + 1, total - place - 1);
    posix_check_pages_every(1000);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        struct answer answer;

        memcpy(tx, one, total);
        flip_begin(tx + place, one[place], other[place]);
        answer = CALL(vm_a, SHARE, total, total, 0, 0);
        flip_end();
        if (answer.status == FFA_OK) {
            granted++;
            check_granted(handle_of(&answer), grants);
            assert_int_equal(reclaim(vm_a, handle_of(&answer), 0), FFA_OK);
        }
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
    }
    expect_nothing_granted(vm_a);
    return granted;
}

static void A2_share_descr_refetch_after_parse(void **state)
{
    struct grant grants[2];

    (void)state;
    start_secure(NULL);
    grants[0] = share_with(vm_a, 2, page_of(vm_a, 8), 1);

    grants[1] = grants[0];
    grants[1].borrower[0].id = 3;
    assert_int_equal(send_while_flipped(grants), ROUNDS);

    grants[1] = grants[0];
    grants[1].borrower[0].permissions = DATA_RO;
    assert_int_equal(send_while_flipped(grants), ROUNDS);

    /* Of these, one is refused. */
    grants[1] = grants[0];
    grants[1].owner = 2;
    send_while_flipped(grants);

    grants[1] = grants[0];
    grants[1].borrower[0].id = 1;
    send_while_flipped(grants);

    grants[1] = grants[0];
    grants[1].attributes |= FFA_MEM_ATTR_NS;
    send_while_flipped(grants);
}

static void A4_nw_region_reread(void **state)
{
    struct grant grants[2];

    (void)state;
    start_secure(NULL);
    grants[0] = share_with(vm_a, 2, page_of(vm_a, 8), 1);

    grants[1] = grants[0];
    grants[1].one.address = page_of(vm_a, 9);
    assert_int_equal(send_while_flipped(grants), ROUNDS);

    /* A buffer, no whole page, more pages than announced. */
    grants[1] = grants[0];
    grants[1].one.address = tx_ipa(vm_a);
    send_while_flipped(grants);

    grants[1] = grants[0];
    grants[1].one.address++;
    send_while_flipped(grants);

    grants[1] = grants[0];
    grants[1].one.page_count = 2;
    grants[1].pages = 1;
    send_while_flipped(grants);
}

/* --- Retrievals ---------------------------------------------------------------------------------
 */

static uint32_t word_at(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* The access that the answer tells is the one that the borrower has. */
static void check_retrieved(void)
{
    const uint8_t *rx = posix_vm_at(vm_b, rx_ipa(vm_b, 1));
    const uint8_t *access = rx + word_at(rx + 32);
    const uint8_t *range = rx + word_at(access + 4) + 16;
    const uint64_t ipa = word_at(range) | (uint64_t)word_at(range + 4) << 32;
    const uint8_t data = access[2] & FFA_MEM_ACCESS_DATA_MASK;
    struct posix_stage2 stage2;

    posix_vm_stage2(vm_b, ipa, 1, &stage2);
    assert_true(data == DATA_RO || data == DATA_RW);
    assert_int_equal(stage2.access, data == DATA_RO ? PARLEY_ACCESS_RO : PARLEY_ACCESS_RW);
    assert_int_equal(stage2.frame, frame_of(vm_a, page_of(vm_a, 8)));
}

static void retrieve_while_flipped(const struct grant *request, uint32_t place, uint8_t value,
                                   uint64_t handle)
{
    const uint32_t total = grant_write(vm_b, request, one);
    uint8_t *tx = posix_vm_at(vm_b, tx_ipa(vm_b));

    posix_check_pages_every(1000);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        struct answer answer;

        memcpy(tx, one, total);
        flip_begin(tx + place, one[place], value);
        answer = CALL(vm_b, FFA_MEM_RETRIEVE_REQ_32, total, total, 0, 0);
        flip_end();
        if (answer.fid != FFA_MEM_RETRIEVE_RESP) {
            assert_int_equal(posix_vm_holdings(vm_b).borrowed, 0);
            continue;
        }
        check_retrieved();
        assert_int_equal(CALL(vm_b, FFA_RX_RELEASE, 0).status, FFA_OK);
        assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
    }
}

static void A3_retrieve_req_live_validation(void **state)
{
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    start_secure(NULL);
    grant = share_with(vm_a, 2, page_of(vm_a, 8), 1);
    handle = sent(vm_a, SHARE, &grant);
    request = request_for(vm_b, &grant, handle);
    retrieve_while_flipped(&request, 48 + 2, DATA_RO, handle); /* permissions */
    retrieve_while_flipped(&request, 8, (uint8_t)(handle + 1), handle);
    retrieve_while_flipped(&request, 16, 1, handle); /* tag */
    retrieve_while_flipped(&request, 28, 2, handle); /* borrowers */
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);

    /* More than was granted. */
    grant.borrower[0].permissions = DATA_RO;
    handle = sent(vm_a, SHARE, &grant);
    request = request_for(vm_b, &grant, handle);
    retrieve_while_flipped(&request, 48 + 2, DATA_RW, handle);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    expect_nothing_granted(vm_a);
}

MEMORY_SECTION(museum_memory_read, TEST(A2_share_descr_refetch_after_parse),
               TEST(A4_nw_region_reread), TEST(A3_retrieve_req_live_validation))
