/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attributes and permissions of memory: which of them a sender and a receiver may, must and must
 * not give, and that nobody gets more than was granted. Less permissive is, from left to right:
 *
 *   device, Normal      non-cacheable, write-back      non, inner, outer shareable
 *   read-only, read-write      not executable, executable
 *
 * RAM of the Normal world is Normal, write-back, inner shareable, and never executable in the
 * Secure world. That is the most that anybody can grant, or get.
 */
#include "memory.h"

#define PERMISSIONS_KNOWN (FFA_MEM_ACCESS_DATA_MASK | FFA_MEM_ACCESS_INSTR_MASK)
#define ATTRIBUTES_KNOWN \
    (FFA_MEM_ATTR_TYPE_MASK | FFA_MEM_ATTR_CACHE_MASK | FFA_MEM_ATTR_SHARE_MASK | FFA_MEM_ATTR_NS)

bool spmc_receiver_chooses(const struct spmc_transaction *transaction)
{
    return transaction->type != FFA_MEM_TYPE_SHARE && transaction->borrower_count == 1;
}

/* --- Attributes --- */

static uint32_t type_of(uint16_t attributes)
{
    return attributes & FFA_MEM_ATTR_TYPE_MASK;
}

static bool is_normal_form(uint16_t attributes)
{
    const uint32_t cache = attributes & FFA_MEM_ATTR_CACHE_MASK;
    const uint32_t share = attributes & FFA_MEM_ATTR_SHARE_MASK;

    return (cache == FFA_MEM_ATTR_CACHE_NC || cache == FFA_MEM_ATTR_CACHE_WB) &&
           (share == FFA_MEM_ATTR_SHARE_NON || share == FFA_MEM_ATTR_SHARE_OUTER ||
            share == FFA_MEM_ATTR_SHARE_INNER);
}

/* Neither side says that memory is Non-secure: the SPMC does. Reserved bits have been looked at. */
static bool is_form(uint16_t attributes)
{
    attributes &= ATTRIBUTES_KNOWN;
    if ((attributes & FFA_MEM_ATTR_NS) != 0) {
        return false;
    }
    switch (type_of(attributes)) {
    case FFA_MEM_ATTR_TYPE_NONE:
        return attributes == 0;
    case FFA_MEM_ATTR_TYPE_DEVICE:
        return (attributes & FFA_MEM_ATTR_SHARE_MASK) == 0;
    case FFA_MEM_ATTR_TYPE_NORMAL:
        return is_normal_form(attributes);
    default:
        return false;
    }
}

static unsigned int share_rank(uint16_t attributes)
{
    switch (attributes & FFA_MEM_ATTR_SHARE_MASK) {
    case FFA_MEM_ATTR_SHARE_NON:
        return 0;
    case FFA_MEM_ATTR_SHARE_INNER:
        return 1;
    default:
        return 2;
    }
}

/* Both are well-formed, and those granted are Normal memory's. */
static bool exceeds(uint16_t asked, uint16_t granted)
{
    if (type_of(asked) != FFA_MEM_ATTR_TYPE_NORMAL) {
        return false;
    }
    return (asked & FFA_MEM_ATTR_CACHE_MASK) > (granted & FFA_MEM_ATTR_CACHE_MASK) ||
           share_rank(asked) > share_rank(granted);
}

/* RAM is no device, and the SPMC does not make it one. */
int32_t spmc_attributes_send(const struct spmc_transaction *transaction)
{
    const uint16_t attributes = transaction->attributes;
    const bool stated = type_of(attributes) != FFA_MEM_ATTR_TYPE_NONE;

    if (!is_form(attributes) || stated == spmc_receiver_chooses(transaction)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (type_of(attributes) == FFA_MEM_ATTR_TYPE_DEVICE ||
        exceeds(attributes, SPMC_RAM_ATTRIBUTES)) {
        return FFA_DENIED;
    }
    return FFA_OK;
}

int32_t spmc_attributes_retrieve(const struct spmc_transaction *transaction, uint16_t *attributes)
{
    const uint16_t granted =
        spmc_receiver_chooses(transaction) ? SPMC_RAM_ATTRIBUTES : transaction->attributes;

    if (!is_form(*attributes)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (exceeds(*attributes, granted)) {
        return FFA_DENIED;
    }
    if (type_of(*attributes) == FFA_MEM_ATTR_TYPE_NONE) {
        *attributes = granted;
    }
    return FFA_OK;
}

/* --- Permissions --- */

static uint32_t data_of(uint8_t permissions)
{
    return permissions & FFA_MEM_ACCESS_DATA_MASK;
}

static uint32_t instr_of(uint8_t permissions)
{
    return permissions & FFA_MEM_ACCESS_INSTR_MASK;
}

static bool is_permission_form(uint8_t permissions)
{
    return (permissions & ~PERMISSIONS_KNOWN) == 0 &&
           data_of(permissions) != FFA_MEM_ACCESS_DATA_MASK &&
           instr_of(permissions) != FFA_MEM_ACCESS_INSTR_MASK;
}

bool spmc_permissions_write(uint8_t permissions)
{
    return data_of(permissions) == FFA_MEM_ACCESS_DATA_RW;
}

/* Who donates says nothing; who shares or lends says what may be done with the data. */
int32_t spmc_permissions_send(const struct spmc_transaction *transaction, uint8_t permissions)
{
    const bool stated = data_of(permissions) != FFA_MEM_ACCESS_DATA_NONE;

    if (!is_permission_form(permissions) || instr_of(permissions) != FFA_MEM_ACCESS_INSTR_NONE ||
        stated == (transaction->type == FFA_MEM_TYPE_DONATE)) {
        return FFA_INVALID_PARAMETERS;
    }
    return FFA_OK;
}

int32_t spmc_permissions_retrieve(const struct spmc_transaction *transaction, uint8_t granted,
                                  uint8_t *permissions)
{
    const bool donated = transaction->type == FFA_MEM_TYPE_DONATE;
    const uint32_t asked = data_of(*permissions);

    if (!is_permission_form(*permissions) || (asked == FFA_MEM_ACCESS_DATA_NONE && !donated)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (instr_of(*permissions) != FFA_MEM_ACCESS_INSTR_NONE &&
        !spmc_receiver_chooses(transaction)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (instr_of(*permissions) == FFA_MEM_ACCESS_INSTR_X ||
        (spmc_permissions_write(*permissions) && !spmc_permissions_write(granted) && !donated)) {
        return FFA_DENIED;
    }
    *permissions = (uint8_t)((asked != FFA_MEM_ACCESS_DATA_NONE ? asked : FFA_MEM_ACCESS_DATA_RW) |
                             FFA_MEM_ACCESS_INSTR_XN);
    return FFA_OK;
}
