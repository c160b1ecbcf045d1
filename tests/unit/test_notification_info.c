/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_NOTIFICATION_INFO_GET from a VM: its lists, how they are packed, and that news is told once.
 */
#include "notify.h"

#define VCPUS_MAX 64u
#define GLOBAL    (1ull << 63) /* beside a bit for each vCPU, of which tests use fewer */

static struct posix_vm *a; /* 1, receives */
static struct posix_vm *b; /* 2, sends */

static void start(uint16_t vcpus)
{
    struct parley_config config = rig_default_config;
    struct parley_vm_config own = rig_friend_config(1);

    config.vcpus_max = VCPUS_MAX;
    own.vcpus = vcpus;
    rig_start_with(NULL, &config);
    a = rig_vm(&own);
    settle(a, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
    assert_int_equal(bind(a, 2, 0, 0xff), FFA_OK);
    assert_int_equal(bind(a, 2, PER_VCPU, 0xff00), FFA_OK);
}

/* Makes news: `what` has a bit for each vCPU, and GLOBAL. */
static void make_news(uint64_t what, unsigned int bit)
{
    if ((what & GLOBAL) != 0) {
        assert_int_equal(set(b, 1, 0, 1ull << bit), FFA_OK);
    }
    for (unsigned int i = 0; i < VCPUS_MAX - 1; i++) {
        if ((what >> i & 1) != 0) {
            assert_int_equal(set(b, 1, TO_VCPU(i), 1ull << (bit + 8)), FFA_OK);
        }
    }
}

/* --- Reading the lists ------------------------------------------------------------------------ */

struct info {
    int32_t status;
    bool more;
    unsigned int ids; /* in all */
    uint64_t told;    /* as in make_news() */
};

static uint16_t id_at(const struct answer *answer, unsigned int place)
{
    unsigned int each = answer->fid == FFA_SUCCESS_64 ? 4 : 2;

    return (uint16_t)(answer->regs.x[3 + place / each] >> (16 * (place % each)));
}

static void add_list(struct info *info, const struct answer *answer, unsigned int vcpus)
{
    assert_int_equal(id_at(answer, info->ids++), 1);
    if (vcpus == 0) {
        assert_true((info->told & GLOBAL) == 0);
        info->told |= GLOBAL;
    }
    for (unsigned int i = 0; i < vcpus; i++) {
        uint16_t vcpu = id_at(answer, info->ids++);

        assert_true(vcpu < VCPUS_MAX);
        assert_true((info->told >> vcpu & 1) == 0);
        info->told |= 1ull << vcpu;
    }
}

/* What is behind the last ID is zero, as are the bits of x2 that have no meaning. */
static void assert_rest_is_zero(const struct info *info, const struct answer *answer,
                                unsigned int lists)
{
    bool is_64 = answer->fid == FFA_SUCCESS_64;
    unsigned int max = is_64 ? FFA_NOTIFICATION_INFO_GET_64_MAX : FFA_NOTIFICATION_INFO_GET_32_MAX;
    uint64_t x2 = answer->regs.x[2];

    assert_true(info->ids <= max);
    for (unsigned int i = info->ids; i < max; i++) {
        assert_int_equal(id_at(answer, i), 0);
    }
    assert_true((x2 & 0x7e) == 0);
    assert_true(x2 >> (12 + 2 * lists) == 0);
}

static struct info ask(uint32_t fid)
{
    struct answer answer = CALL(a, fid);
    struct info info = {.status = answer.status};
    unsigned int lists;

    if (answer.status != FFA_OK) {
        return info;
    }
    assert_int_equal(answer.fid,
                     fid == FFA_NOTIFICATION_INFO_GET_64 ? FFA_SUCCESS_64 : FFA_SUCCESS_32);
    lists = ffa_notification_info_lists(answer.regs.x[2]);
    assert_true(lists > 0);
    info.more = ffa_notification_info_more(answer.regs.x[2]);
    for (unsigned int i = 0; i < lists; i++) {
        add_list(&info, &answer, ffa_notification_info_vcpus(answer.regs.x[2], i));
    }
    assert_rest_is_zero(&info, &answer, lists);
    return info;
}

/* Asks until there is no more: all of it, once. */
static void assert_told(uint32_t fid, uint64_t what)
{
    uint64_t told = 0;
    struct info info;

    do {
        info = ask(fid);
        assert_int_equal(info.status, FFA_OK);
        assert_true((told & info.told) == 0);
        told |= info.told;
    } while (info.more);
    if (told != what) {
        fail_msg("told %#llx, not %#llx", (unsigned long long)told, (unsigned long long)what);
    }
    assert_int_equal(ask(fid).status, FFA_NO_DATA);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static const uint32_t fids[] = {FFA_NOTIFICATION_INFO_GET_32, FFA_NOTIFICATION_INFO_GET_64};

static void test_no_news(void **state)
{
    (void)state;
    start(4);
    for (size_t i = 0; i < COUNT(fids); i++) {
        assert_int_equal(CALL(a, fids[i]).status, FFA_NO_DATA);
        assert_int_equal(CALL(b, fids[i]).status, FFA_NO_DATA);
    }
}

/* The exact words of one answer. */
static void test_an_example(void **state)
{
    struct answer answer;

    (void)state;
    start(8);
    make_news(GLOBAL, 0);
    answer = CALL(a, FFA_NOTIFICATION_INFO_GET_32);
    assert_int_equal(answer.regs.x[2], 1 << 7);
    assert_int_equal(answer.regs.x[3], 1);
    make_news(1 << 1 | 1 << 4 | 1 << 5 | 1 << 7, 0);
    answer = CALL(a, FFA_NOTIFICATION_INFO_GET_64);
    assert_true(answer.regs.x[2] == (2 << 7 | 3 << 12 | 1 << 14));
    assert_true(answer.regs.x[3] == 0x0005000400010001);
    assert_true(answer.regs.x[4] == 0x00070001);
}

static void test_small_sets(void **state)
{
    (void)state;
    start(8);
    for (size_t i = 0; i < COUNT(fids); i++) {
        for (uint64_t what = 1; what < 512; what++) {
            uint64_t news = (what & 0xff) | (what >> 8 != 0 ? GLOBAL : 0);

            make_news(news, 0);
            assert_told(fids[i], news);
            for (unsigned int vcpu = 0; vcpu < 8; vcpu++) {
                get(a, vcpu, GET_ALL);
            }
        }
    }
}

/* More than one answer holds. */
static void test_more(void **state)
{
    static const uint64_t sets[] = {
        0x7fff,         0xffff,          0x1ffff,         0xfffff,          0x3fffffff,
        0x555555555555, 0xfffffffffffff, 0x3ffffffffffff, 0x7fffffffffffff, 0x3fffffffffffffff,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(fids); i++) {
        for (size_t j = 0; j < COUNT(sets); j++) {
            for (unsigned int global = 0; global < 2; global++) {
                uint64_t news = sets[j] | (global != 0 ? GLOBAL : 0);

                start(62);
                make_news(news, 0);
                assert_told(fids[i], news);
                assert_true(rig_stop());
            }
        }
    }
}

/* "More" is said only if there is: 7 vCPUs fill the 10 IDs of the small one. */
static void test_what_just_fits(void **state)
{
    (void)state;
    start(62);
    make_news(0x7f, 0);
    assert_false(ask(FFA_NOTIFICATION_INFO_GET_32).more);
    assert_int_equal(ask(FFA_NOTIFICATION_INFO_GET_32).status, FFA_NO_DATA);
    make_news(0x7f, 1);
    make_news(0xff, 2);
    assert_true(ask(FFA_NOTIFICATION_INFO_GET_32).more);
    assert_false(ask(FFA_NOTIFICATION_INFO_GET_32).more);
    make_news(0x7fff, 3);
    assert_false(ask(FFA_NOTIFICATION_INFO_GET_64).more);
    make_news(0xffff, 4);
    assert_true(ask(FFA_NOTIFICATION_INFO_GET_64).more);
}

/* News is a bit that appears; it is none any more once it was told, or taken. */
static void test_what_is_news(void **state)
{
    (void)state;
    start(4);
    make_news(GLOBAL | 2, 0);
    assert_told(FFA_NOTIFICATION_INFO_GET_32, GLOBAL | 2);
    make_news(GLOBAL | 2, 0); /* there already */
    assert_int_equal(ask(FFA_NOTIFICATION_INFO_GET_32).status, FFA_NO_DATA);
    make_news(2, 1);
    assert_told(FFA_NOTIFICATION_INFO_GET_64, 2);
    make_news(GLOBAL | 4, 2);
    assert_true(get(a, 2, GET_ALL).vms != 0);
    assert_int_equal(ask(FFA_NOTIFICATION_INFO_GET_64).status, FFA_NO_DATA);
    make_news(GLOBAL, 2);
    assert_told(FFA_NOTIFICATION_INFO_GET_64, GLOBAL);
}

/* To be told is not to have looked: nothing is taken, and nobody is interrupted again. */
static void test_nothing_is_taken(void **state)
{
    (void)state;
    start(4);
    make_news(GLOBAL | 1, 0);
    assert_told(FFA_NOTIFICATION_INFO_GET_32, GLOBAL | 1);
    make_news(GLOBAL | 1, 1);
    assert_int_equal(interrupts(a, 4), 2);
    assert_true(get(a, 0, GET_ALL).vms == 0x303);
}

/* Each VM is told of itself alone; one that receives none is told of nothing. */
static void test_only_of_itself(void **state)
{
    struct parley_vm_config config = rig_friend_config(3);
    struct posix_vm *mute;

    (void)state;
    start(4);
    config.properties &= ~(uint32_t)FFA_PARTITION_NOTIFICATION_RECV;
    mute = rig_vm(&config);
    settle(mute, FFA_VERSION_1_1);
    make_news(GLOBAL, 0);
    for (size_t i = 0; i < COUNT(fids); i++) {
        assert_int_equal(CALL(b, fids[i]).status, FFA_NO_DATA);
        assert_int_equal(CALL(mute, fids[i]).status, FFA_NO_DATA);
    }
    assert_told(FFA_NOTIFICATION_INFO_GET_32, GLOBAL);
}

/* In AArch32 there is the small one. */
static void test_aarch32(void **state)
{
    struct parley_vm_config config = rig_friend_config(1);

    (void)state;
    rig_start(NULL);
    a = rig_vm_32(&config);
    settle(a, FFA_VERSION_1_2);
    b = rig_friend(2, FFA_VERSION_1_1);
    assert_int_equal(bind(a, 2, 0, 0xff), FFA_OK);
    make_news(GLOBAL, 0);
    assert_int_equal(CALL(a, FFA_NOTIFICATION_INFO_GET_64).status, FFA_NOT_SUPPORTED);
    assert_told(FFA_NOTIFICATION_INFO_GET_32, GLOBAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_no_news),          RIG_TEST(test_an_example),
        RIG_TEST(test_small_sets),       RIG_TEST(test_more),
        RIG_TEST(test_what_just_fits),   RIG_TEST(test_what_is_news),
        RIG_TEST(test_nothing_is_taken), RIG_TEST(test_only_of_itself),
        RIG_TEST(test_aarch32),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
