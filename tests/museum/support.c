/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine, VMs and calls of support.h. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static struct {
    bool on;
    struct parley *parley;
    uint8_t *memory;
    size_t bytes;
    struct posix_vm *vms[VMS_MAX];
} machine;

/* The SPMC reads these until the machine is off. */
static struct spmc_lie lies_told[LIES_MAX];
static unsigned int lies_kept;
static struct spmc_hostile hostile;

const struct ffa_uuid nil_uuid;

/* --- The machine ------------------------------------------------------------------------------ */

const struct parley_config usual_config = {
    .vm_id_first = 1,
    .vms_max = VMS_MAX,
    .vcpus_max = VCPUS,
    .cpus_max = POSIX_CPUS,
    .partitions_max = 16,
    .rxtx_pages_max = QUOTA_MAX,
    .shadow_pages = 2,
    .npi_intid = NPI,
    .sri_intid = SRI,
};

struct parley *parley_start(const struct parley_config *config)
{
    const size_t bytes = parley_memory_size(config);

    assert_int_not_equal(bytes, 0);
    /* One that starts where another one stopped finds what that one left. */
    if (machine.bytes < bytes) {
        machine.memory = posix_memory_take(bytes);
        machine.bytes = bytes;
    }
    assert_non_null(machine.memory);
    machine.parley = parley_init(machine.memory, bytes, config);
    return machine.parley;
}

enum parley_progress parley_stop(void)
{
    const enum parley_progress progress = parley_shutdown(machine.parley);

    if (progress != PARLEY_REFUSED_VMS_LEFT) {
        machine.parley = NULL;
    }
    return progress;
}

struct parley *machine_on_with(const struct spmc_config *secure, const struct parley_config *config)
{
    posix_start(secure);
    machine.on = true;
    assert_non_null(parley_start(config));
    return machine.parley;
}

struct parley *machine_on(const struct spmc_config *secure)
{
    return machine_on_with(secure, &usual_config);
}

const struct spmc_hostile *lying_power_on(uint32_t version, const struct spmc_lie *lies,
                                          unsigned int lie_count)
{
    struct spmc_config secure = posix_spmc_1_2;

    secure.version = version;
    secure.hostile = &hostile;
    assert_in_range(lie_count, 0, LIES_MAX);
    for (unsigned int i = 0; i < lie_count; i++) {
        lies_told[i] = lies[i];
    }
    lies_kept = lie_count;
    hostile = (struct spmc_hostile){.lies = lies_told, .lie_count = lie_count};
    posix_start(&secure);
    machine.on = true;
    return &hostile;
}

void no_more_lies(void)
{
    hostile.lie_count = 0;
}

void lies_again(void)
{
    hostile.lie_count = lies_kept;
}

int machine_off(void **state)
{
    unsigned int violations;

    (void)state;
    if (!machine.on) {
        return 0;
    }
    meanwhile_forget();
    posix_smc_replace(NULL, NULL); /* what stands in for it may have gone with a test that failed */
    for (size_t i = 0; i < COUNT(machine.vms); i++) {
        if (machine.vms[i] != NULL) {
            vm_off(machine.vms[i]);
        }
    }
    if (machine.parley != NULL && parley_stop() != PARLEY_DONE) {
        posix_violation("Parley does not shut down after the test");
    }
    posix_stop();
    violations = posix_violations();
    machine.on = false;
    machine.parley = NULL;
    machine.bytes = 0;
    return violations == 0 ? 0 : -1;
}

struct parley *the_parley(void)
{
    return machine.parley;
}

const uint8_t *parley_memory(size_t *bytes)
{
    *bytes = machine.bytes;
    return machine.memory;
}

/* --- VMs -------------------------------------------------------------------------------------- */

/* Writes the VMs that the setup lets it see, and returns how many they are. */
static unsigned int write_peers(const struct vm_setup *setup, struct parley_peer *peers)
{
    const uint8_t rights = PARLEY_MAY_DISCOVER | setup->may;
    unsigned int count = 0;

    for (uint16_t i = 0; setup->sees_all && i < VMS_MAX; i++) {
        const uint16_t id = (uint16_t)(usual_config.vm_id_first + i);

        if (id != setup->id) {
            peers[count++] = (struct parley_peer){.id = id, .rights = rights};
        }
    }
    for (size_t i = 0; i < COUNT(setup->sees) && setup->sees[i] != 0; i++) {
        peers[count++] = (struct parley_peer){.id = setup->sees[i], .rights = rights};
    }
    return count;
}

enum parley_progress vm_create(struct posix_vm *vm, const struct vm_setup *setup)
{
    struct parley_peer peers[VMS_MAX + COUNT(setup->sees)];
    const struct parley_vm_config config = {
        .id = setup->id,
        .vcpus = setup->vcpus == 0 ? VCPUS : setup->vcpus,
        .properties = setup->properties,
        .uuids = setup->uuids,
        .uuid_count = setup->uuid_count,
        .peers = peers,
        .peer_count = write_peers(setup, peers),
        .secure_rights = setup->sees_secure ? PARLEY_MAY_ALL : 0,
        .rxtx_pages_max = setup->quota == 0 ? QUOTA : setup->quota,
        .window_ipa = setup->window_pages == 0 ? 0 : WINDOW_IPA,
        .window_pages = setup->window_pages,
    };

    return posix_vm_create(vm, machine.parley, &config);
}

static struct posix_vm **free_slot(void)
{
    for (size_t i = 0; i < COUNT(machine.vms); i++) {
        if (machine.vms[i] == NULL) {
            return &machine.vms[i];
        }
    }
    fail_msg("more VMs than the test's machine holds");
    return NULL;
}

struct posix_vm *vm_on(const struct vm_setup *setup)
{
    struct posix_vm **slot = free_slot();
    const unsigned int pages = setup->ram_pages == 0 ? RAM_PAGES : setup->ram_pages;
    struct posix_vm *vm = posix_vm_new("test", RAM_IPA, pages, !setup->aarch32);

    assert_non_null(vm);
    *slot = vm;
    assert_int_equal(vm_create(vm, setup), PARLEY_DONE);
    if (setup->version != 0) {
        vm_negotiate(vm, setup->version);
    }
    return vm;
}

void vm_off(struct posix_vm *vm)
{
    for (size_t i = 0; i < COUNT(machine.vms); i++) {
        if (machine.vms[i] == vm) {
            machine.vms[i] = NULL;
        }
    }
    if (posix_vm_parley(vm) != NULL) {
        posix_vm_destroy(vm);
    }
    posix_vm_free(vm);
}

void crowd_on(uint16_t first, unsigned int entries)
{
    struct ffa_uuid uuids[PARLEY_UUIDS_PER_VM];

    for (uint16_t id = first; entries != 0; id++) {
        const unsigned int count = entries < COUNT(uuids) ? entries : COUNT(uuids);

        for (unsigned int i = 0; i < count; i++) {
            uuids[i] = ffa_uuid_from_u32(id, i, 0xc0ffee00u, 0x1u);
        }
        vm_on(&(struct vm_setup){
            .id = id,
            .version = FFA_VERSION_1_1,
            .uuids = uuids,
            .uuid_count = count,
            .ram_pages = 1,
        });
        entries -= count;
    }
}

void vm_negotiate(struct posix_vm *vm, uint32_t version)
{
    const struct parley_regs answer = CALL(vm, 0, FFA_VERSION, version);

    assert_int_equal(answer.x[0], PARLEY_FFA_VERSION);
    assert_status(CALL(vm, 0, FFA_ID_GET), FFA_OK);
    assert_int_equal(vm_status(vm).version, version);
}

void vm_map(struct posix_vm *vm, unsigned int pages)
{
    assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), pages), FFA_OK);
}

uint8_t *vm_page(const struct posix_vm *vm, unsigned int page)
{
    return posix_vm_at(vm, IPA(page));
}

uint8_t *vm_rx(const struct posix_vm *vm)
{
    return vm_page(vm, RX_PAGE);
}

void vm_paint(const struct posix_vm *vm, unsigned int page, unsigned int pages, uint8_t byte)
{
    for (unsigned int i = 0; i < pages; i++) {
        memset(vm_page(vm, page + i), byte, FFA_PAGE_SIZE);
    }
}

struct parley_vm_status vm_status(const struct posix_vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(posix_vm_parley(vm), &status);
    return status;
}
