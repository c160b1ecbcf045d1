/* SPDX-License-Identifier: BSD-3-Clause */
/* Discovery as a guest reads it: see support.h. */
#include "support.h"

#include <string.h>

/* Entries in the VM's RX, which is `stride` bytes a piece and may run over several pages. */
static void read_entries(const struct posix_vm *vm, unsigned int count, size_t stride,
                         struct entry *entries)
{
    for (unsigned int i = 0; i < count; i++) {
        uint8_t bytes[sizeof(struct ffa_partition_info_1_1)] = {0};
        struct ffa_partition_info_1_1 info;

        for (size_t j = 0; j < stride; j++) {
            const uint64_t offset = i * stride + j;

            bytes[j] = *(uint8_t *)posix_vm_at(vm, IPA(RX_PAGE) + offset);
        }
        memcpy(&info, bytes, sizeof(info));
        entries[i] = (struct entry){info.id, info.contexts, info.properties, info.uuid};
    }
}

unsigned int list_buffer(struct posix_vm *vm, const struct ffa_uuid *uuid, struct entry *entries)
{
    const bool narrow = vm_status(vm).version == FFA_VERSION_1_0;
    const bool mapped = vm_status(vm).rx != PARLEY_RX_UNMAPPED;
    struct parley_regs answer;
    unsigned int count = 0;

    if (!mapped) {
        vm_map(vm, 1);
    }
    answer = call_info(vm, 0, uuid == NULL ? &nil_uuid : uuid, 0);
    if (status_of(&answer) == FFA_OK) {
        count = w(&answer, 2);
        assert_in_range(count, 1, ENTRIES_MAX);
        assert_int_equal(w(&answer, 3), narrow ? 0 : sizeof(struct ffa_partition_info_1_1));
        read_entries(vm, count,
                     narrow ? sizeof(struct ffa_partition_info_1_0)
                            : sizeof(struct ffa_partition_info_1_1),
                     entries);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
    } else {
        assert_int_equal(status_of(&answer), FFA_INVALID_PARAMETERS);
    }
    if (!mapped) {
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
    }
    return count;
}

static void read_regs(const struct parley_regs *answer, unsigned int first, unsigned int last,
                      struct entry *entries)
{
    for (unsigned int i = first; i <= last; i++) {
        const uint64_t *x = &answer->x[3 + 3 * (i - first)];

        assert_in_range(i, 0, ENTRIES_MAX - 1);
        entries[i] = (struct entry){
            .id = ffa_info_regs_desc_id(x[0]),
            .contexts = ffa_info_regs_desc_contexts(x[0]),
            .properties = ffa_info_regs_desc_properties(x[0]),
            .uuid = ffa_uuid_from_u64(x[1], x[2]),
        };
    }
    for (unsigned int i = 3 + 3 * (last - first + 1); i < FFA_REGS_MAX; i++) {
        assert_int_equal(answer->x[i], 0);
    }
}

unsigned int list_regs(struct posix_vm *vm, const struct ffa_uuid *uuid, struct entry *entries)
{
    unsigned int next = 0;
    unsigned int total = 1;
    uint16_t tag = 0;

    while (next < total) {
        const struct parley_regs answer =
            call_info_regs(vm, uuid == NULL ? &nil_uuid : uuid, (uint16_t)next, tag);
        unsigned int current;

        if (next == 0 && status_of(&answer) == FFA_INVALID_PARAMETERS) {
            return 0;
        }
        assert_int_equal(answer.x[0], FFA_SUCCESS_64);
        assert_int_equal(answer.x[1], 0);
        current = ffa_info_regs_out_current(answer.x[2]);
        assert_in_range(current, next, next + FFA_PARTITION_INFO_GET_REGS_DESC_MAX - 1);
        assert_int_equal(ffa_info_regs_out_size(answer.x[2]), 24);
        if (next != 0) {
            assert_int_equal(ffa_info_regs_out_last(answer.x[2]), total - 1);
            assert_int_equal(ffa_info_regs_out_tag(answer.x[2]), tag);
        }
        total = ffa_info_regs_out_last(answer.x[2]) + 1u;
        tag = ffa_info_regs_out_tag(answer.x[2]);
        assert_in_range(current, 0, total - 1);
        read_regs(&answer, next, current, entries);
        next = current + 1;
    }
    return total;
}

unsigned int list_count(struct posix_vm *vm, const struct ffa_uuid *uuid)
{
    const struct parley_regs answer =
        call_info(vm, 0, uuid == NULL ? &nil_uuid : uuid, FFA_PARTITION_INFO_GET_COUNT_ONLY);

    if (status_of(&answer) == FFA_INVALID_PARAMETERS) {
        return 0;
    }
    assert_int_equal(status_of(&answer), FFA_OK);
    assert_int_equal(w(&answer, 3), 0);
    return w(&answer, 2);
}

bool is_listed(struct posix_vm *vm, uint16_t id)
{
    const uint32_t version = vm_status(vm).version;
    struct entry entries[ENTRIES_MAX];
    const unsigned int count = list_buffer(vm, NULL, entries);
    bool found = false;

    for (unsigned int i = 0; i < count; i++) {
        found |= entries[i].id == id;
    }
    if (version >= FFA_VERSION_1_1) {
        assert_int_equal(list_count(vm, NULL), count);
    }
    if (version == FFA_VERSION_1_2 && vm_is_aarch64(vm)) {
        struct entry again[ENTRIES_MAX];

        assert_int_equal(list_regs(vm, NULL, again), count);
        assert_memory_equal(entries, again, count * sizeof(entries[0]));
    }
    return found;
}
