/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"
#include "spmc.h"

#include <string.h>

struct world world;

/* The buffers of the SPMC are watched as pages, too: they follow on those of guests. */
_Static_assert(offsetof(struct world, pages) + sizeof(world.pages) ==
                   offsetof(struct world, memory),
               "the memory follows the pages");

/* --- For setting up ------------------------------------------------------- */

struct ffa_uuid world_uuid(uint8_t seed, unsigned int index)
{
    struct ffa_uuid uuid;

    memset(&uuid, seed + (int)index, sizeof(uuid));
    return uuid;
}

static void begin(const struct parley_config *config)
{
    world.parley = parley_init(world.memory, sizeof(world.memory), config);
    EXPECT(world.parley != NULL, "no mediator in %zu bytes: it needs %zu", sizeof(world.memory),
           parley_memory_size(config));
}

void world_begin(void)
{
    static const struct parley_config config = {
        .vm_id_first = 1,
        .vms_max = WORLD_VMS,
        .vcpus_max = WORLD_VCPUS,
        .rxtx_pages_max = 1,
        .cpus_max = 1,
        .npi_intid = WORLD_NPI_INTID,
        .sri_intid = WORLD_NPI_INTID + 1,
        .no_spmc = true,
    };

    memset(&world, 0, sizeof(world));
    begin(&config);
}

void world_begin_secure_with(uint16_t contexts, uint32_t properties)
{
    static const struct parley_config config = {
        .vm_id_first = 1,
        .vms_max = 2,
        .vcpus_max = 2,
        .partitions_max = 1,
        .rxtx_pages_max = 1,
        .shadow_pages = 1,
        .cpus_max = WORLD_CPUS,
        .npi_intid = WORLD_NPI_INTID,
        .sri_intid = WORLD_NPI_INTID + 1,
    };

    memset(&world, 0, sizeof(world));
    world.spmc.is_there = true;
    world.spmc.contexts = contexts;
    world.spmc.properties =
        FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV | properties;
    begin(&config);
}

void world_begin_secure(void)
{
    world_begin_secure_with(WORLD_CPUS, 0);
}

void world_begin_memory(unsigned int transactions, unsigned int ranges)
{
    const struct parley_config config = {
        .vm_id_first = 1,
        .vms_max = 3,
        .vcpus_max = 2,
        .rxtx_pages_max = 1,
        .cpus_max = 1,
        .no_spmc = true,
        .transactions_max = (uint16_t)transactions,
        .ranges_max = ranges,
        .can_donate = true,
    };

    memset(&world, 0, sizeof(world));
    world.grants.is_there = true;
    begin(&config);
}

/* The IDs that there can be. */
static uint16_t last_id(void)
{
    if (world.spmc.is_there) {
        return 2;
    }
    return world.grants.is_there ? 3 : WORLD_VMS;
}

struct parley_vm_config world_config(struct world_vm *of, uint16_t id, unsigned int vcpus,
                                     unsigned int uuids, uint8_t seed)
{
    unsigned int peers = 0;

    *of = (struct world_vm){.id = id, .is_aarch64 = true};
    for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
        of->vcpu[i] = (struct world_vcpu){.online = 1, .stops = WORLD_STOP};
    }
    for (unsigned int i = 0; i < uuids; i++) {
        of->uuids[i] = world_uuid(seed, i);
    }
    for (uint16_t peer = 1; peer <= last_id(); peer++) {
        if (peer != id) {
            of->peers[peers++] = (struct parley_peer){peer, PARLEY_MAY_DISCOVER};
        }
    }
    return (struct parley_vm_config){
        .id = id,
        .vcpus = (uint16_t)vcpus,
        .uuids = of->uuids,
        .uuid_count = uuids,
        .peers = of->peers,
        .peer_count = peers,
        .rxtx_pages_max = 1,
        .window_ipa = WORLD_WINDOW,
        .window_pages = world.grants.is_there ? WORLD_WINDOW_PAGES : 0,
        .context = of,
    };
}

void world_create(uint16_t id, unsigned int vcpus, unsigned int uuids, uint8_t seed)
{
    struct world_vm *of = &world.vms[id];
    struct parley_vm_config config = world_config(of, id, vcpus, uuids, seed);

    EXPECT(parley_vm_create(world.parley, &config, &of->vm) == PARLEY_DONE, "VM %u is not created",
           id);
}

struct parley_vm_config world_config_open(struct world_vm *of, uint16_t id, unsigned int vcpus)
{
    struct parley_vm_config config = world_config(of, id, vcpus, 0, 0);

    for (unsigned int i = 0; i < config.peer_count; i++) {
        of->peers[i].rights = PARLEY_MAY_ALL;
    }
    config.secure_rights = id == SPMC_VM ? PARLEY_MAY_ALL : 0;
    if (world.grants.is_there) {
        return config;
    }
    config.properties = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND |
                        FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV;
    return config;
}

void world_create_open(uint16_t id, unsigned int vcpus)
{
    struct world_vm *of = &world.vms[id];
    struct parley_vm_config config = world_config_open(of, id, vcpus);

    EXPECT(parley_vm_create(world.parley, &config, &of->vm) == PARLEY_DONE, "VM %u is not created",
           id);
    world_negotiate(id, FFA_VERSION_1_2);
}

void world_negotiate(uint16_t id, uint32_t version)
{
    struct parley_vm *vm = world.vms[id].vm;
    struct parley_regs reply = WORLD_CALL(vm, 0, FFA_VERSION, version);

    EXPECT(reply.x[0] == PARLEY_FFA_VERSION, "VM %u gets no version", id);
    reply = WORLD_CALL(vm, 0, FFA_ID_GET);
    EXPECT(succeeded(&reply), "VM %u gets no ID", id);
}

/* --- Calls ---------------------------------------------------------------- */

struct parley_regs world_call(struct parley_vm *vm, unsigned int vcpu, const uint64_t x0_to_x7[8])
{
    struct parley_regs regs;

    memset(&regs, 0x5a, sizeof(regs));
    memcpy(regs.x, x0_to_x7, 8 * sizeof(uint64_t));
    explore_call();
    EXPECT(parley_call(vm, vcpu, &regs) == PARLEY_RETURN, "the call is not FF-A's");
    return regs;
}

struct parley_regs world_map(struct parley_vm *vm, unsigned int vcpu, unsigned int tx_page,
                             unsigned int rx_page)
{
    return WORLD_CALL(vm, vcpu, FFA_RXTX_MAP_64,
                      WORLD_IPA_OF_PAGES + tx_page * (uint64_t)FFA_PAGE_SIZE,
                      WORLD_IPA_OF_PAGES + rx_page * (uint64_t)FFA_PAGE_SIZE, 1);
}

struct parley_regs world_count(struct parley_vm *vm, unsigned int vcpu)
{
    return WORLD_CALL(vm, vcpu, FFA_PARTITION_INFO_GET, 0, 0, 0, 0,
                      FFA_PARTITION_INFO_GET_COUNT_ONLY);
}

struct parley_regs world_list(struct parley_vm *vm, unsigned int vcpu)
{
    return WORLD_CALL(vm, vcpu, FFA_PARTITION_INFO_GET);
}

struct parley_regs world_list_regs(struct parley_vm *vm, uint16_t start, uint16_t tag)
{
    return WORLD_CALL(vm, 0, FFA_PARTITION_INFO_GET_REGS, 0, 0, ffa_info_regs_in_make(start, tag));
}

/* --- Lives ---------------------------------------------------------------- */

/*
 * A hypervisor would call again and again. To call again makes no difference before somebody else
 * has changed what the last call looked at, so this waits for that. A VM gives memory back in
 * steps, some of which look at words of others and write none: these it does one after the other,
 * and waits only for references on itself, which are counted in its first word.
 */
static void call_again(const struct world_vm *of)
{
    uint64_t seen;
    const uint64_t *word = explore_last_load(&seen);
    bool is_own = (const void *)word == (const void *)of->vm;

    if (word != NULL && (is_own || !world.grants.is_there)) {
        (void)explore_await_change(word, seen);
    }
    explore_call();
}

static void end_life(struct world_vm *of, enum parley_progress progress)
{
    while (progress == PARLEY_AGAIN) {
        call_again(of);
        progress = parley_vm_continue(of->vm);
    }
    EXPECT(progress == PARLEY_DONE, "the end of VM %u is refused", of->id);
}

void world_reset(struct world_vm *of)
{
    explore_call();
    end_life(of, parley_vm_reset(of->vm));
}

void world_destroy(struct world_vm *of)
{
    explore_call();
    end_life(of, parley_vm_destroy(of->vm));
    of->is_gone = true;
}

void world_go_offline(struct world_vm *of, unsigned int vcpu)
{
    explore_call();
    explore_port_clear(&of->vcpu[vcpu].online, 1);
    explore_call();
    while (parley_vcpu_offline(of->vm, vcpu) == PARLEY_AGAIN) {
        call_again(of);
    }
}

void world_come_online(struct world_vm *of, unsigned int vcpu)
{
    explore_call();
    explore_port_clear(&of->vcpu[vcpu].signals, ~0ull);
    explore_port_set(&of->vcpu[vcpu].online, 1);
    explore_call();
    parley_vcpu_online(of->vm, vcpu);
}

void world_vcpu_leaves(unsigned int vcpu)
{
    explore_fetch_or(&world.left, 1ull << vcpu);
}

void world_await_vcpus_left(unsigned int vcpus)
{
    uint64_t left;

    while ((left = explore_load(&world.left)) != (1ull << vcpus) - 1) {
        explore_await_change(&world.left, left);
    }
}

/* --- For checks ----------------------------------------------------------- */

bool succeeded(const struct parley_regs *reply)
{
    return reply->x[0] == FFA_SUCCESS_32 || reply->x[0] == FFA_SUCCESS_64;
}

bool refused(const struct parley_regs *reply, int32_t status)
{
    return reply->x[0] == FFA_ERROR && reply->x[2] == (uint32_t)status;
}

struct parley_vm_status world_status(const struct world_vm *of)
{
    struct parley_vm_status status;

    parley_vm_status(of->vm, &status);
    return status;
}

void expect_pins(unsigned int pages)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        unsigned int pins = (pages >> i) & 1u;

        EXPECT(world.page[i].pins == pins, "page %u has %u pins, not %u", i, world.page[i].pins,
               pins);
    }
}
