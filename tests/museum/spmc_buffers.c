/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parley's own RX and TX at the SPMC, and what it believes of a list that the SPMC writes there:
 * rows of sections B, E and K of docs/museum.md.
 */
#include "spmc_world.h"

#include <string.h>

/* --- B9, B10, B16, B22 ------------------------------------------------------------------------ */

/* RX goes back once for each time that it came, and never when it did not. */
static void B9_spurious_spmc_rx_release(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        const struct spmc_hostile *journal = lying_power_on(spmc_versions[v], NO_LIES);

        assert_non_null(parley_start(&usual_config));
        expect_as_many_releases_as_fills();
        assert_int_equal(spmc_journal_failures(journal, FFA_RX_RELEASE), 0);
        assert_int_equal(partitions_kept(), shown_at(spmc_versions[v]));
        assert_int_equal(machine_off(NULL), 0);

        for (int32_t status = FFA_NO_DATA; status < 0; status++) {
            journal = lying_power_on(spmc_versions[v],
                                     LIES(spmc_lie_status(FFA_PARTITION_INFO_GET, status),
                                          spmc_lie_status(FFA_PARTITION_INFO_GET_REGS, status)));
            assert_non_null(parley_start(&usual_config));
            assert_int_equal(spmc_journal_calls(journal, FFA_RX_RELEASE), 0);
            assert_int_equal(partitions_kept(), 0);
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* As soon as RX is released, something else is in it. */
static void spmc_that_reuses_rx(void *context, struct parley_regs *regs)
{
    struct buffers *buffers = context;
    const uint32_t fid = w(regs, 0);

    if (is_map(fid)) {
        *buffers = parleys_buffers(regs);
    }
    posix_smc_secure_world(regs);
    if (fid == FFA_RX_RELEASE && buffers->rx != NULL) {
        memset(buffers->rx, 0x87, buffers->bytes);
    }
}

/* Releasing RX is the last thing that is done with it. */
static void B10_rx_release_outside_lock(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        struct buffers buffers = {0};

        lying_power_on(spmc_versions[v], NO_LIES);
        posix_smc_replace(spmc_that_reuses_rx, &buffers);
        assert_non_null(parley_start(&usual_config));
        assert_int_equal(partitions_kept(), shown_at(spmc_versions[v]));
        expect_only_truth();
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* Without buffers at the SPMC, nothing that needs them is tried, and all else works. */
static void B16_forward_map_before_own_map(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        for (int32_t status = FFA_NO_DATA; status < 0; status++) {
            const struct spmc_hostile *journal =
                lying_power_on(spmc_versions[v], LIES(spmc_lie_status(FFA_RXTX_MAP_64, status)));

            assert_non_null(parley_start(&usual_config));
            assert_int_equal(spmc_journal_calls(journal, FFA_PARTITION_INFO_GET), 0);
            assert_int_equal(spmc_journal_calls(journal, FFA_RX_RELEASE), 0);
            expect_only_truth();
            assert_int_equal(parley_stop(), PARLEY_DONE);
            assert_int_equal(spmc_journal_calls(journal, FFA_RXTX_UNMAP), 0);
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* The SPMC is asked to let go of the buffers before their memory is anybody else's, if it has them.
 */
static void B22_spmc_buffers_freed_before_unmap(void **state)
{
    static const uint32_t failing[] = {FFA_VERSION,
                                       FFA_FEATURES,
                                       FFA_SPM_ID_GET,
                                       FFA_RX_RELEASE,
                                       FFA_PARTITION_INFO_GET,
                                       FFA_RXTX_MAP_64,
                                       FFA_ID_GET,
                                       FFA_PARTITION_INFO_GET_REGS};

    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        for (size_t i = 0; i < COUNT(failing); i++) {
            const struct spmc_hostile *journal = lying_power_on(
                spmc_versions[v], LIES(spmc_lie_status(failing[i], FFA_NOT_SUPPORTED)));

            assert_non_null(parley_start(&usual_config));
            assert_int_equal(parley_stop(), PARLEY_DONE);
            assert_false(posix_spmc_has_buffers());
            assert_int_equal(spmc_journal_calls(journal, FFA_RXTX_UNMAP),
                             spmc_journal_calls(journal, FFA_RXTX_MAP_64) -
                                 spmc_journal_failures(journal, FFA_RXTX_MAP_64));
            assert_int_equal(spmc_journal_failures(journal, FFA_RXTX_UNMAP), 0);
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* --- E18, E19, K4: numbers that come with a list -----------------------------------------------
 */

/* A list that is longer when it is fetched than when it was counted is cut, not overrun. */
static void E18_count_then_fetch(void **state)
{
    static const uint32_t counts[] = {0, 1, 2, 5, 16, 17, 170, 171, 0xffff};

    (void)state;
    for (size_t first = 0; first < COUNT(counts); first++) {
        for (size_t second = 0; second < COUNT(counts); second++) {
            lying_power_on(FFA_VERSION_1_1,
                           LIES(spmc_lie_only(spmc_lie_info_count(counts[first]), 1, 1),
                                spmc_lie_only(spmc_lie_info_count(counts[second]), 2, 1)));
            assert_non_null(parley_start(&usual_config));
            assert_in_range(partitions_kept(), 0, usual_config.partitions_max);
            expect_as_many_releases_as_fills();
            use_the_list();
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* A count and a size whose product wraps are refused like any that do not fit RX; RX goes back. */
static void E19_partinfo_mul_wrap(void **state)
{
    static const struct {
        uint32_t count;
        uint32_t size;
    } pairs[] = {
        {0x0aaaaaab, 24},   {0x80000000, 32},         {0x10000000, 48},
        {0x10000, 0x10000}, {0xffffffff, 0xffffffff}, {0xffffffff, 24},
        {1, 0xffffffff},    {5, 0x33333334},          {0x40000001, 0x40},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        lying_power_on(FFA_VERSION_1_1, LIES(spmc_lie_info_count(pairs[i].count),
                                             spmc_lie_info_size(pairs[i].size)));
        assert_non_null(parley_start(&usual_config));
        assert_int_equal(partitions_kept(), 0);
        expect_as_many_releases_as_fills();
        use_the_list();
        assert_int_equal(machine_off(NULL), 0);
    }
}

static void expect_none_kept(struct spmc_lie lie)
{
    lying_power_on(FFA_VERSION_1_1, LIES(lie));
    assert_non_null(parley_start(&usual_config));
    assert_int_equal(partitions_kept(), 0);
    expect_as_many_releases_as_fills();
    use_the_list();
    assert_int_equal(machine_off(NULL), 0);
}

/* How large Parley's RX is, as it tells the SPMC. */
static uint32_t size_of_rx(void)
{
    uint32_t bytes = 0;

    lying_power_on(FFA_VERSION_1_1, NO_LIES);
    assert_non_null(parley_start(&usual_config));
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        if (is_map(w(&posix_smc_at(i)->call, 0))) {
            bytes = w(&posix_smc_at(i)->call, 3) * FFA_PAGE_SIZE;
        }
    }
    assert_int_equal(machine_off(NULL), 0);
    return bytes;
}

/* Buffers smaller than the SPMC says they must be are not mapped there, nor off their boundary. */
static void expect_least_size(uint32_t w2, uint64_t bytes)
{
    lying_power_on(FFA_VERSION_1_2, LIES(spmc_lie_register(FFA_FEATURES, 2, w2)));
    assert_non_null(parley_start(&usual_config));
    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const struct parley_regs *call = &posix_smc_at(i)->call;

        if (is_map(w(call, 0))) {
            assert_true(call->x[3] * FFA_PAGE_SIZE >= bytes);
            assert_int_equal(call->x[1] % bytes, 0);
            assert_int_equal(call->x[2] % bytes, 0);
        }
    }
    expect_only_truth();
    assert_int_equal(machine_off(NULL), 0);
}

/* A list that fills RX to its last byte is one. Its first entry is true; the others are not there.
 */
static void expect_fit(uint32_t count, uint32_t size)
{
    lying_power_on(FFA_VERSION_1_1, LIES(spmc_lie_info_count(count), spmc_lie_info_size(size)));
    assert_non_null(parley_start(&usual_config));
    assert_int_equal(partitions_kept(), 1);
    expect_only_truth();
    assert_int_equal(machine_off(NULL), 0);
}

/* An entry size below the one that is known is no entry; what does not fit RX was not written. */
static void K4_fpi_size_from_firmware(void **state)
{
    static const uint32_t too_small[] = {0, 1, 8, 16, 23};
    const uint32_t rx = size_of_rx();

    (void)state;
    for (size_t i = 0; i < COUNT(too_small); i++) {
        expect_none_kept(spmc_lie_info_size(too_small[i]));
    }
    expect_none_kept(spmc_lie_info_size(rx / PARTITION_COUNT + 1));
    expect_none_kept(spmc_lie_info_size(rx));
    expect_none_kept(spmc_lie_info_size(rx + 1));
    expect_none_kept(spmc_lie_info_size(0x80000000));
    expect_none_kept(spmc_lie_info_count(rx / 24 + 1));
    expect_none_kept(spmc_lie_info_count(rx));
    expect_none_kept(spmc_lie_info_count(0xffffffff));
    expect_least_size(FFA_FEATURES_RXTX_MAP_MIN_4K, FFA_PAGE_SIZE);
    expect_least_size(FFA_FEATURES_RXTX_MAP_MIN_16K, 0x4000);
    expect_least_size(FFA_FEATURES_RXTX_MAP_MIN_64K, 0x10000);
    expect_fit(4, rx / 4);
    expect_fit(1, rx);
    expect_fit(1, 24);
}

SECTION(museum_spmc_buffers, TEST(B9_spurious_spmc_rx_release), TEST(B10_rx_release_outside_lock),
        TEST(B16_forward_map_before_own_map), TEST(B22_spmc_buffers_freed_before_unmap),
        TEST(E18_count_then_fetch), TEST(E19_partinfo_mul_wrap), TEST(K4_fpi_size_from_firmware))
