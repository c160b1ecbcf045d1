/* SPDX-License-Identifier: BSD-3-Clause */
#include "vms.h"
#include "memory.h"
#include "report.h"
#include "vm.h"

static struct vm *vms;
static struct parley *parley;
static unsigned int chapter;     /* of the table, that runs */
static unsigned int vms_running; /* in it */
static unsigned int vms_staying; /* of those, that do not come and go */
static unsigned int vms_left;    /* that are not over, or that are tried again */

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
    }
    return true;
}

/* --- Chapters --------------------------------------------------------------------------------- */

static void count_vms_of(unsigned int number)
{
    vms_running = 0;
    vms_staying = 0;
    for (size_t i = 0; i < table.cast_count; i++) {
        if (vms[i].place->chapter == number) {
            vms_running++;
            vms_staying += !vms[i].place->comes_and_goes;
        }
    }
}

/* Its VMs may all have stopped, and the next chapter may have begun, before this returns. */
static void begin_chapter(unsigned int number)
{
    chapter = number;
    count_vms_of(number);
    if (table.chapter_count != 0) {
        report_chapter(table.chapters[number]);
    }
    for (size_t i = 0; i < table.cast_count; i++) {
        if (vms[i].place->chapter == number) {
            vm_start(&vms[i]);
        }
    }
}

void vms_start(void)
{
    vms_left = (unsigned int)table.cast_count;
    begin_chapter(0);
}

bool vms_chapter_goes_on(void)
{
    return __atomic_load_n(&vms_staying, __ATOMIC_ACQUIRE) != 0;
}

/* Those that come and go, or end at once, have been ended when they stopped. */
static bool waits_for_others(const struct vm *vm)
{
    return !vm->place->ends_at_once && !vm->place->comes_and_goes;
}

/*
 * A VM that has stopped stays in Parley's directory until all have, unless the table says otherwise
 * of it: what the others discover must not depend on who finishes first.
 */
static void destroy_all(void)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        if (waits_for_others(&vms[i])) {
            vm_destroy(&vms[i]);
        }
    }
}

void vms_one_stopped(const struct vm *vm)
{
    if (!vm->place->comes_and_goes) {
        __atomic_sub_fetch(&vms_staying, 1, __ATOMIC_ACQ_REL);
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

/* --- The end ---------------------------------------------------------------------------------- */

static bool any_is_quarantined(void)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        if (vms[i].is_quarantined) {
            return true;
        }
    }
    return false;
}

/* Parley stays for the sake of those that it could not end. The last one to leave is blamed. */
static void finish(struct vm *last)
{
    size_t used = frames_used();
    size_t lost = frames_lost();

    if (lost != 0) {
        console_say("hyp", "pages of RAM that stay with the Secure world: %lu", lost);
    }
    if (used != 0) {
        vm_expectation_broken(last, "%lu pages of RAM have not come back from the VMs", used);
    }
    report_end(any_is_quarantined() || parley_shutdown(parley) == PARLEY_DONE);
}

void vms_one_retried(struct vm *vm)
{
    if (__atomic_sub_fetch(&vms_left, 1, __ATOMIC_ACQ_REL) == 0) {
        finish(vm);
    }
}

/*
 * With a VM may have gone what kept another one in quarantine. This one counts as left until those
 * are counted.
 */
void vms_one_over(struct vm *vm)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        __atomic_fetch_add(&vms_left, 1, __ATOMIC_RELAXED);
        if (&vms[i] == vm || !vm_retry(&vms[i])) {
            __atomic_fetch_sub(&vms_left, 1, __ATOMIC_RELAXED);
        }
    }
    vms_one_retried(vm);
}
