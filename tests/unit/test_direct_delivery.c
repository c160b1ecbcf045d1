/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct messages from VM to VM: what arrives, for each kind, and each two versions and widths; and
 * which vCPU it arrives at. What lies beside the payload is held against the rules of register use
 * in call.c.
 */
#include "unit.h"

/* --- Registers -------------------------------------------------------------------------------- */

struct side {
    uint32_t version;
    bool aarch64;
};

static const struct side sides[] = {
    {FFA_VERSION_1_0, true},  {FFA_VERSION_1_1, true},  {FFA_VERSION_1_2, true},
    {FFA_VERSION_1_0, false}, {FFA_VERSION_1_1, false}, {FFA_VERSION_1_2, false},
};

struct kind {
    uint32_t request;
    uint32_t response;
};

static const struct kind kinds[] = {
    {FFA_MSG_SEND_DIRECT_REQ_32, FFA_MSG_SEND_DIRECT_RESP_32},
    {FFA_MSG_SEND_DIRECT_REQ_64, FFA_MSG_SEND_DIRECT_RESP_32},
    {FFA_MSG_SEND_DIRECT_REQ_64, FFA_MSG_SEND_DIRECT_RESP_64},
    {FFA_MSG_SEND_DIRECT_REQ2, FFA_MSG_SEND_DIRECT_RESP2},
};

static bool can(const struct side *side, uint32_t fid)
{
    if (fid == FFA_MSG_SEND_DIRECT_REQ2 && side->version < FFA_VERSION_1_2) {
        return false;
    }
    return side->aarch64 || !ffa_fid_is_64(fid);
}

/* What the caller gets, who cannot make the call, or whose receiver cannot take it. */
static int32_t refusal(const struct side *sender, const struct side *receiver, uint32_t fid)
{
    if (!can(sender, fid)) {
        return FFA_NOT_SUPPORTED;
    }
    return can(receiver, fid) ? FFA_OK : FFA_DENIED;
}

static struct posix_vm *make(uint16_t id, const struct side *side)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct posix_vm *vm = side->aarch64 ? rig_vm(&config) : rig_vm_32(&config);

    settle(vm, side->version);
    return vm;
}

/* x0 to x17 of a message: every payload register has bits in both halves. */
static struct parley_regs make_message(uint32_t fid, uint16_t from, uint16_t to, uint64_t seed)
{
    struct parley_regs message = {{fid, ffa_ids_make(from, to)}};
    bool is_2 = fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2;

    for (unsigned int i = is_2 ? 4 : 3; i < FFA_REGS_MAX; i++) {
        message.x[i] = 0x1000000010000000ull * seed + 0x0101010180808080ull * i;
    }
    return message;
}

/* How many registers the caller puts there, so that the others get a pattern of call.c's. */
static unsigned int registers_of(uint32_t fid)
{
    bool is_2 = fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2;

    return is_2 ? FFA_REGS_MAX : FFA_REGS_SMC32;
}

static void assert_arrives(const struct answer *got, const struct parley_regs *sent)
{
    uint32_t fid = (uint32_t)sent->x[0];
    bool is_wide = ffa_fid_is_64(fid);

    assert_int_equal(got->fid, fid);
    for (unsigned int i = 1; i < registers_of(fid); i++) {
        uint64_t value = is_wide && i > 1 ? sent->x[i] : (uint32_t)sent->x[i];

        if (got->regs.x[i] != value) {
            fail_msg("%#x: x%u arrives as %#llx, not %#llx", fid, i,
                     (unsigned long long)got->regs.x[i], (unsigned long long)value);
        }
    }
}

static void exchange(const struct side *sender, const struct side *receiver,
                     const struct kind *kind)
{
    struct parley_regs request = make_message(kind->request, 1, 2, 3);
    struct parley_regs response = make_message(kind->response, 2, 1, 5);
    struct posix_vm *a;
    struct posix_vm *b;
    struct waiting waits;
    struct waiting asks;
    struct answer answer;

    rig_start(NULL);
    a = make(1, sender);
    b = make(2, receiver);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    if (refusal(sender, receiver, kind->request) != FFA_OK) {
        assert_int_equal(call_with(a, 0, request.x, registers_of(kind->request)).status,
                         refusal(sender, receiver, kind->request));
        assert_true(still_waits(&waits));
        assert_true(rig_stop());
        return;
    }
    asks = wait_with(a, 0, request.x, registers_of(kind->request));
    answer = woken(&waits);
    assert_arrives(&answer, &request);
    waits = wait_with(b, 0, response.x, registers_of(kind->response));
    answer = woken(&asks);
    assert_arrives(&answer, &response);

    /* The next one reaches it behind its response, whose width may be another. */
    asks = wait_with(a, 0, request.x, registers_of(kind->request));
    answer = woken(&waits);
    assert_arrives(&answer, &request);
    wait_with(b, 0, response.x, registers_of(kind->response));
    answer = woken(&asks);
    assert_arrives(&answer, &response);
    assert_true(rig_stop());
}

static void test_registers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sides); i++) {
        for (size_t j = 0; j < COUNT(sides); j++) {
            for (size_t k = 0; k < COUNT(kinds); k++) {
                exchange(&sides[i], &sides[j], &kinds[k]);
            }
        }
    }
}

/* A small request behind a large response, and the other way round: nothing of the last one stays.
 */
static void test_kinds_after_each_other(void **state)
{
    static const struct kind small = {FFA_MSG_SEND_DIRECT_REQ_32, FFA_MSG_SEND_DIRECT_RESP_32};
    static const struct kind large = {FFA_MSG_SEND_DIRECT_REQ2, FFA_MSG_SEND_DIRECT_RESP2};
    struct posix_vm *a;
    struct posix_vm *b;
    struct waiting waits;

    (void)state;
    rig_start(NULL);
    a = make(1, &sides[2]);
    b = make(2, &sides[2]);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    for (unsigned int i = 0; i < 4; i++) {
        const struct kind *kind = i % 2 == 0 ? &large : &small;
        struct parley_regs request = make_message(kind->request, 1, 2, 2 * i + 1);
        struct parley_regs response = make_message(kind->response, 2, 1, 2 * i + 2);
        struct waiting asks = wait_with(a, 0, request.x, registers_of(kind->request));
        struct answer answer = woken(&waits);

        assert_arrives(&answer, &request);
        waits = wait_with(b, 0, response.x, registers_of(kind->response));
        answer = woken(&asks);
        assert_arrives(&answer, &response);
    }
}

/* REQ2 with each UUID of the receiver, and with none; it arrives as it was sent. */
static void test_uuids(void **state)
{
    struct ffa_uuid uuids[] = {unit_uuid(1), unit_uuid(2), unit_uuid(3), unit_uuid(4)};
    struct parley_vm_config config;
    struct parley_regs request = make_message(FFA_MSG_SEND_DIRECT_REQ2, 1, 2, 9);
    struct posix_vm *a;
    struct posix_vm *b;
    struct waiting waits;

    (void)state;
    rig_start(NULL);
    a = rig_friend(1, FFA_VERSION_1_2);
    config = rig_friend_config(2);
    config.uuids = uuids;
    config.uuid_count = COUNT(uuids);
    b = rig_vm(&config);
    settle(b, FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    for (size_t i = 0; i <= COUNT(uuids); i++) {
        struct ffa_uuid uuid = i < COUNT(uuids) ? uuids[i] : nil_uuid;
        struct waiting asks;
        struct answer answer;

        request.x[2] = ffa_uuid_to_u64(&uuid, 0);
        request.x[3] = ffa_uuid_to_u64(&uuid, 1);
        asks = wait_with(a, 0, request.x, FFA_REGS_MAX);
        answer = woken(&waits);
        assert_arrives(&answer, &request);
        waits = WAIT(b, 0, FFA_MSG_SEND_DIRECT_RESP2, ffa_ids_make(2, 1), 0, 0);
        assert_int_equal(woken(&asks).fid, FFA_MSG_SEND_DIRECT_RESP2);
    }
    /* Half a UUID is none. */
    request.x[2] = ffa_uuid_to_u64(&uuids[0], 0);
    request.x[3] = ffa_uuid_to_u64(&uuids[1], 1);
    assert_int_equal(call_with(a, 0, request.x, FFA_REGS_MAX).status, FFA_INVALID_PARAMETERS);
    assert_true(still_waits(&waits));
}

/* --- Which vCPU ------------------------------------------------------------------------------- */

#define VCPUS 4u

/* Sends from vCPU `from`; the vCPU of b that has it then, or VCPUS if it is BUSY. */
static unsigned int goes_to(struct posix_vm *a, struct posix_vm *b, unsigned int from)
{
    uint16_t sender = rig_vm_status(a).id;
    uint16_t receiver = rig_vm_status(b).id;
    struct parley_regs regs = {{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(sender, receiver)}};

    if (posix_call(a, from, &regs) != PARLEY_BLOCK) {
        assert_int_equal(regs.x[0], FFA_ERROR);
        assert_int_equal(regs.x[2], (uint32_t)FFA_BUSY);
        return VCPUS;
    }
    for (unsigned int i = 0; i < VCPUS; i++) {
        if (posix_vcpu_take_wake(b, i)) {
            return i;
        }
    }
    fail_msg("nobody is woken");
    return 0;
}

struct choice {
    unsigned int waiting; /* vCPUs of the receiver, a bit for each */
    unsigned int offline;
    unsigned int from;
    unsigned int to;
};

static const struct choice choices[] = {
    {0x0, 0x0, 0, VCPUS},
    {0x1, 0x0, 0, 0},
    {0x1, 0x0, 3, 0},
    {0x8, 0x0, 0, 3},
    {0x8, 0x0, 3, 3},
    {0xf, 0x0, 0, 0},
    {0xf, 0x0, 1, 1},
    {0xf, 0x0, 2, 2},
    {0xf, 0x0, 3, 3},
    {0xd, 0x0, 1, 0},
    {0xc, 0x0, 1, 2},
    {0x6, 0x0, 0, 1},
    {0x6, 0x0, 3, 1},
    {0x6, 0x0, 2, 2},
    /* Who is off does not wait. */
    {0xf, 0x1, 0, 1},
    {0xf, 0x4, 2, 0},
    {0x6, 0x2, 0, 2},
    {0x1, 0x1, 0, VCPUS},
    {0xf, 0xf, 2, VCPUS},
    {0xf, 0x7, 1, 3},
};

static struct posix_vm *make_with_vcpus(uint16_t id)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct posix_vm *vm;

    config.vcpus = VCPUS;
    vm = rig_vm(&config);
    settle(vm, FFA_VERSION_1_2);
    return vm;
}

static void test_choice_of_vcpu(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        const struct choice *choice = &choices[i];
        struct posix_vm *a;
        struct posix_vm *b;

        rig_start(NULL);
        a = make_with_vcpus(1);
        b = make_with_vcpus(2);
        for (unsigned int j = 0; j < VCPUS; j++) {
            if ((choice->waiting >> j & 1) != 0) {
                WAIT(b, j, FFA_MSG_WAIT);
            }
            if ((choice->offline >> j & 1) != 0) {
                posix_vcpu_set_online(b, j, false);
            }
        }
        if (goes_to(a, b, choice->from) != choice->to) {
            fail_msg("row %zu goes elsewhere", i);
        }
        assert_true(rig_stop());
    }
}

/* A sender of a higher index than the receiver has vCPUs. */
static void test_choice_of_the_only_vcpu(void **state)
{
    struct parley_vm_config config = rig_friend_config(2);
    struct posix_vm *a;
    struct posix_vm *b;

    (void)state;
    rig_start(NULL);
    a = make_with_vcpus(1);
    config.vcpus = 1;
    b = rig_vm(&config);
    settle(b, FFA_VERSION_1_2);
    WAIT(b, 0, FFA_MSG_WAIT);
    assert_int_equal(goes_to(a, b, 3), 0);
}

/* Four requests to four vCPUs, answered in another order: each sender gets its own answer. */
static void test_requests_side_by_side(void **state)
{
    struct waiting waits[VCPUS];
    struct waiting asks[VCPUS];
    struct posix_vm *a;
    struct posix_vm *b;

    (void)state;
    rig_start(NULL);
    a = make_with_vcpus(1);
    b = make_with_vcpus(2);
    for (unsigned int i = 0; i < VCPUS; i++) {
        waits[i] = WAIT(b, i, FFA_MSG_WAIT);
    }
    for (unsigned int i = 0; i < VCPUS; i++) {
        asks[i] = WAIT(a, i, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(1, 2), 0, 100 + i);
    }
    for (unsigned int i = 0; i < VCPUS; i++) {
        assert_int_equal(woken(&waits[i]).regs.x[3], 100 + i);
    }
    for (unsigned int i = VCPUS; i-- > 0;) {
        waits[i] = WAIT(b, i, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(2, 1), 0, 200 + i);
        assert_int_equal(woken(&asks[i]).regs.x[3], 200 + i);
    }
    for (unsigned int i = 0; i < VCPUS; i++) {
        assert_true(still_waits(&waits[i]));
    }
}

/* What a vCPU may be doing that does not wait for a message. */
static void test_busy(void **state)
{
    struct posix_vm *a;
    struct posix_vm *b;
    struct posix_vm *c;
    struct waiting waits;
    struct waiting asks;
    struct parley_vm_config config = rig_friend_config(2);

    (void)state;
    rig_start(NULL);
    a = rig_friend(1, FFA_VERSION_1_2);
    config.vcpus = 1;
    b = rig_vm(&config);
    settle(b, FFA_VERSION_1_2);
    c = rig_friend(3, FFA_VERSION_1_2);

    /* It runs; it waits for an answer, interrupted and not; it serves another request. */
    assert_int_equal(goes_to(a, b, 0), VCPUS);
    waits = WAIT(c, 0, FFA_MSG_WAIT);
    asks = WAIT(b, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(2, 3), 0);
    assert_int_equal(goes_to(a, b, 0), VCPUS);
    assert_int_equal(interrupted(&asks).fid, FFA_INTERRUPT);
    assert_int_equal(goes_to(a, b, 0), VCPUS);
    woken(&waits);
    waits = WAIT(c, 0, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(3, 2), 0);
    assert_int_equal(goes_to(a, b, 0), VCPUS);
    assert_int_equal(CALL(b, FFA_RUN, ffa_target_make(3, 0)).fid, FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(goes_to(a, b, 0), VCPUS);
    interrupted(&waits);

    waits = WAIT(b, 0, FFA_MSG_WAIT);
    asks = WAIT(c, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(3, 2), 0);
    assert_int_equal(goes_to(a, b, 0), VCPUS); /* its message has not been taken yet */
    woken(&waits);
    assert_int_equal(goes_to(a, b, 0), VCPUS); /* it serves c */
    waits = WAIT(b, 0, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(2, 3), 0);
    woken(&asks);
    assert_int_equal(interrupted(&waits).fid, FFA_INTERRUPT);
    assert_int_equal(goes_to(a, b, 0), VCPUS); /* it does not wait any more */
    WAIT(b, 0, FFA_MSG_WAIT);
    assert_int_equal(goes_to(a, b, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_registers),
        RIG_TEST(test_kinds_after_each_other),
        RIG_TEST(test_uuids),
        RIG_TEST(test_choice_of_vcpu),
        RIG_TEST(test_choice_of_the_only_vcpu),
        RIG_TEST(test_requests_side_by_side),
        RIG_TEST(test_busy),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
