/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of ABIs: one row for each function number that FF-A 1.0 to 1.2 define. The dispatcher,
 * FFA_FEATURES, the names in the log and the properties that discovery shows are all read from
 * here, so they cannot disagree. A number without a row is NOT_SUPPORTED.
 *
 *   widths   which function IDs exist: 32 bits, 64 bits, or both (FF-A 1.2, 11.2)
 *   since    the version that introduced it: the caller's version must not be lower
 *   role     at the Non-secure virtual instance, between a VM and Parley:
 *              SERVED     a VM calls it, and `handler` serves it
 *              DELIVERED  Parley answers with it; a VM has no use for calling it
 *              LATER      belongs here, and Parley does not serve it yet
 *              ELSEWHERE  belongs to another instance or to the Secure world, or is gone since 1.1
 *   needs    what must be there for it to work
 *   handler  parley_handle_<handler>()
 */
#ifndef PARLEY_SRC_ABI_H
#define PARLEY_SRC_ABI_H

#include "word.h"

/* clang-format off */
#define PARLEY_ABI_TABLE(ROW)                                                                      \
    /*  name                         number  widths  since  role       needs    handler */         \
    ROW(ERROR,                       0x60,   32,     1_0,   DELIVERED, NOTHING, none)              \
    ROW(SUCCESS,                     0x61,   BOTH,   1_0,   DELIVERED, NOTHING, none)              \
    ROW(INTERRUPT,                   0x62,   32,     1_0,   DELIVERED, NOTHING, none)              \
    ROW(VERSION,                     0x63,   32,     1_0,   SERVED,    NOTHING, version)           \
    ROW(FEATURES,                    0x64,   32,     1_0,   SERVED,    NOTHING, features)          \
    ROW(RX_RELEASE,                  0x65,   32,     1_0,   SERVED,    NOTHING, rx_release)        \
    ROW(RXTX_MAP,                    0x66,   BOTH,   1_0,   SERVED,    NOTHING, rxtx_map)          \
    ROW(RXTX_UNMAP,                  0x67,   32,     1_0,   SERVED,    NOTHING, rxtx_unmap)        \
    ROW(PARTITION_INFO_GET,          0x68,   32,     1_0,   SERVED,    NOTHING, partition_info_get)\
    ROW(ID_GET,                      0x69,   32,     1_0,   SERVED,    NOTHING, id_get)            \
    ROW(MSG_POLL,                    0x6a,   32,     1_0,   ELSEWHERE, NOTHING, none)              \
    ROW(MSG_WAIT,                    0x6b,   32,     1_0,   SERVED,    NOTHING, msg_wait)          \
    ROW(YIELD,                       0x6c,   32,     1_0,   SERVED,    NOTHING, yield)             \
    ROW(RUN,                         0x6d,   32,     1_0,   SERVED,    NOTHING, run)               \
    ROW(MSG_SEND,                    0x6e,   32,     1_0,   ELSEWHERE, NOTHING, none)              \
    ROW(MSG_SEND_DIRECT_REQ,         0x6f,   BOTH,   1_0,   SERVED,    NOTHING, direct_req)        \
    ROW(MSG_SEND_DIRECT_RESP,        0x70,   BOTH,   1_0,   SERVED,    NOTHING, direct_resp)       \
    ROW(MEM_DONATE,                  0x71,   BOTH,   1_0,   SERVED,    DONATION,mem_send)       \
    ROW(MEM_LEND,                    0x72,   BOTH,   1_0,   SERVED,    MEMORY,  mem_send)       \
    ROW(MEM_SHARE,                   0x73,   BOTH,   1_0,   SERVED,    MEMORY,  mem_send)       \
    ROW(MEM_RETRIEVE_REQ,            0x74,   BOTH,   1_0,   SERVED,    MEMORY,  mem_retrieve_req) \
    ROW(MEM_RETRIEVE_RESP,           0x75,   32,     1_0,   DELIVERED, MEMORY,  none)              \
    ROW(MEM_RELINQUISH,              0x76,   32,     1_0,   SERVED,    MEMORY,  mem_relinquish) \
    ROW(MEM_RECLAIM,                 0x77,   32,     1_0,   SERVED,    MEMORY,  mem_reclaim)    \
    ROW(MEM_OP_PAUSE,                0x78,   32,     1_0,   ELSEWHERE, NOTHING, none)              \
    ROW(MEM_OP_RESUME,               0x79,   32,     1_0,   ELSEWHERE, NOTHING, none)              \
    ROW(MEM_FRAG_RX,                 0x7a,   32,     1_0,   DELIVERED, MEMORY,  none)              \
    ROW(MEM_FRAG_TX,                 0x7b,   32,     1_0,   SERVED,    MEMORY,  mem_frag_tx)    \
    ROW(NORMAL_WORLD_RESUME,         0x7c,   32,     1_0,   ELSEWHERE, NOTHING, none)              \
    ROW(NOTIFICATION_BITMAP_CREATE,  0x7d,   32,     1_1,   ELSEWHERE, NOTHING, none)              \
    ROW(NOTIFICATION_BITMAP_DESTROY, 0x7e,   32,     1_1,   ELSEWHERE, NOTHING, none)              \
    ROW(NOTIFICATION_BIND,           0x7f,   32,     1_1,   SERVED,    RECEIVER, notification_bind) \
    ROW(NOTIFICATION_UNBIND,         0x80,   32,     1_1,   SERVED,    RECEIVER, notification_unbind) \
    ROW(NOTIFICATION_SET,            0x81,   32,     1_1,   SERVED,    SIGNALS, notification_set)  \
    ROW(NOTIFICATION_GET,            0x82,   32,     1_1,   SERVED,    RECEIVER, notification_get)  \
    ROW(NOTIFICATION_INFO_GET,       0x83,   BOTH,   1_1,   SERVED,    SIGNALS, notification_info_get) \
    ROW(RX_ACQUIRE,                  0x84,   32,     1_1,   ELSEWHERE, NOTHING, none)              \
    ROW(SPM_ID_GET,                  0x85,   32,     1_1,   SERVED,    SPMC_ID, spm_id_get)        \
    ROW(MSG_SEND2,                   0x86,   32,     1_1,   SERVED,    NOTHING, msg_send2)         \
    ROW(SECONDARY_EP_REGISTER,       0x87,   BOTH,   1_1,   ELSEWHERE, NOTHING, none)              \
    ROW(MEM_PERM_GET,                0x88,   BOTH,   1_1,   ELSEWHERE, NOTHING, none)              \
    ROW(MEM_PERM_SET,                0x89,   BOTH,   1_1,   ELSEWHERE, NOTHING, none)              \
    ROW(CONSOLE_LOG,                 0x8a,   BOTH,   1_2,   SERVED,    NOTHING, console_log)       \
    ROW(PARTITION_INFO_GET_REGS,     0x8b,   64,     1_2,   SERVED,    NOTHING, partition_info_get_regs) \
    ROW(EL3_INTR_HANDLE,             0x8c,   32,     1_2,   ELSEWHERE, NOTHING, none)              \
    ROW(MSG_SEND_DIRECT_REQ2,        0x8d,   64,     1_2,   SERVED,    NOTHING, direct_req)        \
    ROW(MSG_SEND_DIRECT_RESP2,       0x8e,   64,     1_2,   SERVED,    NOTHING, direct_resp)
/* clang-format on */

enum abi_widths {
    ABI_32 = 1,
    ABI_64 = 2,
    ABI_BOTH = ABI_32 | ABI_64,
};

enum abi_role {
    ABI_UNKNOWN, /* no row */
    ABI_SERVED,
    ABI_DELIVERED,
    ABI_LATER,
    ABI_ELSEWHERE,
};

enum abi_needs {
    ABI_NEEDS_NOTHING,
    ABI_NEEDS_SPMC_ID,  /* an SPMC that has told its ID */
    ABI_NEEDS_SIGNALS,  /* notifications in the configuration */
    ABI_NEEDS_MEMORY,   /* memory management in the configuration */
    ABI_NEEDS_DONATION, /* and a port that can donate */
    ABI_NEEDS_RECEIVER, /* these, and a VM that receives them */
};

/* SERVES_<name>: whether a VM can use the ABI, as a constant. */
enum {
#define ABI_SERVES(name, number, widths, since, role, needs, handler) \
    SERVES_##name = (ABI_##role == ABI_SERVED),
    PARLEY_ABI_TABLE(ABI_SERVES)
#undef ABI_SERVES
};

#endif
