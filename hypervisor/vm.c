/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm.h"
#include "firmware.h"
#include "format.h"
#include "interrupts.h"
#include "memory.h"
#include "report.h"
#include "scheduler.h"
#include "vm_memory.h"
#include "work.h"

_Static_assert(WORLD_MAY_MESSAGE == PARLEY_MAY_MESSAGE, "world_vm.may is rights");
_Static_assert(WORLD_MAY_NOTIFY == PARLEY_MAY_NOTIFY, "world_vm.may is rights");
_Static_assert(WORLD_MAY_SHARE == PARLEY_MAY_SHARE, "world_vm.may is rights");

static struct vm *vms;
static struct parley *parley;
static unsigned int chapter;     /* of the table, that runs */
static unsigned int vms_running; /* in it */
static unsigned int vms_left;    /* in Parley */
static bool vms_quarantined;     /* any of them: Parley stays for the sake of those */

struct vm *vm_at(size_t index)
{
    return &vms[index];
}

struct vm *vm_find(uint16_t id)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        if (vms[i].who->id == id) {
            return &vms[i];
        }
    }
    return NULL;
}

struct parley *vms_parley(void)
{
    return parley;
}

/* --- Creation --------------------------------------------------------------------------------- */

static size_t pages_for(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

static bool refuse(const struct vm *vm, const char *why)
{
    console_say("hyp", "%s cannot be made: %s", vm->who->name, why);
    return false;
}

static bool create_in_parley(struct vm *vm)
{
    const struct world_vm *who = vm->who;
    const uint8_t rights = PARLEY_MAY_DISCOVER | who->may;
    struct parley_peer peers[WORLD_PEERS_MAX];
    struct parley_vm_config config = {
        .id = who->id,
        .vcpus = who->vcpus,
        .properties = who->properties,
        .uuids = who->uuids,
        .uuid_count = who->uuid_count,
        .peers = peers,
        .peer_count = who->peer_count,
        .secure_rights = who->sees_secure ? rights : 0,
        .rxtx_pages_max = who->rxtx_pages_max,
        .window_ipa = vm->place->window_ipa,
        .window_pages = vm->place->window_pages,
        .context = vm,
    };
    enum parley_progress progress;

    for (size_t i = 0; i < who->peer_count; i++) {
        peers[i] = (struct parley_peer){.id = who->peers[i], .rights = rights};
    }
    progress = parley_vm_create(parley, &config, &vm->parley);
    while (progress == PARLEY_AGAIN) {
        interrupts_take();
        progress = parley_vm_continue(vm->parley);
    }
    return progress == PARLEY_DONE;
}

static bool vm_create(struct vm *vm, unsigned int vmid)
{
    const struct world_vm *who = vm->who;
    const char *why_not;

    vm->state = VM_RUNNING;
    vm->vcpus = pages_take(pages_for(who->vcpus * sizeof(struct vcpu)));
    if (vm->vcpus == NULL) {
        return refuse(vm, "the hypervisor has no memory left");
    }
    why_not = vm_memory_create(vm, vmid);
    if (why_not != NULL) {
        return refuse(vm, why_not);
    }
    for (unsigned int i = 0; i < who->vcpus; i++) {
        vm->vcpus[i].vm = vm;
        vm->vcpus[i].index = i;
        vm->vcpus[i].only_cpu = VCPU_ANY_CPU;
    }
    return create_in_parley(vm) || refuse(vm, "Parley refuses it");
}

bool vms_init(void)
{
    const struct parley_config config = {
        .vm_id_first = WORLD_VM_ID_FIRST,
        .vms_max = WORLD_VMS_MAX,
        .vcpus_max = TABLE_VCPUS_MAX,
        .partitions_max = 32,
        .rxtx_pages_max = TABLE_RXTX_PAGES_MAX,
        /* A bench counts what EL2 does, and no registration at the SPMC. */
        .shadow_pages = table.bench ? 0 : WORLD_SHADOW_PAGES,
        .cpus_max = CPUS_MAX,
        .npi_intid = WORLD_NPI_INTID,
        .sri_intid = WORLD_SRI_INTID,
        .transactions_max = TABLE_TRANSACTIONS_MAX,
        .ranges_max = TABLE_RANGES_MAX,
        .can_donate = true,
    };
    size_t parley_pages = pages_for(parley_memory_size(&config));
    void *memory = pages_take(parley_pages);

    vms = pages_take(pages_for(table.cast_count * sizeof(struct vm)));
    if (memory == NULL || vms == NULL) {
        console_say("hyp", "no memory for Parley and the VMs");
        return false;
    }
    for (size_t i = 0; i < table.cast_count; i++) {
        vms[i].who = &table.cast[i]; /* Parley's events name VMs from here on */
        vms[i].place = table_place(&table, table.cast[i].id);
        vms[i].devices = table_devices(vms[i].place);
    }
    parley = parley_init(memory, parley_pages * PAGE_BYTES, &config);
    return parley != NULL; /* Parley has said why not */
}

bool vms_create(void)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        if (!vm_create(&vms[i], (unsigned int)i + 1)) {
            return false;
        }
        report_vm_created(&vms[i]);
    }
    return true;
}

/* --- Lives ------------------------------------------------------------------------------------ */

static void stopped(struct vm *vm);

static void give_up(struct vm *vm, const char *why)
{
    vm_expectation_broken(vm, "%s", why);
    vm->end = VM_END_BROKEN;
    vm->is_preparing = false;
    stopped(vm);
}

/*
 * What vCPU 0 is told: by the boot protocol of arm64 kernels where its device tree is, or else what
 * guests/ says of x0 to x4.
 */
static void tell_where_it_is(const struct vm *vm, struct vcpu *vcpu)
{
    if (vm->place->tree.start != NULL) {
        vcpu->x[0] = vm->place->tree.ipa;
        return;
    }
    vcpu->x[1] = vm->life;
    vcpu->x[2] = vm->who->vcpus;
    vcpu->x[3] = vm->place->conduit;
    vcpu->x[4] = vm->place->pages;
}

/* vCPU 0 starts at the first byte of the image. */
static void enter_life(struct vm *vm)
{
    struct vcpu *vcpu = &vm->vcpus[0];

    vgic_reset(vm);
    pl011_reset(vm);
    scheduler_begin_life(vm);
    if (!scheduler_claim(vcpu)) {
        panic("%s: vCPU 0 cannot start", vm->who->name);
    }
    vcpu_reset(vcpu, vm->place->ipa + vm->place->image_offset, 0);
    tell_where_it_is(vm, vcpu);
    scheduler_ready(vcpu);
}

/* A step towards the next life, once Parley is ready for it. */
static void prepare(struct vm *vm)
{
    switch (vm_memory_prepare(vm)) {
    case VM_MEMORY_READY:
        vm->is_preparing = false;
        enter_life(vm);
        break;
    case VM_MEMORY_AGAIN:
        work_go_on_with(vm);
        break;
    case VM_MEMORY_NONE_LEFT:
        give_up(vm, "there is no RAM left for its next life");
        break;
    }
}

static void start(struct vm *vm)
{
    vm->pages_prepared = 0;
    vm->is_preparing = true;
    prepare(vm);
}

static unsigned int vms_of_chapter(unsigned int number)
{
    unsigned int count = 0;

    for (size_t i = 0; i < table.cast_count; i++) {
        count += vms[i].place->chapter == number;
    }
    return count;
}

/* Its VMs may all have stopped, and the next chapter may have begun, before this returns. */
static void begin_chapter(unsigned int number)
{
    chapter = number;
    vms_running = vms_of_chapter(number);
    if (table.chapter_count != 0) {
        report_chapter(table.chapters[number]);
    }
    for (size_t i = 0; i < table.cast_count; i++) {
        if (vms[i].place->chapter == number) {
            start(&vms[i]);
        }
    }
}

void vms_start(void)
{
    vms_left = (unsigned int)table.cast_count;
    begin_chapter(0);
}

bool vm_request_reset(struct vm *vm)
{
    return scheduler_end_life(vm, true);
}

/* The caller is on a vCPU of the VM, so that nobody needs the reason before it is written. */
bool vm_request_stop(struct vm *vm, enum vm_end end)
{
    bool first = scheduler_end_life(vm, false);

    if (first) {
        vm->end = end;
    }
    return first;
}

void vm_expectation_broken(struct vm *vm, const char *form, ...)
{
    char text[CONSOLE_LINE_BYTES];
    va_list values;

    va_start(values, form);
    format(text, sizeof(text), form, values);
    va_end(values);
    parley_counter_increment(&vm->tally.broken);
    console_say("hyp", "BROKEN: %s: %s", vm->who->name, text);
}

/* For the table at the end of the run. Parley counts over all lives of a VM. */
static void tally_calls(struct vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(vm->parley, &status);
    vm->tally.calls = status.counters.calls;
    vm->tally.refused = 0;
    for (size_t i = 0; i < sizeof(status.counters.refused) / sizeof(uint64_t); i++) {
        vm->tally.refused += status.counters.refused[i];
    }
    vm->tally.version = status.version;
}

static void destroy(struct vm *vm);
static void destroy_all(void);

static void stopped(struct vm *vm)
{
    tally_calls(vm);
    report_vm_stopped(vm);
    scheduler_stopped(vm);
    if (vm->place->ends_at_once) {
        destroy(vm);
    }
    if (__atomic_sub_fetch(&vms_running, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    if (chapter + 1 < table.chapter_count) {
        begin_chapter(chapter + 1);
    } else {
        destroy_all();
    }
}

/* At a reset or at its end, whichever comes first. */
static void quarantined(struct vm *vm)
{
    if (vm->end != VM_END_QUARANTINED) {
        vm->end = VM_END_QUARANTINED;
        report_vm_quarantined(vm);
    }
}

static void after_reset(struct vm *vm, enum parley_progress progress)
{
    if (progress == PARLEY_QUARANTINED) {
        quarantined(vm);
        stopped(vm);
        return;
    }
    if (progress != PARLEY_DONE) {
        give_up(vm, "Parley does not reset it");
        return;
    }
    vm->life++;
    start(vm);
}

/* The last one to leave is blamed. */
static void check_frames(struct vm *last)
{
    size_t used = frames_used();

    if (used != 0) {
        vm_expectation_broken(last, "%lu pages of RAM have not come back from the VMs", used);
    }
}

static void after_destroy(struct vm *vm, enum parley_progress progress)
{
    if (progress == PARLEY_QUARANTINED) {
        vms_quarantined = true;
        quarantined(vm);
    } else if (progress != PARLEY_DONE) {
        vm_expectation_broken(vm, "Parley does not end it");
    } else if (vm->place->quarantine_expected) {
        vm_expectation_broken(vm, "it is not in quarantine");
    }
    vm_memory_give_back(vm);
    if (__atomic_sub_fetch(&vms_left, 1, __ATOMIC_ACQ_REL) == 0) {
        check_frames(vm);
        report_end(vms_quarantined || parley_shutdown(parley) == PARLEY_DONE);
    }
}

/* A step of a reset, or of the end after VM_STOPPED. */
static void step_done(struct vm *vm, enum parley_progress progress)
{
    if (progress == PARLEY_AGAIN) {
        work_go_on_with(vm);
    } else if (vm->state == VM_RESETTING) {
        after_reset(vm, progress);
    } else {
        after_destroy(vm, progress);
    }
}

void vm_go_on(struct vm *vm)
{
    if (vm->is_preparing) {
        prepare(vm);
    } else {
        step_done(vm, parley_vm_continue(vm->parley));
    }
}

void vm_last_vcpu_out(struct vm *vm)
{
    pl011_flush(vm);
    console_log_flush(&vm->log, vm->who->name);
    if (vm->state == VM_RESETTING) {
        step_done(vm, parley_vm_reset(vm->parley));
        return;
    }
    if (vm->end == VM_END_NONE) {
        vm->end = VM_END_OFF; /* it was never asked to stop, but all of its vCPUs went off */
    }
    stopped(vm);
}

static void destroy(struct vm *vm)
{
    step_done(vm, parley_vm_destroy(vm->parley));
}

/*
 * A VM that has stopped stays in Parley's directory until all have, unless the table says otherwise
 * of it: what the others discover must not depend on who finishes first.
 */
static void destroy_all(void)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        if (!vms[i].place->ends_at_once) {
            destroy(&vms[i]);
        }
    }
}
