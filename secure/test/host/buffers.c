/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

static void test_map_refuses(void **state)
{
    static const struct {
        uint64_t tx, rx, pages;
    } bad[] = {
        {TX_PA, RX_PA, 0},
        {0, 0, 0}, /* the form for a VM's pair */
        {TX_PA + 1, RX_PA, 1},
        {TX_PA, RX_PA + 0x800, 1},
        {TX_PA, TX_PA, 1},
        {TX_PA, RX_PA, 2}, /* the second page of one is the first of the other */
        {RX_PA, TX_PA, 2},
        {TX_PA, WORLD_PA + WORLD_PAGES * FFA_PAGE_SIZE, 1},
        {WORLD_PA - FFA_PAGE_SIZE, RX_PA, 1},
        {TX_PA, 0xfffffffffffff000, 2}, /* wraps */
        {0xfffffffffffff000, RX_PA, 2},
    };
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(status(&world, FFA_RXTX_MAP_64, bad[i].tx, bad[i].rx, bad[i].pages),
                         FFA_INVALID_PARAMETERS);
        assert_int_equal(world.spmc.rx_owner, SPMC_RX_NOBODY);
    }
    assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_INVALID_PARAMETERS);
}

static void test_map_and_unmap(void **state)
{
    static const uint32_t forms[] = {FFA_RXTX_MAP_32, FFA_RXTX_MAP_64};
    static struct world world;

    (void)state;
    for (int i = 0; i < 2; i++) {
        world_agree(&world, FFA_VERSION_1_2);
        assert_int_equal(status(&world, forms[i], TX_PA, RX_PA, 1), FFA_OK);
        assert_int_equal(status(&world, forms[i], TX_PA, RX_PA, 1), FFA_DENIED);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0x10000, 0, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_OK);
        assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_INVALID_PARAMETERS);
        assert_int_equal(status(&world, forms[i], RX_PA, TX_PA, 1), FFA_OK);
    }
}

/* w3 has more than the page count in it. */
static void test_reserved_bits_of_w3(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_RXTX_MAP_32, TX_PA, RX_PA, 0x12340041), FFA_OK);
    assert_int_equal(world.hostile.reserved_inputs, 1);
    world_agree(&world, FFA_VERSION_1_1);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 0x41), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
}

static void test_page_limit(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    world.spmc.config.rxtx_pages_max = 2;
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, WORLD_PA, WORLD_PA + 0x4000, 3),
                     FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, WORLD_PA, WORLD_PA + 0x4000, 2), FFA_OK);
}

/* At 1.2 an SMC64 call has all 18 registers; before, the upper ten are no part of it. */
static void test_wide_registers(void **state)
{
    static struct world world;
    struct regs regs;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    regs = call(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1, 0, 0);
    assert_int_equal(regs.x[0], FFA_SUCCESS_32);
    assert_zero(&regs, 1, 17);
    regs = call(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1, 0, 0);
    assert_error(&regs, FFA_DENIED);
    assert_zero(&regs, 8, 17);

    world_agree(&world, FFA_VERSION_1_1);
    regs = call(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1, 0, 0);
    assert_success(&regs);
    assert_poisoned(&regs, 8);
    regs = call(&world, FFA_RXTX_MAP_32, TX_PA, RX_PA, 1, 0, 0);
    assert_error(&regs, FFA_DENIED);
    assert_poisoned(&regs, 8);
}

static void test_rx_ownership(void **state)
{
    static struct world world;

    (void)state;
    world_agree(&world, FFA_VERSION_1_2);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_DENIED);
    assert_int_equal(status(&world, FFA_PARTITION_INFO_GET, 0, 0, 0), FFA_BUSY);
    assert_int_equal(status(&world, FFA_RXTX_MAP_64, TX_PA, RX_PA, 1), FFA_OK);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_DENIED);
    assert_int_equal(status(&world, FFA_PARTITION_INFO_GET, 0, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_PARTITION_INFO_GET, 0, 0, 0), FFA_BUSY);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 1, 0, 0), FFA_INVALID_PARAMETERS);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_DENIED);
    assert_int_equal(status(&world, FFA_PARTITION_INFO_GET, 0, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_RXTX_UNMAP, 0, 0, 0), FFA_OK);
    assert_int_equal(status(&world, FFA_RX_RELEASE, 0, 0, 0), FFA_DENIED);
}

int run_buffer_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_refuses),         cmocka_unit_test(test_map_and_unmap),
        cmocka_unit_test(test_reserved_bits_of_w3), cmocka_unit_test(test_page_limit),
        cmocka_unit_test(test_wide_registers),      cmocka_unit_test(test_rx_ownership),
    };

    return cmocka_run_group_tests_name("RX/TX buffers", tests, NULL, NULL);
}
