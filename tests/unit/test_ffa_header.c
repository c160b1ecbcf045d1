/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The numbers of parley/ffa.h against numbers written out here. The header has no part in the
 * expected side of any check.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <parley/ffa.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Constant expressions: what a switch, an enumeration or #if may use. */
#if FFA_VERSION_1_2 != 0x00010002 || FFA_MEM_SHARE_64 != 0xC4000073 || FFA_NO_DATA != -9
#error "the preprocessor reads the constants differently"
#endif

static void test_function_ids(void **state)
{
    static const struct {
        uint32_t is;
        uint32_t want;
    } ids[] = {
        {FFA_ERROR, 0x84000060},
        {FFA_SUCCESS_32, 0x84000061},
        {FFA_SUCCESS_64, 0xC4000061},
        {FFA_INTERRUPT, 0x84000062},
        {FFA_VERSION, 0x84000063},
        {FFA_FEATURES, 0x84000064},
        {FFA_RX_RELEASE, 0x84000065},
        {FFA_RXTX_MAP_32, 0x84000066},
        {FFA_RXTX_MAP_64, 0xC4000066},
        {FFA_RXTX_UNMAP, 0x84000067},
        {FFA_PARTITION_INFO_GET, 0x84000068},
        {FFA_ID_GET, 0x84000069},
        {FFA_MSG_POLL, 0x8400006A},
        {FFA_MSG_WAIT, 0x8400006B},
        {FFA_YIELD, 0x8400006C},
        {FFA_RUN, 0x8400006D},
        {FFA_MSG_SEND, 0x8400006E},
        {FFA_MSG_SEND_DIRECT_REQ_32, 0x8400006F},
        {FFA_MSG_SEND_DIRECT_REQ_64, 0xC400006F},
        {FFA_MSG_SEND_DIRECT_RESP_32, 0x84000070},
        {FFA_MSG_SEND_DIRECT_RESP_64, 0xC4000070},
        {FFA_MEM_DONATE_32, 0x84000071},
        {FFA_MEM_DONATE_64, 0xC4000071},
        {FFA_MEM_LEND_32, 0x84000072},
        {FFA_MEM_LEND_64, 0xC4000072},
        {FFA_MEM_SHARE_32, 0x84000073},
        {FFA_MEM_SHARE_64, 0xC4000073},
        {FFA_MEM_RETRIEVE_REQ_32, 0x84000074},
        {FFA_MEM_RETRIEVE_REQ_64, 0xC4000074},
        {FFA_MEM_RETRIEVE_RESP, 0x84000075},
        {FFA_MEM_RELINQUISH, 0x84000076},
        {FFA_MEM_RECLAIM, 0x84000077},
        {FFA_MEM_OP_PAUSE, 0x84000078},
        {FFA_MEM_OP_RESUME, 0x84000079},
        {FFA_MEM_FRAG_RX, 0x8400007A},
        {FFA_MEM_FRAG_TX, 0x8400007B},
        {FFA_NORMAL_WORLD_RESUME, 0x8400007C},
        {FFA_NOTIFICATION_BITMAP_CREATE, 0x8400007D},
        {FFA_NOTIFICATION_BITMAP_DESTROY, 0x8400007E},
        {FFA_NOTIFICATION_BIND, 0x8400007F},
        {FFA_NOTIFICATION_UNBIND, 0x84000080},
        {FFA_NOTIFICATION_SET, 0x84000081},
        {FFA_NOTIFICATION_GET, 0x84000082},
        {FFA_NOTIFICATION_INFO_GET_32, 0x84000083},
        {FFA_NOTIFICATION_INFO_GET_64, 0xC4000083},
        {FFA_RX_ACQUIRE, 0x84000084},
        {FFA_SPM_ID_GET, 0x84000085},
        {FFA_MSG_SEND2, 0x84000086},
        {FFA_SECONDARY_EP_REGISTER_32, 0x84000087},
        {FFA_SECONDARY_EP_REGISTER_64, 0xC4000087},
        {FFA_MEM_PERM_GET_32, 0x84000088},
        {FFA_MEM_PERM_GET_64, 0xC4000088},
        {FFA_MEM_PERM_SET_32, 0x84000089},
        {FFA_MEM_PERM_SET_64, 0xC4000089},
        {FFA_CONSOLE_LOG_32, 0x8400008A},
        {FFA_CONSOLE_LOG_64, 0xC400008A},
        {FFA_PARTITION_INFO_GET_REGS, 0xC400008B},
        {FFA_EL3_INTR_HANDLE, 0x8400008C},
        {FFA_MSG_SEND_DIRECT_REQ2, 0xC400008D},
        {FFA_MSG_SEND_DIRECT_RESP2, 0xC400008E},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_int_equal(ids[i].is, ids[i].want);
        assert_true(ffa_fid_is_ffa(ids[i].is));
        assert_int_equal(ffa_fid_is_64(ids[i].is), ids[i].want >= 0xC4000000);
        assert_int_equal(ffa_fid_number(ids[i].is), ids[i].want % 0x100);
    }
}

static void test_function_id_range(void **state)
{
    static const uint32_t inside[] = {
        0x84000060, 0x8400008F, 0x840000EF, 0xC4000060, 0xC4000063, 0xC40000EF,
    };
    static const uint32_t outside[] = {
        0x00000000, 0x8400005F, 0x840000F0, 0x840000FF, 0xC400005F,
        0xC40000F0, 0x84010063,                                     /* the SVE hint */
        0xC401006F, 0x84000160, 0x84020063, 0x84800063, 0x04000063, /* a yielding call */
        0x44000063, 0x80000063, 0x86000063, 0x85000063, 0x8C000063,
        0xA4000063, 0xFFFFFFFF,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(inside); i++) {
        assert_true(ffa_fid_is_ffa(inside[i]));
    }
    for (size_t i = 0; i < COUNT(outside); i++) {
        assert_false(ffa_fid_is_ffa(outside[i]));
    }
    assert_false(ffa_fid_is_64(0x84000066));
    assert_true(ffa_fid_is_64(0xC4000066));
}

static void test_versions(void **state)
{
    (void)state;
    assert_int_equal(FFA_VERSION_1_0, 0x00010000);
    assert_int_equal(FFA_VERSION_1_1, 0x00010001);
    assert_int_equal(FFA_VERSION_1_2, 0x00010002);
    assert_int_equal(FFA_VERSION_MAKE(0x7FFF, 0xABCD), 0x7FFFABCD);
    assert_int_equal(FFA_VERSION_MAJOR(0xFEDCABCDU), 0x7EDC);
    assert_int_equal(FFA_VERSION_MINOR(0xFEDCABCDU), 0xABCD);
    assert_int_equal(FFA_VERSION_BIT31, 0x80000000);
    assert_int_equal((uint32_t)FFA_VERSION_NOT_SUPPORTED, 0xFFFFFFFF);
}

static void test_status_codes(void **state)
{
    (void)state;
    assert_int_equal(FFA_OK, 0);
    assert_int_equal(FFA_NOT_SUPPORTED, -1);
    assert_int_equal(FFA_INVALID_PARAMETERS, -2);
    assert_int_equal(FFA_NO_MEMORY, -3);
    assert_int_equal(FFA_BUSY, -4);
    assert_int_equal(FFA_INTERRUPTED, -5);
    assert_int_equal(FFA_DENIED, -6);
    assert_int_equal(FFA_RETRY, -7);
    assert_int_equal(FFA_ABORTED, -8);
    assert_int_equal(FFA_NO_DATA, -9);
    assert_int_equal((uint32_t)FFA_INVALID_PARAMETERS, 0xFFFFFFFE);
}

static void test_endpoint_words(void **state)
{
    (void)state;
    assert_int_equal(FFA_ID_HYPERVISOR, 0);
    assert_int_equal(FFA_ID_SPMC, 0x8000);
    assert_int_equal(FFA_ID_SPMD, 0xFFFF);
    assert_true(ffa_id_is_secure(0x8000));
    assert_true(ffa_id_is_secure(0xFFFF));
    assert_false(ffa_id_is_secure(0x7FFF));

    assert_int_equal(ffa_ids_make(0x8123, 0x4567), 0x81234567);
    assert_int_equal(ffa_ids_make(0x0123, 0xC567), 0x0123C567);
    assert_int_equal(ffa_ids_sender(0x8123C567), 0x8123);
    assert_int_equal(ffa_ids_receiver(0x8123C567), 0xC567);

    assert_int_equal(ffa_target_make(0x8123, 0x9567), 0x81239567);
    assert_int_equal(ffa_target_endpoint(0x81239567), 0x8123);
    assert_int_equal(ffa_target_vcpu(0x81239567), 0x9567);

    /* The same arguments, the halves the other way round. */
    assert_int_equal(ffa_receiver_info_make(0x8123, 0x9567), 0x95678123);
    assert_int_equal(ffa_receiver_info_endpoint(0x95678123), 0x8123);
    assert_int_equal(ffa_receiver_info_vcpu(0x95678123), 0x9567);

    assert_int_equal(ffa_rxtx_unmap_make(0x8123), 0x81230000);
    assert_int_equal(ffa_rxtx_unmap_vm(0x8123FFFF), 0x8123);
    assert_int_equal(ffa_msg_send2_make(0x8123), 0x81230000);
    assert_int_equal(ffa_msg_send2_vm(0x8123FFFF), 0x8123);
    assert_int_equal(ffa_mem_frag_make(0x8123), 0x81230000);
    assert_int_equal(ffa_mem_frag_sender(0x8123FFFF), 0x8123);
}

static void test_handle(void **state)
{
    (void)state;
    assert_true(ffa_handle_make(0x89ABCDEF, 0x81234567) == 0x8123456789ABCDEF);
    assert_int_equal(ffa_handle_low(0x8123456789ABCDEF), 0x89ABCDEF);
    assert_int_equal(ffa_handle_high(0x8123456789ABCDEF), 0x81234567);
    assert_true(FFA_HANDLE_HYPERVISOR_BIT == 0x8000000000000000);
    assert_true(FFA_HANDLE_INVALID == UINT64_MAX);
}

static void test_features(void **state)
{
    (void)state;
    assert_int_equal(FFA_FEATURE_NPI, 1);
    assert_int_equal(FFA_FEATURE_SRI, 2);
    assert_int_equal(FFA_FEATURE_MEI, 3);
    assert_int_equal(FFA_FEATURES_FUNCTION_BIT, 0x80000000);
    assert_int_equal(FFA_FEATURES_RXTX_MAP_MIN_4K, 0);
    assert_int_equal(FFA_FEATURES_RXTX_MAP_MIN_64K, 1);
    assert_int_equal(FFA_FEATURES_RXTX_MAP_MIN_16K, 2);
    assert_int_equal(ffa_features_rxtx_map_make(2, 0x8765), 0x87650002);
    assert_int_equal(ffa_features_rxtx_map_max_pages(0x87650002), 0x8765);
    assert_int_equal(FFA_FEATURES_MEM_DYNAMIC_BUFFER, 1);
    assert_int_equal(FFA_FEATURES_RETRIEVE_REQ_IN_NS_BIT, 2);
    assert_int_equal(FFA_FEATURES_RETRIEVE_REQ_NS_BIT, 2);
    assert_int_equal(FFA_FEATURES_RETRIEVE_REQ_HYPERVISOR, 4);
    assert_int_equal(FFA_RXTX_MAP_PAGES_MASK, 63);
    assert_int_equal(FFA_PAGE_SIZE, 4096);
    assert_int_equal(1 << FFA_PAGE_SHIFT, 4096);
    assert_int_equal(FFA_REGS_SMC32, 8);
    assert_int_equal(FFA_REGS_MAX, 18);
}

static void test_partition_info(void **state)
{
    uint64_t word;

    (void)state;
    assert_int_equal(FFA_PARTITION_DIRECT_REQ_RECV, 0x001);
    assert_int_equal(FFA_PARTITION_DIRECT_REQ_SEND, 0x002);
    assert_int_equal(FFA_PARTITION_INDIRECT_MSG, 0x004);
    assert_int_equal(FFA_PARTITION_NOTIFICATION_RECV, 0x008);
    assert_int_equal(FFA_PARTITION_TYPE_MASK, 0x030);
    assert_int_equal(FFA_PARTITION_TYPE_PE, 0x000);
    assert_int_equal(FFA_PARTITION_TYPE_SEPID_INDEPENDENT, 0x010);
    assert_int_equal(FFA_PARTITION_TYPE_SEPID_DEPENDENT, 0x020);
    assert_int_equal(FFA_PARTITION_TYPE_AUXILIARY, 0x030);
    assert_int_equal(FFA_PARTITION_VM_CREATED, 0x040);
    assert_int_equal(FFA_PARTITION_VM_DESTROYED, 0x080);
    assert_int_equal(FFA_PARTITION_AARCH64, 0x100);
    assert_int_equal(FFA_PARTITION_DIRECT_REQ2_RECV, 0x200);
    assert_int_equal(FFA_PARTITION_DIRECT_REQ2_SEND, 0x400);
    assert_int_equal(FFA_PARTITION_INFO_GET_COUNT_ONLY, 1);

    word = ffa_info_regs_in_make(0x8123, 0x9567);
    assert_true(word == 0x95678123);
    assert_int_equal(ffa_info_regs_in_start(0xFFFFFFFF95678123), 0x8123);
    assert_int_equal(ffa_info_regs_in_tag(0xFFFFFFFF95678123), 0x9567);

    word = ffa_info_regs_out_make(0x8001, 0x9002, 0xA003, 0xB004);
    assert_true(word == 0xB004A00390028001);
    assert_int_equal(ffa_info_regs_out_last(word), 0x8001);
    assert_int_equal(ffa_info_regs_out_current(word), 0x9002);
    assert_int_equal(ffa_info_regs_out_tag(word), 0xA003);
    assert_int_equal(ffa_info_regs_out_size(word), 0xB004);

    word = ffa_info_regs_desc_make(0x8001, 0x9002, 0xA003B004);
    assert_true(word == 0xA003B00490028001);
    assert_int_equal(ffa_info_regs_desc_id(word), 0x8001);
    assert_int_equal(ffa_info_regs_desc_contexts(word), 0x9002);
    assert_int_equal(ffa_info_regs_desc_properties(word), 0xA003B004);
}

static void test_messages(void **state)
{
    (void)state;
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_PSCI_REQ), 0x80000000);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_WARM_BOOT_REQ), 0x80000001);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_POWER_RESP), 0x80000002);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_REQ), 0x80000004);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_CREATED_RESP), 0x80000005);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_REQ), 0x80000006);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VM_DESTROYED_RESP), 0x80000007);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VERSION_REQ), 0x80000008);
    assert_int_equal(FFA_DIRECT_FRAMEWORK(FFA_FRAMEWORK_VERSION_RESP), 0x80000009);
    assert_int_equal(FFA_MSG_WAIT_KEEP_RX, 1);
    assert_int_equal(FFA_MSG_SEND_NOTIFY, 1);
    assert_int_equal(FFA_MSG_SEND2_DELAY_SRI, 2);
    assert_int_equal(FFA_CONSOLE_LOG_32_MAX, 24);
    assert_int_equal(FFA_CONSOLE_LOG_64_MAX, 128);
}

static void test_notifications(void **state)
{
    uint64_t word;

    (void)state;
    assert_int_equal(FFA_NOTIFICATION_RX_FULL, 1);
    assert_int_equal(FFA_NOTIFICATION_BIND_PER_VCPU, 1);
    assert_int_equal(FFA_NOTIFICATION_SET_PER_VCPU, 1);
    assert_int_equal(FFA_NOTIFICATION_SET_DELAY_SRI, 2);
    assert_int_equal(FFA_NOTIFICATION_GET_SP, 1);
    assert_int_equal(FFA_NOTIFICATION_GET_VM, 2);
    assert_int_equal(FFA_NOTIFICATION_GET_SPM, 4);
    assert_int_equal(FFA_NOTIFICATION_GET_HYPERVISOR, 8);

    assert_int_equal(ffa_notification_set_make(3, 0x8123), 0x81230003);
    assert_int_equal(ffa_notification_set_vcpu(0x81230003), 0x8123);

    /* Endpoint 0 on five vCPUs (3, then 2), endpoint 2 as a whole, endpoint 3 on one. */
    word = ffa_notification_info_make(false, 4) | ffa_notification_info_list(0, 3) |
           ffa_notification_info_list(1, 2) | ffa_notification_info_list(2, 0) |
           ffa_notification_info_list(3, 1);
    assert_true(word == 0x4B200);
    assert_false(ffa_notification_info_more(word));
    assert_int_equal(ffa_notification_info_lists(word), 4);
    assert_int_equal(ffa_notification_info_vcpus(word, 0), 3);
    assert_int_equal(ffa_notification_info_vcpus(word, 1), 2);
    assert_int_equal(ffa_notification_info_vcpus(word, 2), 0);
    assert_int_equal(ffa_notification_info_vcpus(word, 3), 1);

    /* The last list of each width, and none beyond. */
    assert_true(ffa_notification_info_make(true, 20) == 0xA01);
    assert_true(ffa_notification_info_more(0xA01));
    assert_int_equal(ffa_notification_info_lists(0xFFFFFFFFFFFFFA01), 20);
    assert_true(ffa_notification_info_list(9, 3) == 0xC0000000);
    assert_true(ffa_notification_info_list(19, 3) == 0x000C000000000000);
    assert_true(ffa_notification_info_list(20, 3) == 0);
    assert_int_equal(ffa_notification_info_vcpus(0x0008000000000000, 19), 2);
    assert_int_equal(ffa_notification_info_vcpus(UINT64_MAX, 20), 0);
}

static void test_memory_bits(void **state)
{
    (void)state;
    assert_int_equal(FFA_MEM_ATTR_NORMAL_WB_INNER, 0x2F);
    assert_int_equal(FFA_MEM_ATTR_TYPE_DEVICE, 0x10);
    assert_int_equal(FFA_MEM_ATTR_DEVICE_NGNRNE, 0x00);
    assert_int_equal(FFA_MEM_ATTR_DEVICE_NGNRE, 0x04);
    assert_int_equal(FFA_MEM_ATTR_DEVICE_NGRE, 0x08);
    assert_int_equal(FFA_MEM_ATTR_DEVICE_GRE, 0x0C);
    assert_int_equal(FFA_MEM_ATTR_CACHE_NC, 0x04);
    assert_int_equal(FFA_MEM_ATTR_SHARE_NON, 0x00);
    assert_int_equal(FFA_MEM_ATTR_SHARE_OUTER, 0x02);
    assert_int_equal(FFA_MEM_ATTR_NS, 0x40);

    assert_int_equal(FFA_MEM_ACCESS_DATA_RO, 1);
    assert_int_equal(FFA_MEM_ACCESS_DATA_RW, 2);
    assert_int_equal(FFA_MEM_ACCESS_INSTR_XN, 4);
    assert_int_equal(FFA_MEM_ACCESS_INSTR_X, 8);
    assert_int_equal(FFA_MEM_ACCESS_NON_RETRIEVAL, 1);

    assert_int_equal(FFA_MEM_SEND_ZERO, 1);
    assert_int_equal(FFA_MEM_SEND_TIME_SLICE, 2);
    assert_int_equal(FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE, 0x001);
    assert_int_equal(FFA_MEM_RETRIEVE_REQ_TIME_SLICE, 0x002);
    assert_int_equal(FFA_MEM_RETRIEVE_REQ_ZERO_AFTER, 0x004);
    assert_int_equal(FFA_MEM_TYPE_MASK, 0x018);
    assert_int_equal(FFA_MEM_TYPE_SHARE, 0x008);
    assert_int_equal(FFA_MEM_TYPE_LEND, 0x010);
    assert_int_equal(FFA_MEM_TYPE_DONATE, 0x018);
    assert_int_equal(FFA_MEM_RETRIEVE_REQ_ALIGN_MASK, 0x1E0);
    assert_int_equal(0xFU << FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT, 0x1E0);
    assert_int_equal(FFA_MEM_RETRIEVE_REQ_ALIGN_VALID, 0x200);
    assert_int_equal(FFA_MEM_RETRIEVE_REQ_BYPASS, 0x400);
    assert_int_equal(FFA_MEM_RETRIEVE_RESP_ZEROED, 1);
    assert_int_equal(FFA_MEM_RELINQUISH_ZERO, 1);
    assert_int_equal(FFA_MEM_RELINQUISH_TIME_SLICE, 2);
    assert_int_equal(FFA_MEM_RECLAIM_ZERO, 1);
    assert_int_equal(FFA_MEM_RECLAIM_TIME_SLICE, 2);

    assert_int_equal(FFA_MEM_PERM_DATA_NONE, 0);
    assert_int_equal(FFA_MEM_PERM_DATA_RW, 1);
    assert_int_equal(FFA_MEM_PERM_DATA_RO, 3);
    assert_int_equal(FFA_MEM_PERM_XN, 4);
}

static void test_uuid(void **state)
{
    static const struct ffa_uuid nil = {{0}};
    /* 0A1B2C3D-4E5F-6A7B-8C9D-1A2B3C4D5E6F */
    static const struct ffa_uuid uuid = {{
        0x0A, 0x1B, 0x2C, 0x3D, 0x4E, 0x5F, 0x6A, 0x7B, //
        0x8C, 0x9D, 0x1A, 0x2B, 0x3C, 0x4D, 0x5E, 0x6F, //
    }};
    struct ffa_uuid other;

    (void)state;
    assert_true(ffa_uuid_to_u64(&uuid, 0) == 0x7B6A5F4E3D2C1B0A);
    assert_true(ffa_uuid_to_u64(&uuid, 1) == 0x6F5E4D3C2B1A9D8C);
    assert_int_equal(ffa_uuid_to_u32(&uuid, 0), 0x3D2C1B0A);
    assert_int_equal(ffa_uuid_to_u32(&uuid, 1), 0x7B6A5F4E);
    assert_int_equal(ffa_uuid_to_u32(&uuid, 2), 0x2B1A9D8C);
    assert_int_equal(ffa_uuid_to_u32(&uuid, 3), 0x6F5E4D3C);

    other = ffa_uuid_from_u64(0x7B6A5F4E3D2C1B0A, 0x6F5E4D3C2B1A9D8C);
    assert_memory_equal(&other, &uuid, 16);
    other = ffa_uuid_from_u32(0x3D2C1B0A, 0x7B6A5F4E, 0x2B1A9D8C, 0x6F5E4D3C);
    assert_memory_equal(&other, &uuid, 16);
    assert_true(ffa_uuid_equal(&other, &uuid));

    for (size_t i = 0; i < 16; i++) {
        other = uuid;
        other.bytes[i] ^= 0x80;
        assert_false(ffa_uuid_equal(&other, &uuid));

        other = nil;
        assert_true(ffa_uuid_is_nil(&other));
        other.bytes[i] = 0x80;
        assert_false(ffa_uuid_is_nil(&other));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_ids),   cmocka_unit_test(test_function_id_range),
        cmocka_unit_test(test_versions),       cmocka_unit_test(test_status_codes),
        cmocka_unit_test(test_endpoint_words), cmocka_unit_test(test_handle),
        cmocka_unit_test(test_features),       cmocka_unit_test(test_partition_info),
        cmocka_unit_test(test_messages),       cmocka_unit_test(test_notifications),
        cmocka_unit_test(test_memory_bits),    cmocka_unit_test(test_uuid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
