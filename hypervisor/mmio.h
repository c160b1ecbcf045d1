/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's loads and stores at addresses that are devices to it. */
#ifndef MMIO_H
#define MMIO_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* One access, as the CPU decoded it. */
struct mmio {
    uint64_t ipa;
    unsigned int bytes; /* 1, 2, 4 or 8 */
    bool is_write;
    uint64_t value; /* what is written, or the device's answer */
    bool is_early;  /* the device cannot answer yet: the guest does it again */
};

/*
 * Serves the data abort on `ipa` if a device is there and the CPU has decoded the access, and goes
 * on behind it. False if not.
 */
bool mmio_access(struct vcpu *vcpu, uint64_t ipa, uint64_t esr);

#endif
