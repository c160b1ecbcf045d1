/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection in the middle of messages and notifications: each SMC that a VM's calls lead to
 * is answered with each error and with nonsense, and each page cannot be had. Afterwards a signal
 * that was accepted has come exactly once, everything can be undone, and then all of it succeeds.
 */
#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "../unit/letter.h"
#include "../unit/notify.h"
#include "smc_fault.h"

#define ECHO PARTITION_ECHO_ID
#define BIT  0x4000000000000002u

/* What each step came to. */
struct course {
    int32_t map;
    int32_t bind;
    int32_t ask;
    int32_t signal;
    uint64_t bits;
    int32_t letter;
    int32_t unbind;
    int32_t unmap;
};

/* A partition's answer, or why there is none. */
static int32_t command(struct posix_vm *vm, uint64_t word, uint64_t w4, uint64_t w5, uint64_t w6,
                       uint64_t w7)
{
    struct answer answer = CALL(vm, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(id_of(vm), ECHO), 0,
                                word, w4, w5, w6, w7);

    if (answer.fid == FFA_ERROR) {
        return answer.status;
    }
    assert_int_equal(answer.fid, FFA_MSG_SEND_DIRECT_RESP_32);
    assert_int_equal(answer.regs.x[1], ffa_ids_make(ECHO, id_of(vm)));
    return word == COMMAND_ECHO ? FFA_OK : (int32_t)(uint32_t)answer.regs.x[3];
}

static struct course play(struct posix_vm *vm)
{
    static const struct letter letter = {.receiver = ECHO, .bytes = 100};
    struct course course;

    course.map = map_buffers(vm, 1).status;
    course.bind = bind(vm, ECHO, 0, BIT);
    course.ask = command(vm, COMMAND_ECHO, 1, 2, 3, 4);
    course.signal = command(vm, COMMAND_NOTIFY, id_of(vm), 0, (uint32_t)BIT, BIT >> 32);
    for (unsigned int cpu = 0; cpu < POSIX_CPUS; cpu++) {
        posix_cpu_work(rig_parley(), cpu);
    }
    course.bits = get(vm, 0, GET_ALL).secure;
    course.letter = course.map == FFA_OK ? letter_send(vm, 1, &letter) : FFA_DENIED;
    course.unbind = unbind(vm, ECHO, BIT);
    course.unmap = CALL(vm, FFA_RXTX_UNMAP, 0).status;
    return course;
}

static void assert_all_succeeds(struct posix_vm *vm)
{
    struct course course = play(vm);

    assert_int_equal(course.map, FFA_OK);
    assert_int_equal(course.bind, FFA_OK);
    assert_int_equal(course.ask, FFA_OK);
    assert_int_equal(course.signal, FFA_OK);
    assert_true(course.bits == BIT);
    assert_int_equal(course.letter, FFA_OK);
    assert_int_equal(course.unbind, FFA_OK);
    assert_int_equal(course.unmap, FFA_OK);
    assert_int_equal(posix_vm_pins(vm), 0);
    assert_false(posix_spmc_has_buffers_of(id_of(vm)));
}

/* What the fault has kept from being undone. What was signalled is there, once. */
static void tidy_up(struct posix_vm *vm, const struct course *course)
{
    uint64_t late = get(vm, 0, GET_ALL).secure;

    assert_true((late & course->bits) == 0);
    assert_true((late | course->bits) == (course->signal == FFA_OK ? BIT : 0));
    if (course->bind == FFA_OK && course->unbind != FFA_OK) {
        assert_int_equal(unbind(vm, ECHO, BIT), FFA_OK);
    }
    if (course->map == FFA_OK && course->unmap != FFA_OK) {
        assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
    }
    assert_int_equal(posix_vm_pins(vm), 0);
}

/* Whether the fault came up before the end. */
static bool check_course(struct fault *fault)
{
    struct course course;
    struct posix_vm *vm;

    rig_start(&posix_spmc_1_2);
    vm = rig_friend(1, FFA_VERSION_1_2);
    posix_smc_replace(smc_with_fault, fault);
    course = play(vm);
    posix_smc_replace(NULL, NULL);
    tidy_up(vm, &course);
    assert_all_succeeds(vm);
    posix_vm_reset(vm);
    settle(vm, FFA_VERSION_1_2);
    assert_all_succeeds(vm);
    assert_true(rig_stop());
    return fault->smcs >= fault->k;
}

/* An SPMC that does nothing, and does not say that it did. */
static void test_each_smc(void **state)
{
    bool came_up = true;
    unsigned int k;

    (void)state;
    for (k = 1; came_up; k++) {
        struct fault fault = {.k = k};

        for (unsigned int n = 0; came_up && replacement(n, &fault.regs); n++) {
            fault.smcs = 0;
            came_up = says_success(&fault.regs) || check_course(&fault);
        }
    }
    assert_true(k > 8);
}

/* Pages that cannot be had leave nothing at the SPMC. */
static void test_each_page(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(&posix_spmc_1_2);
    vm = rig_friend(1, FFA_VERSION_1_2);
    for (unsigned int k = 1; k <= 2; k++) {
        struct course course;

        posix_fail_page_map(k, PARLEY_PORT_NO_MEMORY);
        course = play(vm);
        assert_int_equal(course.map, FFA_NO_MEMORY);
        assert_int_equal(course.signal, FFA_OK);
        assert_false(posix_spmc_has_buffers_of(1));
        posix_fail_page_map(0, PARLEY_PORT_OK);
        tidy_up(vm, &course);
        assert_all_succeeds(vm);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_each_smc),
        RIG_TEST(test_each_page),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
