/* SPDX-License-Identifier: BSD-3-Clause */
/* The edges of the range of IDs, feature IDs, and what each ID of the range does to negotiation. */
#include "golden.h"

#include <string.h>

/* --- Feature IDs ------------------------------------------------------------------------------ */

static bool feature_is(const char *want, const struct parley_regs *answer)
{
    if (strcmp(want, "-") == 0) {
        return is_not_supported(answer);
    }
    assert_true(strcmp(want, "npi") == 0 || strcmp(want, "sri") == 0);
    return answer->x[0] == FFA_SUCCESS_32 && answer->x[2] == (want[0] == 'n' ? NPI : SRI) &&
           answer->x[3] == 0;
}

static void expect_feature(const struct golden_world *world, struct posix_vm *vm,
                           const struct golden_column *column, uint32_t id, const char *cell)
{
    struct parley_regs answer = call_features(vm, id);

    if (!feature_is(cell_in(world, cell), &answer)) {
        mismatch(world->name, column, id, "the feature", cell, &answer);
    }
    /* A bit that must be zero makes it no feature, whichever it is. */
    for (unsigned int bit = 8; bit <= 30; bit++) {
        answer = call_features(vm, id | 1u << bit);
        if (!is_not_supported(&answer)) {
            mismatch(world->name, column, id | 1u << bit, "the feature", "-", &answer);
        }
    }
}

static void check_features_in(const struct golden_world *world)
{
    world_on(world);
    for (unsigned int c = 0; c < GOLDEN_COLUMNS; c++) {
        struct posix_vm *vm = vm_of_column(world, &golden_columns[c]);

        vm_negotiate(vm, golden_columns[c].version);
        for (size_t r = 0; r < golden_feature_rows; r++) {
            for (uint32_t id = golden_features[r].first; id <= golden_features[r].last; id++) {
                expect_feature(world, vm, &golden_columns[c], id, golden_features[r].cell[c]);
            }
        }
        vm_off(vm);
    }
    assert_int_equal(machine_off(NULL), 0);
}

static void feature_ids_are_those_of_the_table(void **state)
{
    uint32_t next = 0;

    (void)state;
    mismatches_forget();
    for (size_t r = 0; r < golden_feature_rows; r++) {
        assert_int_equal(golden_features[r].first, next);
        next = golden_features[r].last + 1;
    }
    assert_int_equal(next, 256);
    for (size_t i = 0; i < GOLDEN_WORLDS; i++) {
        check_features_in(&golden_worlds[i]);
    }
    mismatches_fail();
}

/* --- Outside the range ------------------------------------------------------------------------ */

static void expect_not_ffa(struct posix_vm *vm, uint32_t id)
{
    for (unsigned int which = 0; which < PATTERNS; which++) {
        struct parley_regs before;
        struct parley_regs regs;

        for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
            before.x[i] = pattern(which, i);
        }
        before.x[0] = (before.x[0] & ~(uint64_t)UINT32_MAX) | id;
        regs = before;
        if (posix_call(vm, 0, &regs) != PARLEY_NOT_FFA) {
            fail_msg("%08x is taken for an ID of FF-A", id);
        }
        assert_memory_equal(&regs, &before, sizeof(regs));
    }
}

/* Every ID that the list names, and all that differ from one of the range in a single bit. */
static void each_id_outside(struct posix_vm *vm, void (*visit)(struct posix_vm *vm, uint32_t id))
{
    for (size_t i = 0; i < golden_not_ffa_count; i++) {
        visit(vm, golden_not_ffa[i]);
    }
    for (unsigned int i = 0; i < GOLDEN_IDS; i++) {
        for (unsigned int bit = 8; bit < 32; bit++) {
            if (bit != 30) {
                visit(vm, golden_abi[i].first ^ 1u << bit);
            }
        }
    }
}

static void outside_the_range_is_not_parleys(void **state)
{
    struct posix_vm *vm;

    (void)state;
    world_on(&golden_worlds[0]);
    vm = vm_of_column(&golden_worlds[0], &golden_columns[5]);
    each_id_outside(vm, expect_not_ffa);
    assert_int_equal(vm_status(vm).counters.calls, 0);
    assert_int_equal(CALL(vm, 0, FFA_VERSION, FFA_VERSION_1_1).x[0], PARLEY_FFA_VERSION);
    each_id_outside(vm, expect_not_ffa);
    assert_int_equal(vm_status(vm).version, 0);
    vm_negotiate(vm, FFA_VERSION_1_2);
    each_id_outside(vm, expect_not_ffa);
}

static void expect_no_feature(struct posix_vm *vm, uint32_t id)
{
    const struct parley_regs answer = call_features(vm, id);

    if (!is_not_supported(&answer)) {
        fail_msg("FFA_FEATURES knows %08x", id);
    }
}

static void outside_the_range_is_no_feature(void **state)
{
    (void)state;
    world_on(&golden_worlds[0]);
    for (unsigned int c = 0; c < GOLDEN_COLUMNS; c++) {
        struct posix_vm *vm = vm_of_column(&golden_worlds[0], &golden_columns[c]);

        vm_negotiate(vm, golden_columns[c].version);
        each_id_outside(vm, expect_no_feature);
        vm_off(vm);
    }
}

/* --- Negotiation ------------------------------------------------------------------------------ */

/* Before FFA_VERSION every ID of the range is refused, and nothing is kept of the call. */
static void every_id_is_refused_before_version(void **state)
{
    (void)state;
    world_on(&golden_worlds[0]);
    for (unsigned int c = 0; c < GOLDEN_COLUMNS; c++) {
        struct posix_vm *vm = vm_of_column(&golden_worlds[0], &golden_columns[c]);

        for (unsigned int i = 0; i < GOLDEN_IDS; i++) {
            if (golden_abi[i].first != FFA_VERSION) {
                assert_status(CALL(vm, 0, golden_abi[i].first, 0, 0, 0, 0, 0), FFA_NOT_SUPPORTED);
                assert_int_equal(vm_status(vm).version, 0);
            }
        }
        vm_negotiate(vm, golden_columns[c].version);
        vm_off(vm);
    }
}

/* After FFA_VERSION every other ID of the range makes it final, whether it is known or not. */
static void every_id_makes_final(void **state)
{
    (void)state;
    world_on(&golden_worlds[0]);
    for (unsigned int c = 0; c < GOLDEN_COLUMNS; c++) {
        struct posix_vm *vm = vm_of_column(&golden_worlds[0], &golden_columns[c]);
        const uint32_t version = golden_columns[c].version;

        for (unsigned int i = 0; i < GOLDEN_IDS; i++) {
            const bool is_version = golden_abi[i].first == FFA_VERSION;

            posix_vm_reset(vm);
            assert_int_equal(CALL(vm, 0, FFA_VERSION, version).x[0], PARLEY_FFA_VERSION);
            CALL_TO_END(vm, 1, golden_abi[i].first, version, 0, 0, 0, 0);
            assert_int_equal(vm_status(vm).version, is_version ? 0 : version);
        }
        vm_off(vm);
    }
}

/* --- FFA_CONSOLE_LOG -------------------------------------------------------------------------- */

static void expect_log(uint32_t fid, uint32_t most)
{
    static const char text[] = "Each character of this line of text differs from its neighbours, "
                               "goes to the console as it is, & is there one time.0123456789ABCDEF";
    struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
    const unsigned int width = ffa_fid_is_64(fid) ? 8 : 4;
    uint64_t regs[FFA_REGS_MAX] = {fid};
    size_t written = 0;

    assert_in_range(sizeof(text), 129, 256);
    for (unsigned int i = 0; i < 128 && 2 + i / width < FFA_REGS_MAX; i++) {
        regs[2 + i / width] |= (uint64_t)(uint8_t)text[i] << (8 * (i % width));
    }
    for (uint32_t count = 0; count <= 0xff; count++) {
        const bool good = count >= 1 && count <= most;

        regs[1] = count;
        assert_status(museum_call(vm, 0, regs, FFA_REGS_MAX),
                      good ? FFA_OK : FFA_INVALID_PARAMETERS);
        if (good) {
            assert_memory_equal(posix_console(vm) + written, text, count);
            written += count;
        }
        assert_int_equal(strlen(posix_console(vm)), written);
    }
    vm_off(vm);
}

/* A console takes what fits the registers, and says how much if that was not all. */
static void console_log_takes_its_limits(void **state)
{
    struct parley_regs answer;
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    expect_log(FFA_CONSOLE_LOG_32, FFA_CONSOLE_LOG_32_MAX);
    expect_log(FFA_CONSOLE_LOG_64, FFA_CONSOLE_LOG_64_MAX);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
    posix_console_allow(vm, 3);
    answer = CALL(vm, 0, FFA_CONSOLE_LOG_32, 5, 0x1b434241, 0x44);
    assert_int_equal(status_of(&answer), FFA_RETRY);
    assert_int_equal(answer.x[3], 3);
    assert_string_equal(posix_console(vm), "ABC");
    posix_console_allow(vm, 100);
    assert_status(CALL(vm, 0, FFA_CONSOLE_LOG_32, 2, 0x441b), FFA_OK);
    assert_string_equal(posix_console(vm), "ABC?D");
}

SECTION(golden_range, TEST(console_log_takes_its_limits), TEST(feature_ids_are_those_of_the_table),
        TEST(outside_the_range_is_not_parleys), TEST(outside_the_range_is_no_feature),
        TEST(every_id_is_refused_before_version), TEST(every_id_makes_final))
