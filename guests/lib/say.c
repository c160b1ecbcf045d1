/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

struct name {
    uint32_t fid;
    const char *name;
};

/* What programs call by name. */
static const struct name names[] = {
    {FFA_ERROR, "FFA_ERROR"},
    {FFA_SUCCESS_32, "FFA_SUCCESS_32"},
    {FFA_SUCCESS_64, "FFA_SUCCESS_64"},
    {FFA_VERSION, "FFA_VERSION"},
    {FFA_FEATURES, "FFA_FEATURES"},
    {FFA_RX_RELEASE, "FFA_RX_RELEASE"},
    {FFA_RXTX_MAP_32, "FFA_RXTX_MAP_32"},
    {FFA_RXTX_MAP_64, "FFA_RXTX_MAP_64"},
    {FFA_RXTX_UNMAP, "FFA_RXTX_UNMAP"},
    {FFA_PARTITION_INFO_GET, "FFA_PARTITION_INFO_GET"},
    {FFA_PARTITION_INFO_GET_REGS, "FFA_PARTITION_INFO_GET_REGS"},
    {FFA_ID_GET, "FFA_ID_GET"},
    {FFA_SPM_ID_GET, "FFA_SPM_ID_GET"},
    {FFA_MEM_DONATE_32, "FFA_MEM_DONATE_32"},
    {FFA_MEM_DONATE_64, "FFA_MEM_DONATE_64"},
    {FFA_MEM_LEND_32, "FFA_MEM_LEND_32"},
    {FFA_MEM_LEND_64, "FFA_MEM_LEND_64"},
    {FFA_MEM_SHARE_32, "FFA_MEM_SHARE_32"},
    {FFA_MEM_SHARE_64, "FFA_MEM_SHARE_64"},
    {FFA_MEM_RETRIEVE_REQ_32, "FFA_MEM_RETRIEVE_REQ_32"},
    {FFA_MEM_RETRIEVE_REQ_64, "FFA_MEM_RETRIEVE_REQ_64"},
    {FFA_MEM_RELINQUISH, "FFA_MEM_RELINQUISH"},
    {FFA_MEM_RECLAIM, "FFA_MEM_RECLAIM"},
    {FFA_MEM_FRAG_TX, "FFA_MEM_FRAG_TX"},
};

static const char *const statuses[] = {
    "SUCCESS",   "NOT_SUPPORTED", "INVALID_PARAMETERS",
    "NO_MEMORY", "BUSY",          "INTERRUPTED",
    "DENIED",    "RETRY",         "ABORTED",
    "NO_DATA",
};

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

void say_add(struct say *say, const char *text)
{
    size_t length = 0;

    while (say->text[length] != '\0') {
        length++;
    }
    for (; *text != '\0' && length < sizeof(say->text) - 1; text++) {
        say->text[length++] = *text;
    }
    say->text[length] = '\0';
}

static void add_number(struct say *say, uint32_t value, uint32_t base)
{
    char digits[11] = {0};
    size_t at = sizeof(digits) - 1;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    say_add(say, &digits[at]);
}

void say_add_decimal(struct say *say, uint32_t value)
{
    add_number(say, value, 10);
}

void say_add_hex(struct say *say, uint32_t value)
{
    add_number(say, value, 16);
}

static void add_8_digits(struct say *say, uint32_t value)
{
    char digits[9] = {0};

    for (unsigned int i = 0; i < 8; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 0xf];
    }
    say_add(say, digits);
}

struct say say_version(uint32_t version)
{
    struct say say = {{0}};

    if (version == 0) {
        say_add(&say, "none");
    } else if (version == (uint32_t)FFA_VERSION_NOT_SUPPORTED) {
        say_add(&say, "NOT_SUPPORTED");
    } else if ((version & FFA_VERSION_BIT31) != 0) {
        say_add(&say, "0x");
        say_add_hex(&say, version);
    } else {
        say_add_decimal(&say, FFA_VERSION_MAJOR(version));
        say_add(&say, ".");
        say_add_decimal(&say, FFA_VERSION_MINOR(version));
    }
    return say;
}

struct say say_uuid(const struct ffa_uuid *uuid)
{
    struct say say = {{0}};

    if (ffa_uuid_is_nil(uuid)) {
        say_add(&say, "nil");
    } else {
        add_8_digits(&say, (uint32_t)uuid->bytes[0] << 24 | (uint32_t)uuid->bytes[1] << 16 |
                               (uint32_t)uuid->bytes[2] << 8 | uuid->bytes[3]);
    }
    return say;
}

const char *say_fid(uint32_t fid)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].fid == fid) {
            return names[i].name;
        }
    }
    return "another ID";
}

const char *say_status(int32_t status)
{
    if (status > 0 || status <= -(int32_t)STATUS_COUNT) {
        return "an unknown status";
    }
    return statuses[-status];
}
