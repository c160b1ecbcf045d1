/* SPDX-License-Identifier: BSD-3-Clause */
#include "abi.h"

#define V(major, minor)    FFA_VERSION_MAKE(major##u, minor##u)
#define SUCCESS            ABI_STATUS, FFA_OK
#define NOT_SUPPORTED      ABI_STATUS, FFA_NOT_SUPPORTED
#define INVALID_PARAMETERS ABI_STATUS, FFA_INVALID_PARAMETERS
#define DENIED             ABI_STATUS, FFA_DENIED
#define BUSY               ABI_STATUS, FFA_BUSY
#define NO_DATA            ABI_STATUS, FFA_NO_DATA
#define NOT_WRAPPED        ABI_NOT_WRAPPED, FFA_OK
#define IF_SECURE_WORLD    ABI_IF_SECURE_WORLD, FFA_OK
#define WAITS              ABI_WAITS, FFA_OK
#define MAX_PAGES          ABI_MAX_PAGES
#define NS_BIT             FFA_FEATURES_RETRIEVE_REQ_NS_BIT
#define FEATURE(...)       {__VA_ARGS__},

static const struct abi abis[] = {
#include "features.def"
};

const struct abi *abi_find(uint32_t version, bool aarch64, uint32_t fid)
{
    for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
        if (abis[i].fid == fid && abis[i].since <= version && (aarch64 || !ffa_fid_is_64(fid))) {
            return &abis[i];
        }
    }
    return NULL;
}

bool abi_is_of_receivers(uint32_t fid)
{
    return fid == FFA_NOTIFICATION_BIND || fid == FFA_NOTIFICATION_UNBIND ||
           fid == FFA_NOTIFICATION_GET;
}
