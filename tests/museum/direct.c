/* SPDX-License-Identifier: BSD-3-Clause */
/* Sections C, G, H and J of docs/museum.md as far as they are about direct messages and cycles. */
#include "talk.h"

#include <string.h>

static const uint32_t response_kinds[] = {FFA_MSG_SEND_DIRECT_RESP_32, FFA_MSG_SEND_DIRECT_RESP_64,
                                          FFA_MSG_SEND_DIRECT_RESP2};

static bool fits(uint32_t request, uint32_t response)
{
    return response == response_to(request) ||
           (request == FFA_MSG_SEND_DIRECT_REQ_64 && response == FFA_MSG_SEND_DIRECT_RESP_32);
}

/* --- G11, G12 --------------------------------------------------------------------------------- */

static void expect_pairing_of_vms(uint32_t request, uint32_t response)
{
    struct posix_vm *client;
    struct posix_vm *servant;
    struct waiting asked;
    struct parley_regs answer;

    machine_on(NULL);
    client = talker_on(1, FFA_VERSION_1_2);
    servant = talker_on(2, FFA_VERSION_1_2);
    asked = ask(client, 1, servant, 2, request);
    if (fits(request, response)) {
        WAIT(servant, 0, response, ffa_ids_make(2, 1), 0, 0, 4, 5);
        answer = woken(&asked);
        assert_int_equal(answer.x[0], response);
        assert_int_equal(answer.x[1], ffa_ids_make(2, 1));
        assert_int_equal(answer.x[4], 4);
    } else {
        assert_status(CALL(servant, 0, response, ffa_ids_make(2, 1), 0, 0, 4, 5), FFA_DENIED);
        assert_true(still_waits(&asked));
    }
    assert_int_equal(machine_off(NULL), 0);
}

static struct parley_regs response_of(uint32_t fid, uint32_t ids)
{
    struct parley_regs regs = {{fid, ids}};

    for (unsigned int i = 3; i < FFA_REGS_MAX; i++) {
        regs.x[i] = 0x1111111111111111u * (i % 16);
    }
    return regs;
}

/* What a VM gets that asks echo, if the SPMC answers so. */
static struct parley_regs answered_with(uint32_t request, struct parley_regs answer)
{
    struct answering answering = {.fid = request, .answer = answer};
    struct parley_regs got;
    struct posix_vm *vm;

    machine_on(&posix_spmc_1_2);
    vm = talker_on(1, FFA_VERSION_1_2);
    posix_smc_replace(answering_spmc, &answering);
    got = CALL(vm, 0, request, ffa_ids_make(1, PARTITION_ECHO_ID), 0, 0, 0, 0);
    assert_int_equal(answering.calls, 1);
    assert_int_equal(parley_vcpu_cpu(posix_vm_parley(vm), 0), PARLEY_ANY_CPU);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(machine_off(NULL), 0);
    return got;
}

static void expect_pairing_of_sp(uint32_t request, uint32_t response)
{
    const uint32_t ids = ffa_ids_make(PARTITION_ECHO_ID, 1);
    const struct parley_regs got = answered_with(request, response_of(response, ids));

    if (fits(request, response)) {
        assert_int_equal(got.x[0], response);
        assert_int_equal(got.x[1], ids);
    } else {
        assert_int_equal(status_of(&got), FFA_ABORTED);
    }
}

/* A response is of the kind of its request: another's is refused, and an SPMC's reaches nobody. */
static void G11_resp_width_mismatch(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(request_kinds); i++) {
        for (size_t j = 0; j < COUNT(response_kinds); j++) {
            expect_pairing_of_vms(request_kinds[i], response_kinds[j]);
            expect_pairing_of_sp(request_kinds[i], response_kinds[j]);
        }
    }
}

/* Whatever else an SPMC says in place of a response is an end of the request, and shows nothing. */
static void G12_resp_kind_not_matched(void **state)
{
    static const uint32_t others[] = {
        FFA_MSG_WAIT,        FFA_RUN,     FFA_SUCCESS_64,           FFA_MSG_SEND_DIRECT_REQ_32,
        FFA_MSG_SEND2,       0,           FFA_MSG_SEND_DIRECT_REQ2, 0xffffffffu,
        FFA_RXTX_UNMAP,      FFA_VERSION, FFA_MEM_FRAG_RX,          FFA_NORMAL_WORLD_RESUME,
        FFA_NOTIFICATION_GET};

    (void)state;
    for (size_t i = 0; i < COUNT(request_kinds); i++) {
        for (size_t j = 0; j < COUNT(others); j++) {
            const struct parley_regs got = answered_with(
                request_kinds[i], response_of(others[j], ffa_ids_make(PARTITION_ECHO_ID, 1)));

            assert_int_equal(status_of(&got), FFA_ABORTED);
        }
    }
}

/* --- H1, H2, H8 ------------------------------------------------------------------------------- */

/* A VM cannot send a framework message, or set a bit that is reserved, to anybody. */
static void H1_framework_msg_from_vm(void **state)
{
    static const uint16_t receivers[] = {2, PARTITION_ECHO_ID, PARTITION_NOTIFIER_ID};
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = talker_on(1, FFA_VERSION_1_2);
    talker_on(2, FFA_VERSION_1_2);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(receivers); i++) {
        const uint32_t ids = ffa_ids_make(1, receivers[i]);

        for (uint32_t type = 0; type <= 0xff; type++) {
            assert_status(CALL(vm, 0, FFA_MSG_SEND_DIRECT_REQ_32, ids, FFA_DIRECT_FRAMEWORK(type),
                               UINT32_MAX, UINT32_MAX, 2, 0, 0),
                          FFA_INVALID_PARAMETERS);
        }
        for (unsigned int bit = 0; bit < 32; bit++) {
            for (size_t kind = 0; kind < 2; kind++) {
                assert_status(CALL(vm, 0, request_kinds[kind], ids, 1u << bit, 0, 0, 0, 0, 0),
                              FFA_INVALID_PARAMETERS);
                assert_status(CALL(vm, 0, response_to(request_kinds[kind]), ids, 1u << bit, 0, 0),
                              FFA_INVALID_PARAMETERS);
            }
        }
    }
    assert_int_equal(posix_smc_count(), 0);
}

static void expect_spoofs_refused(struct posix_vm *vm, uint32_t request)
{
    for (uint32_t id = 0; id <= UINT16_MAX; id += id < 0x10 || id >= 0x7ff0 ? 1 : 0x7f) {
        const int32_t status = FFA_INVALID_PARAMETERS;

        if (id != 1) {
            assert_status(CALL(vm, 0, request, ffa_ids_make((uint16_t)id, 2), 0, 0, 0), status);
            assert_status(CALL(vm, 0, request, ffa_ids_make((uint16_t)id, PARTITION_ECHO_ID), 0, 0),
                          status);
            assert_status(CALL(vm, 0, response_to(request), ffa_ids_make((uint16_t)id, 2), 0, 0),
                          status);
        }
    }
}

/* A message comes from its caller, and a response from who was asked, to who asked. */
static void H2_direct_req_source_spoof(void **state)
{
    static const uint16_t others[][2] = {{PARTITION_TRIO_ID, 1}, {PARTITION_ECHO_ID, 2},
                                         {1, PARTITION_ECHO_ID}, {0, 1},
                                         {PARTITION_ECHO_ID, 0}, {0x8000, 1}};
    struct posix_vm *vm;
    struct waiting asked;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = talker_on(1, FFA_VERSION_1_2);
    talker_on(2, FFA_VERSION_1_2);
    posix_smc_clear();
    for (size_t i = 0; i < COUNT(request_kinds); i++) {
        expect_spoofs_refused(vm, request_kinds[i]);
    }
    assert_int_equal(posix_smc_count(), 0);
    asked = ask(talker_on(3, FFA_VERSION_1_2), 3, vm, 1, FFA_MSG_SEND_DIRECT_REQ_32);
    assert_status(CALL(vm, 0, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(1, 2), 0), FFA_DENIED);
    assert_status(CALL(vm, 0, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(3, 1), 0),
                  FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 1, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(1, 3), 0), FFA_DENIED);
    assert_true(still_waits(&asked));
    WAIT(vm, 0, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(1, 3), 0, 0, 0, 0, 0, 0);
    assert_int_equal(woken(&asked).x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(machine_off(NULL), 0);

    for (size_t i = 0; i < COUNT(others); i++) {
        const struct parley_regs got = answered_with(
            FFA_MSG_SEND_DIRECT_REQ_32,
            response_of(FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(others[i][0], others[i][1])));

        assert_int_equal(status_of(&got), FFA_ABORTED);
    }
}

/* Who has not negotiated is not there; who waits for nothing, or has no RX, gets no message. */
static void H8_message_to_uninitialised(void **state)
{
    struct posix_vm *vm;
    struct posix_vm *late;

    (void)state;
    machine_on(NULL);
    vm = talker_on(1, FFA_VERSION_1_2);
    vm_map(vm, 1);
    late = talker_on(2, 0);
    write_message(vm, FFA_VERSION_1_2, ffa_ids_make(1, 2), HEADER_BYTES_1_2, 8);
    for (unsigned int stage = 0; stage < 2; stage++) {
        for (size_t i = 0; i < COUNT(request_kinds); i++) {
            assert_status(CALL(vm, 0, request_kinds[i], ffa_ids_make(1, 2), 0, 0, 0),
                          FFA_INVALID_PARAMETERS);
        }
        assert_status(send2(vm), FFA_INVALID_PARAMETERS);
        assert_status(CALL(vm, 0, FFA_NOTIFICATION_SET, ffa_ids_make(1, 2), 0, 1, 0),
                      FFA_INVALID_PARAMETERS);
        CALL(late, 0, FFA_VERSION, FFA_VERSION_1_2); /* proposed, and not final */
    }
    vm_negotiate(late, FFA_VERSION_1_2);
    for (size_t i = 0; i < COUNT(request_kinds); i++) {
        assert_status(CALL(vm, 0, request_kinds[i], ffa_ids_make(1, 2), 0, 0, 0), FFA_BUSY);
    }
    assert_status(send2(vm), FFA_BUSY);
    vm_map(late, 1);
    assert_status(send2(vm), FFA_OK);
}

/* --- H7 --------------------------------------------------------------------------------------- */

/* FFA_RUN resumes what this vCPU itself started, and nothing else. */
static void H7_run_arbitrary_sp(void **state)
{
    struct parley_regs left;
    struct posix_vm *vm;
    struct posix_vm *other;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = talker_on(1, FFA_VERSION_1_2);
    other = talker_on(2, FFA_VERSION_1_2);
    left = CALL(vm, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(1, PARTITION_ECHO_ID), 0,
                COMMAND_SPIN, 1500, 0, 0, 0);
    assert_int_equal(left.x[0], FFA_INTERRUPT);
    assert_int_equal(ffa_target_endpoint(w(&left, 1)), PARTITION_ECHO_ID);
    posix_smc_clear();
    assert_status(CALL(other, 0, FFA_RUN, left.x[1]), FFA_DENIED);
    assert_status(CALL(vm, 1, FFA_RUN, left.x[1]), FFA_DENIED);
    assert_status(CALL(vm, 0, FFA_RUN, left.x[1] + 1), FFA_DENIED);
    assert_status(CALL(vm, 0, FFA_RUN, ffa_target_make(PARTITION_TRIO_ID, 0)), FFA_DENIED);
    assert_status(CALL(vm, 0, FFA_RUN, ffa_target_make(2, 0)), FFA_DENIED);
    assert_status(CALL(vm, 0, FFA_RUN, ffa_target_make(3, 0)), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RUN, ffa_target_make(0x9000, 0)), FFA_INVALID_PARAMETERS);
    posix_cpu_move(1);
    assert_status(CALL(vm, 0, FFA_RUN, left.x[1]), FFA_BUSY);
    posix_cpu_move(0);
    assert_int_equal(posix_smc_count(), 0);
    while (left.x[0] == FFA_INTERRUPT) {
        left = CALL(vm, 0, FFA_RUN, left.x[1]);
    }
    assert_int_equal(left.x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_status(CALL(vm, 0, FFA_RUN, ffa_target_make(PARTITION_ECHO_ID, 0)), FFA_DENIED);
}

/* --- B12, B13 --------------------------------------------------------------------------------- */

/* What MSG_WAIT does to an RX buffer that is full: by version and flag. */
static void B12_msg_wait_releases_rx(void **state)
{
    static const struct {
        uint32_t version;
        uint32_t w2;
        enum parley_rx_state rx;
    } cases[] = {
        {FFA_VERSION_1_0, 0, PARLEY_RX_FREE},
        {FFA_VERSION_1_0, FFA_MSG_WAIT_KEEP_RX, PARLEY_RX_FREE},
        {FFA_VERSION_1_1, 0, PARLEY_RX_FREE},
        {FFA_VERSION_1_1, FFA_MSG_WAIT_KEEP_RX, PARLEY_RX_FREE},
        {FFA_VERSION_1_2, 0, PARLEY_RX_FREE},
        {FFA_VERSION_1_2, FFA_MSG_WAIT_KEEP_RX, PARLEY_RX_FULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct waiting waiting;
        struct posix_vm *vm;

        machine_on(&posix_spmc_1_2);
        vm = talker_on(1, cases[i].version);
        waiting = WAIT(vm, 0, FFA_MSG_WAIT, 0, cases[i].w2); /* with no RX at all */
        assert_int_equal(interrupted(&waiting).x[1], 0);
        vm_map(vm, 1);
        waiting = WAIT(vm, 0, FFA_MSG_WAIT, 0, cases[i].w2);
        interrupted(&waiting);
        assert_int_equal(vm_status(vm).rx, PARLEY_RX_FREE);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        waiting = WAIT(vm, 0, FFA_MSG_WAIT, 0, cases[i].w2);
        assert_int_equal(vm_status(vm).rx, cases[i].rx);
        interrupted(&waiting);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* A full RX buffer keeps nobody from being resumed: not an SP, not the vCPU of a VM. */
static void B13_run_with_full_rx(void **state)
{
    static const uint32_t messages[5] = {COMMAND_MESSAGES};
    struct parley_regs answer;
    struct waiting asked;
    struct posix_vm *vm;
    struct posix_vm *other;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = talker_on(1, FFA_VERSION_1_2);
    vm_map(vm, 1);
    write_message(vm, FFA_VERSION_1_2, ffa_ids_make(1, PARTITION_ECHO_ID), HEADER_BYTES_1_2, 100);
    assert_status(send2(vm), FFA_OK);
    posix_cpu_work(the_parley(), 0);
    answer = command(vm, 1, PARTITION_ECHO_ID, messages);
    assert_int_equal(answer.x[4], 1);
    assert_int_equal(answer.x[5], 1);
    assert_int_equal(answer.x[6], 100);

    other = talker_on(2, FFA_VERSION_1_2);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
    asked = ask(vm, 1, other, 2, FFA_MSG_SEND_DIRECT_REQ_32);
    assert_int_equal(interrupted(&asked).x[1], ffa_target_make(2, 0));
    asked = WAIT(vm, 0, FFA_RUN, ffa_target_make(2, 0));
    WAIT(other, 0, FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(2, 1), 0, 0, 0, 0, 0, 0);
    assert_int_equal(woken(&asked).x[0], FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FULL);
}

/* --- B3, C6 ----------------------------------------------------------------------------------- */

struct ending {
    struct posix_vm *vm;
    enum parley_progress progress;
    unsigned int pins;
};

/* The VM ends on another CPU, as far as it gets. */
static void end_it(void *argument)
{
    struct ending *ending = argument;

    ending->progress = parley_vm_destroy(posix_vm_parley(ending->vm));
    for (unsigned int i = 0; i < 100 && ending->progress == PARLEY_AGAIN; i++) {
        ending->progress = parley_vm_continue(posix_vm_parley(ending->vm));
    }
    ending->pins = posix_vm_pins(ending->vm);
}

static void finish_ending(struct ending *ending)
{
    assert_int_equal(posix_vm_go_on(ending->vm, ending->progress), PARLEY_DONE);
    assert_int_equal(posix_vm_pins(ending->vm), 0);
    posix_vm_forget(ending->vm);
}

/* A receiver that ends waits for who is writing to its RX. */
static void B3_rx_unmapped_by_dying_receiver(void **state)
{
    struct pair pair;
    struct ending ending;
    bool finished;

    (void)state;
    pair = pair_on(FFA_VERSION_1_2, FFA_VERSION_1_1);
    ending.vm = pair.to;
    write_message(pair.from, FFA_VERSION_1_2, IDS, HEADER_BYTES_1_2, 1000);
    meanwhile_at_touch(pair.to, RX_PAGE, end_it, &ending, &finished);
    send2(pair.from);
    meanwhile_forget();
    assert_true(finished);
    assert_int_equal(ending.progress, PARLEY_AGAIN);
    assert_int_equal(ending.pins, 2);
    finish_ending(&ending);
    assert_status(send2(pair.from), FFA_INVALID_PARAMETERS);
}

/* Nothing of a receiver is used after its reference is dropped: it is there until it was told. */
static void C6_use_after_rcu_unlock(void **state)
{
    struct pair pair;
    struct ending ending;
    struct waiting asked;
    bool finished;

    (void)state;
    pair = pair_on(FFA_VERSION_1_2, FFA_VERSION_1_2);
    ending.vm = pair.to;
    write_message(pair.from, FFA_VERSION_1_2, IDS, HEADER_BYTES_1_2, 10);
    meanwhile_at_signal(end_it, &ending, &finished); /* the interrupt of "RX is full" */
    assert_status(send2(pair.from), FFA_OK);
    meanwhile_forget();
    assert_true(finished);
    assert_int_equal(ending.progress, PARLEY_AGAIN);
    finish_ending(&ending);
    assert_int_equal(machine_off(NULL), 0);

    pair = pair_on(FFA_VERSION_1_2, FFA_VERSION_1_2);
    ending.vm = pair.to;
    WAIT(pair.to, 0, FFA_MSG_WAIT, 0, 0);
    meanwhile_at_signal(end_it, &ending, &finished); /* the wake of who is asked */
    asked = WAIT(pair.from, 0, FFA_MSG_SEND_DIRECT_REQ_32, IDS, 0, 0, 0, 0, 0, 0);
    meanwhile_forget();
    assert_true(finished);
    assert_int_equal(ending.progress, PARLEY_AGAIN);
    finish_ending(&ending);
    assert_status(woken(&asked), FFA_ABORTED);
}

SECTION(museum_direct, TEST(B3_rx_unmapped_by_dying_receiver), TEST(B12_msg_wait_releases_rx),
        TEST(B13_run_with_full_rx), TEST(C6_use_after_rcu_unlock), TEST(G11_resp_width_mismatch),
        TEST(G12_resp_kind_not_matched), TEST(H1_framework_msg_from_vm),
        TEST(H2_direct_req_source_spoof), TEST(H7_run_arbitrary_sp),
        TEST(H8_message_to_uninitialised))
