/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Parley believes of an SPMC, and of its own configuration: section K of docs/museum.md, and
 * rows of sections E, G and J.
 */
#include "spmc_world.h"

#include <string.h>

/* --- E17 -------------------------------------------------------------------------------------- */

/*
 * Indexes and sizes that the SPMC returns in registers cannot lead anywhere: Parley does not ask
 * for them, and reads the list in its RX. Who makes it ask has to write the test of the answers
 * here.
 */
static void E17_getregs_copy_unbounded(void **state)
{
    const struct spmc_hostile *journal = lying_power_on(
        FFA_VERSION_1_2, LIES(spmc_lie_regs_x2(ffa_info_regs_out_make(0xffff, 4, 0, 0xffff))));

    (void)state;
    assert_non_null(parley_start(&usual_config));
    assert_int_equal(partitions_kept(), PARTITION_UUID_COUNT);
    expect_only_truth();
    use_the_list();
    assert_int_equal(spmc_journal_calls(journal, FFA_PARTITION_INFO_GET_REGS), 0);
}

/* --- G20 -------------------------------------------------------------------------------------- */

/* A status code that is none is a failure like another. */
static void G20_return_value_domain(void **state)
{
    static const int32_t codes[] = {INT32_MIN, INT32_MIN + 1, -1000, -13, -10, 0, 1, INT32_MAX};
    static const uint32_t abis[] = {
        FFA_FEATURES,           FFA_SPM_ID_GET, FFA_RXTX_MAP_64, FFA_RX_RELEASE,
        FFA_PARTITION_INFO_GET, FFA_ID_GET,     FFA_RXTX_UNMAP,  FFA_PARTITION_INFO_GET_REGS};

    (void)state;
    for (size_t c = 0; c < COUNT(codes); c++) {
        for (size_t i = 0; i < COUNT(abis); i++) {
            char line[PARLEY_EVENT_TEXT_BYTES];
            struct parley_event event;

            lying_power_on(spmc_versions[c % 2], LIES(spmc_lie_status(abis[i], codes[c])));
            assert_non_null(parley_start(&usual_config));
            expect_only_truth();
            if (abis[i] == FFA_RXTX_UNMAP) {
                assert_int_equal(parley_shutdown(the_parley()), PARLEY_REFUSED_BY_SPMC);
                no_more_lies();
            }
            for (unsigned int n = 0; posix_event_newest(n, &event); n++) {
                parley_event_text(&event, line, sizeof(line));
            }
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* --- J4 --------------------------------------------------------------------------------------- */

/* An SPMC with more partitions than Parley was configured for: the rest is left out, and told. */
static void J4_sp_count_unbounded(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        const unsigned int shown = shown_at(spmc_versions[v]);

        for (uint16_t most = 0; most <= shown; most++) {
            struct parley_config config = usual_config;
            struct posix_vm *vm;

            config.partitions_max = most;
            lying_power_on(spmc_versions[v], NO_LIES);
            assert_non_null(parley_start(&config));
            assert_int_equal(partitions_kept(), most);
            assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED) != 0, most < shown);
            vm = viewer_on();
            assert_true(is_listed(vm, 1));
            assert_int_equal(list_count(vm, NULL), most + 1u);
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* --- K3, K5, K6, K8, K10 ---------------------------------------------------------------------- */

/* A partition whose ID is not the Secure world's to give is hidden, and the operator is told once.
 */
static void K3_sp_ids_violating_convention(void **state)
{
    static const uint16_t ids[] = {0, 1, 2, 5, 0x7fff};

    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        for (size_t i = 0; i < COUNT(ids); i++) {
            struct parley_event event;
            struct posix_vm *vm;

            lying_power_on(spmc_versions[v],
                           LIES(spmc_lie_info_id(1, ids[i]), spmc_lie_regs_id(1, ids[i])));
            assert_non_null(parley_start(&usual_config));
            assert_int_equal(partitions_kept(), shown_at(spmc_versions[v]) - 1);
            assert_int_equal(posix_event_count(PARLEY_EVENT_PARTITION_IGNORED), 1);
            assert_true(posix_event_last(PARLEY_EVENT_PARTITION_IGNORED, &event));
            assert_int_equal(event.value, ids[i]);
            expect_only_truth();
            vm = vm_on(&(struct vm_setup){
                .id = 3, .version = FFA_VERSION_1_1, .sees_secure = true, .sees = {1, 2, 5}});
            assert_false(is_listed(vm, ids[i]));
            assert_true(is_listed(vm, PARTITION_TRIO_ID));
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* The SPMC's list is read once, when Parley starts: what VMs are shown is that list, unmixed. */
static void K5_stale_sp_cache(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        const unsigned int count = shown_at(spmc_versions[v]) + 1; /* and the VM itself */
        struct entry before[ENTRIES_MAX];
        struct entry after[ENTRIES_MAX];
        struct posix_vm *vm;

        lying_power_on(spmc_versions[v], LIES(spmc_lie_info_count(1), spmc_lie_info_id(0, 0x8777),
                                              spmc_lie_regs_id(0, 0x8777)));
        no_more_lies();
        assert_non_null(parley_start(&usual_config));
        vm = viewer_on();
        assert_int_equal(list_buffer(vm, NULL, before), count);
        lies_again();
        posix_smc_clear();
        assert_int_equal(list_buffer(vm, NULL, after), count);
        assert_memory_equal(before, after, count * sizeof(before[0]));
        assert_false(is_listed(vm, 0x8777));
        assert_int_equal(posix_smc_count(), 0);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* Parley's TX holds a list that looks good, and is not the SPMC's. */
static void spmc_with_bait_in_tx(void *context, struct parley_regs *regs)
{
    const uint32_t fid = w(regs, 0);
    struct buffers *buffers = context;

    if (is_map(fid)) {
        *buffers = parleys_buffers(regs);
    }
    if (buffers->tx != NULL) {
        for (size_t i = 0; i + 24 <= buffers->bytes; i += 24) {
            const struct ffa_partition_info_1_1 bait = {.id = 0x8777, .contexts = 7};

            memcpy(buffers->tx + i, &bait, sizeof(bait));
        }
    }
    posix_smc_secure_world(regs);
}

/* An answer is read where the SPMC writes it. */
static void K6_success_then_wrong_buffer(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        struct buffers buffers = {0};

        lying_power_on(spmc_versions[v], NO_LIES);
        posix_smc_replace(spmc_with_bait_in_tx, &buffers);
        assert_non_null(parley_start(&usual_config));
        assert_int_equal(partitions_kept(), shown_at(spmc_versions[v]));
        expect_only_truth();
        posix_smc_replace(NULL, NULL);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* Each field of a partition comes out where it went in, whichever way the SPMC tells it. */
static void K8_flags_tag_swapped(void **state)
{
    static const struct ffa_uuid uuids[] = {{{0xf1, 0xe2, 0xd3, 0xc4, 5, 6, 7, 8, 9, 10, 11, 12}},
                                            {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}}};
    static const struct spmc_partition table[] = {
        {.name = "one",
         .id = 0x9abc,
         .contexts = 0x1234,
         .properties = FFA_PARTITION_AARCH64,
         .uuids = &uuids[0],
         .uuid_count = 1},
        {.name = "two", .id = 0xabcd, .contexts = 0x0567, .uuids = &uuids[1], .uuid_count = 1},
    };

    (void)state;
    for (size_t v = 0; v < COUNT(spmc_versions); v++) {
        const struct spmc_config secure = {
            .version = spmc_versions[v], .partitions = table, .partition_count = COUNT(table)};
        struct entry entries[ENTRIES_MAX];
        struct posix_vm *vm;

        machine_on(&secure);
        vm = viewer_on();
        assert_true(is_listed(vm, 0x9abc));
        assert_int_equal(list_buffer(vm, NULL, entries), 3);
        for (unsigned int i = 0; i < COUNT(table); i++) {
            assert_int_equal(entries[i].id, table[i].id);
            assert_int_equal(entries[i].contexts, table[i].contexts);
            assert_int_equal(entries[i].properties, table[i].properties);
            assert_true(ffa_uuid_equal(&entries[i].uuid, &uuids[i]));
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

static void expect_refused(struct parley_config config)
{
    static _Alignas(FFA_PAGE_SIZE) uint8_t memory[64 * FFA_PAGE_SIZE];

    assert_int_equal(parley_memory_size(&config), 0);
    posix_events_clear();
    assert_null(parley_init(memory, sizeof(memory), &config));
    assert_int_equal(posix_event_count(PARLEY_EVENT_CONFIG_REFUSED), 1);
    assert_int_equal(posix_smc_count(), 0);
}

/* A configuration that breaks a rule starts nothing, and says which rule. */
static void K10_manifest_trusted(void **state)
{
    struct parley_config config;
    uint8_t *memory;
    size_t bytes;

    (void)state;
    machine_on(&posix_spmc_1_2);
    assert_int_equal(parley_stop(), PARLEY_DONE);
    posix_smc_clear();
#define REFUSED(field, number)   \
    do {                         \
        config = usual_config;   \
        config.field = (number); \
        expect_refused(config);  \
    } while (0)
    REFUSED(vms_max, 0);
    REFUSED(vms_max, PARLEY_VMS_MAX + 1);
    REFUSED(vms_max, 0xffff);
    REFUSED(vcpus_max, 0);
    REFUSED(vcpus_max, PARLEY_VCPUS_MAX + 1);
    REFUSED(partitions_max, PARLEY_PARTITIONS_MAX + 1);
    REFUSED(rxtx_pages_max, 0);
    REFUSED(rxtx_pages_max, PARLEY_RXTX_PAGES_MAX + 1);
    REFUSED(shadow_pages, PARLEY_RXTX_PAGES_MAX + 1);
    REFUSED(cpus_max, 0);
    REFUSED(cpus_max, PARLEY_CPUS_MAX + 1);
    REFUSED(npi_intid, 32);
    REFUSED(sri_intid, 32);
    REFUSED(npi_intid, SRI); /* one interrupt for both */
    REFUSED(vm_id_first, 0);
    REFUSED(vm_id_first, 0x7fff);
    REFUSED(vm_id_first, 0x8000);
    REFUSED(vm_id_first, 0xffff);
#undef REFUSED

    /* What is just allowed is allowed. */
    config = (struct parley_config){
        .vm_id_first = 0x7fff,
        .vms_max = 1,
        .vcpus_max = 1,
        .cpus_max = 1,
        .partitions_max = 0,
        .rxtx_pages_max = 1,
    };
    assert_int_not_equal(parley_memory_size(&config), 0);
    config = (struct parley_config){
        .vm_id_first = 0x8000 - PARLEY_VMS_MAX,
        .vms_max = PARLEY_VMS_MAX,
        .vcpus_max = PARLEY_VCPUS_MAX,
        .cpus_max = PARLEY_CPUS_MAX,
        .shadow_pages = PARLEY_RXTX_PAGES_MAX,
        .npi_intid = 31,
        .sri_intid = 1,
        .partitions_max = PARLEY_PARTITIONS_MAX,
        .rxtx_pages_max = PARLEY_RXTX_PAGES_MAX,
    };
    assert_int_not_equal(parley_memory_size(&config), 0);

    bytes = parley_memory_size(&usual_config);
    memory = posix_memory_take(bytes + FFA_PAGE_SIZE);
    assert_null(parley_init(NULL, bytes, &usual_config));
    assert_null(parley_init(memory, bytes - 1, &usual_config));
    assert_null(parley_init(memory, 0, &usual_config));
    assert_null(parley_init(memory + 8, bytes, &usual_config));
    assert_int_equal(posix_smc_count(), 0);
}

SECTION(museum_spmc, TEST(E17_getregs_copy_unbounded), TEST(G20_return_value_domain),
        TEST(J4_sp_count_unbounded), TEST(K3_sp_ids_violating_convention), TEST(K5_stale_sp_cache),
        TEST(K6_success_then_wrong_buffer), TEST(K8_flags_tag_swapped), TEST(K10_manifest_trusted))
