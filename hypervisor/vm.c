/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm.h"
#include "format.h"
#include "interrupts.h"
#include "memory.h"
#include "report.h"
#include "scheduler.h"
#include "vm_memory.h"
#include "vms.h"
#include "work.h"

_Static_assert(WORLD_MAY_MESSAGE == PARLEY_MAY_MESSAGE, "world_vm.may is rights");
_Static_assert(WORLD_MAY_NOTIFY == PARLEY_MAY_NOTIFY, "world_vm.may is rights");
_Static_assert(WORLD_MAY_SHARE == PARLEY_MAY_SHARE, "world_vm.may is rights");

/* --- Creation --------------------------------------------------------------------------------- */

static bool refuse(const struct vm *vm, const char *why)
{
    console_say("hyp", "%s cannot be made: %s", vm->who->name, why);
    return false;
}

static enum parley_progress create_in_parley(struct vm *vm)
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

    for (size_t i = 0; i < who->peer_count; i++) {
        peers[i] = (struct parley_peer){.id = who->peers[i], .rights = rights};
    }
    return parley_vm_create(vms_parley(), &config, &vm->parley);
}

/* Parley has made it, or not. */
static bool created(struct vm *vm, enum parley_progress progress)
{
    if (progress != PARLEY_DONE) {
        vm->parley = NULL;
        return refuse(vm, "Parley refuses it");
    }
    vm->tally.made++;
    report_vm_created(vm);
    return true;
}

bool vm_create(struct vm *vm, unsigned int vmid)
{
    const struct world_vm *who = vm->who;
    enum parley_progress progress;
    const char *why_not;

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
    progress = create_in_parley(vm);
    while (progress == PARLEY_AGAIN) {
        interrupts_take();
        progress = parley_vm_continue(vm->parley);
    }
    return created(vm, progress);
}

bool vm_is_told(const struct vm *vm)
{
    return (vm->tally.made & (vm->tally.made - 1)) == 0;
}

/* --- Lives ------------------------------------------------------------------------------------ */

static void stopped(struct vm *vm);
static void finished(struct vm *vm);

static void step_begin(struct vm *vm, enum vm_step step)
{
    vm->pages_done = 0;
    __atomic_store_n(&vm->step, step, __ATOMIC_RELEASE);
}

static void give_up(struct vm *vm, const char *why)
{
    vm_expectation_broken(vm, "%s", why);
    vm->end = VM_END_BROKEN;
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

    step_begin(vm, VM_STEP_NONE);
    vm->tally.lives++;
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

/* It was to be made anew, and cannot be: what it has got of memory goes back. */
static void not_made(struct vm *vm, const char *why)
{
    vm->tally.not_made++;
    vm->end = VM_END_BROKEN;
    vm_expectation_broken(vm, "it cannot be made anew: %s", why);
    step_begin(vm, VM_STEP_GIVE_BACK);
    work_go_on_with(vm);
}

static void create_done(struct vm *vm, enum parley_progress progress)
{
    if (progress == PARLEY_AGAIN) {
        work_go_on_with(vm);
    } else if (created(vm, progress)) {
        enter_life(vm);
    } else {
        not_made(vm, "Parley refuses it");
    }
}

/* A VM that Parley has ended is made by it when its memory is there. */
static void prepared(struct vm *vm)
{
    if (vm->parley != NULL) {
        enter_life(vm);
        return;
    }
    step_begin(vm, VM_STEP_CREATE);
    create_done(vm, create_in_parley(vm));
}

/* A step towards the next life. */
static void prepare(struct vm *vm)
{
    switch (vm_memory_prepare(vm)) {
    case VM_MEMORY_READY:
        prepared(vm);
        break;
    case VM_MEMORY_AGAIN:
        work_go_on_with(vm);
        break;
    case VM_MEMORY_NONE_LEFT:
        if (vm->parley == NULL) {
            not_made(vm, "no RAM left for it");
        } else {
            give_up(vm, "there is no RAM left for its next life");
        }
        break;
    }
}

void vm_start(struct vm *vm)
{
    step_begin(vm, VM_STEP_MEMORY);
    prepare(vm);
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

/* For the table at the end of the run. Parley counts over all lives of a VM until it ends it. */
static void tally_calls(struct vm *vm)
{
    struct parley_vm_status status;

    parley_vm_status(vm->parley, &status);
    vm->tally.calls += status.counters.calls;
    for (size_t i = 0; i < sizeof(status.counters.refused) / sizeof(uint64_t); i++) {
        vm->tally.refused += status.counters.refused[i];
    }
    vm->tally.version = status.version;
}

static void stopped(struct vm *vm)
{
    const struct vm_place *place = vm->place;

    tally_calls(vm);
    report_vm_stopped(vm);
    scheduler_stopped(vm);
    if (place->comes_and_goes) {
        vm_destroy(vm);
        return;
    }
    if (place->ends_at_once) {
        vm_destroy(vm);
    }
    vms_one_stopped(vm);
}

/* At a reset or at its end, whichever comes first. */
static void quarantined(struct vm *vm)
{
    vm->is_quarantined = true;
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
    vm_start(vm);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* A step of what follows when Parley has ended it: its memory goes. */
static void give_back(struct vm *vm)
{
    if (vm_memory_give_back(vm) == VM_MEMORY_AGAIN) {
        work_go_on_with(vm);
    } else {
        finished(vm);
    }
}

static void after_destroy(struct vm *vm, enum parley_progress progress)
{
    if (progress == PARLEY_QUARANTINED) {
        quarantined(vm);
    } else if (progress != PARLEY_DONE) {
        vm_expectation_broken(vm, "Parley does not end it");
    } else {
        vm->parley = NULL;
    }
    step_begin(vm, VM_STEP_GIVE_BACK);
    give_back(vm);
}

/* It has ended as it should, and others of its chapter run that stay. */
static bool is_to_be_made_again(const struct vm *vm)
{
    bool as_expected =
        vm->end == VM_END_OFF || (vm->end == VM_END_FAULT && vm->place->fault_expected);

    return vm->place->comes_and_goes && vm->parley == NULL && as_expected && vms_chapter_goes_on();
}

static void make_again(struct vm *vm)
{
    vm->life = 0;
    vm->end = VM_END_NONE;
    vm->rx_pages = 0;
    vm->rx_is_own = false;
    step_begin(vm, VM_STEP_MEMORY);
    work_go_on_with(vm);
}

/* Nothing of it is left, or what the Secure world keeps. */
static void over(struct vm *vm)
{
    vm->is_over = true;
    if (vm->place->quarantine_expected && vm->end != VM_END_QUARANTINED) {
        vm_expectation_broken(vm, "it is not in quarantine");
    }
    if (vm->place->comes_and_goes) {
        vms_one_stopped(vm);
    }
    step_begin(vm, vm->is_quarantined ? VM_STEP_QUARANTINED : VM_STEP_NONE);
    vms_one_over(vm);
}

static void finished(struct vm *vm)
{
    if (vm->is_over) {
        step_begin(vm, VM_STEP_NONE);
        vms_one_retried(vm);
    } else if (is_to_be_made_again(vm)) {
        make_again(vm);
    } else {
        over(vm);
    }
}

static void after_retry(struct vm *vm, enum parley_progress progress)
{
    if (progress != PARLEY_DONE) {
        step_begin(vm, VM_STEP_QUARANTINED);
        vms_one_retried(vm);
        return;
    }
    vm->parley = NULL;
    vm->is_quarantined = false;
    report_vm_released(vm);
    step_begin(vm, VM_STEP_GIVE_BACK);
    give_back(vm);
}

bool vm_retry(struct vm *vm)
{
    enum vm_step expected = VM_STEP_QUARANTINED;
    bool claimed = __atomic_compare_exchange_n(&vm->step, &expected, VM_STEP_RETRY, false,
                                               __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);

    if (claimed) {
        work_go_on_with(vm);
    }
    return claimed;
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* A step of Parley's with a VM that it has. */
static void step_done(struct vm *vm, enum parley_progress progress)
{
    if (progress == PARLEY_AGAIN) {
        work_go_on_with(vm);
    } else if (vm->step == VM_STEP_RESET) {
        after_reset(vm, progress);
    } else if (vm->step == VM_STEP_RETRY) {
        after_retry(vm, progress);
    } else {
        after_destroy(vm, progress);
    }
}

void vm_go_on(struct vm *vm)
{
    switch (vm->step) {
    case VM_STEP_MEMORY:
        prepare(vm);
        break;
    case VM_STEP_CREATE:
        create_done(vm, parley_vm_continue(vm->parley));
        break;
    case VM_STEP_RESET:
    case VM_STEP_END:
        step_done(vm, parley_vm_continue(vm->parley));
        break;
    case VM_STEP_GIVE_BACK:
        give_back(vm);
        break;
    case VM_STEP_RETRY:
        step_done(vm, parley_quarantine_retry(vms_parley(), vm->who->id));
        break;
    case VM_STEP_NONE:
    case VM_STEP_QUARANTINED:
        break;
    }
}

void vm_last_vcpu_out(struct vm *vm)
{
    pl011_flush(vm);
    console_log_flush(&vm->log, vm->who->name);
    if (vm->state == VM_RESETTING) {
        step_begin(vm, VM_STEP_RESET);
        step_done(vm, parley_vm_reset(vm->parley));
        return;
    }
    if (vm->end == VM_END_NONE) {
        vm->end = VM_END_OFF; /* it was never asked to stop, but all of its vCPUs went off */
    }
    stopped(vm);
}

void vm_destroy(struct vm *vm)
{
    step_begin(vm, VM_STEP_END);
    step_done(vm, parley_vm_destroy(vm->parley));
}
