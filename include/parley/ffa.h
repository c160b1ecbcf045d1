/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arm Firmware Framework for A-profile (FF-A): the binary interface of versions 1.0, 1.1 and 1.2,
 * as the base specification (DEN0077A) and its memory management supplement (DEN0140) define it.
 *
 *    1  Types and notation              8  Partition discovery
 *    2  Registers and pages             9  Direct and framework messages
 *    3  Function IDs                   10  CPU cycles, console, indirect messages
 *    4  Versions                       11  Notifications
 *    5  Status codes                   12  Memory: handle, attributes, permissions, flags
 *    6  Endpoint IDs, packed words     13  Memory: descriptors, fragments
 *    7  Features, RX/TX buffers        14  Memory permissions of S-EL0 partitions
 *
 * The header stands alone: it holds numbers, layouts and inline functions that pack and unpack
 * words, it keeps no state and it calls nothing. Macros serve C and assembly alike.
 *
 * Names.  Function IDs are spelled as in the specification; where both an SMC32 and an SMC64 form
 * exist the name ends in _32 or _64. A bit or a field is called after the ABI or the structure that
 * holds it. A field of several bits has a _SHIFT and a _MASK; masks and values are in place, so
 * that "(word & FFA_X_MASK) == FFA_X_VALUE" is how to test one. Functions are called
 * ffa_<word>_make() and ffa_<word>_<field>(). A structure whose layout changed carries the version
 * that introduced the layout: struct ffa_mem_access_1_0 serves 1.0 and 1.1, _1_2 serves 1.2.
 *
 * Comments.  "[a:b]" are bits a down to b. "w2" is the low half of register x2. "Since 1.1" marks
 * what 1.0 lacks; what has no such mark is in all versions. Bits and fields that are not named are
 * reserved, and zero.
 */
#ifndef PARLEY_FFA_H
#define PARLEY_FFA_H

/* ---- 1  Types and notation ------------------------------------------------------------------ */

/*
 * Without the standard headers, let FFA_TYPES_HEADER name one that gives uint8_t to uint64_t, bool,
 * true, false and offsetof: -DFFA_TYPES_HEADER='"my/types.h"'.
 */
#ifndef __ASSEMBLER__
#ifdef FFA_TYPES_HEADER
#include FFA_TYPES_HEADER
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif
#endif

/* Unsigned constants of 32 and 64 bits. The assembler takes no suffix. */
#ifdef __ASSEMBLER__
#define FFA_U32(x) x
#define FFA_U64(x) x
#else
#define FFA_U32(x) x##U
#define FFA_U64(x) x##ULL
#endif

#define FFA_BIT(n)   (FFA_U32(1) << (n))
#define FFA_BIT64(n) (FFA_U64(1) << (n))

#ifndef __ASSEMBLER__
#define FFA_ASSERT_SIZE(type, bytes) \
    _Static_assert(sizeof(struct type) == (bytes), "size of struct " #type)
#define FFA_ASSERT_OFFSET(type, member, bytes) \
    _Static_assert(offsetof(struct type, member) == (bytes), "offset of " #type "." #member)

/*
 * A UUID as the byte stream that its text shows: 0A1B2C3D-4E5F-... starts with 0x0A, 0x1B, 0x2C.
 * Registers carry the stream little-endian, byte 0 in the lowest bits of the first register: four
 * 32-bit registers in PARTITION_INFO_GET, two 64-bit registers in the ABIs since 1.2.
 */
struct ffa_uuid {
    uint8_t bytes[16];
};

FFA_ASSERT_SIZE(ffa_uuid, 16);

/* Bytes 8 * index to 8 * index + 7, for an index of 0 or 1. */
static inline uint64_t ffa_uuid_to_u64(const struct ffa_uuid *uuid, unsigned int index)
{
    uint64_t word = 0;

    for (unsigned int i = 0; i < 8; i++) {
        word |= (uint64_t)uuid->bytes[(index & 1U) * 8 + i] << (8 * i);
    }
    return word;
}

/* Bytes 4 * index to 4 * index + 3, for an index of 0 to 3. */
static inline uint32_t ffa_uuid_to_u32(const struct ffa_uuid *uuid, unsigned int index)
{
    return (uint32_t)(ffa_uuid_to_u64(uuid, index >> 1) >> (32 * (index & 1U)));
}

static inline struct ffa_uuid ffa_uuid_from_u64(uint64_t low, uint64_t high)
{
    struct ffa_uuid uuid;

    for (unsigned int i = 0; i < 8; i++) {
        uuid.bytes[i] = (uint8_t)(low >> (8 * i));
        uuid.bytes[8 + i] = (uint8_t)(high >> (8 * i));
    }
    return uuid;
}

static inline struct ffa_uuid ffa_uuid_from_u32(uint32_t word0, uint32_t word1, uint32_t word2,
                                                uint32_t word3)
{
    return ffa_uuid_from_u64(word0 | ((uint64_t)word1 << 32), word2 | ((uint64_t)word3 << 32));
}

static inline bool ffa_uuid_equal(const struct ffa_uuid *a, const struct ffa_uuid *b)
{
    for (unsigned int i = 0; i < 16; i++) {
        if (a->bytes[i] != b->bytes[i]) {
            return false;
        }
    }
    return true;
}

/* The Nil UUID, all zero, asks for every partition. */
static inline bool ffa_uuid_is_nil(const struct ffa_uuid *uuid)
{
    return ffa_uuid_to_u64(uuid, 0) == 0 && ffa_uuid_to_u64(uuid, 1) == 0;
}
#endif

/* ---- 2  Registers and pages ----------------------------------------------------------------- */

/*
 * An SMC32 call uses w0 to w7. An SMC64 call uses x0 to x7 at 1.0 and 1.1, and x0 to x17 at 1.2.
 * A call made with an SMC32 ID may be completed with an SMC64 one.
 */
#define FFA_REGS_SMC32 8
#define FFA_REGS_MAX   18

/* Page counts of the interface are in units of 4 KiB, whatever the translation granule. */
#define FFA_PAGE_SHIFT 12
#define FFA_PAGE_SIZE  FFA_U32(4096)

/* ---- 3  Function IDs ------------------------------------------------------------------------ */

/* SMCCC fast calls of the standard secure service range. */
#define FFA_FN32_BASE    FFA_U32(0x84000000)
#define FFA_FN64_BASE    FFA_U32(0xC4000000)
#define FFA_FN32(number) (FFA_FN32_BASE | (number))
#define FFA_FN64(number) (FFA_FN64_BASE | (number))

/* The function numbers reserved for FF-A; those above belong to another interface. */
#define FFA_NUMBER_FIRST FFA_U32(0x60)
#define FFA_NUMBER_LAST  FFA_U32(0xEF)

#define FFA_NUMBER_MASK FFA_U32(0xFF)
#define FFA_FID_64_BIT  FFA_BIT(30)

#define FFA_ERROR                   FFA_FN32(0x60)
#define FFA_SUCCESS_32              FFA_FN32(0x61)
#define FFA_SUCCESS_64              FFA_FN64(0x61) /* where a result is 64 bits wide */
#define FFA_INTERRUPT               FFA_FN32(0x62)
#define FFA_VERSION                 FFA_FN32(0x63)
#define FFA_FEATURES                FFA_FN32(0x64)
#define FFA_RX_RELEASE              FFA_FN32(0x65)
#define FFA_RXTX_MAP_32             FFA_FN32(0x66)
#define FFA_RXTX_MAP_64             FFA_FN64(0x66)
#define FFA_RXTX_UNMAP              FFA_FN32(0x67)
#define FFA_PARTITION_INFO_GET      FFA_FN32(0x68)
#define FFA_ID_GET                  FFA_FN32(0x69)
#define FFA_MSG_POLL                FFA_FN32(0x6A) /* deprecated since 1.1 */
#define FFA_MSG_WAIT                FFA_FN32(0x6B)
#define FFA_YIELD                   FFA_FN32(0x6C)
#define FFA_RUN                     FFA_FN32(0x6D)
#define FFA_MSG_SEND                FFA_FN32(0x6E) /* deprecated since 1.1 */
#define FFA_MSG_SEND_DIRECT_REQ_32  FFA_FN32(0x6F)
#define FFA_MSG_SEND_DIRECT_REQ_64  FFA_FN64(0x6F)
#define FFA_MSG_SEND_DIRECT_RESP_32 FFA_FN32(0x70)
#define FFA_MSG_SEND_DIRECT_RESP_64 FFA_FN64(0x70)
#define FFA_MEM_DONATE_32           FFA_FN32(0x71)
#define FFA_MEM_DONATE_64           FFA_FN64(0x71)
#define FFA_MEM_LEND_32             FFA_FN32(0x72)
#define FFA_MEM_LEND_64             FFA_FN64(0x72)
#define FFA_MEM_SHARE_32            FFA_FN32(0x73)
#define FFA_MEM_SHARE_64            FFA_FN64(0x73)
#define FFA_MEM_RETRIEVE_REQ_32     FFA_FN32(0x74)
#define FFA_MEM_RETRIEVE_REQ_64     FFA_FN64(0x74)
#define FFA_MEM_RETRIEVE_RESP       FFA_FN32(0x75)
#define FFA_MEM_RELINQUISH          FFA_FN32(0x76)
#define FFA_MEM_RECLAIM             FFA_FN32(0x77)
#define FFA_MEM_OP_PAUSE            FFA_FN32(0x78)
#define FFA_MEM_OP_RESUME           FFA_FN32(0x79)
#define FFA_MEM_FRAG_RX             FFA_FN32(0x7A)
#define FFA_MEM_FRAG_TX             FFA_FN32(0x7B)
#define FFA_NORMAL_WORLD_RESUME     FFA_FN32(0x7C)

/* Since 1.1 */
#define FFA_NOTIFICATION_BITMAP_CREATE  FFA_FN32(0x7D)
#define FFA_NOTIFICATION_BITMAP_DESTROY FFA_FN32(0x7E)
#define FFA_NOTIFICATION_BIND           FFA_FN32(0x7F)
#define FFA_NOTIFICATION_UNBIND         FFA_FN32(0x80)
#define FFA_NOTIFICATION_SET            FFA_FN32(0x81)
#define FFA_NOTIFICATION_GET            FFA_FN32(0x82)
#define FFA_NOTIFICATION_INFO_GET_32    FFA_FN32(0x83)
#define FFA_NOTIFICATION_INFO_GET_64    FFA_FN64(0x83)
#define FFA_RX_ACQUIRE                  FFA_FN32(0x84)
#define FFA_SPM_ID_GET                  FFA_FN32(0x85)
#define FFA_MSG_SEND2                   FFA_FN32(0x86)
#define FFA_SECONDARY_EP_REGISTER_32    FFA_FN32(0x87)
#define FFA_SECONDARY_EP_REGISTER_64    FFA_FN64(0x87)
#define FFA_MEM_PERM_GET_32             FFA_FN32(0x88)
#define FFA_MEM_PERM_GET_64             FFA_FN64(0x88)
#define FFA_MEM_PERM_SET_32             FFA_FN32(0x89)
#define FFA_MEM_PERM_SET_64             FFA_FN64(0x89)

/* Since 1.2 */
#define FFA_CONSOLE_LOG_32          FFA_FN32(0x8A)
#define FFA_CONSOLE_LOG_64          FFA_FN64(0x8A)
#define FFA_PARTITION_INFO_GET_REGS FFA_FN64(0x8B)
#define FFA_EL3_INTR_HANDLE         FFA_FN32(0x8C)
#define FFA_MSG_SEND_DIRECT_REQ2    FFA_FN64(0x8D)
#define FFA_MSG_SEND_DIRECT_RESP2   FFA_FN64(0x8E)

#ifndef __ASSEMBLER__
static inline uint32_t ffa_fid_number(uint32_t fid)
{
    return fid & FFA_NUMBER_MASK;
}

static inline bool ffa_fid_is_64(uint32_t fid)
{
    return (fid & FFA_FID_64_BIT) != 0;
}

/*
 * True for every ID of the range, whether or not a version defines it. The SVE hint of SMCCC 1.3
 * (bit 16) is not part of an FF-A ID: an ID that has it set is not in the range.
 */
static inline bool ffa_fid_is_ffa(uint32_t fid)
{
    return (fid & ~(FFA_FID_64_BIT | FFA_NUMBER_MASK)) == FFA_FN32_BASE &&
           ffa_fid_number(fid) >= FFA_NUMBER_FIRST && ffa_fid_number(fid) <= FFA_NUMBER_LAST;
}
#endif

/* ---- 4  Versions ---------------------------------------------------------------------------- */

/* FFA_VERSION, w1 and w0: bit 31 is clear, [30:16] major, [15:0] minor. */
#define FFA_VERSION_MAKE(major, minor) ((FFA_U32(0x10000) * (major)) | (minor))
#define FFA_VERSION_MAJOR(version)     (((version) >> 16) & FFA_U32(0x7FFF))
#define FFA_VERSION_MINOR(version)     ((version)&FFA_U32(0xFFFF))
#define FFA_VERSION_BIT31              FFA_BIT(31)

#define FFA_VERSION_1_0 FFA_VERSION_MAKE(FFA_U32(1), FFA_U32(0))
#define FFA_VERSION_1_1 FFA_VERSION_MAKE(FFA_U32(1), FFA_U32(1))
#define FFA_VERSION_1_2 FFA_VERSION_MAKE(FFA_U32(1), FFA_U32(2))

/* FFA_VERSION alone reports failure in w0 itself, without FFA_ERROR. */
#define FFA_VERSION_NOT_SUPPORTED (-1)

/* ---- 5  Status codes ------------------------------------------------------------------------ */

/*
 * Signed, 32 bits wide, in w2 of FFA_ERROR. Zero is never sent: success is FFA_SUCCESS_32 or _64.
 * w1 of FFA_ERROR is target information where a VM reports for another vCPU, else zero.
 */
#define FFA_OK                 0
#define FFA_NOT_SUPPORTED      (-1)
#define FFA_INVALID_PARAMETERS (-2)
#define FFA_NO_MEMORY          (-3)
#define FFA_BUSY               (-4)
#define FFA_INTERRUPTED        (-5)
#define FFA_DENIED             (-6)
#define FFA_RETRY              (-7)
#define FFA_ABORTED            (-8)
#define FFA_NO_DATA            (-9) /* since 1.1 */

/* ---- 6  Endpoint IDs, packed words ---------------------------------------------------------- */

/* An ID alone in a register is in [15:0]. */
#define FFA_ID_MASK FFA_U32(0xFFFF)

#define FFA_ID_HYPERVISOR FFA_U32(0) /* the OS kernel, where there is no hypervisor */

/* The usual scheme: IDs with this bit are given out by the SPM, those without by the hypervisor. */
#define FFA_ID_SECURE_BIT FFA_U32(0x8000)

/* By convention; FFA_SPM_ID_GET has the true ID. */
#define FFA_ID_SPMC FFA_U32(0x8000)
#define FFA_ID_SPMD FFA_U32(0xFFFF)

#ifndef __ASSEMBLER__
static inline bool ffa_id_is_secure(uint16_t id)
{
    return (id & FFA_ID_SECURE_BIT) != 0;
}

/*
 * Sender and receiver: w1 of the direct messages and of NOTIFICATION_BIND, UNBIND and SET, and a
 * word of the partition message header. [31:16] sender, [15:0] receiver. In a response the sender
 * is the endpoint that responds.
 */
static inline uint32_t ffa_ids_make(uint16_t sender, uint16_t receiver)
{
    return ((uint32_t)sender << 16) | receiver;
}

static inline uint16_t ffa_ids_sender(uint32_t word)
{
    return (uint16_t)(word >> 16);
}

static inline uint16_t ffa_ids_receiver(uint32_t word)
{
    return (uint16_t)word;
}

/*
 * Target information: w1 of FFA_RUN, and of FFA_ERROR, FFA_SUCCESS, FFA_INTERRUPT, FFA_YIELD and
 * FFA_MSG_WAIT. [31:16] endpoint, [15:0] vCPU.
 */
static inline uint32_t ffa_target_make(uint16_t endpoint, uint16_t vcpu)
{
    return ((uint32_t)endpoint << 16) | vcpu;
}

static inline uint16_t ffa_target_endpoint(uint32_t word)
{
    return (uint16_t)(word >> 16);
}

static inline uint16_t ffa_target_vcpu(uint32_t word)
{
    return (uint16_t)word;
}

/*
 * Receiver information: w1 of FFA_NOTIFICATION_GET. The halves of the target information change
 * places: [31:16] vCPU, [15:0] endpoint. The order of the arguments does not.
 */
static inline uint32_t ffa_receiver_info_make(uint16_t endpoint, uint16_t vcpu)
{
    return ((uint32_t)vcpu << 16) | endpoint;
}

static inline uint16_t ffa_receiver_info_endpoint(uint32_t word)
{
    return (uint16_t)word;
}

static inline uint16_t ffa_receiver_info_vcpu(uint32_t word)
{
    return (uint16_t)(word >> 16);
}
#endif

/* ---- 7  Features, RX/TX buffers ------------------------------------------------------------- */

/* FFA_FEATURES, w1: a function ID, which has bit 31 set, or a feature ID in [7:0]. */
#define FFA_FEATURES_FUNCTION_BIT FFA_BIT(31)
#define FFA_FEATURES_FEATURE_MASK FFA_U32(0xFF)

/* Feature IDs. Success returns an interrupt ID in w2. Since 1.1. */
#define FFA_FEATURE_NPI FFA_U32(1) /* notification pending interrupt */
#define FFA_FEATURE_SRI FFA_U32(2) /* schedule receiver interrupt */
#define FFA_FEATURE_MEI FFA_U32(3) /* managed exit interrupt */

/*
 * Properties of function IDs, in the registers named. A function that is not listed has none.
 *
 * FFA_RXTX_MAP, w2: the least size and alignment of a buffer, and since 1.2 its greatest size in
 * pages of 4 KiB, where 0 is no limit.
 */
#define FFA_FEATURES_RXTX_MAP_MIN_MASK  FFA_U32(0x3)
#define FFA_FEATURES_RXTX_MAP_MIN_4K    FFA_U32(0x0)
#define FFA_FEATURES_RXTX_MAP_MIN_64K   FFA_U32(0x1)
#define FFA_FEATURES_RXTX_MAP_MIN_16K   FFA_U32(0x2)
#define FFA_FEATURES_RXTX_MAP_MAX_SHIFT 16
#define FFA_FEATURES_RXTX_MAP_MAX_MASK  FFA_U32(0xFFFF0000)

/*
 * FFA_MEM_DONATE, LEND, SHARE and RETRIEVE_REQ, w2: the callee takes descriptors in a buffer that
 * the call names, other than TX.
 */
#define FFA_FEATURES_MEM_DYNAMIC_BUFFER FFA_BIT(0)

/* FFA_MEM_RETRIEVE_REQ, input w2: the caller uses the NS bit of the attributes. Since 1.1. */
#define FFA_FEATURES_RETRIEVE_REQ_IN_NS_BIT FFA_BIT(1)

/* FFA_MEM_RETRIEVE_REQ, output w2, beside FFA_FEATURES_MEM_DYNAMIC_BUFFER. */
#define FFA_FEATURES_RETRIEVE_REQ_NS_BIT     FFA_BIT(1) /* since 1.1 */
#define FFA_FEATURES_RETRIEVE_REQ_HYPERVISOR FFA_BIT(2) /* since 1.2: hypervisor retrieve */

/*
 * FFA_MEM_RETRIEVE_REQ, output w3: with n in this field a borrower may retrieve a region
 * 2^(n + 1) - 1 times before it relinquishes.
 */
#define FFA_FEATURES_RETRIEVE_REQ_COUNT_MASK FFA_U32(0xFF)

/* FFA_RXTX_MAP, w3: pages of 4 KiB in each buffer. */
#define FFA_RXTX_MAP_PAGES_MASK FFA_U32(0x3F)

#ifndef __ASSEMBLER__
static inline uint32_t ffa_features_rxtx_map_make(uint32_t min, uint16_t max_pages)
{
    return (min & FFA_FEATURES_RXTX_MAP_MIN_MASK) |
           ((uint32_t)max_pages << FFA_FEATURES_RXTX_MAP_MAX_SHIFT);
}

static inline uint16_t ffa_features_rxtx_map_max_pages(uint32_t w2)
{
    return (uint16_t)(w2 >> FFA_FEATURES_RXTX_MAP_MAX_SHIFT);
}

/* FFA_RXTX_UNMAP, w1: [31:16] the VM that the hypervisor calls for, 0 for its own buffers. */
static inline uint32_t ffa_rxtx_unmap_make(uint16_t vm)
{
    return (uint32_t)vm << 16;
}

static inline uint16_t ffa_rxtx_unmap_vm(uint32_t w1)
{
    return (uint16_t)(w1 >> 16);
}

/*
 * Endpoint RX/TX descriptor: in the hypervisor's TX buffer, with FFA_RXTX_MAP for a VM (addresses
 * and page count zero). At 1.0 the ranges follow, RX then TX, as struct ffa_mem_constituent. They
 * start at offset 12, where their 64-bit address is not aligned.
 */
struct ffa_rxtx_descriptor_1_0 {
    uint16_t endpoint;
    uint16_t reserved;
    uint32_t rx_count;
    uint32_t tx_count;
};

FFA_ASSERT_SIZE(ffa_rxtx_descriptor_1_0, 12);
FFA_ASSERT_OFFSET(ffa_rxtx_descriptor_1_0, rx_count, 4);
FFA_ASSERT_OFFSET(ffa_rxtx_descriptor_1_0, tx_count, 8);

/*
 * 1.1 and 1.2: offsets from the start of this descriptor, multiples of 8, to one
 * struct ffa_mem_composite for each buffer.
 */
struct ffa_rxtx_descriptor_1_1 {
    uint16_t endpoint;
    uint16_t reserved;
    uint32_t rx_offset;
    uint32_t tx_offset;
};

FFA_ASSERT_SIZE(ffa_rxtx_descriptor_1_1, 12);
FFA_ASSERT_OFFSET(ffa_rxtx_descriptor_1_1, rx_offset, 4);
FFA_ASSERT_OFFSET(ffa_rxtx_descriptor_1_1, tx_offset, 8);
#endif

/* ---- 8  Partition discovery ----------------------------------------------------------------- */

/* FFA_PARTITION_INFO_GET, w5: only count; no RX buffer is needed. Since 1.1. */
#define FFA_PARTITION_INFO_GET_COUNT_ONLY FFA_BIT(0)

/* Partition properties. */
#define FFA_PARTITION_DIRECT_REQ_RECV   FFA_BIT(0)
#define FFA_PARTITION_DIRECT_REQ_SEND   FFA_BIT(1)
#define FFA_PARTITION_INDIRECT_MSG      FFA_BIT(2)
#define FFA_PARTITION_NOTIFICATION_RECV FFA_BIT(3)  /* since 1.1 */
#define FFA_PARTITION_VM_CREATED        FFA_BIT(6)  /* since 1.1: wants the message */
#define FFA_PARTITION_VM_DESTROYED      FFA_BIT(7)  /* since 1.1: wants the message */
#define FFA_PARTITION_AARCH64           FFA_BIT(8)  /* since 1.1 */
#define FFA_PARTITION_DIRECT_REQ2_RECV  FFA_BIT(9)  /* since 1.2 */
#define FFA_PARTITION_DIRECT_REQ2_SEND  FFA_BIT(10) /* since 1.2 */

/* What the ID stands for. Since 1.1. */
#define FFA_PARTITION_TYPE_SHIFT             4
#define FFA_PARTITION_TYPE_MASK              FFA_U32(0x30)
#define FFA_PARTITION_TYPE_PE                FFA_U32(0x00) /* runs on the PEs */
#define FFA_PARTITION_TYPE_SEPID_INDEPENDENT FFA_U32(0x10) /* stream endpoint of its own */
#define FFA_PARTITION_TYPE_SEPID_DEPENDENT   FFA_U32(0x20) /* stream endpoint with a proxy */
#define FFA_PARTITION_TYPE_AUXILIARY         FFA_U32(0x30)

/* FFA_PARTITION_INFO_GET_REGS: a descriptor is three registers, x3 holds the first of them. */
#define FFA_PARTITION_INFO_GET_REGS_PER_DESC 3
#define FFA_PARTITION_INFO_GET_REGS_DESC_MAX 5

#ifndef __ASSEMBLER__
/*
 * Partition information descriptor, 1.0. In an array the stride is 8 at 1.0; from 1.1 on it is the
 * size that w3 returned, which is not always the size of the structure that the caller knows.
 */
struct ffa_partition_info_1_0 {
    uint16_t id;
    uint16_t contexts; /* execution contexts; the proxy's ID for TYPE_SEPID_DEPENDENT */
    uint32_t properties;
};

FFA_ASSERT_SIZE(ffa_partition_info_1_0, 8);
FFA_ASSERT_OFFSET(ffa_partition_info_1_0, contexts, 2);
FFA_ASSERT_OFFSET(ffa_partition_info_1_0, properties, 4);

/* 1.1 and 1.2 */
struct ffa_partition_info_1_1 {
    uint16_t id;
    uint16_t contexts;
    uint32_t properties;
    struct ffa_uuid uuid; /* zero where the query named a UUID */
};

FFA_ASSERT_SIZE(ffa_partition_info_1_1, 24);
FFA_ASSERT_OFFSET(ffa_partition_info_1_1, contexts, 2);
FFA_ASSERT_OFFSET(ffa_partition_info_1_1, properties, 4);
FFA_ASSERT_OFFSET(ffa_partition_info_1_1, uuid, 8);

/* FFA_PARTITION_INFO_GET_REGS, x3: [15:0] first index wanted, [31:16] tag (0 with index 0). */
static inline uint64_t ffa_info_regs_in_make(uint16_t start, uint16_t tag)
{
    return ((uint64_t)tag << 16) | start;
}

static inline uint16_t ffa_info_regs_in_start(uint64_t x3)
{
    return (uint16_t)x3;
}

static inline uint16_t ffa_info_regs_in_tag(uint64_t x3)
{
    return (uint16_t)(x3 >> 16);
}

/*
 * Its result in x2: [15:0] index of the last descriptor there is, [31:16] index of the last one
 * returned, [47:32] tag, [63:48] size of a descriptor in bytes.
 */
static inline uint64_t ffa_info_regs_out_make(uint16_t last, uint16_t current, uint16_t tag,
                                              uint16_t size)
{
    return ((uint64_t)size << 48) | ((uint64_t)tag << 32) | ((uint64_t)current << 16) | last;
}

static inline uint16_t ffa_info_regs_out_last(uint64_t x2)
{
    return (uint16_t)x2;
}

static inline uint16_t ffa_info_regs_out_current(uint64_t x2)
{
    return (uint16_t)(x2 >> 16);
}

static inline uint16_t ffa_info_regs_out_tag(uint64_t x2)
{
    return (uint16_t)(x2 >> 32);
}

static inline uint16_t ffa_info_regs_out_size(uint64_t x2)
{
    return (uint16_t)(x2 >> 48);
}

/*
 * The first register of a descriptor: [15:0] ID, [31:16] contexts, [63:32] properties. The other
 * two are the UUID.
 */
static inline uint64_t ffa_info_regs_desc_make(uint16_t id, uint16_t contexts, uint32_t properties)
{
    return ((uint64_t)properties << 32) | ((uint64_t)contexts << 16) | id;
}

static inline uint16_t ffa_info_regs_desc_id(uint64_t reg)
{
    return (uint16_t)reg;
}

static inline uint16_t ffa_info_regs_desc_contexts(uint64_t reg)
{
    return (uint16_t)(reg >> 16);
}

static inline uint32_t ffa_info_regs_desc_properties(uint64_t reg)
{
    return (uint32_t)(reg >> 32);
}
#endif

/* ---- 9  Direct and framework messages ------------------------------------------------------- */

/*
 * FFA_MSG_SEND_DIRECT_REQ and RESP, w2. A partition message has 0 here; a framework message has
 * bit 31 set and its type in [7:0]. x3 to x7 are the payload. REQ2 and RESP2 have no such word:
 * they carry the UUID in x2 and x3 (in the request) and the payload in x4 to x17.
 */
#define FFA_DIRECT_FRAMEWORK_BIT       FFA_BIT(31)
#define FFA_DIRECT_FRAMEWORK_TYPE_MASK FFA_U32(0xFF)
#define FFA_DIRECT_FRAMEWORK(type)     (FFA_DIRECT_FRAMEWORK_BIT | (type))

/* Framework message types. */
#define FFA_FRAMEWORK_PSCI_REQ          FFA_U32(0x00) /* w3 PSCI function, w4 to w6 arguments */
#define FFA_FRAMEWORK_WARM_BOOT_REQ     FFA_U32(0x01) /* w3: below */
#define FFA_FRAMEWORK_POWER_RESP        FFA_U32(0x02) /* to both; w3 PSCI status */
#define FFA_FRAMEWORK_VM_CREATED_REQ    FFA_U32(0x04)
#define FFA_FRAMEWORK_VM_CREATED_RESP   FFA_U32(0x05)
#define FFA_FRAMEWORK_VM_DESTROYED_REQ  FFA_U32(0x06)
#define FFA_FRAMEWORK_VM_DESTROYED_RESP FFA_U32(0x07)
#define FFA_FRAMEWORK_VERSION_REQ       FFA_U32(0x08) /* SPMD to SPMC; w3 version asked for */
#define FFA_FRAMEWORK_VERSION_RESP      FFA_U32(0x09) /* w3 what FFA_VERSION returns in w0 */

/* Warm boot, w3: how deep the PE slept. */
#define FFA_FRAMEWORK_WARM_BOOT_SHALLOW FFA_BIT(0) /* clear: suspended to RAM */

/*
 * VM created and VM destroyed, request: w3 and w4 a memory handle, FFA_HANDLE_INVALID if unused,
 * w5 [15:0] the VM's ID. Response: w3 FFA_OK or a status code.
 */

/* ---- 10  CPU cycles, console, indirect messages --------------------------------------------- */

/*
 * FFA_INTERRUPT: w1 target information, w2 interrupt ID. FFA_YIELD and FFA_MSG_WAIT, as a scheduler
 * sees them: w1 target information, w2 and w3 a timeout in nanoseconds.
 *
 * FFA_MSG_WAIT, w2, from a partition: keep the RX buffer instead of releasing it. Since 1.2.
 */
#define FFA_MSG_WAIT_KEEP_RX FFA_BIT(0)

/*
 * FFA_CONSOLE_LOG: w1 number of characters, packed from w2 or x2 on, the first in the lowest bits.
 * FFA_RETRY in w2 of FFA_ERROR comes with the number already logged in w3.
 */
#define FFA_CONSOLE_LOG_COUNT_MASK FFA_U32(0xFF)
#define FFA_CONSOLE_LOG_32_MAX     24  /* w2 to w7 */
#define FFA_CONSOLE_LOG_64_MAX     128 /* x2 to x17 */

/* FFA_MSG_SEND, 1.0 only: w1 sender and receiver, w3 size, w4 this flag. */
#define FFA_MSG_SEND_NOTIFY FFA_BIT(0) /* tell me when the receiver's RX buffer is free */

/* FFA_MSG_SEND2, w2. */
#define FFA_MSG_SEND2_DELAY_SRI FFA_BIT(1)

#ifndef __ASSEMBLER__
/* FFA_MSG_SEND2, w1: [31:16] the VM that the hypervisor calls for. */
static inline uint32_t ffa_msg_send2_make(uint16_t vm)
{
    return (uint32_t)vm << 16;
}

static inline uint16_t ffa_msg_send2_vm(uint32_t w1)
{
    return (uint16_t)(w1 >> 16);
}

/* Partition message header, in TX of the sender and RX of the receiver. 1.1; 1.0 has none. */
struct ffa_msg_header_1_1 {
    uint32_t flags;
    uint32_t reserved;
    uint32_t payload_offset; /* from the start of the buffer */
    uint32_t ids;            /* ffa_ids_make() */
    uint32_t payload_size;
};

FFA_ASSERT_SIZE(ffa_msg_header_1_1, 20);
FFA_ASSERT_OFFSET(ffa_msg_header_1_1, payload_offset, 8);
FFA_ASSERT_OFFSET(ffa_msg_header_1_1, ids, 12);
FFA_ASSERT_OFFSET(ffa_msg_header_1_1, payload_size, 16);

/* 1.2 */
struct ffa_msg_header_1_2 {
    uint32_t flags;
    uint32_t reserved;
    uint32_t payload_offset;
    uint32_t ids;
    uint32_t payload_size;
    uint32_t reserved2;
    struct ffa_uuid uuid; /* Nil: the receiver decides */
};

FFA_ASSERT_SIZE(ffa_msg_header_1_2, 40);
FFA_ASSERT_OFFSET(ffa_msg_header_1_2, payload_offset, 8);
FFA_ASSERT_OFFSET(ffa_msg_header_1_2, ids, 12);
FFA_ASSERT_OFFSET(ffa_msg_header_1_2, payload_size, 16);
FFA_ASSERT_OFFSET(ffa_msg_header_1_2, reserved2, 20);
FFA_ASSERT_OFFSET(ffa_msg_header_1_2, uuid, 24);
#endif

/* ---- 11  Notifications (since 1.1) ---------------------------------------------------------- */

/* Notifications in a bitmap of VMs or of SPs. A framework bitmap has 32 bits. */
#define FFA_NOTIFICATION_COUNT 64

/* Framework notifications, in either framework bitmap. */
#define FFA_NOTIFICATION_RX_FULL FFA_BIT(0)

/* FFA_NOTIFICATION_BIND, w2. w3 and w4 are the bitmap, in UNBIND and SET too. */
#define FFA_NOTIFICATION_BIND_PER_VCPU FFA_BIT(0)

/* FFA_NOTIFICATION_SET, w2, with the receiver's vCPU in [31:16]. */
#define FFA_NOTIFICATION_SET_PER_VCPU   FFA_BIT(0)
#define FFA_NOTIFICATION_SET_DELAY_SRI  FFA_BIT(1)
#define FFA_NOTIFICATION_SET_VCPU_SHIFT 16
#define FFA_NOTIFICATION_SET_VCPU_MASK  FFA_U32(0xFFFF0000)

/*
 * FFA_NOTIFICATION_GET, w2: which bitmaps. They return in w2 and w3 (SPs), w4 and w5 (VMs), w6
 * (framework, by the SPM) and w7 (framework, by the hypervisor).
 */
#define FFA_NOTIFICATION_GET_SP         FFA_BIT(0)
#define FFA_NOTIFICATION_GET_VM         FFA_BIT(1)
#define FFA_NOTIFICATION_GET_SPM        FFA_BIT(2)
#define FFA_NOTIFICATION_GET_HYPERVISOR FFA_BIT(3)

/*
 * FFA_NOTIFICATION_INFO_GET returns lists of 16-bit IDs, packed from w3 or x3 on without padding:
 * an endpoint, then up to three of its vCPUs. Its w2 or x2 says how long each list is.
 */
#define FFA_NOTIFICATION_INFO_GET_MORE        FFA_BIT(0) /* call again */
#define FFA_NOTIFICATION_INFO_GET_LISTS_SHIFT 7
#define FFA_NOTIFICATION_INFO_GET_LISTS_MASK  FFA_U32(0xF80)
#define FFA_NOTIFICATION_INFO_GET_VCPUS_SHIFT 12 /* of the first list, two bits for each */
#define FFA_NOTIFICATION_INFO_GET_VCPUS_MAX   3
#define FFA_NOTIFICATION_INFO_GET_32_MAX      10 /* lists, and IDs in all */
#define FFA_NOTIFICATION_INFO_GET_64_MAX      20

#ifndef __ASSEMBLER__
static inline uint32_t ffa_notification_set_make(uint32_t flags, uint16_t vcpu)
{
    return (flags & ~FFA_NOTIFICATION_SET_VCPU_MASK) |
           ((uint32_t)vcpu << FFA_NOTIFICATION_SET_VCPU_SHIFT);
}

static inline uint16_t ffa_notification_set_vcpu(uint32_t w2)
{
    return (uint16_t)(w2 >> FFA_NOTIFICATION_SET_VCPU_SHIFT);
}

/* The word without its list lengths: OR in one ffa_notification_info_list() for each list. */
static inline uint64_t ffa_notification_info_make(bool more, unsigned int lists)
{
    return (((uint64_t)lists << FFA_NOTIFICATION_INFO_GET_LISTS_SHIFT) &
            FFA_NOTIFICATION_INFO_GET_LISTS_MASK) |
           (more ? FFA_NOTIFICATION_INFO_GET_MORE : 0U);
}

/* Lists count from 0. The number of vCPUs leaves the endpoint out: 0 is a list of the ID alone. */
static inline uint64_t ffa_notification_info_list(unsigned int list, unsigned int vcpus)
{
    return list < FFA_NOTIFICATION_INFO_GET_64_MAX
               ? (uint64_t)(vcpus & 3U) << (FFA_NOTIFICATION_INFO_GET_VCPUS_SHIFT + 2 * list)
               : 0U;
}

static inline bool ffa_notification_info_more(uint64_t x2)
{
    return (x2 & FFA_NOTIFICATION_INFO_GET_MORE) != 0;
}

static inline unsigned int ffa_notification_info_lists(uint64_t x2)
{
    return (unsigned int)(x2 & FFA_NOTIFICATION_INFO_GET_LISTS_MASK) >>
           FFA_NOTIFICATION_INFO_GET_LISTS_SHIFT;
}

static inline unsigned int ffa_notification_info_vcpus(uint64_t x2, unsigned int list)
{
    return list < FFA_NOTIFICATION_INFO_GET_64_MAX
               ? (unsigned int)(x2 >> (FFA_NOTIFICATION_INFO_GET_VCPUS_SHIFT + 2 * list)) & 3U
               : 0U;
}
#endif

/* ---- 12  Memory: handle, attributes, permissions, flags ------------------------------------- */

/* A handle is 64 bits: in two registers, low half first, or in one field of a descriptor. */
#define FFA_HANDLE_HYPERVISOR_BIT FFA_BIT64(63) /* the hypervisor allocated it; clear: the SPM */
#define FFA_HANDLE_INVALID        FFA_U64(0xFFFFFFFFFFFFFFFF)

#ifndef __ASSEMBLER__
static inline uint64_t ffa_handle_make(uint32_t low, uint32_t high)
{
    return ((uint64_t)high << 32) | low;
}

static inline uint32_t ffa_handle_low(uint64_t handle)
{
    return (uint32_t)handle;
}

static inline uint32_t ffa_handle_high(uint64_t handle)
{
    return (uint32_t)(handle >> 32);
}
#endif

/* Memory region attributes. 8 bits wide at 1.0. */
#define FFA_MEM_ATTR_TYPE_SHIFT  4
#define FFA_MEM_ATTR_TYPE_MASK   FFA_U32(0x30)
#define FFA_MEM_ATTR_TYPE_NONE   FFA_U32(0x00) /* not specified */
#define FFA_MEM_ATTR_TYPE_DEVICE FFA_U32(0x10)
#define FFA_MEM_ATTR_TYPE_NORMAL FFA_U32(0x20)

/* Device memory; the shareability field is zero. */
#define FFA_MEM_ATTR_DEVICE_SHIFT  2
#define FFA_MEM_ATTR_DEVICE_MASK   FFA_U32(0x0C)
#define FFA_MEM_ATTR_DEVICE_NGNRNE FFA_U32(0x00)
#define FFA_MEM_ATTR_DEVICE_NGNRE  FFA_U32(0x04)
#define FFA_MEM_ATTR_DEVICE_NGRE   FFA_U32(0x08)
#define FFA_MEM_ATTR_DEVICE_GRE    FFA_U32(0x0C)

/* Normal memory */
#define FFA_MEM_ATTR_CACHE_SHIFT    2
#define FFA_MEM_ATTR_CACHE_MASK     FFA_U32(0x0C)
#define FFA_MEM_ATTR_CACHE_NC       FFA_U32(0x04) /* non-cacheable */
#define FFA_MEM_ATTR_CACHE_WB       FFA_U32(0x0C) /* write-back */
#define FFA_MEM_ATTR_SHARE_SHIFT    0
#define FFA_MEM_ATTR_SHARE_MASK     FFA_U32(0x03)
#define FFA_MEM_ATTR_SHARE_NON      FFA_U32(0x00)
#define FFA_MEM_ATTR_SHARE_RESERVED FFA_U32(0x01)
#define FFA_MEM_ATTR_SHARE_OUTER    FFA_U32(0x02)
#define FFA_MEM_ATTR_SHARE_INNER    FFA_U32(0x03)

/* Non-secure memory: only ever set in FFA_MEM_RETRIEVE_RESP. Since 1.1. */
#define FFA_MEM_ATTR_NS FFA_BIT(6)

/* What RAM usually has: Normal, write-back, inner shareable. */
#define FFA_MEM_ATTR_NORMAL_WB_INNER \
    (FFA_MEM_ATTR_TYPE_NORMAL | FFA_MEM_ATTR_CACHE_WB | FFA_MEM_ATTR_SHARE_INNER)

/* Permissions of an endpoint memory access descriptor. */
#define FFA_MEM_ACCESS_DATA_SHIFT  0
#define FFA_MEM_ACCESS_DATA_MASK   FFA_U32(0x03)
#define FFA_MEM_ACCESS_DATA_NONE   FFA_U32(0x00) /* not specified */
#define FFA_MEM_ACCESS_DATA_RO     FFA_U32(0x01)
#define FFA_MEM_ACCESS_DATA_RW     FFA_U32(0x02)
#define FFA_MEM_ACCESS_INSTR_SHIFT 2
#define FFA_MEM_ACCESS_INSTR_MASK  FFA_U32(0x0C)
#define FFA_MEM_ACCESS_INSTR_NONE  FFA_U32(0x00) /* not specified */
#define FFA_MEM_ACCESS_INSTR_XN    FFA_U32(0x04)
#define FFA_MEM_ACCESS_INSTR_X     FFA_U32(0x08)

/* Flags of an endpoint memory access descriptor. */
#define FFA_MEM_ACCESS_NON_RETRIEVAL FFA_BIT(0) /* a borrower that does not retrieve here */

/* Flags in the transaction descriptor of FFA_MEM_DONATE, LEND and SHARE. */
#define FFA_MEM_SEND_ZERO       FFA_BIT(0) /* once unmapped from the owner */
#define FFA_MEM_SEND_TIME_SLICE FFA_BIT(1)

/* Flags in the transaction descriptor of FFA_MEM_RETRIEVE_REQ. */
#define FFA_MEM_RETRIEVE_REQ_ZERO_BEFORE FFA_BIT(0) /* only if the sender asked for it */
#define FFA_MEM_RETRIEVE_REQ_TIME_SLICE  FFA_BIT(1)
#define FFA_MEM_RETRIEVE_REQ_ZERO_AFTER  FFA_BIT(2) /* once relinquished */
#define FFA_MEM_RETRIEVE_REQ_ALIGN_SHIFT 5          /* n: on a boundary of 2^n pages of 4 KiB */
#define FFA_MEM_RETRIEVE_REQ_ALIGN_MASK  FFA_U32(0x1E0)
#define FFA_MEM_RETRIEVE_REQ_ALIGN_VALID FFA_BIT(9)
#define FFA_MEM_RETRIEVE_REQ_BYPASS      FFA_BIT(10) /* since 1.2: other borrowers unchecked */

/* Flags in the transaction descriptor of FFA_MEM_RETRIEVE_RESP. */
#define FFA_MEM_RETRIEVE_RESP_ZEROED FFA_BIT(0)

/* Transaction type, in the flags of FFA_MEM_RETRIEVE_REQ and RESP. */
#define FFA_MEM_TYPE_SHIFT  3
#define FFA_MEM_TYPE_MASK   FFA_U32(0x18)
#define FFA_MEM_TYPE_ANY    FFA_U32(0x00) /* in a request only: tell me */
#define FFA_MEM_TYPE_SHARE  FFA_U32(0x08)
#define FFA_MEM_TYPE_LEND   FFA_U32(0x10)
#define FFA_MEM_TYPE_DONATE FFA_U32(0x18)

/* Flags in the descriptor of FFA_MEM_RELINQUISH. */
#define FFA_MEM_RELINQUISH_ZERO       FFA_BIT(0) /* once unmapped from the borrower */
#define FFA_MEM_RELINQUISH_TIME_SLICE FFA_BIT(1)

/* FFA_MEM_RECLAIM, w3. The handle is in w1 and w2. */
#define FFA_MEM_RECLAIM_ZERO       FFA_BIT(0) /* before the owner has it back */
#define FFA_MEM_RECLAIM_TIME_SLICE FFA_BIT(1)

/* ---- 13  Memory: descriptors, fragments ----------------------------------------------------- */

/* Alignment of the array of endpoint memory access descriptors, from the transaction's start. */
#define FFA_MEM_ACCESS_ALIGN 16

#ifndef __ASSEMBLER__
/*
 * FFA_MEM_DONATE, LEND, SHARE and RETRIEVE_REQ: w1 length of the whole descriptor, w2 length of
 * the first fragment, x3 and w4 address and page count of a buffer other than TX, or zero.
 *
 * Memory transaction descriptor, 1.0. The endpoint memory access descriptors follow at offset 32.
 */
struct ffa_mem_transaction_1_0 {
    uint16_t sender;
    uint8_t attributes;
    uint8_t reserved;
    uint32_t flags;
    uint64_t handle;
    uint64_t tag;
    uint32_t reserved2;
    uint32_t access_count;
};

FFA_ASSERT_SIZE(ffa_mem_transaction_1_0, 32);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_0, attributes, 2);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_0, flags, 4);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_0, handle, 8);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_0, tag, 16);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_0, access_count, 28);

/* 1.1 and 1.2 */
struct ffa_mem_transaction_1_1 {
    uint16_t sender;
    uint16_t attributes;
    uint32_t flags;
    uint64_t handle;        /* zero in a send */
    uint64_t tag;           /* the sender's choice; a retriever repeats it */
    uint32_t access_size;   /* tells the forms of struct ffa_mem_access apart: 16 or 32 */
    uint32_t access_count;  /* zero: a hypervisor retrieve request */
    uint32_t access_offset; /* from the start of this descriptor, a multiple of 16 */
    uint32_t reserved[3];
};

FFA_ASSERT_SIZE(ffa_mem_transaction_1_1, 48);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, attributes, 2);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, flags, 4);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, handle, 8);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, tag, 16);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, access_size, 24);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, access_count, 28);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, access_offset, 32);
FFA_ASSERT_OFFSET(ffa_mem_transaction_1_1, reserved, 36);

/* Endpoint memory access descriptor, 1.0 and 1.1. */
struct ffa_mem_access_1_0 {
    uint16_t endpoint;
    uint8_t permissions;
    uint8_t flags;             /* zero in a send */
    uint32_t composite_offset; /* from the start of the transaction descriptor; zero: none */
    uint64_t reserved;
};

FFA_ASSERT_SIZE(ffa_mem_access_1_0, 16);
FFA_ASSERT_OFFSET(ffa_mem_access_1_0, permissions, 2);
FFA_ASSERT_OFFSET(ffa_mem_access_1_0, flags, 3);
FFA_ASSERT_OFFSET(ffa_mem_access_1_0, composite_offset, 4);
FFA_ASSERT_OFFSET(ffa_mem_access_1_0, reserved, 8);

/* 1.2, which also takes the form above. */
struct ffa_mem_access_1_2 {
    uint16_t endpoint;
    uint8_t permissions;
    uint8_t flags;
    uint32_t composite_offset;
    uint64_t impdef[2]; /* implementation defined; a retriever repeats what the sender gave */
    uint64_t reserved;
};

FFA_ASSERT_SIZE(ffa_mem_access_1_2, 32);
FFA_ASSERT_OFFSET(ffa_mem_access_1_2, permissions, 2);
FFA_ASSERT_OFFSET(ffa_mem_access_1_2, flags, 3);
FFA_ASSERT_OFFSET(ffa_mem_access_1_2, composite_offset, 4);
FFA_ASSERT_OFFSET(ffa_mem_access_1_2, impdef, 8);
FFA_ASSERT_OFFSET(ffa_mem_access_1_2, reserved, 24);

/* Composite memory region descriptor: the constituents follow at offset 16. */
struct ffa_mem_composite {
    uint32_t page_count; /* sum over the constituents */
    uint32_t constituent_count;
    uint64_t reserved;
};

FFA_ASSERT_SIZE(ffa_mem_composite, 16);
FFA_ASSERT_OFFSET(ffa_mem_composite, constituent_count, 4);
FFA_ASSERT_OFFSET(ffa_mem_composite, reserved, 8);

/* Constituent memory region descriptor: a range of addresses. */
struct ffa_mem_constituent {
    uint64_t address;
    uint32_t page_count;
    uint32_t reserved;
};

FFA_ASSERT_SIZE(ffa_mem_constituent, 16);
FFA_ASSERT_OFFSET(ffa_mem_constituent, page_count, 8);
FFA_ASSERT_OFFSET(ffa_mem_constituent, reserved, 12);

/* Relinquish descriptor: as many 16-bit endpoint IDs follow at offset 16. */
struct ffa_mem_relinquish {
    uint64_t handle;
    uint32_t flags;
    uint32_t endpoint_count;
};

FFA_ASSERT_SIZE(ffa_mem_relinquish, 16);
FFA_ASSERT_OFFSET(ffa_mem_relinquish, flags, 8);
FFA_ASSERT_OFFSET(ffa_mem_relinquish, endpoint_count, 12);

/*
 * FFA_MEM_FRAG_RX and FRAG_TX: w1 and w2 handle, w3 offset wanted (RX) or length sent (TX), w4
 * [31:16] the sender of the memory that the hypervisor calls for, zero from a VM.
 */
static inline uint32_t ffa_mem_frag_make(uint16_t sender)
{
    return (uint32_t)sender << 16;
}

static inline uint16_t ffa_mem_frag_sender(uint32_t w4)
{
    return (uint16_t)(w4 >> 16);
}

#undef FFA_ASSERT_SIZE
#undef FFA_ASSERT_OFFSET
#endif

/* ---- 14  Memory permissions of S-EL0 partitions (since 1.1) --------------------------------- */

/*
 * FFA_MEM_PERM_GET: x1 address; returns the permissions in w2. FFA_MEM_PERM_SET: x1 address, w2
 * page count, w3 permissions. The encoding is not that of struct ffa_mem_access.
 */
#define FFA_MEM_PERM_DATA_MASK FFA_U32(0x3)
#define FFA_MEM_PERM_DATA_NONE FFA_U32(0x0)
#define FFA_MEM_PERM_DATA_RW   FFA_U32(0x1)
#define FFA_MEM_PERM_DATA_RO   FFA_U32(0x3)
#define FFA_MEM_PERM_XN        FFA_BIT(2)

#endif
