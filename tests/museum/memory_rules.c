/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may grant what to whom, with which flags, permissions and attributes. */
#include "memory.h"

static const uint32_t kinds[] = {SHARE, LEND, DONATE};
#define KINDS 3u

/* Pages 8 and 9, to VM 2. */
static struct grant grant_of(unsigned int kind)
{
    switch (kinds[kind]) {
    case SHARE:
        return share_with(vm_a, 2, page_of(vm_a, 8), 2);
    case LEND:
        return lend_to(vm_a, 2, page_of(vm_a, 8), 2);
    default:
        return give_to(vm_a, 2, page_of(vm_a, 8), 2);
    }
}

static void expect_send(unsigned int kind, const struct grant *grant, int32_t status)
{
    struct answer answer = grant_send(vm_a, kinds[kind], grant);

    if (answer.status != status) {
        fail_msg("kind %u: %d and not %d", kind, answer.status, status);
    }
    if (status == FFA_OK) {
        expect_accepted(&answer);
    }
    assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
}

/* --- Success
 * -------------------------------------------------------------------------------------- */

/* Whichever byte is wrong: a success has a handle that exists, anything else leaves nothing. */
static void F1_share_success_without_sharing(void **state)
{
    static const uint8_t values[] = {0, 1, 0x80, 0xff};

    (void)state;
    start_at(FFA_VERSION_1_1);
    for (uint32_t i = 0; i < 96 * COUNT(values) * KINDS; i++) {
        struct grant grant = grant_of(i % KINDS);
        const uint32_t total = grant_write(vm_a, &grant, described);
        struct answer answer;

        assert_int_equal(total, 96);
        put(i / KINDS % total, values[i / KINDS / total], 1);
        answer = send_raw(kinds[i % KINDS], total, total);
        if (answer.fid == FFA_MEM_FRAG_RX) {
            assert_int_equal(reclaim(vm_a, handle_of(&answer), 0), FFA_OK);
        } else if (answer.status == FFA_OK) {
            assert_true(handle_of(&answer) != 0);
            assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_ACTIVE), 1);
            expect_accepted(&answer);
        }
        assert_int_equal(posix_vm_holdings(vm_a).granted, 0);
        assert_int_equal(transactions_in(vm_a, PARLEY_TRANSACTION_FREE), 8);
    }
    expect_refused(PAGE + 16, PAGE + 16);
    expect_nothing_granted(vm_a);
}

static void F2_ns_bit_from_normal_world(void **state)
{
    (void)state;
    for (size_t v = 0; v < VERSIONS; v++) {
        start_at(versions[v]);
        for (unsigned int kind = 0; kind < KINDS; kind++) {
            struct grant grant = grant_of(kind);

            grant.attributes |= FFA_MEM_ATTR_NS;
            /* At 1.0 there is no such bit. */
            expect_send(kind, &grant, v == 0 ? FFA_OK : FFA_INVALID_PARAMETERS);
        }
        assert_true(rig_stop());
    }
}

static void F3_sender_id_spoof(void **state)
{
    static const uint16_t senders[] = {0, 2, 3, 15, 16, 0x7fff, 0x8000, ECHO, 0xffff};

    (void)state;
    start_secure(&posix_spmc_1_2);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(senders) * KINDS; i++) {
        struct grant grant = grant_of(i % KINDS);

        grant.owner = senders[i / KINDS];
        expect_send(i % KINDS, &grant, FFA_DENIED);
    }
    assert_int_equal(posix_smc_count(), 0);
}

static void F4_self_share(void **state)
{
    (void)state;
    start_secure(&posix_spmc_1_2);
    posix_smc_clear();
    for (unsigned int kind = 0; kind < KINDS; kind++) {
        struct grant grant = grant_of(kind);

        grant.borrower[0].id = 1;
        expect_send(kind, &grant, FFA_INVALID_PARAMETERS);
        grant = grant_of(kind);
        also_to(&grant, kind == 2 ? 3 : 1, DATA_RW);
        also_to(&grant, ECHO, DATA_RW);
        expect_send(kind, &grant, FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(posix_smc_count(), 0);
}

/* --- Flags
 * ---------------------------------------------------------------------------------------- */

/* Flags of a send, of which those that are reserved count at 1.1, and not at 1.2. */
static void check_send_flags(uint32_t version)
{
    for (unsigned int bit = 0; bit < 32 * KINDS; bit++) {
        const unsigned int kind = bit % KINDS;
        const uint32_t flag = 1u << (bit / KINDS);
        struct grant grant = grant_of(kind);
        int32_t status = FFA_INVALID_PARAMETERS;

        grant.flags = flag;
        if ((flag == FFA_MEM_SEND_ZERO && kinds[kind] != SHARE) ||
            (flag > 2 && version == FFA_VERSION_1_2)) {
            status = FFA_OK;
        }
        expect_send(kind, &grant, status);
    }
}

struct zero_row {
    uint32_t flags; /* of the retrieval */
    uint8_t access;
    bool sent_zero;
    int32_t status;
};

/* What a borrower may say of zeroes, of memory that was lent to it. */
static const struct zero_row lend_rows[] = {
    {FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE, DATA_RW, true, FFA_OK},
    {FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE, DATA_RW, false, FFA_DENIED},
    {FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE, DATA_RO, true, FFA_DENIED},
    {FFA_MEM_RETRIEVE_REQ_ZERO_AFTER, DATA_RW, true, FFA_OK},
    {FFA_MEM_RETRIEVE_REQ_ZERO_AFTER, DATA_RW, false, FFA_OK},
    {FFA_MEM_RETRIEVE_REQ_ZERO_AFTER, DATA_RO, false, FFA_DENIED},
    {2, DATA_RW, false, FFA_INVALID_PARAMETERS},
    {1u << 10, DATA_RW, false, FFA_INVALID_PARAMETERS},
};

static void check_retrieve_flags(void)
{
    for (size_t i = 0; i < COUNT(lend_rows); i++) {
        const struct zero_row *row = &lend_rows[i];
        struct grant grant = lend_to(vm_a, 2, page_of(vm_a, 8), 2);
        struct grant request;
        uint64_t handle;

        grant.flags = row->sent_zero ? FFA_MEM_SEND_ZERO : 0;
        handle = sent(vm_a, LEND, &grant);
        request = request_for(vm_b, &grant, handle);
        request.flags = row->flags;
        request.borrower[0].permissions = row->access;
        if (retrieve_with(vm_b, &request).status != row->status) {
            fail_msg("row %zu of the flags of retrieval", i);
        }
        if (row->status == FFA_OK) {
            assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
        }
        paint(vm_a, page_of(vm_a, 10), 1, 5);
        assert_int_equal(reclaim(vm_a, handle, FFA_MEM_RECLAIM_ZERO), FFA_OK);
        assert_true(is_zero(vm_a, page_of(vm_a, 8), 2));
        assert_true(is_painted(vm_a, page_of(vm_a, 10), 1, 5));
        paint(vm_a, page_of(vm_a, 8), 2, 5);
    }
}

static void check_share_flags(void)
{
    struct grant grant = share_with(vm_a, 2, page_of(vm_a, 8), 2);
    uint64_t handle = sent(vm_a, SHARE, &grant);
    struct grant request = request_for(vm_b, &grant, handle);

    request.flags = FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE;
    assert_int_equal(retrieve_with(vm_b, &request).status, FFA_INVALID_PARAMETERS);
    request.flags = FFA_MEM_RETRIEVE_REQ_ZERO_AFTER;
    assert_int_equal(retrieve_with(vm_b, &request).status, FFA_INVALID_PARAMETERS);
    retrieved(vm_b, &grant, handle);
    assert_int_equal(relinquish(vm_b, handle, FFA_MEM_RELINQUISH_ZERO), FFA_INVALID_PARAMETERS);
    assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(vm_a, handle, 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
}

/* What nobody can write to nobody can have zeroed. */
static void check_read_only(void)
{
    struct grant grant = lend_to(vm_a, 2, page_of(vm_a, 8), 2);
    uint64_t handle;

    grant.borrower[0].permissions = DATA_RO;
    handle = sent(vm_a, LEND, &grant);
    retrieved(vm_b, &grant, handle);
    assert_int_equal(relinquish(vm_b, handle, FFA_MEM_RELINQUISH_ZERO), FFA_DENIED);
    assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);

    posix_vm_set_page(vm_a, page_of(vm_a, 9), POSIX_PAGE_READ_ONLY);
    grant.flags = FFA_MEM_SEND_ZERO;
    expect_send(1, &grant, FFA_DENIED);
    grant.flags = 0;
    handle = sent(vm_a, LEND, &grant);
    assert_int_equal(reclaim(vm_a, handle, FFA_MEM_RECLAIM_ZERO), FFA_DENIED);
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    grant.borrower[0].permissions = DATA_RW;
    expect_send(1, &grant, FFA_DENIED);
    posix_vm_set_page(vm_a, page_of(vm_a, 9), POSIX_PAGE_RAM);
}

static void F13_zero_flag_on_ro(void **state)
{
    (void)state;
    for (size_t v = 0; v < VERSIONS; v++) {
        start_at(versions[v]);
        check_send_flags(versions[v]);
        check_retrieve_flags();
        check_share_flags();
        check_read_only();
        expect_nothing_granted(vm_a);
        assert_true(rig_stop());
    }
}

/* --- Permissions
 * ---------------------------------------------------------------------------------- */

static void F14_exec_permission(void **state)
{
    struct posix_stage2 stage2;

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (unsigned int i = 0; i < 256 * KINDS; i++) {
        const unsigned int kind = i % KINDS;
        const uint8_t permissions = (uint8_t)(i / KINDS);
        struct grant grant = grant_of(kind);
        const bool is_good = kinds[kind] == DONATE
                                 ? permissions == 0
                                 : permissions == DATA_RO || permissions == DATA_RW;

        grant.borrower[0].permissions = permissions;
        expect_send(kind, &grant, is_good ? FFA_OK : FFA_INVALID_PARAMETERS);
    }
    for (uint8_t data = DATA_RO; data <= DATA_RW; data++) {
        struct grant grant = grant_of(0);
        struct grant request;
        struct retrieved got;
        uint64_t handle;

        grant.borrower[0].permissions = data;
        handle = sent(vm_a, SHARE, &grant);
        request = request_for(vm_b, &grant, handle);
        request.borrower[0].permissions = data | FFA_MEM_ACCESS_INSTR_X;
        assert_int_equal(retrieve_with(vm_b, &request).status, FFA_INVALID_PARAMETERS);
        got = retrieve(vm_b, &grant, handle);
        assert_int_equal(got.borrower.permissions, data | FFA_MEM_ACCESS_INSTR_XN);
        posix_vm_stage2(vm_b, got.range[0].address, 1, &stage2);
        assert_int_equal(stage2.access, data == DATA_RO ? PARLEY_ACCESS_RO : PARLEY_ACCESS_RW);
        assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
    }
}

/* A borrower that asks for less gets less, and the next one, or the next time, all. */
static void F15_permissions_mutated_in_store(void **state)
{
    struct grant grant;
    struct grant request;
    uint64_t handle;
    uint64_t at;

    (void)state;
    start_secure(NULL);
    grant = share_with(vm_a, 2, page_of(vm_a, 8), 2);
    also_to(&grant, 3, DATA_RW);
    grant.tag = 0x123456789abcdef0;
    handle = sent(vm_a, SHARE, &grant);
    for (unsigned int i = 0; i < 3; i++) {
        struct retrieved got;

        request = request_for(vm_b, &grant, handle);
        request.borrower[0].permissions = DATA_RO;
        got = retrieve_with(vm_b, &request);
        assert_int_equal(got.status, FFA_OK);
        assert_true(got.tag == grant.tag);
        assert_false(can_write(vm_b, got.range[0].address, 2));
        assert_true(can_write(vm_c, retrieved(vm_c, &grant, handle), 2));
        assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
        at = retrieved(vm_b, &grant, handle);
        assert_true(can_write(vm_b, at, 2));
        assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
        assert_int_equal(relinquish(vm_c, handle, 0), FFA_OK);
    }
    assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
}

/* --- Pages
 * ---------------------------------------------------------------------------------------- */

static int32_t verdict(uint32_t attributes)
{
    const uint32_t type = attributes & FFA_MEM_ATTR_TYPE_MASK;
    const uint32_t cache = attributes & FFA_MEM_ATTR_CACHE_MASK;
    const uint32_t share = attributes & FFA_MEM_ATTR_SHARE_MASK;

    if (attributes == FFA_MEM_ATTR_NORMAL_WB_INNER) {
        return FFA_OK;
    }
    if (type == FFA_MEM_ATTR_TYPE_DEVICE && share == 0) {
        return FFA_DENIED;
    }
    if (type == FFA_MEM_ATTR_TYPE_NORMAL && share != FFA_MEM_ATTR_SHARE_RESERVED &&
        (cache == FFA_MEM_ATTR_CACHE_NC || cache == FFA_MEM_ATTR_CACHE_WB)) {
        return FFA_DENIED;
    }
    return FFA_INVALID_PARAMETERS;
}

static void F16_device_vs_normal(void **state)
{
    (void)state;
    start_at(FFA_VERSION_1_2);
    for (uint32_t attributes = 0; attributes < 64 * KINDS; attributes++) {
        const unsigned int kind = attributes % KINDS;
        struct grant grant = grant_of(kind);
        int32_t status = verdict(attributes / KINDS);

        grant.attributes = (uint16_t)(attributes / KINDS);
        if (kinds[kind] != SHARE) {
            status = grant.attributes == 0 ? FFA_OK : FFA_INVALID_PARAMETERS;
        }
        expect_send(kind, &grant, status);
    }
}

/* A page that cannot be granted, at each place of each of several ranges. */
static void F19_unretrieved_range_spread(void **state)
{
    struct ffa_mem_constituent ranges[4];

    (void)state;
    start_at(FFA_VERSION_1_2);
    for (unsigned int bad = 0; bad < 12 * KINDS; bad++) {
        const unsigned int kind = bad % KINDS;
        const unsigned int place = bad / KINDS;
        const uint64_t ipa = page_of(vm_a, 8 + place / 3 * 8 + place % 3);
        struct grant grant = grant_of(kind);

        for (unsigned int i = 0; i < 4; i++) {
            ranges[i] = (struct ffa_mem_constituent){page_of(vm_a, 8 + 8 * i), 3, 0};
        }
        grant.range = ranges;
        grant.ranges = 4;
        posix_vm_set_page(vm_a, ipa, POSIX_PAGE_HOLE);
        expect_send(kind, &grant, FFA_DENIED);
        posix_vm_set_page(vm_a, ipa, POSIX_PAGE_READ_ONLY);
        expect_send(kind, &grant, FFA_DENIED);
        posix_vm_set_page(vm_a, ipa, POSIX_PAGE_RAM);
        expect_send(kind, &grant, FFA_OK);
    }
    expect_nothing_granted(vm_a);
}

static void F17_non_ram_page(void **state)
{
    struct grant borrowed;
    uint64_t handle;
    uint64_t ipas[7];

    (void)state;
    start_at(FFA_VERSION_1_2);
    borrowed = share_with(vm_b, 1, page_of(vm_b, 8), 2);
    handle = sent(vm_b, SHARE, &borrowed);
    ipas[0] = retrieved(vm_a, &borrowed, handle);
    ipas[1] = RIG_WINDOW_IPA;
    ipas[2] = tx_ipa(vm_a);
    ipas[3] = tx_ipa(vm_a) + PAGE;
    ipas[4] = page_of(vm_a, RIG_VM_PAGES) - PAGE;
    ipas[5] = page_of(vm_a, RIG_VM_PAGES);
    ipas[6] = 0x1000;
    for (size_t i = 0; i < COUNT(ipas) * KINDS; i++) {
        struct grant grant = grant_of(i % KINDS);

        grant.one.address = ipas[i / KINDS];
        expect_send(i % KINDS, &grant, FFA_DENIED);
    }
    assert_int_equal(relinquish(vm_a, handle, 0), FFA_OK);
    assert_int_equal(reclaim(vm_b, handle, 0), FFA_OK);
    expect_nothing_granted(vm_a);
}

/* --- Directions and names
 * --------------------------------------------------------------------------- */

/* What a VM asks of a partition, or of a handle of the SPMC's, ends here. */
static void F18_sp_to_vm_direction(void **state)
{
    static const uint64_t handles[] = {0, 1, 0x180000000, FFA_HANDLE_HYPERVISOR_BIT,
                                       FFA_HANDLE_INVALID};

    (void)state;
    start_secure(&posix_spmc_1_2);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(handles); i++) {
        struct grant offer = share_with(vm_a, 2, page_of(vm_a, 8), 1);
        struct grant request = request_for(vm_b, &offer, handles[i]);

        request.owner = ECHO;
        assert_int_equal(retrieve_with(vm_b, &request).status, FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(vm_b, handles[i], 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(reclaim(vm_b, handles[i], 0), FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(posix_smc_count(), 0);
}

static void F20_handle_as_two_words(void **state)
{
    struct grant grant;
    struct answer answer;
    struct retrieved got;
    uint64_t handle;

    (void)state;
    start_at(FFA_VERSION_1_1);
    for (unsigned int i = 0; i < 40; i++) {
        grant = share_with(vm_a, 2, page_of(vm_a, 8), 1);
        answer = grant_send(vm_a, SHARE, &grant);
        handle = answer.regs.x[2] | answer.regs.x[3] << 32;
        assert_true((answer.regs.x[3] & 0x80000000) != 0);
        got = retrieve(vm_b, &grant, handle);
        assert_true(got.handle == handle);
        assert_int_equal(CALL(vm_a, FFA_MEM_RECLAIM, handle >> 32, (uint32_t)handle, 0).status,
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(vm_b, handle << 32 | handle >> 32, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(relinquish(vm_b, handle, 0), FFA_OK);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_OK);
        assert_int_equal(reclaim(vm_a, handle, 0), FFA_INVALID_PARAMETERS);
    }
}

MEMORY_SECTION(museum_memory_rules, TEST(F1_share_success_without_sharing),
               TEST(F2_ns_bit_from_normal_world), TEST(F3_sender_id_spoof), TEST(F4_self_share),
               TEST(F13_zero_flag_on_ro), TEST(F14_exec_permission),
               TEST(F15_permissions_mutated_in_store), TEST(F16_device_vs_normal),
               TEST(F17_non_ram_page), TEST(F18_sp_to_vm_direction),
               TEST(F19_unretrieved_range_spread), TEST(F20_handle_as_two_words))
