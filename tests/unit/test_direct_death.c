/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct messages whose sender or receiver ends, by destruction or by reset, at each moment. Nobody
 * waits for ever, nobody gets what was meant for another life.
 */
#include "unit.h"

#define REQUEST  FFA_MSG_SEND_DIRECT_REQ_32
#define RESPONSE FFA_MSG_SEND_DIRECT_RESP_32

static struct posix_vm *a; /* 1, the sender */
static struct posix_vm *b; /* 2, the receiver */

static void start(void)
{
    rig_start(NULL);
    a = rig_friend(1, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
}

enum end {
    END_RESET,
    END_DESTROY,
    ENDS,
};

static void end(struct posix_vm **vm, enum end how)
{
    if (how == END_RESET) {
        posix_vm_reset(*vm);
    } else {
        rig_vm_end(*vm);
        *vm = NULL;
    }
}

/* After its end; so that it can be talked to again. */
static void revive(struct posix_vm **vm, uint16_t id, enum end how)
{
    if (how == END_RESET) {
        settle(*vm, FFA_VERSION_1_2);
    } else {
        *vm = rig_friend(id, FFA_VERSION_1_2);
    }
}

static void assert_free(struct posix_vm *vm)
{
    struct waiting waits = WAIT(vm, 0, FFA_MSG_WAIT);

    assert_int_equal(interrupted(&waits).fid, FFA_INTERRUPT);
}

/* --- The receiver ends ------------------------------------------------------------------------ */

/* How far the receiver has got. */
enum receiver_at {
    RECEIVER_HAS_NOT_TAKEN_IT,
    RECEIVER_SERVES,
    RECEIVER_ASKS_ANOTHER, /* before it answers */
    RECEIVER_STATES,
};

/* And the sender. */
enum sender_at {
    SENDER_BLOCKED,
    SENDER_INTERRUPTED,
    SENDER_WAITS_ON,
    SENDER_STATES,
};

static struct waiting ask(enum sender_at sender)
{
    struct waiting asks = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);

    if (sender != SENDER_BLOCKED) {
        assert_int_equal(interrupted(&asks).fid, FFA_INTERRUPT);
    }
    if (sender == SENDER_WAITS_ON) {
        asks = WAIT(a, 0, FFA_RUN, ffa_target_make(2, 0));
    }
    return asks;
}

static void receiver_ends(enum receiver_at receiver, enum sender_at sender, enum end how)
{
    struct posix_vm *third;
    struct waiting waits;
    struct waiting asks;
    struct answer answer;

    start();
    third = rig_friend(3, FFA_VERSION_1_2);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    asks = ask(sender);
    if (receiver != RECEIVER_HAS_NOT_TAKEN_IT) {
        woken(&waits);
    }
    if (receiver == RECEIVER_ASKS_ANOTHER) {
        WAIT(third, 0, FFA_MSG_WAIT);
        WAIT(b, 0, REQUEST, ffa_ids_make(2, 3), 0);
    }
    end(&b, how);
    answer = sender == SENDER_INTERRUPTED ? CALL(a, FFA_RUN, ffa_target_make(2, 0)) : woken(&asks);
    if (answer.fid != FFA_ERROR || answer.status != FFA_ABORTED) {
        fail_msg("receiver at %d, sender at %d, end %d: %#x, %d", (int)receiver, (int)sender,
                 (int)how, answer.fid, answer.status);
    }
    assert_free(a);
    assert_true(rig_stop());
}

static void test_receiver_ends(void **state)
{
    (void)state;
    for (unsigned int receiver = 0; receiver < RECEIVER_STATES; receiver++) {
        for (unsigned int sender = 0; sender < SENDER_STATES; sender++) {
            for (unsigned int how = 0; how < ENDS; how++) {
                receiver_ends(receiver, sender, how);
            }
        }
    }
}

/* The answer was given, and not fetched yet: it is still the answer. */
static void test_receiver_ends_after_its_answer(void **state)
{
    (void)state;
    for (unsigned int how = 0; how < ENDS; how++) {
        for (unsigned int sender = 0; sender < SENDER_STATES; sender++) {
            struct waiting waits;
            struct waiting asks;
            struct answer answer;

            start();
            waits = WAIT(b, 0, FFA_MSG_WAIT);
            asks = ask(sender);
            woken(&waits);
            WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 42);
            end(&b, how);
            answer = sender == SENDER_INTERRUPTED ? CALL(a, FFA_RUN, ffa_target_make(2, 0))
                                                  : woken(&asks);
            assert_int_equal(answer.fid, RESPONSE);
            assert_int_equal(answer.regs.x[3], 42);
            assert_free(a);
            assert_true(rig_stop());
        }
    }
}

/* Several wait for it, two vCPUs of one VM and one of another. */
static void test_receiver_of_many_ends(void **state)
{
    (void)state;
    for (unsigned int how = 0; how < ENDS; how++) {
        struct parley_vm_config config = rig_friend_config(2);
        struct posix_vm *third;
        struct waiting asks[3];

        rig_start(NULL);
        a = rig_friend(1, FFA_VERSION_1_2);
        config.vcpus = 4;
        b = rig_vm(&config);
        settle(b, FFA_VERSION_1_1);
        third = rig_friend(3, FFA_VERSION_1_2);
        for (unsigned int i = 0; i < 4; i++) {
            WAIT(b, i, FFA_MSG_WAIT);
        }
        asks[0] = WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
        asks[1] = WAIT(a, 1, REQUEST, ffa_ids_make(1, 2), 0);
        asks[2] = WAIT(third, 1, REQUEST, ffa_ids_make(3, 2), 0);
        end(&b, how);
        for (unsigned int i = 0; i < 3; i++) {
            assert_int_equal(woken(&asks[i]).status, FFA_ABORTED);
        }
        assert_true(rig_stop());
    }
}

/* While it ends it is not found, and afterwards it is another. */
static void test_requests_to_the_next_life(void **state)
{
    (void)state;
    for (unsigned int how = 0; how < ENDS; how++) {
        struct waiting waits;
        struct waiting asks;

        start();
        waits = WAIT(b, 0, FFA_MSG_WAIT);
        asks = ask(SENDER_INTERRUPTED);
        end(&b, how);
        assert_int_equal(CALL(a, REQUEST, ffa_ids_make(1, 2), 0).status, FFA_DENIED);
        revive(&b, 2, how);
        waits = WAIT(b, 0, FFA_MSG_WAIT);
        assert_true(still_waits(&waits));
        assert_int_equal(CALL(a, FFA_RUN, ffa_target_make(2, 0)).status, FFA_ABORTED);
        asks = ask(SENDER_BLOCKED);
        woken(&waits);
        WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0);
        assert_int_equal(woken(&asks).fid, RESPONSE);
        assert_true(rig_stop());
    }
}

/* --- The sender ends -------------------------------------------------------------------------- */

/* The receiver serves nobody any more; its response is dropped, and it waits for the next. */
static void sender_ends(enum sender_at sender, enum end how, bool is_taken)
{
    struct waiting waits;
    struct waiting asks;

    start();
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    ask(sender);
    if (is_taken) {
        woken(&waits);
    }
    end(&a, how);
    if (!is_taken) {
        assert_int_equal(woken(&waits).fid, REQUEST);
    }
    waits = WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 1);
    assert_true(still_waits(&waits));

    revive(&a, 1, how);
    asks = ask(SENDER_BLOCKED);
    assert_int_equal(woken(&waits).fid, REQUEST);
    WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 2);
    assert_int_equal(woken(&asks).regs.x[3], 2);
    assert_true(rig_stop());
}

static void test_sender_ends(void **state)
{
    (void)state;
    for (unsigned int sender = 0; sender < SENDER_STATES; sender++) {
        for (unsigned int how = 0; how < ENDS; how++) {
            sender_ends(sender, how, false);
            sender_ends(sender, how, true);
        }
    }
}

/*
 * The sender lives again, under the same ID, and its same vCPU asks the same receiver: the answer
 * to the old request is not an answer to the new one.
 */
static void test_answer_to_an_earlier_life(void **state)
{
    (void)state;
    for (unsigned int how = 0; how < ENDS; how++) {
        struct waiting waits[2];
        struct waiting asks;

        start();
        waits[0] = WAIT(b, 0, FFA_MSG_WAIT);
        ask(SENDER_BLOCKED);
        woken(&waits[0]);
        end(&a, how);
        revive(&a, 1, how);
        waits[1] = WAIT(b, 1, FFA_MSG_WAIT);
        asks = ask(SENDER_BLOCKED); /* goes to vCPU 1 of b */
        woken(&waits[1]);

        waits[0] = WAIT(b, 0, RESPONSE, ffa_ids_make(2, 1), 0, 1);
        assert_true(still_waits(&asks));
        WAIT(b, 1, RESPONSE, ffa_ids_make(2, 1), 0, 2);
        assert_int_equal(woken(&asks).regs.x[3], 2);
        assert_true(still_waits(&waits[0]));
        assert_true(rig_stop());
    }
}

/* Both ends at once, each in the middle of asking the other. */
static void test_both_end(void **state)
{
    (void)state;
    for (unsigned int first = 0; first < 2; first++) {
        for (unsigned int how = 0; how < ENDS; how++) {
            start();
            WAIT(a, 1, FFA_MSG_WAIT);
            WAIT(b, 1, FFA_MSG_WAIT);
            WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
            WAIT(b, 0, REQUEST, ffa_ids_make(2, 1), 0);
            end(first == 0 ? &a : &b, how);
            end(first == 0 ? &b : &a, how);
            assert_true(rig_stop());
        }
    }
}

/* A vCPU that waited for a message does not, in its next life. */
static void test_waiter_in_its_next_life(void **state)
{
    struct waiting waits;

    (void)state;
    start();
    WAIT(b, 0, FFA_MSG_WAIT);
    posix_vm_reset(b);
    settle(b, FFA_VERSION_1_2);
    assert_int_equal(CALL(a, REQUEST, ffa_ids_make(1, 2), 0).status, FFA_BUSY);
    waits = WAIT(b, 0, FFA_MSG_WAIT);
    WAIT(a, 0, REQUEST, ffa_ids_make(1, 2), 0);
    woken(&waits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_receiver_ends),
        RIG_TEST(test_receiver_ends_after_its_answer),
        RIG_TEST(test_receiver_of_many_ends),
        RIG_TEST(test_requests_to_the_next_life),
        RIG_TEST(test_sender_ends),
        RIG_TEST(test_answer_to_an_earlier_life),
        RIG_TEST(test_both_end),
        RIG_TEST(test_waiter_in_its_next_life),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
