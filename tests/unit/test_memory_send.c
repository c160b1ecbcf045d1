/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is checked of FFA_MEM_SHARE, LEND and DONATE, one thing that is wrong at a time, and that
 * nothing has changed afterwards.
 */
#include "memory.h"

/* Bytes of the descriptor that are replaced. Unused: no bytes. */
struct patch {
    uint32_t offset;
    uint32_t bytes;
    uint64_t value;
};

struct row {
    const char *what;
    int32_t status;
    struct patch patch[2];
};

static uint8_t bytes[4096];

static void apply(const struct patch *patch)
{
    for (uint32_t i = 0; i < patch->bytes; i++) {
        bytes[patch->offset + i] = (uint8_t)(patch->value >> (8 * i));
    }
}

/* Nothing is granted, and no transaction is left. */
static void check_nothing(const struct posix_vm *vm)
{
    struct parley_transaction_status status;
    struct posix_holdings holdings = posix_vm_holdings(vm);

    assert_int_equal(holdings.granted, 0);
    assert_int_equal(holdings.revoked, 0);
    for (unsigned int i = 0; parley_transaction_status(posix_vm_parley(vm), i, &status); i++) {
        assert_int_equal(status.state, PARLEY_TRANSACTION_FREE);
    }
}

static void try(const struct row *row, struct posix_vm *vm, uint32_t fid, const struct grant *grant)
{
    uint32_t total = grant_write(vm, grant, bytes);
    struct answer answer;

    apply(&row->patch[0]);
    apply(&row->patch[1]);
    answer = send_bytes(vm, fid, bytes, total, 0);
    if (answer.status != row->status) {
        fail_msg("%s: %d", row->what, answer.status);
    }
    if (answer.status != FFA_OK) {
        check_nothing(vm);
    } else if (reclaim(vm, handle_of(&answer), 0) != FFA_OK) {
        fail_msg("%s: cannot be reclaimed", row->what);
    }
}

static void try_all(const struct row *rows, size_t count, struct posix_vm *vm, uint32_t fid,
                    const struct grant *grant)
{
    for (size_t i = 0; i < count; i++) {
        try(&rows[i], vm, fid, grant);
    }
}

/* --- SHARE, 1.2 ------------------------------------------------------------------------------- */

/* Where things are: two borrowers, two ranges. */
#define EMAD_1    48u
#define EMAD_2    80u
#define COMPOSITE 112u
#define RANGE_1   128u
#define RANGE_2   144u

#define IPA(n) (RIG_VM_IPA + (n)*PAGE)

static const struct row share_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"another's memory", FFA_DENIED, {{0, 2, 2}}},
    {"nobody's memory", FFA_DENIED, {{0, 2, 0}}},
    {"attributes: NS", FFA_INVALID_PARAMETERS, {{2, 2, 0x6f}}},
    {"attributes: none", FFA_INVALID_PARAMETERS, {{2, 2, 0}}},
    {"attributes: device", FFA_DENIED, {{2, 2, 0x14}}},
    {"attributes: device, shareable", FFA_INVALID_PARAMETERS, {{2, 2, 0x17}}},
    {"attributes: reserved type", FFA_INVALID_PARAMETERS, {{2, 2, 0x3f}}},
    {"attributes: not cached", FFA_DENIED, {{2, 2, 0x27}}},
    {"attributes: reserved cacheability", FFA_INVALID_PARAMETERS, {{2, 2, 0x23}}},
    {"attributes: reserved cacheability 2", FFA_INVALID_PARAMETERS, {{2, 2, 0x2b}}},
    {"attributes: outer shareable", FFA_DENIED, {{2, 2, 0x2e}}},
    {"attributes: not shareable", FFA_DENIED, {{2, 2, 0x2c}}},
    {"attributes: reserved shareability", FFA_INVALID_PARAMETERS, {{2, 2, 0x2d}}},
    {"flags: zero", FFA_INVALID_PARAMETERS, {{4, 4, 1}}},
    {"flags: time slice", FFA_INVALID_PARAMETERS, {{4, 4, 2}}},
    {"flags: reserved", FFA_OK, {{4, 4, 0xfffffffc}}},
    {"a handle", FFA_INVALID_PARAMETERS, {{8, 8, 1}}},
    {"a handle, high", FFA_INVALID_PARAMETERS, {{8, 8, 1ull << 63}}},
    {"a tag", FFA_OK, {{16, 8, 0x1234567812345678}}},
    {"EMAD size 0", FFA_INVALID_PARAMETERS, {{24, 4, 0}}},
    {"EMAD size 8", FFA_INVALID_PARAMETERS, {{24, 4, 8}}},
    {"EMAD size 24", FFA_INVALID_PARAMETERS, {{24, 4, 24}}},
    {"EMAD size 48", FFA_INVALID_PARAMETERS, {{24, 4, 48}}},
    {"no borrower", FFA_INVALID_PARAMETERS, {{28, 4, 0}}},
    {"nine borrowers", FFA_INVALID_PARAMETERS, {{28, 4, 9}}},
    {"borrowers without end", FFA_INVALID_PARAMETERS, {{28, 4, 0xffffffff}}},
    {"EMADs in the header", FFA_INVALID_PARAMETERS, {{32, 4, 32}}},
    {"EMADs at 0", FFA_INVALID_PARAMETERS, {{32, 4, 0}}},
    {"EMADs not aligned", FFA_INVALID_PARAMETERS, {{32, 4, 56}}},
    {"EMADs far away", FFA_INVALID_PARAMETERS, {{32, 4, 0xfffffff0}}},
    {"EMADs behind the end", FFA_INVALID_PARAMETERS, {{32, 4, 160}}},
    {"reserved words of the header", FFA_OK, {{36, 4, 0xffffffff}, {44, 4, 0xffffffff}}},
    {"to itself", FFA_INVALID_PARAMETERS, {{EMAD_1, 2, 1}}},
    {"twice to one", FFA_INVALID_PARAMETERS, {{EMAD_2, 2, 2}}},
    {"to one that is not there", FFA_INVALID_PARAMETERS, {{EMAD_1, 2, 9}}},
    {"to one that is not final", FFA_INVALID_PARAMETERS, {{EMAD_2, 2, 5}}},
    {"to a hidden one", FFA_INVALID_PARAMETERS, {{EMAD_2, 2, 6}}},
    {"to one that it may only see", FFA_DENIED, {{EMAD_2, 2, 7}}},
    {"to the hypervisor", FFA_INVALID_PARAMETERS, {{EMAD_1, 2, 0}}},
    {"to no ID", FFA_INVALID_PARAMETERS, {{EMAD_1, 2, 0x7fff}}},
    {"to a partition that is not there", FFA_INVALID_PARAMETERS, {{EMAD_1, 2, 0x8001}}},
    {"no data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 0}}},
    {"reserved data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 3}}},
    {"read only", FFA_OK, {{EMAD_1 + 2, 1, 1}}},
    {"never executed", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 6}}},
    {"executed", FFA_INVALID_PARAMETERS, {{EMAD_2 + 2, 1, 9}}},
    {"reserved permissions", FFA_INVALID_PARAMETERS, {{EMAD_2 + 2, 1, 0x12}}},
    {"flags of the borrower", FFA_INVALID_PARAMETERS, {{EMAD_1 + 3, 1, 1}}},
    {"reserved flags of the borrower", FFA_INVALID_PARAMETERS, {{EMAD_2 + 3, 1, 0x80}}},
    {"two composites", FFA_INVALID_PARAMETERS, {{EMAD_2 + 4, 4, COMPOSITE + 16}}},
    {"no composite", FFA_INVALID_PARAMETERS, {{EMAD_1 + 4, 4, 0}, {EMAD_2 + 4, 4, 0}}},
    {"composite among the borrowers",
     FFA_INVALID_PARAMETERS,
     {{EMAD_1 + 4, 4, 96}, {EMAD_2 + 4, 4, 96}}},
    {"composite not aligned",
     FFA_INVALID_PARAMETERS,
     {{EMAD_1 + 4, 4, COMPOSITE + 4}, {EMAD_2 + 4, 4, COMPOSITE + 4}}},
    {"composite behind the end",
     FFA_INVALID_PARAMETERS,
     {{EMAD_1 + 4, 4, 160}, {EMAD_2 + 4, 4, 160}}},
    {"composite far away",
     FFA_INVALID_PARAMETERS,
     {{EMAD_1 + 4, 4, 0xfffffff8}, {EMAD_2 + 4, 4, 0xfffffff8}}},
    {"no pages", FFA_INVALID_PARAMETERS, {{COMPOSITE, 4, 0}}},
    {"fewer pages than there are", FFA_INVALID_PARAMETERS, {{COMPOSITE, 4, 3}}},
    {"more pages than there are", FFA_INVALID_PARAMETERS, {{COMPOSITE, 4, 5}}},
    {"no ranges", FFA_INVALID_PARAMETERS, {{COMPOSITE + 4, 4, 0}}},
    {"fewer ranges than there are", FFA_INVALID_PARAMETERS, {{COMPOSITE + 4, 4, 1}}},
    {"more ranges than there are", FFA_INVALID_PARAMETERS, {{COMPOSITE + 4, 4, 3}}},
    {"ranges without end", FFA_INVALID_PARAMETERS, {{COMPOSITE + 4, 4, 0x10000002}}},
    {"an empty range", FFA_INVALID_PARAMETERS, {{RANGE_1 + 8, 4, 0}, {RANGE_2 + 8, 4, 4}}},
    {"a range not aligned", FFA_INVALID_PARAMETERS, {{RANGE_1, 8, IPA(8) + 8}}},
    {"a range that wraps", FFA_INVALID_PARAMETERS, {{RANGE_2, 8, 0xfffffffffffff000}}},
    {"a range twice", FFA_INVALID_PARAMETERS, {{RANGE_2, 8, IPA(8)}}},
    {"ranges that overlap", FFA_INVALID_PARAMETERS, {{RANGE_2, 8, IPA(9)}}},
    {"ranges that overlap below", FFA_INVALID_PARAMETERS, {{RANGE_2, 8, IPA(7)}}},
    {"ranges that touch", FFA_OK, {{RANGE_2, 8, IPA(10)}}},
    {"no RAM", FFA_DENIED, {{RANGE_1, 8, 0x1000}}},
    {"right before RAM", FFA_DENIED, {{RANGE_1, 8, IPA(0) - 2 * PAGE}}},
    {"half behind RAM", FFA_DENIED, {{RANGE_2, 8, IPA(RIG_VM_PAGES - 1)}}},
    {"the end of the addresses", FFA_DENIED, {{RANGE_2, 8, 0xffffffffffffe000}}},
    {"an empty window", FFA_DENIED, {{RANGE_1, 8, RIG_WINDOW_IPA}}},
    {"TX", FFA_DENIED, {{RANGE_1, 8, IPA(0)}}},
    {"RX at its end", FFA_DENIED, {{RANGE_2, 8, IPA(1)}}},
    {"the end of RAM", FFA_OK, {{RANGE_2, 8, IPA(RIG_VM_PAGES - 2)}}},
};

static const struct ffa_mem_constituent two_ranges[] = {
    {.address = IPA(8), .page_count = 2},
    {.address = IPA(12), .page_count = 2},
};

/* VM 1, which sees all but 6 and may grant to all but 7. VM 5 is not final. */
static void start_with_policy(uint32_t version)
{
    struct parley_vm_config config = rig_friend_config(1);
    struct parley_peer peers[RIG_IDS];

    start_with(&rig_memory_config);
    b = rig_memory_friend(2, FFA_VERSION_1_2, 1);
    c = rig_memory_friend(3, FFA_VERSION_1_2, 1);
    for (uint16_t id = 5; id <= 7; id++) {
        struct parley_vm_config other = rig_friend_config(id);

        d = rig_vm(&other);
        if (id != 5) {
            settle(d, FFA_VERSION_1_2);
        }
    }
    for (unsigned int i = 0; i < config.peer_count; i++) {
        peers[i] = config.peers[i];
        if (peers[i].id == 6) {
            peers[i].rights = 0;
        } else if (peers[i].id == 7) {
            peers[i].rights = PARLEY_MAY_ALL & ~PARLEY_MAY_SHARE;
        }
    }
    config.peers = peers;
    config.window_ipa = RIG_WINDOW_IPA;
    config.window_pages = RIG_WINDOW_PAGES;
    a = rig_vm(&config);
    settle(a, version);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);
}

static struct grant of_two_ranges(struct grant grant)
{
    grant.range = two_ranges;
    grant.ranges = 2;
    return grant;
}

static void test_share_rows(void **state)
{
    struct grant grant;

    (void)state;
    start_with_policy(FFA_VERSION_1_2);
    grant = of_two_ranges(share_with(a, 2, 0, 0));
    also_to(&grant, 3, DATA_RW);
    try_all(share_rows, COUNT(share_rows), a, SHARE, &grant);
}

/* --- Other versions, other kinds -------------------------------------------------------------- */

static const struct row rows_1_1[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"flags: reserved", FFA_INVALID_PARAMETERS, {{4, 4, 4}}},
    {"flags: reserved, high", FFA_INVALID_PARAMETERS, {{4, 4, 0x80000000}}},
    {"attributes: NS", FFA_INVALID_PARAMETERS, {{2, 2, 0x6f}}},
};

static const struct row rows_1_0[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"flags: reserved", FFA_INVALID_PARAMETERS, {{4, 4, 4}}},
    {"a handle", FFA_INVALID_PARAMETERS, {{8, 8, 1}}},
    {"another's memory", FFA_DENIED, {{0, 2, 1}}},
    {"no borrower", FFA_INVALID_PARAMETERS, {{28, 4, 0}}},
    {"to itself", FFA_INVALID_PARAMETERS, {{32, 2, 2}}},
    {"the composite among the borrowers", FFA_INVALID_PARAMETERS, {{32 + 4, 4, 40}}},
    {"no data access", FFA_INVALID_PARAMETERS, {{32 + 2, 1, 0}}},
};

static void test_versions(void **state)
{
    struct grant grant;

    (void)state;
    start_versions(FFA_VERSION_1_1, FFA_VERSION_1_0);
    grant = share_with(a, 2, page_of(a, 8), 2);
    try_all(rows_1_1, COUNT(rows_1_1), a, SHARE, &grant);
    grant.access_size = 32; /* its size tells */
    try_all(rows_1_1, COUNT(rows_1_1), a, SHARE, &grant);
    grant = share_with(b, 1, page_of(b, 8), 2);
    try_all(rows_1_0, COUNT(rows_1_0), b, SHARE, &grant);
}

static const struct row lend_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"attributes", FFA_INVALID_PARAMETERS, {{2, 2, 0x2f}}},
    {"attributes: NS", FFA_INVALID_PARAMETERS, {{2, 2, 0x40}}},
    {"no data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 0}}},
    {"executed", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 0xa}}},
    {"zeroed", FFA_OK, {{4, 4, 1}}},
    {"time slice", FFA_INVALID_PARAMETERS, {{4, 4, 3}}},
};

static const struct row lend_several_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"no attributes", FFA_INVALID_PARAMETERS, {{2, 2, 0}}},
    {"device", FFA_DENIED, {{2, 2, 0x10}}},
    {"no data access", FFA_INVALID_PARAMETERS, {{EMAD_2 + 2, 1, 0}}},
    {"zeroed", FFA_OK, {{4, 4, 1}}},
};

static const struct row donate_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"attributes", FFA_INVALID_PARAMETERS, {{2, 2, 0x2f}}},
    {"read only", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 1}}},
    {"data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 2}}},
    {"never executed", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 4}}},
    {"zeroed", FFA_OK, {{4, 4, 1}}},
};

static const struct row donate_several_rows[] = {
    {"two receivers", FFA_INVALID_PARAMETERS, {{0}}},
    {"two receivers", FFA_INVALID_PARAMETERS, {{2, 2, 0}}},
};

static void test_lend_and_donate_rows(void **state)
{
    struct grant grant;

    (void)state;
    start();
    grant = lend_to(a, 2, page_of(a, 8), 2);
    try_all(lend_rows, COUNT(lend_rows), a, LEND, &grant);
    also_to(&grant, 3, DATA_RO);
    try_all(lend_several_rows, COUNT(lend_several_rows), a, LEND, &grant);
    grant = give_to(a, 2, page_of(a, 8), 2);
    try_all(donate_rows, COUNT(donate_rows), a, DONATE, &grant);
    also_to(&grant, 3, 0);
    try_all(donate_several_rows, COUNT(donate_several_rows), a, DONATE, &grant);
}

/* What can only be read cannot be written by others, zeroed or given away. */
static void test_read_only(void **state)
{
    struct grant grant;

    (void)state;
    start();
    posix_vm_set_page(a, page_of(a, 9), POSIX_PAGE_READ_ONLY);
    grant = lend_to(a, 2, page_of(a, 8), 2);
    assert_int_equal(grant_send(a, LEND, &grant).status, FFA_DENIED);
    check_nothing(a);
    grant.borrower[0].permissions = DATA_RO;
    grant.flags = FFA_MEM_SEND_ZERO;
    assert_int_equal(grant_send(a, LEND, &grant).status, FFA_DENIED);
    check_nothing(a);
    grant.flags = 0;
    assert_int_equal(reclaim(a, sent(a, LEND, &grant), 0), FFA_OK);
    check_nothing(a);
    posix_vm_set_page(a, page_of(a, 9), POSIX_PAGE_HOLE);
    assert_int_equal(grant_send(a, LEND, &grant).status, FFA_DENIED);
    check_nothing(a);
}

/* --- Lengths ---------------------------------------------------------------------------------- */

static void test_lengths(void **state)
{
    static const struct {
        uint64_t total, sent, x3, w4;
        int32_t status;
    } rows[] = {
        {112, 112, 0, 0, FFA_OK},
        {111, 111, 0, 0, FFA_INVALID_PARAMETERS},
        {96, 96, 0, 0, FFA_INVALID_PARAMETERS},
        {128, 128, 0, 0, FFA_INVALID_PARAMETERS},
        {128, 112, 0, 0, FFA_INVALID_PARAMETERS},
        {96, 112, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 113, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 4097, 0, 0, FFA_INVALID_PARAMETERS},
        {5000, 5000, 0, 0, FFA_INVALID_PARAMETERS},
        {0xffffffff, 0xffffffff, 0, 0, FFA_INVALID_PARAMETERS},
        {0, 0, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 0, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 47, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 48, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 79, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 80, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 95, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 104, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 111, 0, 0, FFA_INVALID_PARAMETERS},
        {112, 112, 0x80002000, 0, FFA_INVALID_PARAMETERS},
        {112, 112, 1ull << 32, 0, FFA_INVALID_PARAMETERS},
        {112, 112, 0, 1, FFA_INVALID_PARAMETERS},
    };
    struct grant grant;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 1);
    for (unsigned int i = 0; i < COUNT(rows); i++) {
        struct answer answer;

        assert_int_equal(grant_write(a, &grant, posix_vm_at(a, tx_ipa(a))), 112);
        answer = CALL(a, FFA_MEM_SHARE_64, rows[i].total, rows[i].sent, rows[i].x3, rows[i].w4);
        if (answer.status != rows[i].status) {
            fail_msg("row %u: %d", i, answer.status);
        }
        if (answer.status == FFA_OK) {
            assert_int_equal(reclaim(a, handle_of(&answer), 0), FFA_OK);
        }
        check_nothing(a);
    }
}

static void test_no_buffers(void **state)
{
    (void)state;
    start();
    assert_int_equal(CALL(a, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(CALL(a, SHARE, 112, 112, 0, 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, LEND, 112, 112, 0, 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, DONATE, 112, 112, 0, 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_MEM_RETRIEVE_REQ_32, 80, 80, 0, 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_MEM_RELINQUISH).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_MEM_RECLAIM, 1, 1u << 31, 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_MEM_FRAG_TX, 1, 1u << 31, 16, 0).status, FFA_INVALID_PARAMETERS);
}

/* --- Pages that are granted already ----------------------------------------------------------- */

static void test_granted_already(void **state)
{
    static const uint32_t kinds[] = {SHARE, LEND, DONATE};
    struct grant grants[3];
    uint64_t handle;

    (void)state;
    start();
    for (unsigned int first = 0; first < 3; first++) {
        for (unsigned int second = 0; second < 3; second++) {
            for (unsigned int offset = 0; offset < 5; offset++) {
                grants[0] = share_with(a, 2, page_of(a, 8), 3);
                grants[1] = lend_to(a, 2, page_of(a, 8), 3);
                grants[2] = give_to(a, 2, page_of(a, 8), 3);
                handle = sent(a, kinds[first], &grants[first]);
                grants[second].one.address = page_of(a, 6 + offset);
                grants[second].borrower[0].id = 3;
                assert_int_equal(grant_send(a, kinds[second], &grants[second]).status, FFA_DENIED);
                assert_int_equal(posix_vm_holdings(a).granted, 3);
                assert_int_equal(reclaim(a, handle, 0), FFA_OK);
                check_nothing(a);
            }
        }
    }
}

/* Granted pages are no buffers, borrowed ones neither; what was received may be. */
static void test_buffers(void **state)
{
    struct grant grant;
    uint64_t at;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 1);
    (void)sent(a, SHARE, &grant);
    assert_int_equal(CALL(a, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_RXTX_MAP_64, page_of(a, 8), page_of(a, 9), 1).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_RXTX_MAP_64, page_of(a, 9), page_of(a, 7), 2).status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(a, FFA_RXTX_MAP_64, page_of(a, 9), page_of(a, 7), 1).status, FFA_OK);
    assert_int_equal(CALL(a, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(map_buffers(a, 1).status, FFA_OK);

    grant = lend_to(a, 2, page_of(a, 16), 2);
    at = retrieved(b, &grant, sent(a, LEND, &grant));
    grant = share_with(b, 3, at, 1);
    assert_int_equal(grant_send(b, SHARE, &grant).status, FFA_DENIED);
    assert_int_equal(CALL(b, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(CALL(b, FFA_RXTX_MAP_64, at, at + PAGE, 1).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(map_buffers(b, 1).status, FFA_OK);

    grant = give_to(a, 2, page_of(a, 20), 2);
    at = retrieved(b, &grant, sent(a, DONATE, &grant));
    assert_int_equal(CALL(b, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    assert_int_equal(CALL(b, FFA_RXTX_MAP_64, at, at + PAGE, 1).status, FFA_OK);
    assert_int_equal(CALL(b, FFA_RXTX_UNMAP, 0).status, FFA_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_share_rows),
        RIG_TEST(test_versions),
        RIG_TEST(test_lend_and_donate_rows),
        RIG_TEST(test_read_only),
        RIG_TEST(test_lengths),
        RIG_TEST(test_no_buffers),
        RIG_TEST(test_granted_already),
        RIG_TEST(test_buffers),
    };

    return RUN_TWICE(tests);
}
