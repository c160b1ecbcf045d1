/* SPDX-License-Identifier: BSD-3-Clause */
/* parley_memory_size() and parley_init(): what they take and what they refuse. */
#include <string.h>

#include "unit.h"

static const struct parley_config smallest = {
    .vm_id_first = 1, .vms_max = 1, .vcpus_max = 1, .rxtx_pages_max = 1, .cpus_max = 1};

/* --- Configurations --------------------------------------------------------------------------- */

struct row {
    const char *what;
    struct parley_config config;
    bool taken;
};

#define CONFIG(first, vms, vcpus, partitions, pages)                             \
    {                                                                            \
        .vm_id_first = (first), .vms_max = (vms), .vcpus_max = (vcpus),          \
        .partitions_max = (partitions), .rxtx_pages_max = (pages), .cpus_max = 1 \
    }

/* The smallest, but for what messages and notifications need. */
#define CONFIG_2(cpus, shadow, npi, sri)                                                         \
    {                                                                                            \
        .vm_id_first = 1, .vms_max = 1, .vcpus_max = 1, .rxtx_pages_max = 1, .cpus_max = (cpus), \
        .shadow_pages = (shadow), .npi_intid = (npi), .sri_intid = (sri)                         \
    }

static const struct row rows[] = {
    {"the smallest", CONFIG(1, 1, 1, 0, 1), true},
    {"ID 0 is the hypervisor", CONFIG(0, 1, 1, 0, 1), false},
    {"no VM", CONFIG(1, 0, 1, 0, 1), false},
    {"as many VMs as can be", CONFIG(1, 4096, 1, 0, 1), true},
    {"one more", CONFIG(1, 4097, 1, 0, 1), false},
    {"the highest ID", CONFIG(0x7fff, 1, 1, 0, 1), true},
    {"the range ends at it", CONFIG(0x7000, 0x1000, 1, 0, 1), true},
    {"the range ends in the Secure world", CONFIG(0x7001, 0x1000, 1, 0, 1), false},
    {"two IDs from the highest one on", CONFIG(0x7fff, 2, 1, 0, 1), false},
    {"the range is the Secure world's", CONFIG(0x8000, 1, 1, 0, 1), false},
    {"the range wraps", CONFIG(0xffff, 2, 1, 0, 1), false},
    {"no vCPU", CONFIG(1, 1, 0, 0, 1), false},
    {"as many vCPUs as can be", CONFIG(1, 1, 4096, 0, 1), true},
    {"one more", CONFIG(1, 1, 4097, 0, 1), false},
    {"as many partitions as can be", CONFIG(1, 1, 1, 1024, 1), true},
    {"one more", CONFIG(1, 1, 1, 1025, 1), false},
    {"no page", CONFIG(1, 1, 1, 0, 0), false},
    {"as many pages as can be", CONFIG(1, 1, 1, 0, 63), true},
    {"one more", CONFIG(1, 1, 1, 0, 64), false},
    {"all at their most", CONFIG(1, 4096, 4096, 1024, 63), true},
    {"no CPU", CONFIG_2(0, 0, 0, 0), false},
    {"as many CPUs as can be", CONFIG_2(1024, 0, 0, 0), true},
    {"one more", CONFIG_2(1025, 0, 0, 0), false},
    {"as large a shadow as can be", CONFIG_2(1, 63, 0, 0), true},
    {"one page more", CONFIG_2(1, 64, 0, 0), false},
    {"two SGIs", CONFIG_2(1, 0, 9, 10), true},
    {"two PPIs", CONFIG_2(1, 0, 16, 31), true},
    {"one and the same interrupt", CONFIG_2(1, 0, 9, 9), false},
    {"an SPI as the NPI", CONFIG_2(1, 0, 32, 10), false},
    {"an SPI as the SRI", CONFIG_2(1, 0, 9, 32), false},
    {"an NPI without an SRI", CONFIG_2(1, 0, 9, 0), false},
    {"an SRI without an NPI", CONFIG_2(1, 0, 0, 10), false},
    {"all beyond", CONFIG(0xffff, 0xffff, 0xffff, 0xffff, 0xffff), false},
};

static void assert_refused(const struct parley_config *config, void *memory, size_t bytes)
{
    struct parley_event event;
    unsigned int smcs = posix_smc_count();

    posix_events_clear();
    assert_null(parley_init(memory, bytes, config));
    assert_int_equal(posix_event_total(), 1);
    assert_true(posix_event_last(PARLEY_EVENT_CONFIG_REFUSED, &event));
    assert_int_equal(event.vm_id, 0);
    assert_non_null(event.text);
    assert_int_equal(posix_smc_count(), smcs);
}

static void assert_untouched(const uint8_t *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        assert_int_equal(memory[i], 0xa5);
    }
}

/* More memory than a test wants to touch. */
#define TOO_MUCH ((size_t)1 << 30)

static void test_configurations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t bytes = parley_memory_size(&rows[i].config);

        if ((bytes != 0) != rows[i].taken) {
            fail_msg("%s: parley_memory_size() says %zu", rows[i].what, bytes);
        }
        if (bytes > TOO_MUCH) {
            continue;
        }
        posix_start(&posix_spmc_1_2);
        if (rows[i].taken) {
            struct parley *parley = parley_init(posix_memory_take(bytes), bytes, &rows[i].config);

            assert_non_null(parley);
            assert_int_equal(posix_event_count(PARLEY_EVENT_CONFIG_REFUSED), 0);
            assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
        } else {
            uint8_t *memory = posix_memory_take(1 << 20);

            assert_refused(&rows[i].config, memory, 1 << 20);
            assert_untouched(memory, 1 << 20);
        }
        posix_stop();
        assert_int_equal(posix_violations(), 0);
    }
}

/* --- Memory ----------------------------------------------------------------------------------- */

static void test_memory_that_is_too_small_or_odd(void **state)
{
    size_t bytes = parley_memory_size(&rig_default_config);
    uint8_t *memory;

    (void)state;
    posix_start(&posix_spmc_1_2);
    memory = posix_memory_take(bytes + FFA_PAGE_SIZE);
    assert_refused(&rig_default_config, memory, bytes - 1);
    assert_refused(&rig_default_config, memory, 0);
    assert_refused(&rig_default_config, memory + 1, bytes);
    assert_refused(&rig_default_config, memory + 8, bytes);
    assert_refused(&rig_default_config, memory + FFA_PAGE_SIZE / 2, bytes);
    assert_untouched(memory, bytes + FFA_PAGE_SIZE);
    posix_stop();
    assert_int_equal(posix_violations(), 0);
}

/* What lies behind the memory that was asked for is not touched, and more of it does no harm. */
static void test_memory_is_what_was_asked_for(void **state)
{
    size_t bytes = parley_memory_size(&smallest);
    struct parley *parley;
    uint8_t *memory;

    (void)state;
    posix_start(&posix_spmc_1_2);
    memory = posix_memory_take(bytes + 2 * FFA_PAGE_SIZE);
    parley = parley_init(memory, bytes, &smallest);
    assert_non_null(parley);
    assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    assert_untouched(memory + bytes, 2 * FFA_PAGE_SIZE);

    parley = parley_init(memory, bytes + 2 * FFA_PAGE_SIZE, &smallest);
    assert_non_null(parley);
    assert_int_equal(parley_shutdown(parley), PARLEY_DONE);
    posix_stop();
    assert_int_equal(posix_violations(), 0);
}

static void test_memory_grows_with_each_field(void **state)
{
    size_t bytes = parley_memory_size(&smallest);
    struct parley_config more = smallest;

    (void)state;
    more.vms_max = 64;
    assert_true(parley_memory_size(&more) > bytes);
    bytes = parley_memory_size(&more);
    more.vcpus_max = 4096;
    assert_true(parley_memory_size(&more) >= bytes);
    bytes = parley_memory_size(&more);
    more.partitions_max = 1024;
    assert_true(parley_memory_size(&more) > bytes);
    bytes = parley_memory_size(&more);
    more.rxtx_pages_max = 63;
    assert_true(parley_memory_size(&more) >= bytes);
    bytes = parley_memory_size(&more);
    more.cpus_max = 1024;
    assert_true(parley_memory_size(&more) > bytes);
    bytes = parley_memory_size(&more);
    more.shadow_pages = 1;
    assert_true(parley_memory_size(&more) >= bytes + more.vms_max * 2 * FFA_PAGE_SIZE);
}

/* The configuration is copied, and whatever the memory held before is gone. */
static void test_configuration_is_copied(void **state)
{
    struct parley_config config = rig_default_config;

    (void)state;
    rig_start_with(NULL, &config);
    memset(&config, 0xff, sizeof(config));
    settle(rig_vm(&(struct parley_vm_config){.id = 15, .vcpus = 4, .rxtx_pages_max = 8}),
           FFA_VERSION_1_2);
    assert_int_equal(rig_status().vms, 1);
}

static void test_two_mediators(void **state)
{
    size_t bytes = parley_memory_size(&smallest);
    struct parley_config without = smallest;
    struct parley *first;
    struct parley *second;

    (void)state;
    without.no_spmc = true;
    posix_start(&posix_spmc_1_2);
    first = parley_init(posix_memory_take(bytes), bytes, &smallest);
    second = parley_init(posix_memory_take(bytes), bytes, &without);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(parley_shutdown(first), PARLEY_DONE);
    assert_int_equal(parley_shutdown(second), PARLEY_DONE);
    posix_stop();
    assert_int_equal(posix_violations(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_configurations),
        RIG_TEST(test_memory_that_is_too_small_or_odd),
        RIG_TEST(test_memory_is_what_was_asked_for),
        RIG_TEST(test_memory_grows_with_each_field),
        RIG_TEST(test_configuration_is_copied),
        RIG_TEST(test_two_mediators),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
