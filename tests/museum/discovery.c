/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of sections G, H and J of docs/museum.md that are about what a VM learns of others. */
#include "talk.h"

#include <string.h>

/* Sixteen different bytes: a half or a word in the wrong place shows. */
static const struct ffa_uuid distinct = {{0x01, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67, 0x78, 0x89,
                                          0x9a, 0xab, 0xbc, 0xcd, 0xde, 0xef, 0xf0}};
static const struct ffa_uuid three[] = {
    {{0xa1, 1}},
    {{0xa2, 2}},
    {{0xa3, 3}},
};

static const uint32_t versions[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

static struct posix_vm *viewer_on(uint32_t version)
{
    return vm_on(
        &(struct vm_setup){.id = 1, .version = version, .sees_secure = true, .sees = {2, 3, 4}});
}

/* The bytes of RX, as the guest sees them, after a query. */
static struct ffa_partition_info_1_1 first_in_rx(struct posix_vm *vm, const struct ffa_uuid *uuid)
{
    struct ffa_partition_info_1_1 info;

    assert_status(call_info(vm, 0, uuid, 0), FFA_OK);
    memcpy(&info, vm_rx(vm), sizeof(info));
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
    return info;
}

/* --- G16, G17, G18 ---------------------------------------------------------------------------- */

/* Who asks for a UUID is not told it again: the field is zero, also next to others that have one.
 */
static void G16_uuid_returned_when_queried(void **state)
{
    (void)state;
    for (size_t v = 1; v < COUNT(versions); v++) {
        const struct ffa_uuid *asked[] = {&distinct, &three[1], &secure_partitions[0].uuids[0],
                                          &secure_partitions[2].uuids[2]};
        struct posix_vm *vm;

        machine_on(&posix_spmc_1_2);
        vm_on(&(struct vm_setup){
            .id = 2, .version = FFA_VERSION_1_2, .uuids = &distinct, .uuid_count = 1});
        vm_on(&(struct vm_setup){
            .id = 3, .version = FFA_VERSION_1_2, .uuids = three, .uuid_count = COUNT(three)});
        vm = viewer_on(versions[v]);
        vm_map(vm, 1);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK); /* leaves UUIDs all over RX */
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
        for (size_t i = 0; i < COUNT(asked); i++) {
            struct entry entries[ENTRIES_MAX];

            assert_int_equal(list_buffer(vm, asked[i], entries), 1);
            assert_true(ffa_uuid_is_nil(&entries[0].uuid));
            if (versions[v] == FFA_VERSION_1_2) {
                assert_int_equal(list_regs(vm, asked[i], entries), 1);
                assert_true(ffa_uuid_is_nil(&entries[0].uuid));
            }
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* A UUID is the same sixteen bytes in a configuration, in RX, in registers, and in a question. */
static void G17_uuid_byte_order(void **state)
{
    static const struct spmc_partition partition[] = {
        {.name = "distinct", .id = 0x8001, .contexts = 1, .uuids = &distinct, .uuid_count = 1},
    };
    struct parley_regs regs;
    struct posix_vm *vm;

    (void)state;
    for (unsigned int who = 0; who < 3; who++) {
        const struct spmc_config secure = {
            .version = who == 1 ? FFA_VERSION_1_1 : FFA_VERSION_1_2,
            .partitions = partition,
            .partition_count = 1,
        };
        const uint16_t id = who == 0 ? 2 : 0x8001;
        struct ffa_partition_info_1_1 info;

        machine_on(who == 0 ? NULL : &secure);
        if (who == 0) {
            vm_on(&(struct vm_setup){
                .id = 2, .version = FFA_VERSION_1_1, .uuids = &distinct, .uuid_count = 1});
        }
        vm = viewer_on(FFA_VERSION_1_2);
        vm_map(vm, 1);
        info = first_in_rx(vm, &nil_uuid);
        if (who == 0) { /* the caller itself comes first, having the lower ID */
            assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
            memcpy(&info, vm_rx(vm) + sizeof(info), sizeof(info));
        }
        assert_int_equal(info.id, id);
        assert_memory_equal(info.uuid.bytes, distinct.bytes, sizeof(distinct));

        regs = CALL(vm, 0, FFA_PARTITION_INFO_GET_REGS, 0, 0, 0);
        assert_int_equal(ffa_info_regs_desc_id(regs.x[who == 0 ? 6 : 3]), id);
        assert_int_equal(regs.x[who == 0 ? 7 : 4], 0x7867564534231201u);
        assert_int_equal(regs.x[who == 0 ? 8 : 5], 0xf0efdecdbcab9a89u);

        regs = CALL(vm, 0, FFA_PARTITION_INFO_GET, 0x34231201u, 0x78675645u, 0xbcab9a89u,
                    0xf0efdecdu, 1);
        assert_int_equal(status_of(&regs), FFA_OK);
        assert_int_equal(w(&regs, 2), 1);
        regs =
            CALL(vm, 0, FFA_PARTITION_INFO_GET_REGS, 0x7867564534231201u, 0xf0efdecdbcab9a89u, 0);
        assert_int_equal(ffa_info_regs_desc_id(regs.x[3]), id);
        regs =
            CALL(vm, 0, FFA_PARTITION_INFO_GET_REGS, 0xf0efdecdbcab9a89u, 0x7867564534231201u, 0);
        assert_int_equal(status_of(&regs), FFA_INVALID_PARAMETERS);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* How often each ID is in a list, with a UUID that no other entry of it has. */
static unsigned int entries_of(const struct entry *entries, unsigned int count, uint16_t id)
{
    unsigned int found = 0;

    for (unsigned int i = 0; i < count; i++) {
        if (entries[i].id != id) {
            continue;
        }
        found++;
        for (unsigned int j = 0; j < i; j++) {
            assert_false(entries[j].id == id && ffa_uuid_equal(&entries[j].uuid, &entries[i].uuid));
        }
    }
    return found;
}

/* A partition with several UUIDs: an entry for each at 1.2, one for all of them before. */
static void G18_multi_uuid_partition(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        const unsigned int many = versions[v] == FFA_VERSION_1_2 ? 3 : 1;
        struct entry entries[ENTRIES_MAX];
        struct posix_vm *vm;
        unsigned int count;

        machine_on(&posix_spmc_1_2);
        vm_on(&(struct vm_setup){
            .id = 3, .version = FFA_VERSION_1_0, .uuids = three, .uuid_count = COUNT(three)});
        vm = viewer_on(versions[v]);
        assert_true(is_listed(vm, 3)); /* and the count says the same */
        count = list_buffer(vm, NULL, entries);
        assert_int_equal(entries_of(entries, count, PARTITION_TRIO_ID), many);
        assert_int_equal(entries_of(entries, count, 3), many);
        for (unsigned int i = 0; i < 3; i++) {
            assert_int_equal(list_buffer(vm, &three[i], entries), 1);
            assert_int_equal(entries[0].id, 3);
            assert_int_equal(list_buffer(vm, &secure_partitions[2].uuids[i], entries), 1);
            assert_int_equal(entries[0].id, PARTITION_TRIO_ID);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
    expect_one_announcement();
}

/* --- G19 -------------------------------------------------------------------------------------- */

/* A VM is in its own lists at 1.2 and not before, in list and count alike, also by its UUID. */
static void G19_self_in_list_by_version(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        const bool itself = versions[v] == FFA_VERSION_1_2;
        struct entry entries[ENTRIES_MAX];
        struct posix_vm *vm;

        machine_on(NULL);
        vm_on(&(struct vm_setup){
            .id = 2, .version = FFA_VERSION_1_1, .uuids = &three[0], .uuid_count = 1});
        vm = vm_on(&(struct vm_setup){
            .id = 1, .version = versions[v], .sees = {2}, .uuids = three, .uuid_count = 2});
        assert_int_equal(is_listed(vm, 1), itself);
        assert_true(is_listed(vm, 2));
        assert_int_equal(list_buffer(vm, NULL, entries), itself ? 3 : 1);
        assert_int_equal(list_buffer(vm, &three[0], entries), itself ? 2 : 1);
        assert_int_equal(list_buffer(vm, &three[1], entries), itself ? 1 : 0);
        if (versions[v] != FFA_VERSION_1_0) {
            assert_int_equal(list_count(vm, &three[0]), itself ? 2 : 1);
            assert_int_equal(list_count(vm, &three[1]), itself ? 1 : 0);
        }
        if (itself) {
            assert_int_equal(list_regs(vm, &three[0], entries), 2);
            assert_int_equal(list_regs(vm, &three[1], entries), 1);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- H9, H10, H11 ----------------------------------------------------------------------------- */

/* Nobody sees anybody unless policy says so, and one way says nothing of the other. */
static void H9_no_vm_to_vm_policy(void **state)
{
    struct posix_vm *one;
    struct posix_vm *two;

    (void)state;
    machine_on(&posix_spmc_1_2);
    one = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
    two = vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_2, .sees = {1}});
    assert_false(is_listed(one, 2));
    assert_true(is_listed(two, 1));
    assert_false(is_listed(one, PARTITION_ECHO_ID));
    assert_false(is_listed(two, PARTITION_ECHO_ID));
    assert_int_equal(list_count(one, NULL), 1);
    assert_int_equal(list_count(two, NULL), 2);
}

/* All that a VM can learn of what is around it. */
struct knowledge {
    unsigned int count;
    unsigned int count_of_uuid;
    struct parley_regs regs;
    struct parley_regs regs_of_uuid;
    struct entry entries[ENTRIES_MAX];
};

static struct knowledge all_it_knows(struct posix_vm *vm)
{
    struct knowledge knows;

    memset(&knows, 0, sizeof(knows));
    knows.count = list_count(vm, NULL);
    knows.count_of_uuid = list_count(vm, &distinct);
    knows.regs = call_info_regs(vm, &nil_uuid, 0, 0);
    knows.regs_of_uuid = call_info_regs(vm, &distinct, 0, 0);
    list_buffer(vm, NULL, knows.entries);
    return knows;
}

/* A VM that policy hides leaves no trace in a count, a list, a tag or an error. */
static void H10_vm_list_discloses_all(void **state)
{
    struct knowledge before;
    struct knowledge after;
    struct posix_vm *hidden;
    struct posix_vm *vm;

    (void)state;
    machine_on(&posix_spmc_1_2);
    vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_1});
    vm = viewer_on(FFA_VERSION_1_2);
    before = all_it_knows(vm);
    assert_int_equal(before.count_of_uuid, 0);
    assert_int_equal(status_of(&before.regs_of_uuid), FFA_INVALID_PARAMETERS);

    hidden = vm_on(&(struct vm_setup){.id = 9, .uuids = &distinct, .uuid_count = 1, .sees = {1}});
    for (unsigned int life = 0; life < 3; life++) {
        vm_negotiate(hidden, FFA_VERSION_1_2);
        after = all_it_knows(vm);
        assert_memory_equal(&before, &after, sizeof(after));
        posix_vm_reset(hidden);
        after = all_it_knows(vm);
        assert_memory_equal(&before, &after, sizeof(after));
    }
    vm_off(hidden);
    after = all_it_knows(vm);
    assert_memory_equal(&before, &after, sizeof(after));
}

/* Bits that no caller of this version is shown, whoever has them. */
static uint32_t unknown_at(uint32_t version)
{
    const uint32_t direct_2 = FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND;

    switch (version) {
    case FFA_VERSION_1_0:
        return ~(uint32_t)(FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND);
    case FFA_VERSION_1_1:
        return direct_2;
    default:
        return 0;
    }
}

static uint32_t properties_shown(const struct entry *entry, uint32_t viewer, uint32_t shown)
{
    const uint32_t sends = FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_DIRECT_REQ2_SEND;
    const uint32_t made = FFA_PARTITION_VM_CREATED | FFA_PARTITION_VM_DESTROYED;
    uint32_t properties = 0;

    switch (entry->id) {
    case 1:
        properties = FFA_PARTITION_AARCH64; /* the viewer, which takes part in nothing */
        break;
    case 2:
        properties = (ALL_PROPERTIES & ~unknown_at(shown)) | FFA_PARTITION_AARCH64;
        break;
    case 3:
        properties = FFA_PARTITION_DIRECT_REQ_RECV;
        break;
    default:
        for (unsigned int i = 0; i < PARTITION_COUNT; i++) {
            if (secure_partitions[i].id == entry->id) {
                properties = secure_partitions[i].properties & ~(sends | made);
            }
        }
        break;
    }
    return properties & ~unknown_at(viewer);
}

/*
 * Properties are those that the caller's version knows, that the partition's version has, and that
 * Parley serves; the width is a VM's at any version. Nobody is shown that an SP sends, or wants to
 * know of VMs.
 */
static void H11_direct_support_properties(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        for (size_t other = 0; other < COUNT(versions); other++) {
            struct entry entries[ENTRIES_MAX];
            struct posix_vm *vm;
            unsigned int count;

            machine_on(&posix_spmc_1_2);
            vm_on(&(struct vm_setup){
                .id = 2, .version = versions[other], .properties = ALL_PROPERTIES});
            vm_on(&(struct vm_setup){.id = 3,
                                     .version = versions[other],
                                     .aarch32 = true,
                                     .properties = FFA_PARTITION_DIRECT_REQ_RECV});
            vm = viewer_on(versions[v]);
            count = list_buffer(vm, NULL, entries);
            assert_true(count >= 2 + PARTITION_COUNT);
            for (unsigned int i = 0; i < count; i++) {
                assert_int_equal(entries[i].properties,
                                 properties_shown(&entries[i], versions[v], versions[other]));
            }
            assert_int_equal(machine_off(NULL), 0);
        }
    }
}

/* --- J2, J12 ---------------------------------------------------------------------------------- */

/* A call of PARTITION_INFO_GET_REGS gives five entries at most; index and tag say how it goes on.
 */
static void J2_unbounded_vm_walk(void **state)
{
    struct parley_regs answer;
    struct posix_vm *vm;
    uint16_t tag;

    (void)state;
    machine_on(NULL);
    crowd_on(10, 11);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_all = true});
    answer = call_info_regs(vm, &nil_uuid, 0, 0);
    assert_int_equal(ffa_info_regs_out_last(answer.x[2]), 11);
    assert_int_equal(ffa_info_regs_out_current(answer.x[2]), 4);
    tag = ffa_info_regs_out_tag(answer.x[2]);
    answer = call_info_regs(vm, &nil_uuid, 10, tag);
    assert_int_equal(ffa_info_regs_out_current(answer.x[2]), 11);
    answer = call_info_regs(vm, &nil_uuid, 11, tag);
    assert_int_equal(ffa_info_regs_out_current(answer.x[2]), 11);
    assert_status(call_info_regs(vm, &nil_uuid, 12, tag), FFA_INVALID_PARAMETERS);
    assert_status(call_info_regs(vm, &nil_uuid, 0xffff, tag), FFA_INVALID_PARAMETERS);
    assert_status(call_info_regs(vm, &nil_uuid, 5, (uint16_t)(tag + 1)), FFA_RETRY);
    assert_status(call_info_regs(vm, &nil_uuid, 12, (uint16_t)(tag + 1)), FFA_RETRY);
    assert_status(call_info_regs(vm, &nil_uuid, 0, (uint16_t)(tag + 1)), FFA_OK);

    /* The list changes: who is in the middle of it begins again. */
    vm_on(&(struct vm_setup){.id = 40, .version = FFA_VERSION_1_0});
    assert_status(call_info_regs(vm, &nil_uuid, 5, tag), FFA_RETRY);
    answer = call_info_regs(vm, &nil_uuid, 0, 0);
    assert_int_equal(ffa_info_regs_out_last(answer.x[2]), 12);
    assert_int_not_equal(ffa_info_regs_out_tag(answer.x[2]), tag);
}

/* RX is filled with as many entries as it holds, and of a list that is longer by one it shows none.
 */
static void J12_partinfo_oversized_work(void **state)
{
    const unsigned int page_holds = FFA_PAGE_SIZE / sizeof(struct ffa_partition_info_1_1);
    struct entry entries[ENTRIES_MAX];
    struct posix_vm *vm;

    (void)state;
    machine_on(NULL);
    crowd_on(10, page_holds - 1);
    vm = vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .sees_all = true});
    vm_map(vm, 1);
    assert_int_equal(list_buffer(vm, NULL, entries), page_holds);
    vm_paint(vm, RX_PAGE, 1, 0xa5);
    vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_0, .ram_pages = 1});
    assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_NO_MEMORY);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FREE);
    for (unsigned int i = 0; i < FFA_PAGE_SIZE; i++) {
        assert_true(vm_rx(vm)[i] == 0 || vm_rx(vm)[i] == 0xa5);
    }
    assert_int_equal(list_count(vm, NULL), page_holds + 1);
}

SECTION(museum_discovery, TEST(G16_uuid_returned_when_queried), TEST(G17_uuid_byte_order),
        TEST(G18_multi_uuid_partition), TEST(G19_self_in_list_by_version),
        TEST(H9_no_vm_to_vm_policy), TEST(H10_vm_list_discloses_all),
        TEST(H11_direct_support_properties), TEST(J2_unbounded_vm_walk),
        TEST(J12_partinfo_oversized_work))
