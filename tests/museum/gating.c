/* SPDX-License-Identifier: BSD-3-Clause */
/* Sections H and I of docs/museum.md: who may call what, and in whose name. */
#include "support.h"

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

static struct posix_vm *vm_at(uint32_t version)
{
    return vm_on(&(struct vm_setup){
        .id = 3, .version = version, .sees_secure = true, .properties = ALL_PROPERTIES});
}

static void expect_absent_for(struct posix_vm *vm, const uint32_t *fids, size_t count)
{
    posix_smc_clear();
    for (size_t i = 0; i < count; i++) {
        assert_status(CALL(vm, 0, fids[i], 0, 0, 0, 0, 0), FFA_NOT_SUPPORTED);
        assert_status(CALL(vm, 0, fids[i], 3, 3, 3, 3, 3), FFA_NOT_SUPPORTED);
        assert_status(call_features(vm, fids[i]), FFA_NOT_SUPPORTED);
    }
    assert_int_equal(posix_smc_count(), 0);
}

static void expect_absent(const uint32_t *fids, size_t count)
{
    machine_on(&posix_spmc_1_2);
    for (size_t v = 0; v < COUNT(versions); v++) {
        struct posix_vm *vm = vm_at(versions[v]);

        expect_absent_for(vm, fids, count);
        vm_off(vm);
    }
}

/* What Parley does not serve it does not report, though the SPMC, or the header, has it. */
static void H4_features_overclaim(void **state)
{
    static const uint32_t unserved[] = {
        FFA_MSG_POLL,     FFA_MSG_SEND,     FFA_MEM_DONATE_32,     FFA_MEM_LEND_32,
        FFA_MEM_SHARE_32, FFA_MEM_SHARE_64, FFA_MEM_RETRIEVE_RESP, FFA_MEM_RECLAIM,
        FFA_MEM_OP_PAUSE, FFA_MEM_FRAG_RX,  FFA_MEM_FRAG_TX,
    };

    (void)state;
    expect_absent(unserved, COUNT(unserved));
}

/* One rule says whose an ID is: a VM speaks for itself, by 0 or its own ID, and for nobody else. */
static void H6_id_space_confusion(void **state)
{
    struct parley_config config = usual_config;
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm = vm_at(FFA_VERSION_1_1);
    for (uint32_t id = 0; id <= 0xffff; id++) {
        const bool itself = id == 0 || id == 3;

        /* No pair is there, and RX is not full: what is left is the answer to a right ID. */
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, id << 16), FFA_INVALID_PARAMETERS);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, id),
                      itself ? FFA_DENIED : FFA_INVALID_PARAMETERS);
    }
    vm_map(vm, 1);
    for (uint32_t id = 1; id <= 0xffff; id++) {
        if (id != 3) {
            assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, id << 16), FFA_INVALID_PARAMETERS);
        }
    }
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 3u << 16), FFA_OK);

    /* VM IDs are neither the hypervisor's nor the Secure world's. */
    config.vm_id_first = 0;
    assert_int_equal(parley_memory_size(&config), 0);
    config.vm_id_first = (uint16_t)(0x8000 - config.vms_max);
    assert_int_not_equal(parley_memory_size(&config), 0);
    config.vm_id_first++;
    assert_int_equal(parley_memory_size(&config), 0);
    config.vm_id_first = 0x8000;
    assert_int_equal(parley_memory_size(&config), 0);
    config.vm_id_first = 0xffff;
    assert_int_equal(parley_memory_size(&config), 0);
}

/* --- H12 -------------------------------------------------------------------------------------- */

static const struct ffa_uuid unknown = {{0x77}};

/* A call that is wrong in several ways is refused for the first of them, in one order. */
static void H12_busy_vs_denied_order(void **state)
{
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1, .quota = 1});

    /* PARTITION_INFO_GET: flags, then the buffer, then the UUID, then the room. */
    assert_status(call_info(vm, 0, &unknown, 2), FFA_INVALID_PARAMETERS);
    assert_status(call_info(vm, 0, &unknown, 0), FFA_BUSY);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_BUSY);
    assert_status(call_info(vm, 0, &unknown, 1), FFA_INVALID_PARAMETERS);
    assert_status(call_info(vm, 0, &nil_uuid, 3), FFA_INVALID_PARAMETERS);
    vm_map(vm, 1);
    assert_status(call_info(vm, 0, &unknown, 0), FFA_INVALID_PARAMETERS);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_INVALID_PARAMETERS); /* it sees nobody */
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FREE);

    /* RXTX_MAP: the pair that is there, then the arguments, then the pages. */
    assert_status(CALL(vm, 0, FFA_RXTX_MAP_64, 1, 1, 0), FFA_DENIED);

    /* RX_RELEASE and RXTX_UNMAP: the ID, then the state. */
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 9), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 1), FFA_DENIED);
    vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_1});
    vm_off(vm);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_1, .sees = {2}});
    vm_map(vm, 1);
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
    assert_status(call_info(vm, 0, &unknown, 0), FFA_BUSY);
    assert_status(call_info(vm, 0, &unknown, 0x10), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 9u << 16), FFA_INVALID_PARAMETERS);
    assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 1u << 16), FFA_DENIED);

    /* PARTITION_INFO_GET_REGS: the tag, then the index. */
    vm_off(vm);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees = {2}});
    assert_status(call_info_regs(vm, &nil_uuid, 100, 0xabcd), FFA_RETRY);
}

/* --- H14, H15, I9 ----------------------------------------------------------------------------- */

/* No ID of the range goes on to the Secure world because Parley does not know it. */
static void H14_unknown_smc_passthrough(void **state)
{
    (void)state;
    machine_on(&posix_spmc_1_2);
    for (size_t v = 0; v < COUNT(versions); v++) {
        struct posix_vm *vm = vm_at(versions[v]);

        posix_smc_clear();
        for (uint32_t number = FFA_NUMBER_FIRST; number <= FFA_NUMBER_LAST; number++) {
            CALL_TO_END(vm, 0, FFA_FN32(number), 0, 0, 0, 0, 0);
            CALL_TO_END(vm, 0, FFA_FN64(number), 0, 0, 0, 0, 0);
            call_features(vm, FFA_FN32(number));
            call_features(vm, FFA_FN64(number));
        }
        assert_int_equal(posix_smc_count(), 0);
        vm_off(vm);
    }
}

/* What is for a hypervisor, an SP or the Secure world's managers is not for a VM. */
static void H15_hyp_call_exposed(void **state)
{
    static const uint32_t of_others[] = {
        FFA_NOTIFICATION_BITMAP_CREATE,
        FFA_NOTIFICATION_BITMAP_DESTROY,
        FFA_RX_ACQUIRE,
        FFA_NORMAL_WORLD_RESUME,
        FFA_SECONDARY_EP_REGISTER_32,
        FFA_SECONDARY_EP_REGISTER_64,
        FFA_MEM_PERM_GET_32,
        FFA_MEM_PERM_GET_64,
        FFA_MEM_PERM_SET_32,
        FFA_MEM_PERM_SET_64,
        FFA_EL3_INTR_HANDLE,
    };

    (void)state;
    expect_absent(of_others, COUNT(of_others));
}

/* Of a configuration without notifications, or a VM without them, what belongs to them is absent.
 */
static const uint32_t for_receivers[] = {FFA_NOTIFICATION_BIND, FFA_NOTIFICATION_UNBIND,
                                         FFA_NOTIFICATION_GET};
static const uint32_t for_all[] = {FFA_NOTIFICATION_SET, FFA_NOTIFICATION_INFO_GET_32,
                                   FFA_NOTIFICATION_INFO_GET_64};

static void expect_none_configured(void)
{
    struct parley_config config = usual_config;

    config.npi_intid = 0;
    config.sri_intid = 0;
    machine_on_with(&posix_spmc_1_2, &config);
    for (size_t v = 0; v < COUNT(versions); v++) {
        struct posix_vm *vm = vm_at(versions[v]);

        expect_absent_for(vm, for_receivers, COUNT(for_receivers));
        expect_absent_for(vm, for_all, COUNT(for_all));
        assert_status(call_features(vm, FFA_FEATURE_NPI), FFA_NOT_SUPPORTED);
        assert_status(call_features(vm, FFA_FEATURE_SRI), FFA_NOT_SUPPORTED);
        assert_status(call_features(vm, FFA_FEATURE_MEI), FFA_NOT_SUPPORTED);
        vm_off(vm);
    }
    assert_int_equal(machine_off(NULL), 0);
}

static void I9_notif_without_support(void **state)
{
    const uint32_t properties = ALL_PROPERTIES & ~(uint32_t)FFA_PARTITION_NOTIFICATION_RECV;

    (void)state;
    expect_none_configured();
    machine_on(&posix_spmc_1_2);
    for (uint32_t version = FFA_VERSION_1_1; version <= FFA_VERSION_1_2; version++) {
        struct posix_vm *vm = vm_on(&(struct vm_setup){
            .id = 3, .version = version, .sees_secure = true, .properties = properties});

        expect_absent_for(vm, for_receivers, COUNT(for_receivers));
        assert_status(call_features(vm, FFA_FEATURE_NPI), FFA_NOT_SUPPORTED);
        assert_status(call_features(vm, FFA_FEATURE_SRI), FFA_OK);
        assert_status(call_features(vm, FFA_NOTIFICATION_SET), FFA_OK);
        assert_status(CALL(vm, 0, FFA_NOTIFICATION_INFO_GET_64), FFA_NO_DATA);
        vm_off(vm);
    }
}

SECTION(museum_gating, TEST(H4_features_overclaim), TEST(H6_id_space_confusion),
        TEST(H12_busy_vs_denied_order), TEST(H14_unknown_smc_passthrough),
        TEST(H15_hyp_call_exposed), TEST(I9_notif_without_support))
