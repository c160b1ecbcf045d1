/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FFA_NOTIFICATION_INFO_GET from a VM (FF-A 1.2, 16.6): it schedules nobody but itself, so the
 * lists name itself and its vCPUs. Each scope is told once for what is new in it.
 */
#include "internal.h"

static bool take_news(struct scope *scope)
{
    bool is_news = parley_scope_is_pending(scope) && !scope->is_told;

    scope->is_told = scope->is_told || is_news;
    return is_news;
}

/* Packs the VM's own lists: one for what is global, then its vCPUs, three to a list. */
struct info {
    unsigned int lists;
    unsigned int ids;
    unsigned int ids_max;
    unsigned int vcpus_in_list; /* of the last one; a global list takes none */
    bool more;
    uint64_t counts;
    uint16_t id[FFA_NOTIFICATION_INFO_GET_64_MAX];
};

static bool info_begin_list(struct info *info, uint16_t vm)
{
    if (info->ids == info->ids_max) {
        info->more = true;
        return false;
    }
    info->id[info->ids++] = vm;
    info->lists++;
    info->vcpus_in_list = 0;
    return true;
}

static bool info_add_vcpu(struct info *info, uint16_t vm, uint16_t vcpu, bool is_first)
{
    bool needs_list = is_first || info->vcpus_in_list == FFA_NOTIFICATION_INFO_GET_VCPUS_MAX;
    unsigned int needed = needs_list ? 2 : 1;

    if (info->ids + needed > info->ids_max) {
        info->more = true;
        return false;
    }
    if (needs_list) {
        (void)info_begin_list(info, vm);
    }
    info->id[info->ids++] = vcpu;
    info->vcpus_in_list++;
    info->counts += ffa_notification_info_list(info->lists - 1, 1);
    return true;
}

/* Under the lock. What does not fit stays news. */
static void info_collect(struct info *info, struct parley_vm *vm)
{
    bool is_first = true;

    if (take_news(&vm->notifications.global)) {
        (void)info_begin_list(info, vm->id);
    }
    for (unsigned int i = 0; i < vm->vcpus && !info->more; i++) {
        struct scope *scope = &vm->vcpu[i].notifications;

        if (!take_news(scope)) {
            continue;
        }
        if (info_add_vcpu(info, vm->id, (uint16_t)i, is_first)) {
            is_first = false;
        } else {
            scope->is_told = false;
        }
    }
}

int32_t parley_handle_notification_info_get(const struct call *call, struct parley_regs *result)
{
    bool is_64 = ffa_fid_is_64(call->fid);
    unsigned int ids_per_register = is_64 ? 4 : 2;
    struct info info = {.ids_max = is_64 ? FFA_NOTIFICATION_INFO_GET_64_MAX
                                         : FFA_NOTIFICATION_INFO_GET_32_MAX};

    parley_lock_take(&call->vm->notifications.lock);
    info_collect(&info, call->vm);
    parley_lock_drop(&call->vm->notifications.lock);
    if (info.lists == 0) {
        return FFA_NO_DATA;
    }
    result->x[0] = is_64 ? FFA_SUCCESS_64 : FFA_SUCCESS_32;
    result->x[2] = ffa_notification_info_make(info.more, info.lists) | info.counts;
    for (unsigned int i = 0; i < info.ids; i++) {
        result->x[3 + i / ids_per_register] |= (uint64_t)info.id[i]
                                               << (16 * (i % ids_per_register));
    }
    return FFA_OK;
}
