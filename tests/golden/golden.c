/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The golden tables against the library: every function ID of the range, at each version in force
 * and each width of the guest, with Secure worlds of different kinds.
 */
#include "golden.h"

#include <stdio.h>
#include <string.h>

/* --- Cells ------------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    uint64_t x0;
} answers[] = {
    {"version", PARLEY_FFA_VERSION},
    {"ok32", FFA_SUCCESS_32},
    {"ok64", FFA_SUCCESS_64},
    {"resp32", FFA_MSG_SEND_DIRECT_RESP_32},
    {"resp64", FFA_MSG_SEND_DIRECT_RESP_64},
    {"resp2", FFA_MSG_SEND_DIRECT_RESP2},
    {"intr", FFA_INTERRUPT},
    {"retr32", FFA_MEM_RETRIEVE_RESP},
};

static bool call_is(const char *want, const struct golden_world *world,
                    const struct parley_regs *answer)
{
    if (strcmp(want, "-") == 0) {
        return is_not_supported(answer);
    }
    if (strncmp(want, "news", 4) == 0) {
        if (!world->receives) {
            return answer->x[0] == FFA_ERROR && w(answer, 2) == (uint32_t)FFA_NO_DATA;
        }
        want = strcmp(want, "news64") == 0 ? "ok64" : "ok32";
    }
    for (size_t i = 0; i < COUNT(answers); i++) {
        if (strcmp(want, answers[i].word) == 0) {
            return answer->x[0] == answers[i].x0;
        }
    }
    fail_msg("\"%s\" says nothing of an answer", want);
    return false;
}

/* "w2,w3", where a number is decimal or "quota". */
static bool features_are(const char *want, const struct parley_regs *answer)
{
    uint32_t w2 = 0;

    if (strcmp(want, "-") == 0) {
        return is_not_supported(answer);
    }
    if (strcmp(want, "quota,0") == 0) {
        w2 = QUOTA << 16;
    } else if (strcmp(want, "2,0") == 0) {
        w2 = FFA_FEATURES_RETRIEVE_REQ_NS_BIT;
    } else {
        assert_string_equal(want, "0,0");
    }
    return answer->x[0] == FFA_SUCCESS_32 && answer->x[2] == w2 && answer->x[3] == 0;
}

/* Splits "CALL:FEATURES". */
static void split(const char *cell, char call[24], char features[24])
{
    assert_int_equal(sscanf(cell, "%23[^:]:%23s", call, features), 2);
}

/* --- The tables themselves -------------------------------------------------------------------- */

static void tables_have_every_id_once(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < GOLDEN_IDS; i++) {
        const uint32_t number = FFA_NUMBER_FIRST + i % (GOLDEN_IDS / 2);
        const uint32_t id = i < GOLDEN_IDS / 2 ? FFA_FN32(number) : FFA_FN64(number);

        assert_int_equal(golden_abi[i].first, id);
        assert_int_equal(golden_hygiene[i].first, id);
        assert_string_equal(golden_abi[i].name, golden_hygiene[i].name);
        assert_true(ffa_fid_is_ffa(id));
    }
    assert_int_equal(golden_abi[GOLDEN_IDS - 1].first, FFA_FN64(FFA_NUMBER_LAST));
}

static void names_are_those_of_the_library(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < GOLDEN_IDS; i++) {
        const char *name = parley_fid_name(golden_abi[i].first);

        assert_string_equal(name == NULL ? "-" : name, golden_abi[i].name);
    }
    for (size_t i = 0; i < golden_not_ffa_count; i++) {
        assert_null(parley_fid_name(golden_not_ffa[i]));
    }
}

/*
 * Delivered by Parley, reported by FFA_FEATURES, and never called by a guest: the only IDs for
 * which the two halves of a cell differ.
 */
static const uint32_t delivered_only[] = {FFA_ERROR,     FFA_SUCCESS_32,        FFA_SUCCESS_64,
                                          FFA_INTERRUPT, FFA_MEM_RETRIEVE_RESP, FFA_MEM_FRAG_RX};

static bool is_delivered_only(uint32_t id)
{
    for (size_t i = 0; i < COUNT(delivered_only); i++) {
        if (delivered_only[i] == id) {
            return true;
        }
    }
    return false;
}

/* What follows the slash; "" if nothing does. */
static const char *condition_of(const char *half)
{
    const char *slash = strchr(half, '/');

    return slash == NULL ? "" : slash;
}

/* What FFA_FEATURES reports can be called, and what can be called is reported. */
static void D22_features_refactor_inverted(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < GOLDEN_IDS; i++) {
        for (unsigned int c = 0; c < GOLDEN_COLUMNS; c++) {
            char call[24];
            char features[24];

            split(golden_abi[i].cell[c], call, features);
            if (is_delivered_only(golden_abi[i].first)) {
                assert_string_equal(call, "-");
            } else {
                assert_int_equal(strcmp(call, "-") == 0, strcmp(features, "-") == 0);
                assert_string_equal(condition_of(call), condition_of(features));
            }
        }
    }
}

/* --- Calls and FFA_FEATURES ------------------------------------------------------------------- */

typedef void check_cell(const struct golden_world *world, const struct golden_column *column,
                        struct posix_vm *vm, const struct golden_row *row, const char *cell);

/* Every cell of a table, in every world. */
static void check_table(const struct golden_row *rows, check_cell *check)
{
    mismatches_forget();
    for (size_t i = 0; i < GOLDEN_WORLDS; i++) {
        world_on(&golden_worlds[i]);
        for (unsigned int c = 0; c < GOLDEN_COLUMNS; c++) {
            struct posix_vm *vm = vm_of_column(&golden_worlds[i], &golden_columns[c]);

            for (unsigned int r = 0; r < GOLDEN_IDS; r++) {
                check(&golden_worlds[i], &golden_columns[c], vm, &rows[r], rows[r].cell[c]);
            }
            vm_off(vm);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
    mismatches_fail();
}

static void check_call(const struct golden_world *world, const struct golden_column *column,
                       struct posix_vm *vm, const struct golden_row *row, const char *cell)
{
    struct parley_regs before;
    struct parley_regs answer;
    char call[24];
    char features[24];

    split(cell, call, features);
    call_well_formed(vm, row->first, column->version, 0, &before, &answer);
    if (!call_is(cell_in(world, call), world, &answer)) {
        mismatch(world->name, column, row->first, "the call", call, &answer);
    }
}

static void D21_gate_by_switch_order(void **state)
{
    (void)state;
    check_table(golden_abi, check_call);
}

static void check_features(const struct golden_world *world, const struct golden_column *column,
                           struct posix_vm *vm, const struct golden_row *row, const char *cell)
{
    struct parley_regs answer;
    char call[24];
    char features[24];

    split(cell, call, features);
    if (vm_status(vm).version == 0) {
        vm_negotiate(vm, column->version);
    }
    answer = call_features(vm, row->first);
    if (!features_are(cell_in(world, features), &answer)) {
        mismatch(world->name, column, row->first, "FFA_FEATURES", features, &answer);
    }
}

static void features_are_those_of_the_table(void **state)
{
    (void)state;
    check_table(golden_abi, check_features);
}

/* --- Registers -------------------------------------------------------------------------------- */

static bool register_is(char want, uint64_t before, uint64_t after)
{
    switch (want) {
    case 'v':
        return after >> 32 == 0;
    case 'V':
        return true;
    case '0':
        return after == 0;
    case '.':
        return after == before;
    default:
        fail_msg("'%c' says nothing of a register", want);
        return false;
    }
}

/* Whether the ABI is there only under a condition, and that does not hold for all of it. */
static bool is_left_out(const struct golden_world *world, const struct golden_column *column,
                        const struct golden_row *row)
{
    const char *cell = golden_abi[row - golden_hygiene].cell[column - golden_columns];
    char call[24];
    char features[24];

    split(cell, call, features);
    return (strchr(call, '/') != NULL && strcmp(cell_in(world, call), "-") == 0) ||
           (strncmp(call, "news", 4) == 0 && !world->receives);
}

static void check_registers(const struct golden_world *world, const struct golden_column *column,
                            struct posix_vm *vm, const struct golden_row *row, const char *cell)
{
    const bool left_out = is_left_out(world, column, row);

    assert_int_equal(strlen(cell), FFA_REGS_MAX);
    for (unsigned int which = 0; which < PATTERNS && !left_out; which++) {
        struct parley_regs before;
        struct parley_regs after;

        call_well_formed(vm, row->first, column->version, which, &before, &after);
        for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
            if (!register_is(cell[i], before.x[i], after.x[i])) {
                char what[16];

                snprintf(what, sizeof(what), "x%u", i);
                mismatch(world->name, column, row->first, what, cell, &after);
            }
        }
    }
}

static void G1_x8_x17_stale(void **state)
{
    (void)state;
    check_table(golden_hygiene, check_registers);
}

/* --- Identity --------------------------------------------------------------------------------- */

/* FFA_ID_GET tells a VM its own ID, FFA_SPM_ID_GET what the SPMC said of its own, in [15:0]. */
static void ids_are_those_of_the_vm_and_the_spmc(void **state)
{
    static const struct {
        uint64_t told;
        uint16_t id;
    } spmcs[] = {
        {0x8000, 0x8000}, {0x8123, 0x8123}, {0xffff, 0xffff}, {0xdeadbeef00008abc, 0x8abc}};

    (void)state;
    for (size_t i = 0; i < COUNT(spmcs); i++) {
        lying_power_on(FFA_VERSION_1_2, LIES(spmc_lie_register(FFA_SPM_ID_GET, 2, spmcs[i].told)));
        assert_non_null(parley_start(&usual_config));
        for (uint16_t id = 1; id <= VMS_MAX; id++) {
            struct posix_vm *vm = vm_on(&(struct vm_setup){.id = id, .version = FFA_VERSION_1_1});

            assert_int_equal(CALL(vm, 0, FFA_ID_GET).x[2], id);
            assert_int_equal(CALL(vm, 1, FFA_SPM_ID_GET).x[2], spmcs[i].id);
            vm_off(vm);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

SECTION(golden_tables, TEST(tables_have_every_id_once), TEST(names_are_those_of_the_library),
        TEST(D22_features_refactor_inverted), TEST(D21_gate_by_switch_order),
        TEST(features_are_those_of_the_table), TEST(G1_x8_x17_stale),
        TEST(ids_are_those_of_the_vm_and_the_spmc))

int main(void)
{
    size_t count = 0;
    int failed = 0;

    if (!golden_load("tests/golden/")) {
        return 1;
    }
    failed += golden_tables(&count);
    failed += golden_range(&count);
    printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
    return failed == 0 ? 0 : 1;
}
