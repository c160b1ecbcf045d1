/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of support.h, and the rules of register use that each of them is held to. */
#include "support.h"

#define BIT(n)    (1u << (n))
#define BITS_3_7  0xf8u
#define BITS_2_7  0xfcu
#define BITS_4_17 0x3fff0u

uint64_t poison(unsigned int reg)
{
    return 0xdead000000beef00u | (uint64_t)reg << 40 | reg;
}

uint32_t w(const struct parley_regs *answer, unsigned int reg)
{
    return (uint32_t)answer->x[reg];
}

int32_t status_of(const struct parley_regs *answer)
{
    switch (w(answer, 0)) {
    case FFA_SUCCESS_32:
    case FFA_SUCCESS_64:
        return FFA_OK;
    case FFA_ERROR:
        return (int32_t)w(answer, 2);
    default:
        fail_msg("w0 is %#x, which is no answer", w(answer, 0));
        return 0;
    }
}

/* --- Registers -------------------------------------------------------------------------------- */

/* The registers above x0 in which a success has something, a bit for each. */
static uint32_t results_of(uint32_t fid)
{
    switch (fid) {
    case FFA_FEATURES:
    case FFA_PARTITION_INFO_GET:
    case FFA_MEM_DONATE_32:
    case FFA_MEM_DONATE_64:
    case FFA_MEM_LEND_32:
    case FFA_MEM_LEND_64:
    case FFA_MEM_SHARE_32:
    case FFA_MEM_SHARE_64:
    case FFA_MEM_FRAG_TX:
        return BIT(2) | BIT(3);
    case FFA_ID_GET:
    case FFA_SPM_ID_GET:
        return BIT(2);
    case FFA_NOTIFICATION_GET:
    case FFA_NOTIFICATION_INFO_GET_32:
    case FFA_NOTIFICATION_INFO_GET_64:
        return BITS_2_7;
    case FFA_PARTITION_INFO_GET_REGS:
        return BIT(2) | BIT(3) | BITS_4_17;
    default:
        return 0;
    }
}

/* The same of any answer. */
static uint32_t used_by(uint32_t fid, const struct parley_regs *answer)
{
    const bool is_log = fid == FFA_CONSOLE_LOG_32 || fid == FFA_CONSOLE_LOG_64;

    switch (w(answer, 0)) {
    case FFA_SUCCESS_32:
    case FFA_SUCCESS_64:
        return results_of(fid);
    case FFA_ERROR:
        return BIT(2) | (is_log && status_of(answer) == FFA_RETRY ? BIT(3) : 0);
    case FFA_INTERRUPT:
    case FFA_YIELD:
        return BIT(1);
    case FFA_MEM_RETRIEVE_RESP:
        return BIT(1) | BIT(2);
    case FFA_MEM_FRAG_RX:
        return BIT(1) | BIT(2) | BIT(3);
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_RESP_32:
    case FFA_MSG_SEND_DIRECT_RESP_64:
        return BIT(1) | BITS_3_7;
    case FFA_MSG_SEND_DIRECT_REQ2:
        return BIT(1) | BIT(2) | BIT(3) | BITS_4_17;
    case FFA_MSG_SEND_DIRECT_RESP2:
        return BIT(1) | BITS_4_17;
    default:
        assert_int_equal(fid, FFA_VERSION);
        return 0;
    }
}

static void expect_used(const struct parley_regs *answer, uint32_t used, unsigned int last)
{
    const bool is_wide = ffa_fid_is_64(w(answer, 0)) && (int32_t)w(answer, 0) != -1;

    for (unsigned int i = 0; i <= last; i++) {
        if (i != 0 && (used & BIT(i)) == 0 && answer->x[i] != 0) {
            fail_msg("x%u is %#llx and not 0", i, (unsigned long long)answer->x[i]);
        }
        if ((!is_wide || i < 2) && answer->x[i] >> 32 != 0) {
            fail_msg("x%u is %#llx, more than 32 bits", i, (unsigned long long)answer->x[i]);
        }
    }
}

static void expect_hygiene(struct posix_vm *vm, const struct parley_regs *before,
                           const struct parley_regs *answer)
{
    const uint32_t fid = w(before, 0);
    const bool all_of_them = vm_is_aarch64(vm) && vm_status(vm).version == FFA_VERSION_1_2 &&
                             fid != FFA_VERSION &&
                             (ffa_fid_is_64(fid) || ffa_fid_is_64(w(answer, 0)));
    const uint32_t used = used_by(fid, answer);

    assert_true(answer->x[0] != FFA_ERROR || status_of(answer) < 0);
    expect_used(answer, used, (all_of_them ? FFA_REGS_MAX : FFA_REGS_SMC32) - 1);
    for (unsigned int i = FFA_REGS_SMC32; i < FFA_REGS_MAX && !all_of_them; i++) {
        assert_int_equal(answer->x[i], before->x[i]);
    }
}

/* --- Calls ------------------------------------------------------------------------------------ */

static struct parley_regs poisoned(const uint64_t *args, size_t count)
{
    struct parley_regs regs;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        regs.x[i] = i < count ? args[i] : poison(i);
        if (i < FFA_REGS_SMC32 && !ffa_fid_is_64((uint32_t)args[0])) {
            regs.x[i] = (regs.x[i] & 0xffffffffu) | (poison(i) & 0xffffffff00000000u);
        }
    }
    return regs;
}

struct parley_regs museum_call(struct posix_vm *vm, unsigned int vcpu, const uint64_t *args,
                               size_t count)
{
    const bool is_yield = (uint32_t)args[0] == FFA_YIELD;
    const struct parley_regs before = poisoned(args, count);
    struct parley_regs regs = before;
    const enum parley_outcome outcome = posix_call(vm, vcpu, &regs);

    if (outcome != PARLEY_RETURN && (outcome != PARLEY_YIELD || !is_yield)) {
        fail_msg("call %#x ends with outcome %d", (unsigned int)args[0], (int)outcome);
    }
    expect_hygiene(vm, &before, &regs);
    return regs;
}

struct parley_regs museum_call_to_end(struct posix_vm *vm, unsigned int vcpu, const uint64_t *args,
                                      size_t count)
{
    const struct parley_regs before = poisoned(args, count);
    struct parley_regs regs = before;

    if (posix_call(vm, vcpu, &regs) == PARLEY_BLOCK) {
        assert_int_equal(posix_interrupt(vm, vcpu, &regs), PARLEY_RETURN);
    }
    expect_hygiene(vm, &before, &regs);
    return regs;
}

struct waiting museum_wait(struct posix_vm *vm, unsigned int vcpu, const uint64_t *args,
                           size_t count)
{
    struct waiting waiting = {.vm = vm, .vcpu = vcpu, .before = poisoned(args, count)};

    waiting.regs = waiting.before;
    posix_vcpu_take_wake(vm, vcpu);
    if (posix_call(vm, vcpu, &waiting.regs) != PARLEY_BLOCK) {
        fail_msg("call %#x does not wait: w0 %#x w2 %d", (unsigned int)args[0], w(&waiting.regs, 0),
                 (int32_t)w(&waiting.regs, 2));
    }
    return waiting;
}

struct parley_regs woken(struct waiting *waiting)
{
    assert_true(posix_vcpu_take_wake(waiting->vm, waiting->vcpu));
    assert_int_equal(posix_continue(waiting->vm, waiting->vcpu, &waiting->regs), PARLEY_RETURN);
    expect_hygiene(waiting->vm, &waiting->before, &waiting->regs);
    return waiting->regs;
}

struct parley_regs interrupted(struct waiting *waiting)
{
    assert_true(still_waits(waiting));
    assert_int_equal(posix_interrupt(waiting->vm, waiting->vcpu, &waiting->regs), PARLEY_RETURN);
    expect_hygiene(waiting->vm, &waiting->before, &waiting->regs);
    return waiting->regs;
}

bool still_waits(struct waiting *waiting)
{
    return !posix_vcpu_take_wake(waiting->vm, waiting->vcpu) &&
           posix_continue(waiting->vm, waiting->vcpu, &waiting->regs) == PARLEY_BLOCK;
}

struct parley_regs call_map(struct posix_vm *vm, unsigned int vcpu, uint64_t tx, uint64_t rx,
                            uint64_t pages)
{
    const bool narrow = vm_status(vm).version == FFA_VERSION_1_0 || !vm_is_aarch64(vm);

    return CALL(vm, vcpu, narrow ? FFA_RXTX_MAP_32 : FFA_RXTX_MAP_64, tx, rx, pages);
}

struct parley_regs call_info(struct posix_vm *vm, unsigned int vcpu, const struct ffa_uuid *uuid,
                             uint32_t flags)
{
    return CALL(vm, vcpu, FFA_PARTITION_INFO_GET, ffa_uuid_to_u32(uuid, 0),
                ffa_uuid_to_u32(uuid, 1), ffa_uuid_to_u32(uuid, 2), ffa_uuid_to_u32(uuid, 3),
                flags);
}

struct parley_regs call_info_regs(struct posix_vm *vm, const struct ffa_uuid *uuid, uint16_t index,
                                  uint16_t tag)
{
    return CALL(vm, 0, FFA_PARTITION_INFO_GET_REGS, ffa_uuid_to_u64(uuid, 0),
                ffa_uuid_to_u64(uuid, 1), ffa_info_regs_in_make(index, tag));
}

struct parley_regs call_features(struct posix_vm *vm, uint32_t id)
{
    return CALL(vm, 0, FFA_FEATURES, id);
}
