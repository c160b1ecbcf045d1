/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_VERSION (FF-A 1.2, 13.2).
 *
 *                      before finality            after it, version V in force
 *   bit 31             NOT_SUPPORTED              NOT_SUPPORTED
 *   lower major        NOT_SUPPORTED              NOT_SUPPORTED
 *   same, lower minor  ours; the request counts   NOT_SUPPORTED, as the caller cannot have it
 *   same version       ours; the request counts   V
 *   higher minor       ours; ours counts          V
 *   higher major       ours; nothing changes      V
 *
 * "Ours" stands for V once it is final: the callee then behaves as if it had no other version. What
 * a refused request leaves behind is what was there before. A caller that asked for a higher minor
 * can see that it is answered with less, and need not ask again.
 */
#include "internal.h"

uint32_t spmc_version_call(struct spmc *spmc, uint32_t requested)
{
    const uint32_t ours = spmc->final ? spmc->version : spmc->config.version;

    if ((requested & FFA_VERSION_BIT31) != 0 ||
        FFA_VERSION_MAJOR(requested) < FFA_VERSION_MAJOR(ours)) {
        return (uint32_t)FFA_VERSION_NOT_SUPPORTED;
    }
    if (FFA_VERSION_MAJOR(requested) > FFA_VERSION_MAJOR(ours)) {
        return ours;
    }
    if (spmc->final) {
        return requested < ours ? (uint32_t)FFA_VERSION_NOT_SUPPORTED : ours;
    }
    spmc->version = requested < ours ? requested : ours;
    return ours;
}

/* To call anything before FFA_VERSION has found common ground is the caller's mistake. */
bool spmc_version_settle(struct spmc *spmc)
{
    spmc->final = spmc->version != 0;
    return spmc->final;
}
