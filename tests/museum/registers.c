/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Section G of docs/museum.md as far as it is about registers: what an answer writes, how wide, and
 * what of the question counts. CALL() checks the same after every call of every other test.
 */
#include "support.h"

#include <string.h>

/* x0 to x17 as they are given; the answer goes there too. */
static void raw_call(struct posix_vm *vm, struct parley_regs *regs)
{
    assert_int_equal(posix_call(vm, 0, regs), PARLEY_RETURN);
}

static struct parley_regs poisoned(uint64_t x0)
{
    struct parley_regs regs;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs.x[i] = poison(i);
    }
    regs.x[0] = x0;
    return regs;
}

static void expect_zero(const struct parley_regs *regs, unsigned int first, unsigned int last)
{
    for (unsigned int i = first; i <= last; i++) {
        assert_int_equal(regs->x[i], 0);
    }
}

/* --- G2, G3, G5, G6, G7 ----------------------------------------------------------------------- */

/* An answer is all of x0 to x7, not the first few of them. */
static void G2_partial_result_set(void **state)
{
    static const uint32_t fids[] = {FFA_ID_GET, FFA_SPM_ID_GET, FFA_MSG_SEND2, FFA_RUN};
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1});
    for (size_t i = 0; i < COUNT(fids); i++) {
        struct parley_regs regs = poisoned(fids[i]);

        raw_call(vm, &regs);
        expect_zero(&regs, 1, 1);
        expect_zero(&regs, 3, 7);
    }
}

/* FFA_VERSION answers in w0 alone, on each of its paths. */
static void G3_uninitialised_result_struct(void **state)
{
    static const uint32_t requests[] = {FFA_VERSION_1_1, FFA_VERSION_1_2, 0x00020000, 0x80010001};
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1});
    for (unsigned int stage = 0; stage < 3; stage++) {
        for (size_t i = 0; i < COUNT(requests); i++) {
            struct parley_regs regs = poisoned(FFA_VERSION);

            regs.x[1] = requests[i];
            raw_call(vm, &regs);
            assert_true(regs.x[0] == PARLEY_FFA_VERSION || regs.x[0] == 0xffffffffu);
            expect_zero(&regs, 1, 7);
            for (unsigned int j = 8; j < FFA_REGS_MAX; j++) {
                assert_int_equal(regs.x[j], poison(j));
            }
        }
        if (stage == 1) {
            CALL(vm, 0, FFA_ID_GET);
        }
    }
}

/* One call for each status that a guest can be told now. */
static const struct {
    int32_t status;
    uint64_t call[6];
} failures[] = {
    {FFA_NOT_SUPPORTED, {FFA_MSG_POLL}},
    {FFA_NOT_SUPPORTED, {0xc40000ef}},
    {FFA_NOT_SUPPORTED, {FFA_FEATURES, FFA_RX_ACQUIRE}},
    {FFA_INVALID_PARAMETERS, {FFA_RXTX_UNMAP, 0}},
    {FFA_INVALID_PARAMETERS, {FFA_RX_RELEASE, 0x8000}},
    {FFA_INVALID_PARAMETERS, {FFA_PARTITION_INFO_GET, 1, 2, 3, 4, 1}},
    {FFA_INVALID_PARAMETERS, {FFA_PARTITION_INFO_GET_REGS, 1, 2, 0}},
    {FFA_RETRY, {FFA_PARTITION_INFO_GET_REGS, 0, 0, 0x12340001}},
    {FFA_BUSY, {FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0}},
    {FFA_DENIED, {FFA_RX_RELEASE, 0}},
    {FFA_DENIED, {FFA_MSG_SEND2, 0, 0}},
    {FFA_DENIED, {FFA_MSG_SEND_DIRECT_RESP2, 1u << 16 | 2, 0}},
    {FFA_INVALID_PARAMETERS, {FFA_MSG_SEND_DIRECT_REQ_64, 2u << 16 | 1, 0}},
    {FFA_NO_DATA, {FFA_NOTIFICATION_INFO_GET_64}},
    {FFA_NO_MEMORY, {FFA_RXTX_MAP_64, IPA(TX_PAGE), IPA(RX_PAGE), 1}},
};

static struct parley_regs fail_so(struct posix_vm *vm, size_t i)
{
    struct parley_regs regs = poisoned(failures[i].call[0]);

    memcpy(regs.x, failures[i].call, sizeof(failures[i].call));
    if (failures[i].status == FFA_NO_MEMORY) {
        posix_fail_page_map(1, PARLEY_PORT_NO_MEMORY);
    }
    raw_call(vm, &regs);
    return regs;
}

static struct posix_vm *vm_that_fails(void)
{
    machine_on(&posix_spmc_1_2);
    return vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
}

/* Of an error only w0 and w2 are not zero. */
static void G5_error_regs_not_cleared(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_that_fails();
    for (size_t i = 0; i < COUNT(failures); i++) {
        const struct parley_regs regs = fail_so(vm, i);
        const bool wide = ffa_fid_is_64((uint32_t)failures[i].call[0]);

        expect_zero(&regs, 1, 1);
        expect_zero(&regs, 3, 7);
        for (unsigned int j = 8; j < FFA_REGS_MAX; j++) {
            assert_int_equal(regs.x[j], wide ? 0 : poison(j));
        }
    }
}

/* The code is in w2 of FFA_ERROR; w1 names nobody. */
static void G6_error_code_wrong_reg(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_that_fails();
    for (size_t i = 0; i < COUNT(failures); i++) {
        const struct parley_regs regs = fail_so(vm, i);

        assert_int_equal(regs.x[0], FFA_ERROR);
        assert_int_equal(regs.x[1], 0);
        assert_int_equal((int32_t)(uint32_t)regs.x[2], failures[i].status);
    }
}

static void dirty_upper_halves(void *unused, struct parley_regs *regs)
{
    const bool is_smc32 = !ffa_fid_is_64(w(regs, 0));

    (void)unused;
    posix_smc_secure_world(regs);
    for (unsigned int i = 0; i < FFA_REGS_SMC32 && is_smc32; i++) {
        if (!ffa_fid_is_64(w(regs, 0))) {
            regs->x[i] |= 0xdead000000000000u | (uint64_t)i << 32;
        }
    }
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX && is_smc32; i++) {
        regs->x[i] = poison(i);
    }
}

/* A code is 32 bits wide: a guest gets it with an upper half of zero, and Parley reads no more. */
static void G7_error_code_width(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_that_fails();
    for (size_t i = 0; i < COUNT(failures); i++) {
        assert_int_equal(fail_so(vm, i).x[2], (uint32_t)failures[i].status);
    }
    assert_int_equal(machine_off(NULL), 0);

    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        struct parley_status status;

        lying_power_on(version, LIES(spmc_lie_status(FFA_SPM_ID_GET, FFA_NOT_SUPPORTED)));
        posix_smc_replace(dirty_upper_halves, NULL);
        assert_non_null(parley_start(&usual_config));
        parley_status(the_parley(), &status);
        assert_int_equal(status.spmc_version, version);
        assert_int_equal(status.partition_count,
                         version == FFA_VERSION_1_1 ? PARTITION_COUNT : PARTITION_UUID_COUNT);
        vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
        assert_status(CALL(vm, 0, FFA_SPM_ID_GET), FFA_NOT_SUPPORTED);
        assert_true(is_listed(vm, PARTITION_TRIO_ID));
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- G4 --------------------------------------------------------------------------------------- */

/* What one VM leaves in its registers does not show in another's, nor in its own next answers. */
static void G4_secure_regs_to_other_client(void **state)
{
    struct posix_vm *one;
    struct posix_vm *other;

    (void)state;
    machine_on(&posix_spmc_1_2);
    one = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
    other = vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_2});
    for (size_t i = 0; i < COUNT(failures); i++) {
        struct parley_regs secret = poisoned(failures[i].call[0]);
        struct parley_regs regs = {{0xc4000063u}};

        for (unsigned int j = 1; j < FFA_REGS_MAX; j++) {
            secret.x[j] = 0x5ec7e700005ec7e7u;
        }
        raw_call(one, &secret);
        raw_call(other, &regs);
        for (unsigned int j = 0; j < FFA_REGS_MAX; j++) {
            assert_int_not_equal(w(&regs, j), 0x005ec7e7u);
        }
        regs = (struct parley_regs){{FFA_PARTITION_INFO_GET_REGS}};
        raw_call(other, &regs);
        assert_int_equal(regs.x[0], FFA_SUCCESS_64);
        expect_zero(&regs, 6, FFA_REGS_MAX - 1);
    }
}

/* --- G8, G9, G10 ------------------------------------------------------------------------------ */

/* An ID is the low half of x0. */
static void G8_fid_upper_bits(void **state)
{
    static const uint64_t dirt[] = {0x100000000u, 0xffffffff00000000u, 0x8400006300000000u};
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){.id = 1, .sees_secure = true});
    for (size_t i = 0; i < COUNT(dirt); i++) {
        struct parley_regs regs = poisoned(dirt[i] | FFA_VERSION);

        regs.x[1] = FFA_VERSION_1_2;
        raw_call(vm, &regs);
        assert_int_equal(regs.x[0], PARLEY_FFA_VERSION);
        regs = poisoned(dirt[i] | FFA_ID_GET);
        raw_call(vm, &regs);
        assert_int_equal(regs.x[0], FFA_SUCCESS_32);
        regs = (struct parley_regs){{dirt[i] | FFA_PARTITION_INFO_GET_REGS}};
        raw_call(vm, &regs);
        assert_int_equal(regs.x[0], FFA_SUCCESS_64);
        regs = poisoned(dirt[i] | 0x840000f0u);
        assert_int_equal(posix_call(vm, 0, &regs), PARLEY_NOT_FFA);
        assert_int_equal(regs.x[0], dirt[i] | 0x840000f0u);
    }
}

static const uint64_t smc32_calls[][6] = {
    {FFA_VERSION, FFA_VERSION_1_2},
    {FFA_FEATURES, FFA_RXTX_MAP_32},
    {FFA_FEATURES, 1},
    {FFA_RXTX_MAP_32, IPA(TX_PAGE), IPA(RX_PAGE), 1},
    {FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0},
    {FFA_RX_RELEASE, 1},
    {FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 1},
    {FFA_RXTX_UNMAP, 1u << 16},
    {FFA_ID_GET},
    {FFA_SPM_ID_GET},
};

/* Upper halves of the arguments of an SMC32 call do not count, and those of the answer are zero. */
static void G9_smc32_args_upper_bits(void **state)
{
    struct posix_vm *clean;
    struct posix_vm *dirty;

    (void)state;
    machine_on(&posix_spmc_1_2);
    clean = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
    for (unsigned int pattern = 0; pattern < 3; pattern++) {
        struct parley_regs answers[COUNT(smc32_calls)];

        for (size_t i = 0; i < COUNT(smc32_calls); i++) {
            answers[i] = (struct parley_regs){{0}};
            memcpy(answers[i].x, smc32_calls[i], sizeof(smc32_calls[i]));
            raw_call(clean, &answers[i]);
        }
        posix_vm_reset(clean);
        vm_negotiate(clean, FFA_VERSION_1_2);
        dirty = clean; /* the same VM in another life, so that its ID is the same */
        for (size_t i = 0; i < COUNT(smc32_calls); i++) {
            struct parley_regs regs = {{0}};

            memcpy(regs.x, smc32_calls[i], sizeof(smc32_calls[i]));
            for (unsigned int j = 0; j < FFA_REGS_SMC32; j++) {
                regs.x[j] |= pattern == 0   ? 0xffffffff00000000u
                             : pattern == 1 ? 0x0000000100000000u
                                            : poison(j) & 0xffffffff00000000u;
            }
            raw_call(dirty, &regs);
            assert_memory_equal(&regs, &answers[i], FFA_REGS_SMC32 * sizeof(regs.x[0]));
        }
        posix_vm_reset(clean);
        vm_negotiate(clean, FFA_VERSION_1_2);
    }
}

/* A 32-bit VM has no 64-bit IDs, neither to call nor to ask for. */
static void G10_smc64_from_aarch32(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_on(&(struct vm_setup){
        .id = 1, .version = FFA_VERSION_1_2, .aarch32 = true, .sees_secure = true});
    for (uint32_t number = FFA_NUMBER_FIRST; number <= FFA_NUMBER_LAST; number++) {
        struct parley_regs regs = poisoned(FFA_FN64(number));

        raw_call(vm, &regs);
        assert_int_equal(regs.x[0], FFA_ERROR);
        assert_int_equal(regs.x[2], (uint32_t)FFA_NOT_SUPPORTED);
        for (unsigned int i = 8; i < FFA_REGS_MAX; i++) {
            assert_int_equal(regs.x[i], poison(i));
        }
        assert_status(call_features(vm, FFA_FN64(number)), FFA_NOT_SUPPORTED);
    }
    vm_map(vm, 1);
    assert_true(is_listed(vm, PARTITION_ECHO_ID));
}

/* --- G21, G23 --------------------------------------------------------------------------------- */

/* An ID of the range that nobody has defined is refused as FF-A refuses, not as SMCCC does. */
static void G21_unhandled_fid_form(void **state)
{
    static const uint32_t unknown[] = {0x8400008b, 0x8400008d, 0x8400008e, 0x8400008f, 0x840000ef,
                                       0xc4000060, 0xc4000062, 0xc4000063, 0xc4000064, 0xc4000069,
                                       0xc400008c, 0xc400008f, 0xc40000a0, 0xc40000ef};

    (void)state;
    machine_on(&posix_spmc_1_2);
    for (uint32_t version = FFA_VERSION_1_0; version <= FFA_VERSION_1_2; version++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1, .version = version});

        for (size_t i = 0; i < COUNT(unknown); i++) {
            struct parley_regs regs = poisoned(unknown[i]);

            raw_call(vm, &regs);
            assert_int_equal(regs.x[0], FFA_ERROR);
            assert_int_equal(regs.x[2], (uint32_t)FFA_NOT_SUPPORTED);
        }
        vm_off(vm);
    }
}

/* Arguments that should be zero and are not change nothing; the SPMC gets zeros from Parley. */
static void G23_sbz_forwarded(void **state)
{
    const struct spmc_hostile *journal;
    struct posix_vm *vm;
    struct parley_regs answer;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        journal = lying_power_on(version, NO_LIES);
        assert_non_null(parley_start(&usual_config));
        vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_secure = true});
        /* CALL() leaves poison in each register that is not named, and these bits are reserved. */
        assert_status(CALL(vm, 0, FFA_RXTX_MAP_64, IPA(TX_PAGE), IPA(RX_PAGE), ~0x3full | 1),
                      FFA_OK);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RXTX_MAP_32, IPA(TX_PAGE), IPA(RX_PAGE), 0xffffffc0u | 1),
                      FFA_OK);
        assert_status(CALL(vm, 0, FFA_FEATURES, FFA_RXTX_MAP_64, UINT32_MAX), FFA_OK);
        answer = CALL(vm, 0, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0xffffffff00000000u);
        assert_int_equal(answer.x[0], FFA_SUCCESS_64);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);

        /* Where bits must be zero they are refused. */
        assert_status(call_info(vm, 0, &nil_uuid, 2), FFA_INVALID_PARAMETERS);
        assert_status(call_info(vm, 0, &nil_uuid, 0x80000000u), FFA_INVALID_PARAMETERS);
        assert_status(call_features(vm, 0x100), FFA_NOT_SUPPORTED);
        assert_int_equal(parley_stop(), PARLEY_REFUSED_VMS_LEFT);
        vm_off(vm);
        assert_int_equal(parley_stop(), PARLEY_DONE);
        assert_int_equal(journal->reserved_inputs, 0);
        assert_int_equal(machine_off(NULL), 0);
    }
}

SECTION(museum_registers, TEST(G2_partial_result_set), TEST(G3_uninitialised_result_struct),
        TEST(G4_secure_regs_to_other_client), TEST(G5_error_regs_not_cleared),
        TEST(G6_error_code_wrong_reg), TEST(G7_error_code_width), TEST(G8_fid_upper_bits),
        TEST(G9_smc32_args_upper_bits), TEST(G10_smc64_from_aarch32), TEST(G21_unhandled_fid_form),
        TEST(G23_sbz_forwarded))
