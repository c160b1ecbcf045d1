/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <string.h>

#define IPA_OF_PAGES 0x80000000ull

struct world world;

/* --- Hooks ---------------------------------------------------------------- */

void parley_port_smc(struct parley_regs *regs)
{
    (void)regs;
    explore_fail("an SMC is made, and there is no Secure world");
}

parley_pa parley_port_pa(const void *address)
{
    return (parley_pa){(uintptr_t)address};
}

bool parley_port_vm_is_aarch64(void *context)
{
    const struct world_vm *of = context;

    explore_pause();
    EXPECT(!of->is_gone, "a hook is called for VM %u, which is gone", of->id);
    return of->is_aarch64;
}

enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    const struct world_vm *of = context;
    unsigned int n = (unsigned int)((ipa.value - IPA_OF_PAGES) / FFA_PAGE_SIZE);

    if (n >= WORLD_PAGES) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    explore_touch(&world.page[n]);
    EXPECT(!of->is_gone, "a hook is called for VM %u, which is gone", of->id);
    if (n == WORLD_PAGE_REFUSED) {
        return PARLEY_PORT_NO_MEMORY;
    }
    world.page[n].pins++;
    EXPECT(world.page[n].pins == 1, "page %u is mapped twice", n);
    *page = world.pages[n];
    return PARLEY_PORT_OK;
}

/* Whoever gets the page next may write to it at once, so that an access of Parley's that is not
 * ordered before this is a race. */
void parley_port_page_unmap(void *context, parley_ipa ipa, void *page)
{
    const struct world_vm *of = context;
    unsigned int n = (unsigned int)((ipa.value - IPA_OF_PAGES) / FFA_PAGE_SIZE);

    explore_touch(&world.page[n]);
    EXPECT(!of->is_gone, "a hook is called for VM %u, which is gone", of->id);
    EXPECT(n < WORLD_PAGES && page == world.pages[n], "page %u was mapped elsewhere", n);
    EXPECT(world.page[n].pins == 1, "page %u is unmapped and was not mapped", n);
    explore_will_write(page, FFA_PAGE_SIZE);
    world.page[n].pins--;
}

/* A statistic decides which refusals are told, and it orders nothing: to hear of one is no step. */
void parley_port_event(const struct parley_event *event)
{
    if (event->kind != PARLEY_EVENT_CALL_REFUSED) {
        explore_pause();
        world.events[event->kind]++;
    }
}

void world_page_accessed(void *page, bool writes)
{
    unsigned int n = (unsigned int)(((uintptr_t)page - (uintptr_t)world.pages) / FFA_PAGE_SIZE);

    EXPECT(world.page[n].pins != 0, "page %u is %s, and is not mapped", n,
           writes ? "written" : "read");
}

/* --- For setting up ------------------------------------------------------- */

struct ffa_uuid world_uuid(uint8_t seed, unsigned int index)
{
    struct ffa_uuid uuid;

    memset(&uuid, seed + (int)index, sizeof(uuid));
    return uuid;
}

void world_begin(void)
{
    static const struct parley_config config = {
        .vm_id_first = 1,
        .vms_max = WORLD_VMS,
        .vcpus_max = 4,
        .rxtx_pages_max = 1,
        .no_spmc = true,
    };

    memset(&world, 0, sizeof(world));
    world.parley = parley_init(world.memory, sizeof(world.memory), &config);
    EXPECT(world.parley != NULL, "no mediator in %zu bytes: it needs %zu", sizeof(world.memory),
           parley_memory_size(&config));
}

struct parley_vm_config world_config(struct world_vm *of, uint16_t id, unsigned int vcpus,
                                     unsigned int uuids, uint8_t seed)
{
    unsigned int peers = 0;

    *of = (struct world_vm){.id = id, .is_aarch64 = true};
    for (unsigned int i = 0; i < uuids; i++) {
        of->uuids[i] = world_uuid(seed, i);
    }
    for (uint16_t peer = 1; peer <= WORLD_VMS; peer++) {
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
    return WORLD_CALL(vm, vcpu, FFA_RXTX_MAP_64, IPA_OF_PAGES + tx_page * (uint64_t)FFA_PAGE_SIZE,
                      IPA_OF_PAGES + rx_page * (uint64_t)FFA_PAGE_SIZE, 1);
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

/* A hypervisor would call again and again. To call again makes no difference before somebody else
 * has changed what the last call looked at, so this waits for that. */
static void end_life(struct world_vm *of, enum parley_progress progress)
{
    while (progress == PARLEY_AGAIN) {
        uint64_t seen;
        const uint64_t *word = explore_last_load(&seen);

        if (word != NULL) {
            explore_await_change(word, seen);
        }
        explore_call();
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
    for (unsigned int i = 0; i < WORLD_PAGES; i++) {
        unsigned int pins = (pages >> i) & 1u;

        EXPECT(world.page[i].pins == pins, "page %u has %u pins, not %u", i, world.page[i].pins,
               pins);
    }
}
