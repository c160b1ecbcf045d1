/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct requests from a VM to a Secure Partition: who may, what the SPMC is sent, and what becomes
 * of each answer that it can give.
 */
#include <string.h>

#include "../../secure/partitions/partitions.h"
#include "scripted.h"

#define VM   1u
#define ECHO PARTITION_ECHO_ID
#define TRIO PARTITION_TRIO_ID

#define REQ_32  FFA_MSG_SEND_DIRECT_REQ_32
#define REQ_64  FFA_MSG_SEND_DIRECT_REQ_64
#define REQ2    FFA_MSG_SEND_DIRECT_REQ2
#define RESP_32 FFA_MSG_SEND_DIRECT_RESP_32
#define RESP_64 FFA_MSG_SEND_DIRECT_RESP_64
#define RESP2   FFA_MSG_SEND_DIRECT_RESP2

static const uint32_t requests[] = {REQ_32, REQ_64, REQ2};

/* --- Checks ----------------------------------------------------------------------------------- */

enum wrong {
    WRONG_SENDER,
    WRONG_FLAGS,
    WRONG_CALLER_DOES_NOT_SEND,
    WRONG_UNDER_WAY,
    WRONG_HIDDEN,
    WRONG_POLICY,
    WRONG_RECEIVER_DOES_NOT_RECEIVE, /* or, of REQ2, has not the UUID: the first lookup is by both
                                      */
    WRONGS,
};

static const int32_t status_of[WRONGS] = {
    [WRONG_SENDER] = FFA_INVALID_PARAMETERS,        [WRONG_FLAGS] = FFA_INVALID_PARAMETERS,
    [WRONG_CALLER_DOES_NOT_SEND] = FFA_DENIED,      [WRONG_UNDER_WAY] = FFA_DENIED,
    [WRONG_HIDDEN] = FFA_INVALID_PARAMETERS,        [WRONG_POLICY] = FFA_DENIED,
    [WRONG_RECEIVER_DOES_NOT_RECEIVE] = FFA_DENIED,
};

#define BIT(wrong)        (1u << (wrong))
#define HAS(wrongs, what) (((wrongs)&BIT(what)) != 0)

static int32_t expected(unsigned int wrongs)
{
    unsigned int first = 0;

    while (!HAS(wrongs, first)) {
        first++;
    }
    return status_of[first];
}

static bool is_one_or_two(unsigned int wrongs)
{
    unsigned int rest = wrongs & (wrongs - 1);

    if (HAS(wrongs, WRONG_CALLER_DOES_NOT_SEND) && HAS(wrongs, WRONG_UNDER_WAY)) {
        return false;
    }
    return wrongs != 0 && (rest & (rest - 1)) == 0;
}

static uint8_t rights_of(unsigned int wrongs)
{
    if (HAS(wrongs, WRONG_HIDDEN)) {
        return 0;
    }
    return HAS(wrongs, WRONG_POLICY) ? PARLEY_MAY_DISCOVER | PARLEY_MAY_NOTIFY : PARLEY_MAY_ALL;
}

static struct posix_vm *make(unsigned int wrongs)
{
    struct parley_vm_config config = rig_friend_config(VM);
    struct posix_vm *vm;

    config.secure_rights = rights_of(wrongs);
    if (HAS(wrongs, WRONG_CALLER_DOES_NOT_SEND)) {
        config.properties &=
            ~(uint32_t)(FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_DIRECT_REQ2_SEND);
    }
    vm = rig_vm(&config);
    settle(vm, FFA_VERSION_1_2);
    if (HAS(wrongs, WRONG_UNDER_WAY)) {
        struct posix_vm *other = rig_friend(2, FFA_VERSION_1_2);
        struct waiting asks;

        WAIT(other, 0, FFA_MSG_WAIT);
        asks = WAIT(vm, 0, REQ_32, ffa_ids_make(VM, 2), 0);
        interrupted(&asks);
    }
    return vm;
}

/* One that takes no requests of this kind, or one that does. */
static uint16_t receiver_of(uint32_t fid, unsigned int wrongs)
{
    if (!HAS(wrongs, WRONG_RECEIVER_DOES_NOT_RECEIVE)) {
        return ECHO;
    }
    return fid == REQ2 ? TRIO : 0x8005;
}

/* echo, and one that takes no direct requests. */
static const struct ffa_uuid deaf_uuid = {{5}};

static struct spmc_config with_deaf_partition(void)
{
    static struct spmc_partition partitions[PARTITION_COUNT + 1];
    struct spmc_config config = posix_spmc_1_2;

    memcpy(partitions, secure_partitions, PARTITION_COUNT * sizeof(partitions[0]));
    partitions[PARTITION_COUNT] = (struct spmc_partition){.name = "deaf",
                                                          .id = 0x8005,
                                                          .contexts = 1,
                                                          .properties = FFA_PARTITION_AARCH64,
                                                          .uuids = &deaf_uuid,
                                                          .uuid_count = 1};
    config.partitions = partitions;
    config.partition_count = PARTITION_COUNT + 1;
    return config;
}

static void try_one(uint32_t fid, unsigned int wrongs)
{
    const struct spmc_config secure = with_deaf_partition();
    uint16_t sender = HAS(wrongs, WRONG_SENDER) ? 2 : VM;
    uint64_t w2 = HAS(wrongs, WRONG_FLAGS) ? 0x80000006 : 0;
    struct posix_vm *vm;
    unsigned int smcs;
    int32_t status;

    rig_start(&secure);
    vm = make(wrongs);
    smcs = posix_smc_count();
    status = CALL(vm, fid, ffa_ids_make(sender, receiver_of(fid, wrongs)), w2, 0).status;
    if (status != expected(wrongs)) {
        fail_msg("request %#x, wrong %#x: %d, expected %d", fid, wrongs, status, expected(wrongs));
    }
    assert_int_equal(posix_smc_count(), smcs);
    assert_true(rig_stop());
}

static void test_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        for (unsigned int wrongs = 1; wrongs < BIT(WRONGS); wrongs++) {
            if (!is_one_or_two(wrongs) || (requests[i] == REQ2 && HAS(wrongs, WRONG_FLAGS))) {
                continue;
            }
            try_one(requests[i], wrongs);
        }
    }
}

/* IDs of the Secure world that are nobody's, the SPMC's and the SPMD's own among them. */
static void test_ids_of_nobody(void **state)
{
    static const uint16_t nobody[] = {0x8000, 0x8004, 0x8005, 0xc000, 0xffff, 0};
    struct posix_vm *vm;
    unsigned int smcs;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    smcs = posix_smc_count();
    for (size_t i = 0; i < COUNT(nobody); i++) {
        for (size_t j = 0; j < COUNT(requests); j++) {
            assert_int_equal(
                CALL(vm, requests[j], ffa_ids_make(VM, nobody[i]), 0, 0, 0, 0, 0).status,
                FFA_INVALID_PARAMETERS);
        }
        assert_int_equal(CALL(vm, FFA_RUN, ffa_target_make(nobody[i], 0)).status,
                         FFA_INVALID_PARAMETERS);
    }
    assert_int_equal(posix_smc_count(), smcs);
}

static void test_uuids(void **state)
{
    const struct ffa_uuid *echo = &secure_partitions[0].uuids[0];
    const struct ffa_uuid other = unit_uuid(3);
    struct posix_vm *vm;
    unsigned int smcs;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    assert_int_equal(CALL(vm, REQ2, ffa_ids_make(VM, ECHO), ffa_uuid_to_u64(echo, 0),
                          ffa_uuid_to_u64(echo, 1), 0)
                         .fid,
                     RESP2);
    assert_int_equal(CALL(vm, REQ2, ffa_ids_make(VM, ECHO), 0, 0, 0).fid, RESP2);
    smcs = posix_smc_count();
    assert_int_equal(CALL(vm, REQ2, ffa_ids_make(VM, ECHO), ffa_uuid_to_u64(&other, 0),
                          ffa_uuid_to_u64(&other, 1), 0)
                         .status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(vm, REQ2, ffa_ids_make(VM, ECHO), ffa_uuid_to_u64(echo, 0),
                          ffa_uuid_to_u64(&other, 1), 0)
                         .status,
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(posix_smc_count(), smcs);
}

/* --- What is sent ----------------------------------------------------------------------------- */

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

static struct parley_regs request_of(uint32_t fid, uint16_t vm)
{
    struct parley_regs regs = {{fid, ffa_ids_make(vm, ECHO)}};

    for (unsigned int i = fid == REQ2 ? 4 : 3; i < FFA_REGS_MAX; i++) {
        regs.x[i] = 0x0102030405060708ull * i | 1ull << 63;
    }
    return regs;
}

static void assert_sent(const struct parley_regs *got, const struct parley_regs *made)
{
    uint32_t fid = (uint32_t)made->x[0];
    unsigned int end = fid == REQ2 ? FFA_REGS_MAX : FFA_REGS_SMC32;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        uint64_t value = i < end ? made->x[i] : 0;

        if (!ffa_fid_is_64(fid)) {
            value = (uint32_t)value;
        }
        if (got->x[i] != value) {
            fail_msg("%#x: x%u is sent as %#llx, not %#llx", fid, i, (unsigned long long)got->x[i],
                     (unsigned long long)value);
        }
    }
}

static void test_what_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        for (size_t j = 0; j < COUNT(requests); j++) {
            struct script script = {.fid = requests[j]};
            struct parley_regs made = request_of(requests[j], VM);
            struct posix_vm *vm;

            if (requests[j] == REQ2 && versions[i] < FFA_VERSION_1_2) {
                continue;
            }
            rig_start(&posix_spmc_1_2);
            vm = rig_friend(VM, versions[i]);
            script_answer(&script, script_error(FFA_BUSY));
            script_begin(&script);
            /* What is in x8 to x17 of a classic one is the guest's own. */
            assert_int_equal(call_with(vm, 0, made.x, FFA_REGS_MAX).status, FFA_BUSY);
            assert_int_equal(script.asked, 1);
            assert_sent(&script.call[0], &made);
            posix_smc_replace(NULL, NULL);
            assert_true(rig_stop());
        }
    }
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* Two IDs, or an ID and a vCPU, in one word: constants. */
#define PAIR(high, low) ((uint64_t)(high) << 16 | (low))
#define OWN             PAIR(ECHO, VM)

/* What the guest reads in w0 behind each kind of request; 0: the answer is none, so ABORTED. */
struct answer_row {
    const char *what;
    struct parley_regs answer;
    uint32_t for_32;
    uint32_t for_64;
    uint32_t for_2;
};

static const struct answer_row answer_rows[] = {
    {"a response of 32 bits", {{RESP_32, OWN, 0, 3}}, RESP_32, RESP_32, 0},
    {"one of 64", {{RESP_64, OWN, 0, 3}}, 0, RESP_64, 0},
    {"a new one", {{RESP2, OWN, 0, 0, 3}}, 0, 0, RESP2},
    {"another's of 32 bits", {{RESP_32, PAIR(TRIO, VM)}}, 0, 0, 0},
    {"another's of 64 bits", {{RESP_64, PAIR(TRIO, VM)}}, 0, 0, 0},
    {"another's new one", {{RESP2, PAIR(TRIO, VM)}}, 0, 0, 0},
    {"one to another", {{RESP_32, PAIR(ECHO, 2)}}, 0, 0, 0},
    {"with its IDs swapped", {{RESP_32, PAIR(VM, ECHO)}}, 0, 0, 0},
    {"without IDs", {{RESP_32}}, 0, 0, 0},
    {"of the framework", {{RESP_32, OWN, 0x80000005}}, 0, 0, 0},
    {"with flags", {{RESP_64, OWN, 1}}, 0, 0, 0},
    {"done without a word", {{FFA_SUCCESS_32}}, FFA_SUCCESS_32, FFA_SUCCESS_32, FFA_SUCCESS_32},
    {"a wait", {{FFA_MSG_WAIT}}, 0, 0, 0},
    {"a request", {{REQ_32, PAIR(ECHO, VM)}}, 0, 0, 0},
    {"the request itself", {{REQ_32, PAIR(VM, ECHO)}}, 0, 0, 0},
    {"a version", {{FFA_VERSION_1_2}}, 0, 0, 0},
    {"zero", {{0}}, 0, 0, 0},
    {"not known", {{UINT64_MAX}}, 0, 0, 0},
    {"not known, in 32 bits", {{UINT32_MAX}}, 0, 0, 0},
    {"a call to run it", {{FFA_RUN, PAIR(ECHO, 0)}}, 0, 0, 0},
    {"a call to resume us", {{FFA_NORMAL_WORLD_RESUME}}, 0, 0, 0},
    {"interrupt of another", {{FFA_INTERRUPT, PAIR(TRIO, 0)}}, 0, 0, 0},
    {"interrupt of a VM", {{FFA_INTERRUPT, PAIR(VM, 0)}}, 0, 0, 0},
    {"interrupt of nobody", {{FFA_INTERRUPT, 0}}, 0, 0, 0},
    {"interrupt of a context that is none", {{FFA_INTERRUPT, PAIR(ECHO, 4)}}, 0, 0, 0},
    {"yield of another", {{FFA_YIELD, PAIR(TRIO, 0)}}, 0, 0, 0},
    {"yield of nobody", {{FFA_YIELD, 0}}, 0, 0, 0},
    {"yield of a context that is none", {{FFA_YIELD, PAIR(ECHO, 0xffff)}}, 0, 0, 0},
};

/* Garbage in every register that the answer does not speak of. */
static struct parley_regs with_garbage(const struct parley_regs *answer)
{
    struct parley_regs regs = *answer;

    regs.x[0] |= 0xbad0000000000000ull;
    for (unsigned int i = 5; i < FFA_REGS_MAX; i++) {
        regs.x[i] = 0xdead00000000beefull + i;
    }
    return regs;
}

static void assert_answered(const char *what, uint32_t request, const struct answer *answer,
                            uint32_t w0)
{
    bool as_expected = w0 != 0 ? answer->fid == w0 : answer->status == FFA_ABORTED;

    if (!as_expected) {
        fail_msg("%s to %#x: %#x, %d, expected %#x", what, request, answer->fid, answer->status,
                 w0);
    }
}

/* After an answer that is none the vCPU is free for another request. */
static void try_answer(const struct answer_row *row, uint32_t request, uint32_t w0)
{
    struct script script = {.fid = request};
    struct parley_regs made = request_of(request, VM);
    struct posix_vm *vm;
    struct answer answer;

    rig_start(&posix_spmc_1_2);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    script_answer(&script, with_garbage(&row->answer));
    script_answer(&script, script_error(FFA_RETRY));
    script_begin(&script);
    answer = call_with(vm, 0, made.x, FFA_REGS_MAX);
    assert_answered(row->what, request, &answer, w0);
    assert_int_equal(parley_vcpu_cpu(posix_vm_parley(vm), 0), PARLEY_ANY_CPU);
    assert_int_equal(call_with(vm, 0, made.x, FFA_REGS_MAX).status, FFA_RETRY);
    posix_smc_replace(NULL, NULL);
    assert_true(rig_stop());
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answer_rows); i++) {
        try_answer(&answer_rows[i], REQ_32, answer_rows[i].for_32);
        try_answer(&answer_rows[i], REQ_64, answer_rows[i].for_64);
        try_answer(&answer_rows[i], REQ2, answer_rows[i].for_2);
    }
}

/* FFA_ERROR with each status code, and with what is none. */
static void test_errors(void **state)
{
    struct script script = {.fid = REQ_32};
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(VM, FFA_VERSION_1_2);
    script_answer(&script, script_error(0));
    script_begin(&script);
    for (int32_t code = -12; code <= 3; code++) {
        int32_t status = code < 0 && code >= FFA_NO_DATA ? code : FFA_ABORTED;

        script.answer[0] = script_error(code);
        assert_int_equal(CALL(vm, REQ_32, ffa_ids_make(VM, ECHO), 0).status, status);
    }
    script.answer[0] = script_error(INT32_MIN);
    assert_int_equal(CALL(vm, REQ_32, ffa_ids_make(VM, ECHO), 0).status, FFA_ABORTED);
    script.answer[0] = script_error(INT32_MAX);
    assert_int_equal(CALL(vm, REQ_32, ffa_ids_make(VM, ECHO), 0).status, FFA_ABORTED);
    posix_smc_replace(NULL, NULL);
}

/* What a response carries, and nothing beside it: the rest is held against the rules in call.c. */
static void test_payload_of_responses(void **state)
{
    static const uint32_t responses[] = {RESP_32, RESP_64, RESP2};

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        for (size_t j = 0; j < COUNT(responses); j++) {
            struct script script = {.fid = requests[j]};
            struct parley_regs response = {{responses[j], OWN}};
            struct posix_vm *vm;
            struct answer answer;

            if (requests[j] == REQ2 && versions[i] < FFA_VERSION_1_2) {
                continue;
            }
            for (unsigned int k = requests[j] == REQ2 ? 4 : 3; k < FFA_REGS_MAX; k++) {
                response.x[k] = 0x8070605040302010ull + k;
            }
            rig_start(&posix_spmc_1_2);
            vm = rig_friend(VM, versions[i]);
            script_answer(&script, response);
            script_begin(&script);
            answer = CALL(vm, requests[j], ffa_ids_make(VM, ECHO), 0, 0);
            posix_smc_replace(NULL, NULL);
            assert_int_equal(answer.fid, responses[j]);
            if (responses[j] == RESP_32) {
                for (unsigned int k = 3; k < FFA_REGS_SMC32; k++) {
                    assert_int_equal(answer.regs.x[k], (uint32_t)response.x[k]);
                }
            } else {
                assert_true(
                    same_payload(&answer.regs, &response, 4, responses[j] == RESP2 ? 17 : 7));
            }
            assert_true(rig_stop());
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_checks),
        RIG_TEST(test_ids_of_nobody),
        RIG_TEST(test_uuids),
        RIG_TEST(test_what_is_sent),
        RIG_TEST(test_answers),
        RIG_TEST(test_errors),
        RIG_TEST(test_payload_of_responses),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
