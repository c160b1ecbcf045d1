/* SPDX-License-Identifier: BSD-3-Clause */
/* What the operator is told: counters, events and their rate, and the text of each. */
#include <string.h>

#include "unit.h"

/* --- Counters --------------------------------------------------------------------------------- */

static void test_counters(void **state)
{
    struct parley_vm_counters counters;
    struct posix_vm *other;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    other = rig_vm(&(struct parley_vm_config){.id = 2});
    CALL(vm, FFA_ID_GET);              /* nothing proposed: NOT_SUPPORTED */
    CALL(vm, FFA_VERSION, 0x80010002); /* NOT_SUPPORTED, said in another way */
    settle(vm, FFA_VERSION_1_2);       /* two calls */
    CALL_ON(vm, 1, FFA_RX_RELEASE, 0); /* DENIED */
    CALL(vm, FFA_RXTX_UNMAP, 0);       /* INVALID_PARAMETERS */
    CALL(vm, FFA_RXTX_UNMAP, 0x70000); /* again */
    map_buffers(vm, 1);                /* one call */
    CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0);
    CALL(vm, FFA_PARTITION_INFO_GET, 0, 0, 0, 0, 0); /* BUSY */

    counters = rig_vm_status(vm).counters;
    assert_int_equal(counters.calls, 10);
    assert_int_equal(counters.refused[-FFA_NOT_SUPPORTED], 2);
    assert_int_equal(counters.refused[-FFA_INVALID_PARAMETERS], 2);
    assert_int_equal(counters.refused[-FFA_DENIED], 1);
    assert_int_equal(counters.refused[-FFA_BUSY], 1);
    assert_int_equal(counters.refused[-FFA_NO_MEMORY], 0);
    assert_int_equal(counters.refused[0], 0);

    assert_int_equal(rig_vm_status(other).counters.calls, 0);
    posix_vm_reset(vm);
    assert_int_equal(rig_vm_status(vm).counters.calls, 10);
    assert_int_equal(rig_vm_status(vm).counters.refused[-FFA_BUSY], 1);
}

/* A call that is not FF-A's is nobody's to count. */
static void test_calls_of_others_are_not_counted(void **state)
{
    static const uint32_t fids[] = {0x80000000, 0x84000000, 0x8400005f, 0x840000f0,
                                    0xc40000ff, 0x86000060, 0x84010063, 0};
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    settle(vm, FFA_VERSION_1_2);
    posix_events_clear();
    for (size_t i = 0; i < COUNT(fids); i++) {
        struct parley_regs regs = {{0xbad1bad200000000 | fids[i], 1, 2, 3}};

        assert_int_equal(posix_call(vm, 0, &regs), PARLEY_NOT_FFA);
    }
    assert_int_equal(rig_vm_status(vm).counters.calls, 2);
    assert_int_equal(posix_event_total(), 0);
}

/* --- Rate ------------------------------------------------------------------------------------- */

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static void test_a_million_bad_calls(void **state)
{
    struct parley_regs regs;
    struct parley_event event;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    settle(vm, FFA_VERSION_1_2);
    posix_events_clear();
    for (unsigned int i = 0; i < 1000000; i++) {
        regs = (struct parley_regs){{FFA_MSG_POLL}};
        parley_call(posix_vm_parley(vm), i % 2, &regs);
    }
    assert_int_equal(rig_vm_status(vm).counters.refused[-FFA_NOT_SUPPORTED], 1000000);
    /* 1, 2, 4, ... 524288 */
    assert_int_equal(posix_event_count(PARLEY_EVENT_CALL_REFUSED), 20);
    assert_int_equal(posix_event_total(), 20);
    for (unsigned int i = 0; i < 20; i++) {
        assert_true(posix_event_newest(19 - i, &event));
        assert_int_equal(event.value, 1u << i);
        assert_int_equal(event.fid, FFA_MSG_POLL);
        assert_int_equal(event.status, FFA_NOT_SUPPORTED);
        assert_int_equal(event.vm_id, 1);
    }
}

/* A guest that mixes its bad calls is not told more of. */
static void test_statuses_in_turn(void **state)
{
    struct parley_event event;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    settle(vm, FFA_VERSION_1_2);
    posix_events_clear();
    for (unsigned int i = 0; i < 3000; i++) {
        CALL(vm, FFA_RX_RELEASE, 0);
        CALL(vm, FFA_RXTX_UNMAP, 0);
        CALL(vm, FFA_MSG_POLL);
    }
    assert_int_equal(posix_event_count(PARLEY_EVENT_CALL_REFUSED), 3 * 12);
    for (unsigned int back = 0; posix_event_newest(back, &event); back++) {
        assert_true(is_power_of_two(event.value));
    }
}

/* One VM's noise does not silence another. */
static void test_each_vm_is_told_of(void **state)
{
    struct parley_event event;
    struct posix_vm *loud;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    loud = rig_vm(&(struct parley_vm_config){.id = 1});
    vm = rig_vm(&(struct parley_vm_config){.id = 2});
    for (unsigned int i = 0; i < 1000; i++) {
        CALL(loud, FFA_ID_GET);
    }
    posix_events_clear();
    CALL_ON(vm, 1, FFA_FEATURES, FFA_VERSION);
    assert_true(posix_event_last(PARLEY_EVENT_CALL_REFUSED, &event));
    assert_int_equal(event.vm_id, 2);
    assert_int_equal(event.vcpu, 1);
    assert_int_equal(event.fid, FFA_FEATURES);
    assert_int_equal(event.status, FFA_NOT_SUPPORTED);
    assert_int_equal(event.value, 1);
}

/* A guest resets itself as often as it likes; that, too, is a way to fill a log. */
static void test_a_thousand_resets(void **state)
{
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    posix_events_clear();
    for (unsigned int i = 0; i < 1000; i++) {
        CALL(vm, FFA_ID_GET);
        settle(vm, FFA_VERSION_1_1);
        posix_vm_reset(vm);
    }
    assert_int_equal(posix_event_count(PARLEY_EVENT_VM_RESET), 10);
    assert_int_equal(posix_event_count(PARLEY_EVENT_CALL_REFUSED), 10);
    assert_int_equal(posix_event_count(PARLEY_EVENT_VERSION_FINAL), 10);
}

/* --- Text ------------------------------------------------------------------------------------- */

/* An event of each kind, with values that take the most room. */
static struct parley_event longest(enum parley_event_kind kind)
{
    return (struct parley_event){.kind = kind,
                                 .vm_id = 0xffff,
                                 .vcpu = 0xffff,
                                 .fid = FFA_NOTIFICATION_BITMAP_DESTROY,
                                 .status = FFA_INVALID_PARAMETERS,
                                 .value = ~0ull,
                                 .text = "a rule of forty characters is broken here"};
}

static void test_text_fits(void **state)
{
    char line[1024];
    char cut[PARLEY_EVENT_TEXT_BYTES + 8];

    (void)state;
    for (int kind = PARLEY_EVENT_CONFIG_REFUSED; kind <= PARLEY_EVENT_CALL_REFUSED; kind++) {
        struct parley_event event = longest((enum parley_event_kind)kind);

        memset(line, 0x55, sizeof(line));
        parley_event_text(&event, line, sizeof(line));
        assert_true(strlen(line) > 0);
        assert_true(strlen(line) < PARLEY_EVENT_TEXT_BYTES);
        assert_null(strchr(line, '\n'));
        for (size_t bytes = 1; bytes <= PARLEY_EVENT_TEXT_BYTES; bytes++) {
            size_t length = strlen(line) < bytes ? strlen(line) : bytes - 1;

            memset(cut, 0x55, sizeof(cut));
            parley_event_text(&event, cut, bytes);
            assert_int_equal(strlen(cut), length);
            assert_memory_equal(cut, line, length);
            for (size_t i = bytes; i < sizeof(cut); i++) {
                assert_int_equal(cut[i], 0x55);
            }
        }
    }
}

static void assert_says(const struct parley_event *event, const char *part)
{
    char line[PARLEY_EVENT_TEXT_BYTES];

    parley_event_text(event, line, sizeof(line));
    if (strstr(line, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", line, part);
    }
}

static void test_text_says_what_happened(void **state)
{
    struct parley_event event = {.kind = PARLEY_EVENT_CALL_REFUSED,
                                 .vm_id = 7,
                                 .vcpu = 3,
                                 .fid = FFA_RXTX_MAP_64,
                                 .status = FFA_DENIED,
                                 .value = 1024};

    (void)state;
    assert_says(&event, "7");
    assert_says(&event, "3");
    assert_says(&event, "FFA_RXTX_MAP_64");
    assert_says(&event, "DENIED");
    assert_says(&event, "1024");
    event.fid = 0xc40000ef; /* has no name */
    assert_says(&event, "c40000ef");

    event = (struct parley_event){.kind = PARLEY_EVENT_VERSION_FINAL,
                                  .vm_id = 7,
                                  .vcpu = 3,
                                  .fid = FFA_ID_GET,
                                  .value = FFA_VERSION_1_1};
    assert_says(&event, "7");
    assert_says(&event, "1.1");
    assert_says(&event, "FFA_ID_GET");
    event = (struct parley_event){.kind = PARLEY_EVENT_SPMC_FOUND, .value = FFA_VERSION_1_2};
    assert_says(&event, "1.2");
    event = (struct parley_event){
        .kind = PARLEY_EVENT_CONFIG_REFUSED, .vm_id = 7, .text = "a rule that is broken"};
    assert_says(&event, "a rule that is broken");
    assert_says(&event, "7");
    event = (struct parley_event){
        .kind = PARLEY_EVENT_PARTITION_IGNORED, .value = 0x8007, .text = "why it is"};
    assert_says(&event, "8007");
    assert_says(&event, "why it is");
    event = (struct parley_event){
        .kind = PARLEY_EVENT_SPMC_REFUSED, .fid = FFA_RXTX_UNMAP, .status = FFA_BUSY};
    assert_says(&event, "FFA_RXTX_UNMAP");
    assert_says(&event, "BUSY");
}

/* Whatever an event holds, a line comes out; `text` may be NULL in each kind. */
static void test_text_of_nonsense(void **state)
{
    static const int32_t statuses[] = {INT32_MIN, -10, 0, 1, INT32_MAX};
    char line[PARLEY_EVENT_TEXT_BYTES];

    (void)state;
    for (int kind = PARLEY_EVENT_CONFIG_REFUSED; kind <= PARLEY_EVENT_CALL_REFUSED; kind++) {
        for (size_t i = 0; i < COUNT(statuses); i++) {
            struct parley_event event = {.kind = (enum parley_event_kind)kind,
                                         .status = statuses[i],
                                         .fid = 0xffffffff,
                                         .value = ~0ull};

            memset(line, 0x55, sizeof(line));
            parley_event_text(&event, line, sizeof(line));
            assert_non_null(memchr(line, '\0', sizeof(line)));
        }
    }
}

static void test_names(void **state)
{
    static const struct {
        uint32_t fid;
        const char *name;
    } names[] = {
        {0x84000060, "FFA_ERROR"},
        {0x84000061, "FFA_SUCCESS_32"},
        {0xc4000061, "FFA_SUCCESS_64"},
        {0x84000063, "FFA_VERSION"},
        {0x84000066, "FFA_RXTX_MAP_32"},
        {0xc4000066, "FFA_RXTX_MAP_64"},
        {0x84000075, "FFA_MEM_RETRIEVE_RESP"},
        {0xc4000083, "FFA_NOTIFICATION_INFO_GET_64"},
        {0xc400008b, "FFA_PARTITION_INFO_GET_REGS"},
        {0x8400008c, "FFA_EL3_INTR_HANDLE"},
        {0xc400008e, "FFA_MSG_SEND_DIRECT_RESP2"},
    };
    static const uint32_t none[] = {0,          0x63,       0x8400005f, 0xc4000063, 0x8400008b,
                                    0xc4000060, 0x840000ef, 0x840000f0, 0x84010063, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(parley_fid_name(names[i].fid), names[i].name);
    }
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_null(parley_fid_name(none[i]));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_counters),
        RIG_TEST(test_calls_of_others_are_not_counted),
        RIG_TEST(test_a_million_bad_calls),
        RIG_TEST(test_statuses_in_turn),
        RIG_TEST(test_each_vm_is_told_of),
        RIG_TEST(test_a_thousand_resets),
        RIG_TEST(test_text_fits),
        RIG_TEST(test_text_says_what_happened),
        RIG_TEST(test_text_of_nonsense),
        RIG_TEST(test_names),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
