/* SPDX-License-Identifier: BSD-3-Clause */
/* Which calls a VM has, by its version and its width: the table of scenarios/features.def. */
#ifndef ABI_H
#define ABI_H

#include <guest.h>

/* How a call with zeros in its arguments is answered when nothing is set up. */
enum abi_answer {
    ABI_STATUS,
    ABI_NOT_WRAPPED,     /* FFA_VERSION, which answers in w0 */
    ABI_IF_SECURE_WORLD, /* FFA_OK, and in FFA_FEATURES, only if there is one */
    ABI_WAITS,           /* not, until something happens */
};

/* From 1.2 on FFA_FEATURES tells the VM's quota of pages. */
#define ABI_MAX_PAGES UINT32_MAX

struct abi {
    uint32_t fid;
    uint32_t since;
    enum abi_answer answer;
    int32_t status;
    uint32_t w2; /* of FFA_FEATURES; or ABI_MAX_PAGES */
};

/* NULL if such a VM, in AArch64 or not, has no such call. */
const struct abi *abi_find(uint32_t version, bool aarch64, uint32_t fid);

/* The calls of a receiver of notifications, which a VM without that property does not have. */
bool abi_is_of_receivers(uint32_t fid);

#endif
