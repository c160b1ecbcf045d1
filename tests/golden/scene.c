/* SPDX-License-Identifier: BSD-3-Clause */
/* The worlds, the VM and the calls of golden.h. */
#include "golden.h"

#include <string.h>

#define MISMATCHES_SHOWN 10u

/* --- Worlds ----------------------------------------------------------------------------------- */

const struct golden_world golden_worlds[GOLDEN_WORLDS] = {
    {"SPMC 1.2", FFA_VERSION_1_2, true},
    {"SPMC 1.1", FFA_VERSION_1_1, true},
    {"SPMC 1.2 that hides its ID", FFA_VERSION_1_2, false},
    {"no SPMC", 0, false},
};

void world_on(const struct golden_world *world)
{
    if (world->spmc_version == 0) {
        machine_on(NULL);
    } else {
        lying_power_on(world->spmc_version,
                       LIES(spmc_lie_status(FFA_SPM_ID_GET, FFA_NOT_SUPPORTED)));
        if (world->tells_id) {
            no_more_lies();
        }
        assert_non_null(parley_start(&usual_config));
    }
    vm_on(&(struct vm_setup){.id = 2, .version = FFA_VERSION_1_1});
}

struct posix_vm *vm_of_column(const struct golden_column *column)
{
    return vm_on(&(struct vm_setup){.id = 1, .aarch32 = !column->aarch64, .sees = {2}});
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* A fresh life of the VM, at the version, and in a state in which the ABI can succeed. */
static void set_scene(struct posix_vm *vm, uint32_t version, uint32_t fid)
{
    posix_vm_reset(vm);
    vm_negotiate(vm, version);
    switch (fid) {
    case FFA_RX_RELEASE:
        vm_map(vm, 1);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        break;
    case FFA_RXTX_UNMAP:
    case FFA_PARTITION_INFO_GET:
        vm_map(vm, 1);
        break;
    default:
        break;
    }
}

/* Writes the arguments of a call that ought to succeed; the rest stays as it is. */
static void write_arguments(struct parley_regs *regs, uint32_t fid, uint32_t version)
{
    switch (fid) {
    case FFA_VERSION:
        regs->x[1] = version;
        break;
    case FFA_FEATURES:
        regs->x[1] = FFA_ID_GET;
        break;
    case FFA_RX_RELEASE:
    case FFA_RXTX_UNMAP:
        regs->x[1] = 0;
        break;
    case FFA_RXTX_MAP_32:
    case FFA_RXTX_MAP_64:
        regs->x[1] = IPA(TX_PAGE);
        regs->x[2] = IPA(RX_PAGE);
        regs->x[3] = 1;
        break;
    case FFA_PARTITION_INFO_GET:
        memset(&regs->x[1], 0, 5 * sizeof(regs->x[1]));
        break;
    case FFA_PARTITION_INFO_GET_REGS:
        memset(&regs->x[1], 0, 3 * sizeof(regs->x[1]));
        break;
    default:
        break;
    }
}

uint64_t pattern(unsigned int which, unsigned int reg)
{
    switch (which) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return 0x5555555555555555u << (reg & 1);
    default:
        return poison(reg);
    }
}

void call_well_formed(struct posix_vm *vm, uint32_t fid, uint32_t version, unsigned int which,
                      struct parley_regs *before, struct parley_regs *after)
{
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        before->x[i] = pattern(which, i);
    }
    before->x[0] = (before->x[0] & ~(uint64_t)UINT32_MAX) | fid;
    write_arguments(before, fid, version);
    set_scene(vm, version, fid);
    *after = *before;
    assert_int_equal(posix_call(vm, 0, after), PARLEY_RETURN);
}

/* --- Differences ------------------------------------------------------------------------------ */

bool is_not_supported(const struct parley_regs *answer)
{
    return answer->x[0] == FFA_ERROR && answer->x[2] == (uint32_t)FFA_NOT_SUPPORTED;
}

static unsigned int mismatches;

void mismatch(const char *world, const struct golden_column *column, uint32_t id, const char *what,
              const char *expected, const struct parley_regs *got)
{
    mismatches++;
    if (mismatches <= MISMATCHES_SHOWN) {
        print_error("%s, %s, %08x: %s: expected %s, got x0 %#llx x2 %#llx x3 %#llx\n", world,
                    column->name, id, what, expected, (unsigned long long)got->x[0],
                    (unsigned long long)got->x[2], (unsigned long long)got->x[3]);
    }
}

void mismatches_forget(void)
{
    mismatches = 0;
}

void mismatches_fail(void)
{
    if (mismatches != 0) {
        fail_msg("%u differences", mismatches);
    }
}
