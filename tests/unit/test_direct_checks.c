/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct requests and responses from VM to VM: every check, and which of them comes first. A call
 * is made with each thing and each two things wrong about it; it must be refused for the first of
 * them, and change nothing.
 */
#include "unit.h"

#define CALLER   1u
#define RECEIVER 2u
#define THIRD    3u

/* In the order in which they are checked. */
enum wrong {
    WRONG_SENDER,
    WRONG_RECEIVER_IS_SELF,
    WRONG_FLAGS,
    WRONG_CALLER_DOES_NOT_SEND,
    WRONG_UNDER_WAY,
    WRONG_HIDDEN,
    WRONG_POLICY,
    WRONG_RECEIVER_DOES_NOT_RECEIVE,
    WRONG_VERSION,
    WRONG_WIDTH,
    WRONG_UUID,
    WRONG_NOBODY_WAITS,
    WRONGS,
};

static const int32_t status_of[WRONGS] = {
    [WRONG_SENDER] = FFA_INVALID_PARAMETERS,
    [WRONG_RECEIVER_IS_SELF] = FFA_INVALID_PARAMETERS,
    [WRONG_FLAGS] = FFA_INVALID_PARAMETERS,
    [WRONG_CALLER_DOES_NOT_SEND] = FFA_DENIED,
    [WRONG_UNDER_WAY] = FFA_DENIED,
    [WRONG_HIDDEN] = FFA_INVALID_PARAMETERS,
    [WRONG_POLICY] = FFA_DENIED,
    [WRONG_RECEIVER_DOES_NOT_RECEIVE] = FFA_DENIED,
    [WRONG_VERSION] = FFA_DENIED,
    [WRONG_WIDTH] = FFA_DENIED,
    [WRONG_UUID] = FFA_INVALID_PARAMETERS,
    [WRONG_NOBODY_WAITS] = FFA_BUSY,
};

#define BIT(wrong)        (1u << (wrong))
#define HAS(wrongs, what) (((wrongs)&BIT(what)) != 0)

/* What can be wrong about a request of this kind at all. */
static unsigned int wrongs_of(uint32_t fid)
{
    unsigned int all = BIT(WRONGS) - 1;

    if (fid == FFA_MSG_SEND_DIRECT_REQ2) {
        return all & ~BIT(WRONG_FLAGS);
    }
    all &= ~(BIT(WRONG_VERSION) | BIT(WRONG_UUID));
    return fid == FFA_MSG_SEND_DIRECT_REQ_32 ? all & ~BIT(WRONG_WIDTH) : all;
}

/* One thing, or two that can be wrong together. */
static bool is_one_or_two(unsigned int wrongs)
{
    unsigned int rest = wrongs & (wrongs - 1);

    if (HAS(wrongs, WRONG_CALLER_DOES_NOT_SEND) && HAS(wrongs, WRONG_UNDER_WAY)) {
        return false;
    }
    return wrongs != 0 && (rest & (rest - 1)) == 0;
}

static int32_t expected(unsigned int wrongs)
{
    for (unsigned int i = 0; i < WRONGS; i++) {
        if (HAS(wrongs, i)) {
            return status_of[i];
        }
    }
    return FFA_OK;
}

/* --- The scene -------------------------------------------------------------------------------- */

struct scene {
    struct posix_vm *caller;
    struct posix_vm *receiver;
    struct posix_vm *third;
    struct waiting third_waits;
    struct waiting receiver_waits;
};

static struct posix_vm *make_caller(unsigned int wrongs, unsigned int way)
{
    struct parley_vm_config config = rig_friend_config(CALLER);
    struct parley_peer peers[] = {{RECEIVER, PARLEY_MAY_ALL}, {THIRD, PARLEY_MAY_ALL}};
    struct posix_vm *vm;

    config.peers = peers;
    config.peer_count = 2;
    if (HAS(wrongs, WRONG_POLICY)) {
        peers[0].rights &= (uint8_t)~PARLEY_MAY_MESSAGE;
    }
    if (HAS(wrongs, WRONG_HIDDEN) && way == 0) {
        peers[0].rights = 0;
    }
    if (HAS(wrongs, WRONG_CALLER_DOES_NOT_SEND)) {
        config.properties &=
            ~(uint32_t)(FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_DIRECT_REQ2_SEND);
    }
    vm = rig_vm(&config);
    settle(vm, FFA_VERSION_1_2);
    return vm;
}

static struct ffa_uuid own_uuid;

/* A VM is hidden by policy, by not being there, or by not being final. */
static struct posix_vm *make_receiver(unsigned int wrongs, unsigned int way)
{
    struct parley_vm_config config = rig_friend_config(RECEIVER);
    struct posix_vm *vm;

    own_uuid = unit_uuid(7);
    config.uuids = &own_uuid;
    config.uuid_count = 1;
    if (HAS(wrongs, WRONG_RECEIVER_DOES_NOT_RECEIVE)) {
        config.properties &=
            ~(uint32_t)(FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ2_RECV);
    }
    if (HAS(wrongs, WRONG_HIDDEN) && way == 1) {
        return NULL;
    }
    vm = HAS(wrongs, WRONG_WIDTH) ? rig_vm_32(&config) : rig_vm(&config);
    if (!HAS(wrongs, WRONG_HIDDEN) || way == 0) {
        settle(vm, HAS(wrongs, WRONG_VERSION) ? FFA_VERSION_1_1 : FFA_VERSION_1_2);
    }
    return vm;
}

static struct scene set_scene(unsigned int wrongs, unsigned int way)
{
    struct scene scene;

    rig_start(NULL);
    scene.caller = make_caller(wrongs, way);
    scene.receiver = make_receiver(wrongs, way);
    scene.third = rig_friend(THIRD, FFA_VERSION_1_2);
    scene.third_waits = WAIT(scene.third, 0, FFA_MSG_WAIT);
    if (HAS(wrongs, WRONG_UNDER_WAY)) {
        struct waiting request =
            WAIT(scene.caller, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(CALLER, THIRD), 0);

        interrupted(&request);
    }
    if (scene.receiver != NULL && !HAS(wrongs, WRONG_NOBODY_WAITS) &&
        rig_vm_status(scene.receiver).version != 0) {
        scene.receiver_waits = WAIT(scene.receiver, 1, FFA_MSG_WAIT);
    }
    return scene;
}

static bool receiver_waits(unsigned int wrongs)
{
    return !HAS(wrongs, WRONG_NOBODY_WAITS) && !HAS(wrongs, WRONG_HIDDEN);
}

static struct parley_regs make_request(uint32_t fid, unsigned int wrongs)
{
    struct ffa_uuid uuid = unit_uuid(HAS(wrongs, WRONG_UUID) ? 8 : 7);
    uint16_t sender = HAS(wrongs, WRONG_SENDER) ? THIRD : CALLER;
    uint16_t receiver = HAS(wrongs, WRONG_RECEIVER_IS_SELF) ? CALLER : RECEIVER;
    struct parley_regs request = {{fid, ffa_ids_make(sender, receiver), 0, 3, 4, 5, 6, 7}};

    if (fid == FFA_MSG_SEND_DIRECT_REQ2) {
        request.x[2] = ffa_uuid_to_u64(&uuid, 0);
        request.x[3] = ffa_uuid_to_u64(&uuid, 1);
    } else if (HAS(wrongs, WRONG_FLAGS)) {
        request.x[2] = FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_REQ);
    }
    return request;
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void try_one(uint32_t fid, unsigned int wrongs, unsigned int way)
{
    struct scene scene = set_scene(wrongs, way);
    struct parley_regs request = make_request(fid, wrongs);
    struct answer answer = call_with(scene.caller, 0, request.x, 8);

    if (answer.status != expected(wrongs)) {
        fail_msg("request %#x, wrong %#x, way %u: %d, expected %d", fid, wrongs, way, answer.status,
                 expected(wrongs));
    }
    if (receiver_waits(wrongs)) {
        assert_true(still_waits(&scene.receiver_waits));
    }
    assert_int_equal(posix_smc_count(), 1); /* that there is no Secure world */
    assert_true(rig_stop());
}

static void try_all(uint32_t fid)
{
    unsigned int possible = wrongs_of(fid);

    for (unsigned int wrongs = 1; wrongs < BIT(WRONGS); wrongs++) {
        unsigned int ways = HAS(wrongs, WRONG_HIDDEN) ? 3 : 1;

        if ((wrongs & ~possible) != 0 || !is_one_or_two(wrongs)) {
            continue;
        }
        for (unsigned int way = 0; way < ways; way++) {
            try_one(fid, wrongs, way);
        }
    }
}

static void test_checks_of_requests_32(void **state)
{
    (void)state;
    try_all(FFA_MSG_SEND_DIRECT_REQ_32);
}

static void test_checks_of_requests_64(void **state)
{
    (void)state;
    try_all(FFA_MSG_SEND_DIRECT_REQ_64);
}

static void test_checks_of_requests_2(void **state)
{
    (void)state;
    try_all(FFA_MSG_SEND_DIRECT_REQ2);
}

/* --- What the properties are of --------------------------------------------------------------- */

struct property_row {
    uint32_t fid;
    uint32_t sender;
    uint32_t receiver;
    int32_t status; /* FFA_OK: it goes through */
};

#define CLASSIC_SEND FFA_PARTITION_DIRECT_REQ_SEND
#define CLASSIC_RECV FFA_PARTITION_DIRECT_REQ_RECV
#define NEW_SEND     FFA_PARTITION_DIRECT_REQ2_SEND
#define NEW_RECV     FFA_PARTITION_DIRECT_REQ2_RECV

static const struct property_row property_rows[] = {
    {FFA_MSG_SEND_DIRECT_REQ_32, CLASSIC_SEND, CLASSIC_RECV, FFA_OK},
    {FFA_MSG_SEND_DIRECT_REQ_64, CLASSIC_SEND, CLASSIC_RECV, FFA_OK},
    {FFA_MSG_SEND_DIRECT_REQ2, NEW_SEND, NEW_RECV, FFA_OK},
    {FFA_MSG_SEND_DIRECT_REQ_32, ~(uint32_t)CLASSIC_SEND, CLASSIC_RECV, FFA_DENIED},
    {FFA_MSG_SEND_DIRECT_REQ_64, ~(uint32_t)CLASSIC_SEND, CLASSIC_RECV, FFA_DENIED},
    {FFA_MSG_SEND_DIRECT_REQ2, ~(uint32_t)NEW_SEND, NEW_RECV, FFA_DENIED},
    {FFA_MSG_SEND_DIRECT_REQ_32, CLASSIC_SEND, ~(uint32_t)CLASSIC_RECV, FFA_DENIED},
    {FFA_MSG_SEND_DIRECT_REQ_64, CLASSIC_SEND, ~(uint32_t)CLASSIC_RECV, FFA_DENIED},
    {FFA_MSG_SEND_DIRECT_REQ2, NEW_SEND, ~(uint32_t)NEW_RECV, FFA_DENIED},
};

static struct posix_vm *make_with(uint16_t id, uint32_t properties)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct posix_vm *vm;

    config.properties &= properties;
    vm = rig_vm(&config);
    settle(vm, FFA_VERSION_1_2);
    return vm;
}

static void test_a_property_for_each_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(property_rows); i++) {
        const struct property_row *row = &property_rows[i];
        struct posix_vm *caller;
        struct waiting receiver;

        rig_start(NULL);
        caller = make_with(CALLER, row->sender);
        receiver = WAIT(make_with(RECEIVER, row->receiver), 0, FFA_MSG_WAIT);
        if (row->status == FFA_OK) {
            WAIT(caller, 0, row->fid, ffa_ids_make(CALLER, RECEIVER), 0, 0);
            assert_int_equal(woken(&receiver).fid, row->fid);
        } else {
            assert_int_equal(CALL(caller, row->fid, ffa_ids_make(CALLER, RECEIVER), 0, 0).status,
                             row->status);
            assert_true(still_waits(&receiver));
        }
        assert_true(rig_stop());
    }
}

/* w2 is for framework messages, which are not a guest's. */
static void test_flags_of_requests_and_responses(void **state)
{
    static const uint64_t flags[] = {1,          2,          4,          0xff,       0x100,
                                     0x40000000, 0x80000000, 0x80000004, 0x80000006, 0xffffffff};
    struct posix_vm *a;
    struct posix_vm *b;
    struct waiting waits;
    struct waiting request;

    (void)state;
    rig_start(NULL);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    for (size_t i = 0; i < COUNT(flags); i++) {
        assert_int_equal(CALL(a, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(1, 2), flags[i]).status,
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(a, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(1, 2), flags[i]).status,
                         FFA_INVALID_PARAMETERS);
    }
    request = WAIT(a, 0, FFA_MSG_SEND_DIRECT_REQ_64, ffa_ids_make(1, 2), 0);
    woken(&waits);
    for (size_t i = 0; i < COUNT(flags); i++) {
        assert_int_equal(CALL(b, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(2, 1), flags[i]).status,
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(CALL(b, FFA_MSG_SEND_DIRECT_RESP_64, ffa_ids_make(2, 1), flags[i]).status,
                         FFA_INVALID_PARAMETERS);
    }
    assert_true(still_waits(&request));
}

/* --- Responses -------------------------------------------------------------------------------- */

static const uint32_t kinds[] = {FFA_MSG_SEND_DIRECT_REQ_32, FFA_MSG_SEND_DIRECT_REQ_64,
                                 FFA_MSG_SEND_DIRECT_REQ2};
static const uint32_t answers[] = {FFA_MSG_SEND_DIRECT_RESP_32, FFA_MSG_SEND_DIRECT_RESP_64,
                                   FFA_MSG_SEND_DIRECT_RESP2};

static bool is_allowed(uint32_t request, uint32_t response)
{
    switch (request) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        return response == FFA_MSG_SEND_DIRECT_RESP_32;
    case FFA_MSG_SEND_DIRECT_REQ_64:
        return response != FFA_MSG_SEND_DIRECT_RESP2;
    default:
        return response == FFA_MSG_SEND_DIRECT_RESP2;
    }
}

static void test_kinds_of_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t j = 0; j < COUNT(answers); j++) {
            struct posix_vm *a;
            struct posix_vm *b;
            struct waiting waits;
            struct waiting request;

            rig_start(NULL);
            a = rig_friend(1, FFA_VERSION_1_2);
            b = rig_friend(2, FFA_VERSION_1_2);
            waits = WAIT(b, 0, FFA_MSG_WAIT);
            request = WAIT(a, 0, kinds[i], ffa_ids_make(1, 2), 0, 0);
            assert_int_equal(woken(&waits).fid, kinds[i]);
            if (is_allowed(kinds[i], answers[j])) {
                WAIT(b, 0, answers[j], ffa_ids_make(2, 1), 0, 0);
                assert_int_equal(woken(&request).fid, answers[j]);
            } else {
                assert_int_equal(CALL(b, answers[j], ffa_ids_make(2, 1), 0, 0).status, FFA_DENIED);
                assert_true(still_waits(&request));
            }
            assert_true(rig_stop());
        }
    }
}

/* b serves a's request; c is a third one. Whatever is wrong, b may still answer. */
static void test_checks_of_responses(void **state)
{
    struct posix_vm *a;
    struct posix_vm *b;
    struct posix_vm *c;
    struct waiting waits;
    struct waiting request;
    struct waiting third;
    struct waiting own;
    const uint64_t response = FFA_MSG_SEND_DIRECT_RESP_32;

    (void)state;
    rig_start(NULL);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_2);
    c = rig_friend(3, FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);

    /* Nothing served yet: by nobody, and by this vCPU's sibling. */
    assert_int_equal(CALL_ON(b, 1, response, ffa_ids_make(2, 1), 0).status, FFA_DENIED);
    assert_int_equal(CALL_ON(b, 1, response, ffa_ids_make(2, 2), 0).status, FFA_DENIED);
    request = WAIT(a, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(1, 2), 0);
    woken(&waits);
    assert_int_equal(CALL_ON(b, 1, response, ffa_ids_make(2, 1), 0).status, FFA_DENIED);

    /* The source first, then the rest. */
    assert_int_equal(CALL(b, response, ffa_ids_make(1, 1), 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(b, response, ffa_ids_make(3, 3), 1).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(b, response, ffa_ids_make(0, 1), 0).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(CALL(b, response, ffa_ids_make(2, 3), 0).status, FFA_DENIED);
    assert_int_equal(CALL(b, response, ffa_ids_make(2, 2), 0).status, FFA_DENIED);
    assert_int_equal(CALL(b, response, ffa_ids_make(2, 0x8001), 0).status, FFA_DENIED);
    assert_int_equal(CALL(b, response, ffa_ids_make(2, 0), 0).status, FFA_DENIED);

    /* A request of b's own is under way. */
    third = WAIT(c, 1, FFA_MSG_WAIT);
    own = WAIT(b, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(2, 3), 0);
    assert_int_equal(interrupted(&own).fid, FFA_INTERRUPT);
    assert_int_equal(CALL(b, response, ffa_ids_make(2, 1), 0).status, FFA_DENIED);
    woken(&third);
    WAIT(c, 1, response, ffa_ids_make(3, 2), 0);
    /* Also when it is answered already. */
    assert_int_equal(CALL(b, response, ffa_ids_make(2, 1), 0).status, FFA_DENIED);
    assert_int_equal(CALL(b, FFA_RUN, ffa_target_make(3, 1)).fid, response);

    assert_true(still_waits(&request));
    WAIT(b, 0, response, ffa_ids_make(2, 1), 0);
    assert_int_equal(woken(&request).fid, response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_checks_of_requests_32),
        RIG_TEST(test_checks_of_requests_64),
        RIG_TEST(test_checks_of_requests_2),
        RIG_TEST(test_a_property_for_each_kind),
        RIG_TEST(test_flags_of_requests_and_responses),
        RIG_TEST(test_kinds_of_responses),
        RIG_TEST(test_checks_of_responses),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
