/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_PARTITION_INFO_GET and FFA_PARTITION_INFO_GET_REGS (FF-A 1.2, 13.8 and 13.9). */
#include "internal.h"

/* --- In the RX buffer ----------------------------------------------------- */

static bool flags_are_valid(const struct call *call, uint32_t flags)
{
    /* At 1.0 the whole register must be zero. */
    uint32_t known = call->version >= VERSION_1_1 ? FFA_PARTITION_INFO_GET_COUNT_ONLY : 0;

    return (flags & ~known) == 0;
}

static int32_t count_partitions(const struct call *call, const struct uuid *uuid,
                                struct parley_regs *result)
{
    struct partition_scan scan;
    struct partition_entry entry;
    uint32_t count = 0;

    parley_scan_begin(&scan, call, uuid);
    while (parley_scan_next(&scan, &entry)) {
        count++;
    }
    if (count == 0) {
        return FFA_INVALID_PARAMETERS;
    }
    result->x[2] = count;
    return FFA_OK;
}

/* Fills the RX buffer, which is being held for it. *count entries were written on FFA_OK. */
static int32_t fill(const struct call *call, const struct uuid *uuid, uint32_t *count)
{
    size_t entry_bytes = parley_layout_partition_bytes(call->version);
    uint8_t bytes[LAYOUT_PARTITION_BYTES_MAX];
    struct partition_scan scan;
    struct partition_entry entry;

    *count = 0;
    parley_scan_begin(&scan, call, uuid);
    while (parley_scan_next(&scan, &entry)) {
        parley_layout_partition_encode(&entry, call->version, bytes);
        if (!parley_rx_write(call->vm, *count * entry_bytes, bytes, entry_bytes)) {
            return FFA_NO_MEMORY;
        }
        ++*count;
    }
    return *count == 0 ? FFA_INVALID_PARAMETERS : FFA_OK;
}

static int32_t list_partitions(const struct call *call, const struct uuid *uuid,
                               struct parley_regs *result)
{
    size_t entry_bytes = parley_layout_partition_bytes(call->version);
    uint32_t count;
    int32_t status = parley_rx_fill_begin(call->vm);

    if (status != FFA_OK) {
        return status;
    }
    status = fill(call, uuid, &count);
    if (status != FFA_OK) {
        parley_rx_fill_abandon(call->vm, count * entry_bytes);
        return status;
    }
    parley_rx_fill_end(call->vm, count * entry_bytes);
    result->x[2] = count;
    result->x[3] = call->version >= VERSION_1_1 ? entry_bytes : 0;
    return FFA_OK;
}

int32_t parley_handle_partition_info_get(const struct call *call, struct parley_regs *result)
{
    struct uuid uuid = {.low = call_word(call, 1) | (uint64_t)call_word(call, 2) << 32,
                        .high = call_word(call, 3) | (uint64_t)call_word(call, 4) << 32};
    uint32_t flags = call_word(call, 5);

    if (!flags_are_valid(call, flags)) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((flags & FFA_PARTITION_INFO_GET_COUNT_ONLY) != 0) {
        return count_partitions(call, &uuid, result);
    }
    return list_partitions(call, &uuid, result);
}

/* --- In registers --------------------------------------------------------- */

/*
 * One scan counts all entries, keeps those of this answer, and makes the tag. The tag tells a
 * caller that comes back for more whether what it may see is still the same; it is not kept
 * anywhere.
 */
int32_t parley_handle_partition_info_get_regs(const struct call *call, struct parley_regs *result)
{
    struct uuid uuid = {.low = call_argument(call, 1), .high = call_argument(call, 2)};
    uint16_t start = ffa_info_regs_in_start(call_argument(call, 3));
    uint16_t tag = ffa_info_regs_in_tag(call_argument(call, 3));
    struct partition_scan scan;
    struct partition_entry entry;
    unsigned int total = 0;
    unsigned int end = start;

    parley_scan_begin(&scan, call, &uuid);
    for (; parley_scan_next(&scan, &entry); total++) {
        if (total >= start && total - start < FFA_PARTITION_INFO_GET_REGS_DESC_MAX) {
            unsigned int place = 3 + (total - start) * FFA_PARTITION_INFO_GET_REGS_PER_DESC;

            parley_layout_partition_to_regs(&entry, &result->x[place]);
            end = total + 1;
        }
    }

    uint16_t tag_now = parley_scan_tag(&scan);
    if (start != 0 && tag != tag_now) {
        return FFA_RETRY;
    }
    if (start >= total) {
        return FFA_INVALID_PARAMETERS;
    }
    result->x[0] = FFA_SUCCESS_64;
    result->x[2] = ffa_info_regs_out_make((uint16_t)(total - 1), (uint16_t)(end - 1), tag_now,
                                          sizeof(struct ffa_partition_info_1_1));
    return FFA_OK;
}
