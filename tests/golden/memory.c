/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenes of memory management: VM 1, under test, and VM 2, its neighbour, which is at 1.2. */
#include "golden.h"

#include <string.h>

#define LENT_PAGE 24u
#define RW        FFA_MEM_ACCESS_DATA_RW

bool is_of_memory(uint32_t fid)
{
    const uint32_t number = ffa_fid_number(fid);

    return number >= ffa_fid_number(FFA_MEM_DONATE_32) &&
           number <= ffa_fid_number(FFA_MEM_FRAG_TX) && fid != FFA_MEM_OP_PAUSE &&
           fid != FFA_MEM_OP_RESUME;
}

static void put(uint8_t *to, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

struct description {
    uint16_t owner;
    uint16_t borrower;
    uint16_t attributes;
    uint8_t permissions;
    uint64_t handle;
    unsigned int ranges;
};

/* Writes it to TX in the layout of the version; its length. Each range is one page. */
static uint32_t describe(struct posix_vm *vm, uint32_t version, const struct description *what)
{
    const uint32_t header = version == FFA_VERSION_1_0 ? 32 : 48;
    const uint32_t access = version == FFA_VERSION_1_2 ? 32 : 16;
    const uint32_t composite = header + access;
    uint8_t *tx = vm_page(vm, TX_PAGE);

    memset(tx, 0, FFA_PAGE_SIZE);
    put(tx, what->owner, 2);
    put(tx + 2, what->attributes, 2);
    put(tx + 8, what->handle, 8);
    put(tx + 28, 1, 4);
    if (version != FFA_VERSION_1_0) {
        put(tx + 24, access, 4);
        put(tx + 32, header, 4);
    }
    put(tx + header, what->borrower, 2);
    put(tx + header + 2, what->permissions, 1);
    if (what->ranges == 0) {
        return composite;
    }
    put(tx + header + 4, composite, 4);
    put(tx + composite, what->ranges, 4);
    put(tx + composite + 4, what->ranges, 4);
    for (unsigned int i = 0; i < what->ranges; i++) {
        put(tx + composite + 16 + 16 * i, IPA(LENT_PAGE + 2 * i), 8);
        put(tx + composite + 24 + 16 * i, 1, 4);
    }
    return composite + 16 + 16 * what->ranges;
}

static bool is_share(uint32_t fid)
{
    return fid == FFA_MEM_SHARE_32 || fid == FFA_MEM_SHARE_64;
}

static bool is_gift(uint32_t fid)
{
    return fid == FFA_MEM_DONATE_32 || fid == FFA_MEM_DONATE_64;
}

static uint32_t describe_send(struct posix_vm *vm, uint32_t version, uint32_t fid, uint16_t owner,
                              unsigned int ranges)
{
    const struct description what = {
        .owner = owner,
        .borrower = owner == 1 ? 2 : 1,
        .attributes = is_share(fid) ? FFA_MEM_ATTR_NORMAL_WB_INNER : 0,
        .permissions = is_gift(fid) ? 0 : RW,
        .ranges = ranges,
    };

    return describe(vm, version, &what);
}

static uint64_t handle_at(const struct parley_regs *answer, unsigned int reg)
{
    return answer->x[reg] | answer->x[reg + 1] << 32;
}

static uint64_t share(struct posix_vm *vm, uint32_t version, uint16_t owner)
{
    const uint32_t bytes = describe_send(vm, version, FFA_MEM_SHARE_32, owner, 1);
    const struct parley_regs answer = CALL(vm, 0, FFA_MEM_SHARE_32, bytes, bytes, 0, 0);

    assert_status(answer, FFA_OK);
    return handle_at(&answer, 2);
}

/* Of two ranges, the first. */
static uint64_t share_half(struct posix_vm *vm, uint32_t version)
{
    const uint32_t bytes = describe_send(vm, version, FFA_MEM_SHARE_32, 1, 2);
    const struct parley_regs answer = CALL(vm, 0, FFA_MEM_SHARE_32, bytes, bytes - 16, 0, 0);

    assert_int_equal(answer.x[0], FFA_MEM_FRAG_RX);
    memmove(vm_page(vm, TX_PAGE), vm_page(vm, TX_PAGE) + bytes - 16, 16);
    return handle_at(&answer, 1);
}

static uint32_t describe_request(struct posix_vm *vm, uint32_t version, uint64_t handle)
{
    const struct description what = {
        .owner = 2, .borrower = 1, .permissions = RW, .handle = handle};

    return describe(vm, version, &what);
}

static void retrieve(struct posix_vm *vm, uint32_t version, uint64_t handle)
{
    const uint32_t bytes = describe_request(vm, version, handle);

    assert_int_equal(CALL(vm, 0, FFA_MEM_RETRIEVE_REQ_32, bytes, bytes, 0, 0).x[0],
                     FFA_MEM_RETRIEVE_RESP);
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
}

static void describe_relinquishing(struct posix_vm *vm, uint64_t handle)
{
    uint8_t *tx = vm_page(vm, TX_PAGE);

    memset(tx, 0, FFA_PAGE_SIZE);
    put(tx, handle, 8);
    put(tx + 12, 1, 4);
    put(tx + 16, 1, 2);
}

static unsigned int whole(uint64_t x[4], uint32_t bytes)
{
    x[0] = bytes;
    x[1] = bytes;
    x[2] = 0;
    x[3] = 0;
    return 4;
}

static unsigned int of_handle(uint64_t x[4], uint64_t handle, uint64_t w3, unsigned int count)
{
    x[0] = (uint32_t)handle;
    x[1] = handle >> 32;
    x[2] = w3;
    x[3] = 0;
    return count;
}

unsigned int set_scene_of_memory(struct posix_vm *vm, struct posix_vm *neighbour, uint32_t version,
                                 uint32_t fid, uint64_t x[4])
{
    uint64_t handle;

    switch (fid) {
    case FFA_MEM_RETRIEVE_RESP:
    case FFA_MEM_FRAG_RX:
        return 0;
    case FFA_MEM_RETRIEVE_REQ_32:
    case FFA_MEM_RETRIEVE_REQ_64:
        handle = share(neighbour, FFA_VERSION_1_2, 2);
        return whole(x, describe_request(vm, version, handle));
    case FFA_MEM_RELINQUISH:
        handle = share(neighbour, FFA_VERSION_1_2, 2);
        retrieve(vm, version, handle);
        describe_relinquishing(vm, handle);
        return 0;
    case FFA_MEM_RECLAIM:
        return of_handle(x, share(vm, version, 1), 0, 3);
    case FFA_MEM_FRAG_TX:
        return of_handle(x, share_half(vm, version), 16, 4);
    default:
        return whole(x, describe_send(vm, version, fid, 1, 1));
    }
}
