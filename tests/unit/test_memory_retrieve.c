/* SPDX-License-Identifier: BSD-3-Clause */
/* What is checked of FFA_MEM_RETRIEVE_REQ and RELINQUISH. */
#include "memory.h"

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

#define EMAD_1 48u
#define EMAD_2 80u
#define END    112u

/* A request as these bytes say; RX is given back. */
static int32_t request_bytes(struct posix_vm *vm, const struct grant *request,
                             const struct patch *patch)
{
    uint8_t *tx = posix_vm_at(vm, tx_ipa(vm));
    uint32_t total = grant_write(vm, request, tx);
    struct answer answer;

    for (unsigned int i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < patch[i].bytes; j++) {
            tx[patch[i].offset + j] = (uint8_t)(patch[i].value >> (8 * j));
        }
    }
    answer = CALL(vm, FFA_MEM_RETRIEVE_REQ_32, total, total, 0, 0);
    if (answer.fid == FFA_MEM_RETRIEVE_RESP) {
        assert_int_equal(CALL(vm, FFA_RX_RELEASE, 0).status, FFA_OK);
    }
    return answer.status;
}

/* Each in its turn; whoever got it gives it back. */
static void try_all(const struct row *rows, size_t count, struct posix_vm *vm,
                    const struct grant *request)
{
    for (size_t i = 0; i < count; i++) {
        int32_t status = request_bytes(vm, request, rows[i].patch);

        if (status != rows[i].status) {
            fail_msg("%s: %d", rows[i].what, status);
        }
        if (status == FFA_OK) {
            assert_int_equal(relinquish(vm, request->handle, 0), FFA_OK);
        }
        assert_int_equal(posix_vm_holdings(vm).borrowed, 0);
    }
}

/* --- What is refused -------------------------------------------------------------------------- */

/* Shared by VM 1 with 2 (read and write) and 3 (read), asked for by 2. */
static const struct row share_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"another lender", FFA_INVALID_PARAMETERS, {{0, 2, 3}}},
    {"lent by itself", FFA_INVALID_PARAMETERS, {{0, 2, 2}}},
    {"no lender", FFA_INVALID_PARAMETERS, {{0, 2, 9}}},
    {"the hypervisor as the lender", FFA_INVALID_PARAMETERS, {{0, 2, 0}}},
    {"a partition as the lender", FFA_INVALID_PARAMETERS, {{0, 2, 0x8001}}},
    {"attributes: the lender's", FFA_OK, {{2, 2, 0x2f}}},
    {"attributes: NS", FFA_INVALID_PARAMETERS, {{2, 2, 0x6f}}},
    {"attributes: device", FFA_DENIED, {{2, 2, 0x10}}},
    {"attributes: not cached", FFA_DENIED, {{2, 2, 0x27}}},
    {"attributes: reserved type", FFA_INVALID_PARAMETERS, {{2, 2, 0x30}}},
    {"attributes: reserved cacheability", FFA_INVALID_PARAMETERS, {{2, 2, 0x2b}}},
    {"flags: zero before", FFA_INVALID_PARAMETERS, {{4, 4, 1}}},
    {"flags: time slice", FFA_INVALID_PARAMETERS, {{4, 4, 2}}},
    {"flags: zero after", FFA_INVALID_PARAMETERS, {{4, 4, 4}}},
    {"flags: share", FFA_OK, {{4, 4, 8}}},
    {"flags: lend", FFA_INVALID_PARAMETERS, {{4, 4, 0x10}}},
    {"flags: donate", FFA_INVALID_PARAMETERS, {{4, 4, 0x18}}},
    {"flags: a hint that is none", FFA_INVALID_PARAMETERS, {{4, 4, 0x20}}},
    {"flags: a hint", FFA_OK, {{4, 4, 0x220}}},
    {"flags: a hint of one page", FFA_OK, {{4, 4, 0x200}}},
    {"flags: bypass", FFA_OK, {{4, 4, 0x400}}},
    {"flags: bypass, and another right of the other's",
     FFA_OK,
     {{4, 4, 0x400}, {EMAD_2 + 2, 1, 2}}},
    {"flags: reserved", FFA_OK, {{4, 4, 0xfffff800}}},
    {"another handle", FFA_INVALID_PARAMETERS, {{8, 1, 0x77}}},
    {"a handle of another life of its place", FFA_INVALID_PARAMETERS, {{10, 2, 0x4567}}},
    {"no handle", FFA_INVALID_PARAMETERS, {{8, 8, 0}}},
    {"the invalid handle", FFA_INVALID_PARAMETERS, {{8, 8, UINT64_MAX}}},
    {"an SPMC's handle", FFA_INVALID_PARAMETERS, {{15, 1, 0}}},
    {"another tag", FFA_INVALID_PARAMETERS, {{16, 1, 9}}},
    {"EMAD size", FFA_INVALID_PARAMETERS, {{24, 4, 20}}},
    {"nobody", FFA_INVALID_PARAMETERS, {{28, 4, 0}}},
    {"fewer borrowers", FFA_INVALID_PARAMETERS, {{28, 4, 1}}},
    {"more borrowers", FFA_INVALID_PARAMETERS, {{28, 4, 3}}},
    {"EMADs not aligned", FFA_INVALID_PARAMETERS, {{32, 4, 52}}},
    {"EMADs behind the end", FFA_INVALID_PARAMETERS, {{32, 4, 64}}},
    {"not for the caller", FFA_INVALID_PARAMETERS, {{EMAD_1, 2, 4}}},
    {"no data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 0}}},
    {"reserved data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 3}}},
    {"less access", FFA_OK, {{EMAD_1 + 2, 1, 1}}},
    {"never executed", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 6}}},
    {"executed", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 10}}},
    {"not retrieved by the caller", FFA_INVALID_PARAMETERS, {{EMAD_1 + 3, 1, 1}}},
    {"other words", FFA_INVALID_PARAMETERS, {{EMAD_1 + 8, 8, 5}}},
    {"other words, second", FFA_INVALID_PARAMETERS, {{EMAD_1 + 16, 8, 5}}},
    {"another borrower", FFA_INVALID_PARAMETERS, {{EMAD_2, 2, 4}}},
    {"itself twice", FFA_INVALID_PARAMETERS, {{EMAD_2, 2, 2}}},
    {"another right of the other's", FFA_DENIED, {{EMAD_2 + 2, 1, 2}}},
    {"the other retrieves", FFA_INVALID_PARAMETERS, {{EMAD_2 + 3, 1, 0}}},
    {"ranges that are not there", FFA_INVALID_PARAMETERS, {{EMAD_1 + 4, 4, END}}},
    {"ranges among the borrowers", FFA_INVALID_PARAMETERS, {{EMAD_1 + 4, 4, 96}}},
};

static struct grant with_words(struct grant grant)
{
    grant.tag = 0x0123456789abcd01;
    grant.borrower[0].impdef[0] = 0x1234;
    grant.borrower[0].impdef[1] = 0x5678;
    return grant;
}

static void test_share_rows(void **state)
{
    struct grant grant;
    struct grant request;

    (void)state;
    start();
    grant = with_words(share_with(a, 2, page_of(a, 8), 2));
    also_to(&grant, 3, DATA_RO);
    request = request_for(b, &grant, sent(a, SHARE, &grant));
    try_all(share_rows, COUNT(share_rows), b, &request);
}

static const struct row lend_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"zero before, not asked for by the lender", FFA_DENIED, {{4, 4, 1}}},
    {"zero after", FFA_OK, {{4, 4, 4}}},
    {"zero after, read only", FFA_DENIED, {{4, 4, 4}, {EMAD_1 + 2, 1, 1}}},
    {"flags: lend", FFA_OK, {{4, 4, 0x10}}},
    {"flags: share", FFA_INVALID_PARAMETERS, {{4, 4, 8}}},
    {"flags: bypass with one borrower", FFA_INVALID_PARAMETERS, {{4, 4, 0x400}}},
    {"executed", FFA_OK, {{EMAD_1 + 2, 1, 10}}},
    {"reserved instruction access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 14}}},
    {"no data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 8}}},
};

static const struct row zeroed_rows[] = {
    {"zero before", FFA_OK, {{4, 4, 1}}},
    {"zero before, read only", FFA_DENIED, {{4, 4, 1}, {EMAD_1 + 2, 1, 1}}},
    {"zero before and after", FFA_OK, {{4, 4, 5}}},
};

static const struct row read_only_rows[] = {
    {"nothing wrong", FFA_OK, {{0}}},
    {"more access", FFA_DENIED, {{EMAD_1 + 2, 1, 2}}},
    {"zero after", FFA_DENIED, {{4, 4, 4}}},
};

static void try_lend(struct grant grant, const struct row *rows, size_t count)
{
    uint64_t handle = sent(a, LEND, &grant);
    struct grant request = request_for(b, &grant, handle);

    try_all(rows, count, b, &request);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
}

static void test_lend_rows(void **state)
{
    struct grant grant;

    (void)state;
    start();
    grant = lend_to(a, 2, page_of(a, 8), 2);
    try_lend(grant, lend_rows, COUNT(lend_rows));
    grant.flags = FFA_MEM_SEND_ZERO;
    try_lend(grant, zeroed_rows, COUNT(zeroed_rows));
    grant.flags = 0;
    grant.borrower[0].permissions = DATA_RO;
    try_lend(grant, read_only_rows, COUNT(read_only_rows));
}

static const struct row donate_rows[] = {
    {"zero before, not asked for", FFA_DENIED, {{4, 4, 1}}},
    {"flags: lend", FFA_INVALID_PARAMETERS, {{4, 4, 0x10}}},
    {"reserved data access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 3}}},
    {"reserved instruction access", FFA_INVALID_PARAMETERS, {{EMAD_1 + 2, 1, 14}}},
    {"bypass", FFA_INVALID_PARAMETERS, {{4, 4, 0x400}}},
};

static void test_donate_rows(void **state)
{
    struct grant grant;
    struct grant request;
    struct retrieved got;
    uint64_t handle;

    (void)state;
    start();
    grant = give_to(a, 2, page_of(a, 8), 2);
    handle = sent(a, DONATE, &grant);
    request = request_for(b, &grant, handle);
    try_all(donate_rows, COUNT(donate_rows), b, &request);
    request.borrower[0].permissions = DATA_RW | FFA_MEM_ACCESS_INSTR_X;
    request.flags = FFA_MEM_TYPE_DONATE;
    got = retrieve_with(b, &request);
    assert_int_equal(got.status, FFA_OK);
    assert_int_equal(got.borrower.permissions, DATA_RW | FFA_MEM_ACCESS_INSTR_X);
}

/* At 1.1 what is reserved must be zero, and nothing is bypassed. */
static void test_1_1(void **state)
{
    static const struct row rows[] = {
        {"nothing wrong", FFA_OK, {{0}}},
        {"flags: reserved", FFA_INVALID_PARAMETERS, {{4, 4, 0x800}}},
        {"flags: bypass", FFA_INVALID_PARAMETERS, {{4, 4, 0x400}}},
    };
    struct grant grant;
    struct grant request;

    (void)state;
    start_versions(FFA_VERSION_1_2, FFA_VERSION_1_1);
    grant = share_with(a, 2, page_of(a, 8), 2);
    also_to(&grant, 3, DATA_RO);
    request = request_for(b, &grant, sent(a, SHARE, &grant));
    try_all(rows, COUNT(rows), b, &request);
}

static void test_registers(void **state)
{
    struct grant grant;
    struct grant request;
    uint64_t handle;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 2);
    handle = sent(a, SHARE, &grant);
    request = request_for(b, &grant, handle);
    assert_int_equal(grant_write(b, &request, posix_vm_at(b, tx_ipa(b))), 80);
#define ASK(...) CALL(b, FFA_MEM_RETRIEVE_REQ_64, __VA_ARGS__).status
    assert_int_equal(ASK(80, 64, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(64, 80, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(64, 64, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(96, 96, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(0, 0, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(8192, 8192, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(80, 80, 0x80000000, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(80, 80, 0, 1), FFA_INVALID_PARAMETERS);
    assert_int_equal(ASK(80, 80, 0, 0), FFA_OK);
    assert_int_equal(ASK(80, 80, 0, 0), FFA_BUSY); /* RX is the caller's */
    assert_int_equal(CALL(b, FFA_RX_RELEASE, 0).status, FFA_OK);
    assert_int_equal(ASK(80, 80, 0, 0), FFA_DENIED); /* it has it */
    assert_int_equal(ASK(80, 80, 0, 0), FFA_DENIED);
}

/* Who was never sent it; who was, in another life. */
static void test_whose(void **state)
{
    struct grant grant;
    uint64_t handle;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 2);
    handle = sent(a, SHARE, &grant);
    assert_int_equal(retrieve(c, &grant, handle).status, FFA_INVALID_PARAMETERS);
    grant.borrower[0].id = 3;
    assert_int_equal(retrieve(c, &grant, handle).status, FFA_INVALID_PARAMETERS);
    grant.borrower[0].id = 2;
    posix_vm_reset(b);
    settle(b, FFA_VERSION_1_2);
    assert_int_equal(map_buffers(b, 1).status, FFA_OK);
    assert_int_equal(retrieve(b, &grant, handle).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(reclaim(a, handle, 0), FFA_OK);
    handle = sent(a, SHARE, &grant);
    (void)retrieved(b, &grant, handle);
}

/* --- Relinquish ------------------------------------------------------------------------------- */

static int32_t relinquish_bytes(struct posix_vm *vm, const struct ffa_mem_relinquish *request,
                                uint16_t id)
{
    uint8_t *tx = posix_vm_at(vm, tx_ipa(vm));

    memset(tx, 0, 64);
    memcpy(tx, request, sizeof(*request));
    memcpy(tx + sizeof(*request), &id, sizeof(id));
    memcpy(tx + sizeof(*request) + 2, &id, sizeof(id));
    return CALL(vm, FFA_MEM_RELINQUISH).status;
}

static void test_relinquish(void **state)
{
    struct ffa_mem_relinquish request = {.endpoint_count = 1};
    struct grant grant;

    (void)state;
    start();
    grant = share_with(a, 2, page_of(a, 8), 2);
    also_to(&grant, 3, DATA_RO);
    request.handle = sent(a, SHARE, &grant);
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_DENIED); /* it has it not */
    assert_int_equal(relinquish_bytes(d, &request, 4), FFA_INVALID_PARAMETERS);
    assert_int_equal(relinquish_bytes(a, &request, 1), FFA_INVALID_PARAMETERS);
    (void)retrieved(b, &grant, request.handle);
    assert_int_equal(relinquish_bytes(c, &request, 3), FFA_DENIED);
    assert_int_equal(relinquish_bytes(c, &request, 2), FFA_INVALID_PARAMETERS);
    assert_int_equal(relinquish_bytes(b, &request, 3), FFA_INVALID_PARAMETERS);
    request.endpoint_count = 0;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);
    request.endpoint_count = 2;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);
    request.endpoint_count = 1;
    request.flags = FFA_MEM_RELINQUISH_TIME_SLICE;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);
    request.flags = FFA_MEM_RELINQUISH_ZERO;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);
    request.flags = 0;
    request.handle++;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);
    request.handle--;
    assert_int_equal(posix_vm_holdings(b).borrowed, 2);
    request.flags = 0xfffffffc; /* reserved, at 1.2 */
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_OK);
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_DENIED);
    request.flags = 0;
    assert_int_equal(reclaim(a, request.handle, 0), FFA_OK);
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);

    grant = lend_to(a, 2, page_of(a, 8), 2);
    grant.borrower[0].permissions = DATA_RO;
    request.handle = sent(a, LEND, &grant);
    (void)retrieved(b, &grant, request.handle);
    request.flags = FFA_MEM_RELINQUISH_ZERO;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_DENIED);
    request.flags = 0;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_OK);
}

static void test_relinquish_1_1(void **state)
{
    struct ffa_mem_relinquish request = {.endpoint_count = 1, .flags = 4};
    struct grant grant;

    (void)state;
    start_versions(FFA_VERSION_1_2, FFA_VERSION_1_1);
    grant = share_with(a, 2, page_of(a, 8), 2);
    request.handle = sent(a, SHARE, &grant);
    (void)retrieved(b, &grant, request.handle);
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_INVALID_PARAMETERS);
    request.flags = 0;
    assert_int_equal(relinquish_bytes(b, &request, 2), FFA_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_share_rows), RIG_TEST(test_lend_rows),      RIG_TEST(test_donate_rows),
        RIG_TEST(test_1_1),        RIG_TEST(test_registers),      RIG_TEST(test_whose),
        RIG_TEST(test_relinquish), RIG_TEST(test_relinquish_1_1),
    };

    return RUN_TWICE(tests);
}
