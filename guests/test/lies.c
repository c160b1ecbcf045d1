/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies about versions, features, buffers and discovery. */
#include <string.h>

#include "lies.h"

static bool is_refused_version(const struct guest_regs *sent, const struct guest_regs *answer)
{
    return fid_of(sent) == FFA_VERSION && (int32_t)answer->x[0] == FFA_VERSION_NOT_SUPPORTED;
}

static void name_a_target_in_errors(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[1] = answer->x[0] == FFA_ERROR ? sent->x[1] | 1 : answer->x[1];
}

static void extend_the_sign(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[2] = answer->x[0] == FFA_ERROR ? (uint64_t)(int32_t)answer->x[2] : answer->x[2];
}

static void leave_w7_behind(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[7] = fid_of(sent) == FFA_RX_RELEASE ? sent->x[7] : answer->x[7];
}

static void leave_w1_of_version_behind(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[1] = fid_of(sent) == FFA_VERSION ? sent->x[1] : answer->x[1];
}

static void clear_x8_always(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[8] = ffa_fid_is_ffa(fid_of(sent)) ? 0 : answer->x[8];
}

static void clear_x8_of_refused_versions(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[8] = is_refused_version(sent, answer) ? 0 : answer->x[8];
}

static void keep_x17_always(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[17] = sent->x[17];
}

static void leak_a_pointer(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[13] = fid_of(sent) == FFA_FEATURES ? 0x48001000 : answer->x[13];
}

static void answer_in_64_bits(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RXTX_MAP_64 && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[0] = FFA_SUCCESS_64;
    }
}

static void never_refuse_a_version(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[0] = is_refused_version(sent, answer) ? FFA_VERSION_1_2 : answer->x[0];
}

static void take_bit_31(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_refused_version(sent, answer) && (sent->x[1] & FFA_VERSION_BIT31) != 0) {
        answer->x[0] = FFA_VERSION_1_2;
    }
}

static void echo_the_version(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_VERSION && (uint32_t)sent->x[1] == FFA_VERSION_1_1 &&
        answer->x[0] == FFA_VERSION_1_2) {
        answer->x[0] = FFA_VERSION_1_1;
    }
}

static void have_every_feature(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_FEATURES && is_error(answer, FFA_NOT_SUPPORTED)) {
        succeed(answer);
    }
}

static void hide_a_feature(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_FEATURES && (uint32_t)sent->x[1] == FFA_PARTITION_INFO_GET_REGS) {
        *answer = (struct guest_regs){{FFA_ERROR, 0, (uint32_t)FFA_NOT_SUPPORTED}};
        memcpy(&answer->x[8], &sent->x[8], sizeof(answer->x) - 8 * sizeof(answer->x[0]));
    }
}

static void have_no_limit_of_pages(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_FEATURES) {
        answer->x[2] &= 0xffff;
    }
}

static void be_another_vm(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_ID_GET && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[2]++;
    }
}

static void map_twice(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RXTX_MAP_32 && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void be_busy_instead_of_denied(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RX_RELEASE && is_error(answer, FFA_DENIED)) {
        answer->x[2] = (uint32_t)FFA_BUSY;
    }
}

static void unmap_a_full_buffer(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RXTX_UNMAP && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void count_one_more(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET && (sent->x[5] & 1) != 0 &&
        answer->x[0] == FFA_SUCCESS_32) {
        answer->x[2]++;
    }
}

static void tell_a_size_at_1_0(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET && answer->x[0] == FFA_SUCCESS_32 &&
        answer->x[3] == 0) {
        answer->x[3] = sizeof(struct ffa_partition_info_1_0);
    }
}

static void forget_the_tag(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET_REGS && is_error(answer, FFA_RETRY)) {
        answer->x[2] = (uint32_t)FFA_INVALID_PARAMETERS;
    }
}

static void show_the_vm_created_bit(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET_REGS && answer->x[0] == FFA_SUCCESS_64) {
        answer->x[3] |= (uint64_t)FFA_PARTITION_VM_CREATED << 32;
    }
}

static void swap_two_entries(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET_REGS && answer->x[6] != 0) {
        uint64_t first = answer->x[3];

        answer->x[3] = answer->x[6];
        answer->x[6] = first;
    }
}

static void answer_unknown_ids_as_smccc(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == 0xc40000ef) {
        answer->x[0] = UINT64_MAX;
    }
}

static void answer_unknown_calls_in_32_bits(const struct guest_regs *sent,
                                            struct guest_regs *answer)
{
    (void)sent;
    answer->x[0] = answer->x[0] == UINT64_MAX ? UINT32_MAX : answer->x[0];
}

static void clobber_x4_of_unknown_calls(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[4] = answer->x[0] == UINT64_MAX ? 0 : answer->x[4];
}

const struct named_lie lies_of_one[] = {
    LIE(name_a_target_in_errors),
    LIE(extend_the_sign),
    LIE(leave_w7_behind),
    LIE(leave_w1_of_version_behind),
    LIE(clear_x8_always),
    LIE(clear_x8_of_refused_versions),
    LIE(keep_x17_always),
    LIE(leak_a_pointer),
    LIE(answer_in_64_bits),
    LIE(never_refuse_a_version),
    LIE(take_bit_31),
    LIE(echo_the_version),
    LIE(have_every_feature),
    LIE(hide_a_feature),
    LIE(have_no_limit_of_pages),
    LIE(be_another_vm),
    LIE(map_twice),
    LIE(be_busy_instead_of_denied),
    LIE(unmap_a_full_buffer),
    LIE(count_one_more),
    LIE(tell_a_size_at_1_0),
    LIE(forget_the_tag),
    LIE(show_the_vm_created_bit),
    LIE(swap_two_entries),
    LIE(answer_unknown_ids_as_smccc),
    LIE(answer_unknown_calls_in_32_bits),
    LIE(clobber_x4_of_unknown_calls),
};

const size_t lies_of_one_count = sizeof(lies_of_one) / sizeof(lies_of_one[0]);
