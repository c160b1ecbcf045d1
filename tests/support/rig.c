/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "rig.h"

const struct parley_config rig_default_config = {
    .vm_id_first = 1,
    .vms_max = RIG_IDS,
    .vcpus_max = 4,
    .cpus_max = 4,
    .partitions_max = 16,
    .rxtx_pages_max = 8,
    .shadow_pages = 2,
    .npi_intid = RIG_NPI,
    .sri_intid = RIG_SRI,
};

const struct parley_config rig_memory_config = {
    .vm_id_first = 1,
    .vms_max = RIG_IDS,
    .vcpus_max = 4,
    .cpus_max = 4,
    .partitions_max = 16,
    .rxtx_pages_max = 8,
    .shadow_pages = 2,
    .npi_intid = RIG_NPI,
    .sri_intid = RIG_SRI,
    .transactions_max = 8,
    .ranges_max = 256,
    .can_donate = true,
};

static struct {
    struct parley *parley;
    struct posix_vm *vm[RIG_VMS_MAX];
    unsigned int vms;
    bool on;
} rig;

static _Noreturn void rig_die(const char *why)
{
    fprintf(stderr, "test rig: %s\n", why);
    abort();
}

void rig_start_served(const struct spmc_config *secure, const struct parley_config *config,
                      posix_smc_handler *handler)
{
    size_t bytes = parley_memory_size(config);

    rig_stop();
    posix_start(secure);
    posix_smc_replace(handler, NULL);
    rig.on = true;
    rig.vms = 0;
    rig.parley = parley_init(posix_memory_take(bytes), bytes, config);
    if (rig.parley == NULL) {
        rig_die("parley_init() refuses");
    }
}

void rig_start_with(const struct spmc_config *secure, const struct parley_config *config)
{
    rig_start_served(secure, config, NULL);
}

void rig_start(const struct spmc_config *secure)
{
    rig_start_with(secure, &rig_default_config);
}

static void rig_take_vms(void)
{
    for (unsigned int i = 0; i < rig.vms; i++) {
        if (posix_vm_parley(rig.vm[i]) != NULL) {
            posix_vm_destroy(rig.vm[i]);
        }
        posix_vm_free(rig.vm[i]);
    }
    rig.vms = 0;
}

bool rig_stop_after_shutdown(void)
{
    if (!rig.on) {
        return true;
    }
    rig.on = false;
    rig_take_vms();
    posix_stop();
    return posix_violations() == 0;
}

bool rig_stop(void)
{
    if (!rig.on) {
        return true;
    }
    rig_take_vms();
    if (parley_shutdown(rig.parley) != PARLEY_DONE) {
        posix_violation("parley_shutdown() refuses");
    }
    return rig_stop_after_shutdown();
}

struct parley *rig_parley(void)
{
    return rig.parley;
}

static struct posix_vm *add_ram(bool aarch64, unsigned int pages, unsigned int block)
{
    char name[16];

    if (rig.vms == RIG_VMS_MAX) {
        rig_die("more VMs than the rig has");
    }
    snprintf(name, sizeof(name), "vm%u", rig.vms);
    rig.vm[rig.vms] = posix_vm_new_in_blocks(name, RIG_VM_IPA, pages, aarch64, block);
    if (rig.vm[rig.vms] == NULL) {
        rig_die("no RAM left");
    }
    return rig.vm[rig.vms++];
}

struct posix_vm *rig_ram(bool aarch64)
{
    return add_ram(aarch64, RIG_VM_PAGES, 1);
}

struct parley_vm_config rig_vm_config(uint16_t id)
{
    return (struct parley_vm_config){.id = id, .vcpus = 2, .rxtx_pages_max = 4};
}

struct parley_vm_config rig_friend_config(uint16_t id)
{
    static struct parley_peer peers[RIG_IDS + 1][RIG_IDS - 1];
    struct parley_vm_config config = rig_vm_config(id);

    config.properties = RIG_ALL_PROPERTIES;
    config.secure_rights = PARLEY_MAY_ALL;
    config.peers = peers[id];
    for (uint16_t peer = 1; peer <= RIG_IDS; peer++) {
        if (peer != id) {
            peers[id][config.peer_count++] =
                (struct parley_peer){.id = peer, .rights = PARLEY_MAY_ALL};
        }
    }
    return config;
}

static struct posix_vm *add_vm(const struct parley_vm_config *config, struct posix_vm *vm)
{
    struct parley_vm_config filled = *config;

    if (filled.vcpus == 0) {
        filled.vcpus = 2;
    }
    if (filled.rxtx_pages_max == 0) {
        filled.rxtx_pages_max = 4;
    }
    if (posix_vm_create(vm, rig.parley, &filled) != PARLEY_DONE) {
        rig_die("parley_vm_create() refuses");
    }
    return vm;
}

struct posix_vm *rig_vm(const struct parley_vm_config *config)
{
    return add_vm(config, rig_ram(true));
}

struct posix_vm *rig_vm_32(const struct parley_vm_config *config)
{
    return add_vm(config, rig_ram(false));
}

struct posix_vm *rig_vm_of(const struct parley_vm_config *config, unsigned int pages,
                           unsigned int block)
{
    return add_vm(config, add_ram(true, pages, block));
}

struct posix_vm *rig_friend(uint16_t id, uint32_t version)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct posix_vm *vm = rig_vm(&config);

    settle(vm, version);
    return vm;
}

struct posix_vm *rig_memory_friend(uint16_t id, uint32_t version, unsigned int buffer_pages)
{
    struct parley_vm_config config = rig_friend_config(id);
    struct posix_vm *vm;

    config.window_ipa = RIG_WINDOW_IPA;
    config.window_pages = RIG_WINDOW_PAGES;
    config.rxtx_pages_max = (uint16_t)buffer_pages;
    vm = rig_vm(&config);
    settle(vm, version);
    if (map_buffers(vm, buffer_pages).status != FFA_OK) {
        rig_die("buffers are refused");
    }
    return vm;
}

void rig_vm_end(struct posix_vm *vm)
{
    if (posix_vm_parley(vm) != NULL) {
        posix_vm_destroy(vm);
    }
    posix_vm_free(vm);
    for (unsigned int i = 0; i < rig.vms; i++) {
        if (rig.vm[i] == vm) {
            rig.vm[i] = rig.vm[--rig.vms];
            return;
        }
    }
}

struct parley_vm_status rig_vm_status(const struct posix_vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(posix_vm_parley(vm), &status);
    return status;
}

struct parley_status rig_status(void)
{
    struct parley_status status;

    parley_status(rig.parley, &status);
    return status;
}
