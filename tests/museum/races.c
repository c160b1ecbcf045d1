/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Section D of docs/museum.md, where several vCPUs of one VM negotiate at once. These run the real
 * code on real threads; tests/interleave runs it in every order.
 */
#include "support.h"

#define ROUNDS 300u

static uint64_t ask(struct posix_vm *vm, unsigned int vcpu, uint32_t version)
{
    return CALL(vm, vcpu, FFA_VERSION, version).x[0];
}

/* A 1.2 VM is told its quota by FFA_FEATURES; an older one is not. */
static uint32_t quota_shown(struct posix_vm *vm, unsigned int vcpu, bool *served)
{
    const struct parley_regs answer = CALL(vm, vcpu, FFA_FEATURES, FFA_RXTX_MAP_32);

    *served = status_of(&answer) == FFA_OK;
    return *served ? w(&answer, 2) : 0;
}

struct negotiator {
    struct posix_vm *vm;
    unsigned int vcpu;
    uint32_t version; /* to ask for */
    uint64_t answer;
    bool served;
    bool shows_quota;
};

static void ask_and_use(void *argument)
{
    struct negotiator *self = argument;

    self->answer = ask(self->vm, self->vcpu, self->version);
    self->shows_quota = quota_shown(self->vm, self->vcpu, &self->served) != 0;
}

static void only_use(void *argument)
{
    struct negotiator *self = argument;

    self->shows_quota = quota_shown(self->vm, self->vcpu, &self->served) != 0;
}

/* Two vCPUs ask for different versions and use what they get, a third one only uses. */
static void D1_version_two_word_publication(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1});
    for (unsigned int round = 0; round < ROUNDS; round++) {
        struct negotiator them[] = {
            {.vm = vm, .vcpu = 0, .version = FFA_VERSION_1_1},
            {.vm = vm, .vcpu = 1, .version = FFA_VERSION_1_2},
            {.vm = vm, .vcpu = 2},
        };
        const struct deed deeds[] = {
            {ask_and_use, &them[0]}, {ask_and_use, &them[1]}, {only_use, &them[2]}};
        bool is_1_2;

        at_once(deeds, COUNT(deeds));
        is_1_2 = vm_status(vm).version == FFA_VERSION_1_2;
        assert_true(is_1_2 || vm_status(vm).version == FFA_VERSION_1_1);
        assert_true(them[0].served && them[1].served); /* each had proposed something */
        for (size_t i = 0; i < COUNT(them); i++) {
            assert_true(!them[i].served || them[i].shows_quota == is_1_2);
        }
        /* Who was refused had come too late, and only with another version. */
        assert_true(them[0].answer == PARLEY_FFA_VERSION || is_1_2);
        assert_true(them[1].answer == PARLEY_FFA_VERSION || !is_1_2);
        posix_vm_reset(vm);
    }
}

struct finisher {
    struct posix_vm *vm;
    unsigned int vcpu;
    bool cleared; /* x8 to x17 of the answer */
};

static void make_final(void *argument)
{
    struct finisher *self = argument;
    struct parley_regs regs = {{0xc40000efu}};

    for (unsigned int i = 1; i < FFA_REGS_MAX; i++) {
        regs.x[i] = poison(i);
    }
    assert_int_equal(posix_call(self->vm, self->vcpu, &regs), PARLEY_RETURN);
    self->cleared = regs.x[8] == 0;
    for (unsigned int i = 8; i < FFA_REGS_MAX; i++) {
        assert_int_equal(regs.x[i], self->cleared ? 0 : poison(i));
    }
}

static void ask_for_1_1(void *argument)
{
    struct finisher *self = argument;

    ask(self->vm, self->vcpu, FFA_VERSION_1_1);
}

/* One version comes out of it, and the registers of every call are treated by that one. */
static void D2_version_globals_race(void **state)
{
    (void)state;
    machine_on(NULL);
    for (unsigned int round = 0; round < ROUNDS; round++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){.id = 1});
        struct finisher them[] = {{vm, 0, false}, {vm, 1, false}, {vm, 2, false}};
        const struct deed deeds[] = {
            {make_final, &them[0]}, {make_final, &them[1]}, {ask_for_1_1, &them[2]}};
        struct parley_event event;
        bool is_1_2;

        assert_int_equal(ask(vm, 0, FFA_VERSION_1_2), PARLEY_FFA_VERSION);
        posix_events_clear();
        at_once(deeds, COUNT(deeds));
        is_1_2 = vm_status(vm).version == FFA_VERSION_1_2;
        assert_int_equal(them[0].cleared, is_1_2);
        assert_int_equal(them[1].cleared, is_1_2);
        assert_int_equal(posix_event_count(PARLEY_EVENT_VERSION_FINAL), 1);
        assert_true(posix_event_last(PARLEY_EVENT_VERSION_FINAL, &event));
        assert_int_equal(event.value, vm_status(vm).version);
        assert_int_equal(event.fid, 0xc40000efu);
        vm_off(vm);
    }
}

static void watch_status(void *argument)
{
    struct finisher *self = argument;
    uint32_t version = 0;

    for (unsigned int i = 0; i < 100; i++) {
        const uint32_t seen = vm_status(self->vm).version;

        assert_true(seen == version || version == 0);
        version = seen;
    }
    self->cleared = version == 0 || version == FFA_VERSION_1_0;
}

static void finish_at_1_0(void *argument)
{
    struct finisher *self = argument;

    ask(self->vm, self->vcpu, FFA_VERSION_1_2);
    ask(self->vm, self->vcpu, FFA_VERSION_1_0);
    CALL(self->vm, self->vcpu, FFA_ID_GET);
}

/* A version that is proposed is not in force; one that is in force is seen whole, and stays. */
static void D3_version_flag_plain_read(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1});
    for (unsigned int round = 0; round < ROUNDS; round++) {
        struct finisher watcher = {.vm = vm};
        struct finisher finisher = {.vm = vm};
        const struct deed deeds[] = {{watch_status, &watcher}, {finish_at_1_0, &finisher}};

        at_once(deeds, COUNT(deeds));
        assert_true(watcher.cleared);
        assert_int_equal(vm_status(vm).version, FFA_VERSION_1_0);
        posix_vm_reset(vm);
    }
}

struct counter {
    struct posix_vm *vm;
    bool registers; /* ask by FFA_PARTITION_INFO_GET_REGS */
    int32_t status;
    unsigned int count;
};

static void count_partitions(void *argument)
{
    struct counter *self = argument;
    const struct parley_regs answer =
        self->registers ? call_info_regs(self->vm, &nil_uuid, 0, 0)
                        : call_info(self->vm, 1, &nil_uuid, FFA_PARTITION_INFO_GET_COUNT_ONLY);

    self->status = status_of(&answer);
    self->count = self->registers ? ffa_info_regs_out_last(answer.x[2]) + 1u : w(&answer, 2);
}

static void use_first(void *argument)
{
    struct counter *self = argument;

    CALL(self->vm, 2, FFA_FEATURES, FFA_ID_GET);
}

/* A sibling that counts while the version becomes final counts right. */
static void D13_published_before_listed(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_1});
    vm = vm_on(&(struct vm_setup){.id = 1, .sees = {2}});
    for (unsigned int round = 0; round < ROUNDS; round++) {
        const uint32_t version = round % 2 == 0 ? FFA_VERSION_1_1 : FFA_VERSION_1_2;
        struct counter counter = {.vm = vm, .registers = round % 4 == 1};
        struct counter other = {.vm = vm};
        const struct deed deeds[] = {{count_partitions, &counter}, {use_first, &other}};

        ask(vm, 0, version);
        at_once(deeds, COUNT(deeds));
        assert_int_equal(counter.status, FFA_OK);
        assert_int_equal(counter.count, version == FFA_VERSION_1_2 ? 2 : 1);
        posix_vm_reset(vm);
    }
}

SECTION(museum_races, TEST(D1_version_two_word_publication), TEST(D2_version_globals_race),
        TEST(D3_version_flag_plain_read), TEST(D13_published_before_listed))
