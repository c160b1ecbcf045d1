/* SPDX-License-Identifier: BSD-3-Clause */
#include "notify.h"

struct parley_regs notif_bind(struct posix_vm *vm, uint16_t id, uint16_t sender, uint32_t flags,
                              uint64_t bits)
{
    return CALL(vm, 0, FFA_NOTIFICATION_BIND, ffa_ids_make(sender, id), flags, BITS(bits));
}

struct parley_regs notif_unbind(struct posix_vm *vm, uint16_t id, uint16_t sender, uint64_t bits)
{
    return CALL(vm, 0, FFA_NOTIFICATION_UNBIND, ffa_ids_make(sender, id), 0, BITS(bits));
}

struct parley_regs notif_set(struct posix_vm *vm, uint16_t id, uint16_t receiver, uint32_t flags,
                             uint64_t bits)
{
    return CALL(vm, 0, FFA_NOTIFICATION_SET, ffa_ids_make(id, receiver), flags, BITS(bits));
}

struct parley_regs notif_get(struct posix_vm *vm, uint16_t id, uint16_t vcpu, uint32_t flags)
{
    return CALL(vm, 0, FFA_NOTIFICATION_GET, ffa_receiver_info_make(id, vcpu), flags);
}

uint64_t vm_bits(const struct parley_regs *answer)
{
    assert_int_equal(status_of(answer), FFA_OK);
    return (uint64_t)w(answer, 5) << 32 | w(answer, 4);
}

uint64_t get_vm_bits(struct posix_vm *vm, uint16_t id, uint16_t vcpu)
{
    const struct parley_regs answer = notif_get(vm, id, vcpu, FFA_NOTIFICATION_GET_VM);

    return vm_bits(&answer);
}

struct scene scene_on(const struct spmc_config *secure)
{
    struct scene scene;

    machine_on(secure);
    scene.receiver = talker_on(1, FFA_VERSION_1_2);
    scene.sender = talker_on(2, FFA_VERSION_1_1);
    return scene;
}

unsigned int injected(struct posix_vm *vm)
{
    unsigned int count = 0;

    for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++) {
        count += posix_vcpu_injected(vm, vcpu, NPI);
    }
    return count;
}

int32_t sp_notifies(struct posix_vm *vm, uint16_t vm_id, uint16_t receiver, uint32_t w2,
                    uint64_t bits)
{
    const uint32_t words[5] = {COMMAND_NOTIFY, receiver, w2, BITS(bits)};
    const struct parley_regs answer = command(vm, vm_id, PARTITION_ECHO_ID, words);

    return (int32_t)w(&answer, 3);
}
