/* SPDX-License-Identifier: BSD-3-Clause */
/* What both tests of the client of the SPMC need: an SPMC that lies, and what works regardless. */
#ifndef LYING_H
#define LYING_H

#include <string.h>

#include "../../secure/spmc/hostile.h"
#include "unit.h"

#define PARTITIONS_LISTED 5u /* of the reference Secure world: one for each UUID */

/* They outlive the test, whose rig is stopped after it. */
static struct spmc_hostile hostile;
static struct spmc_lie hostile_lies[FFA_REGS_MAX];

/* Starts the rig with an SPMC of 1.2 that lies. */
static inline void start_with_lies(const struct spmc_lie *lies, unsigned int count)
{
    struct spmc_config config = posix_spmc_1_2;

    rig_stop();
    memcpy(hostile_lies, lies, count * sizeof(*lies));
    hostile = (struct spmc_hostile){.lies = hostile_lies, .lie_count = count};
    config.hostile = &hostile;
    rig_start(&config);
}

/* VMs get on with each other, whatever there is in the Secure world. */
static inline void assert_vms_work(void)
{
    static const struct parley_peer sees_2[] = {{.id = 2, .rights = PARLEY_MAY_DISCOVER}};
    struct posix_vm *vm =
        rig_vm(&(struct parley_vm_config){.id = 1, .peers = sees_2, .peer_count = 1});
    struct posix_vm *peer = rig_vm(&(struct parley_vm_config){.id = 2});

    settle(vm, FFA_VERSION_1_2);
    settle(peer, FFA_VERSION_1_1);
    assert_int_equal(list_count(vm, &nil_uuid), 2);
    rig_vm_end(vm);
    rig_vm_end(peer);
}

static inline void assert_found(const char *what, uint32_t version)
{
    struct parley_event event = {.value = 0};

    if (rig_status().spmc_version != version) {
        fail_msg("%s: Parley has agreed on %#x", what, rig_status().spmc_version);
    }
    assert_true(posix_event_last(PARLEY_EVENT_SPMC_FOUND, &event));
    assert_int_equal(event.value, version);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_FOUND), 1);
    assert_int_equal(posix_event_count(PARLEY_EVENT_SPMC_ABSENT), 0);
    assert_vms_work();
}

#endif
