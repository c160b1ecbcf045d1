/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that one VM grants to another: what Parley asks for. Parley sees to it that no two of its
 * calls are about the same pages of a VM at once, and that pages are still there for as long as
 * they are pinned or mapped.
 */
#include <parley/port.h>

#include "gicv3.h"
#include "memory.h"
#include "scheduler.h"
#include "vm.h"

static struct stage2 *stage2_of(void *context)
{
    struct vm *vm = context;

    return &vm->stage2;
}

/* Where pages are, as far as they lie side by side. They are there: Parley has pinned them. */
static struct stage2_run run_at(void *context, uint64_t ipa, uint64_t pages)
{
    struct stage2_run run;

    if (!stage2_run(stage2_of(context), ipa, pages, 0, &run)) {
        const struct vm *vm = context;

        panic("%s has nothing at 0x%lx, which Parley has pinned", vm->who->name, ipa);
    }
    return run;
}

/* --- Pins ------------------------------------------------------------------------------------- */

static uint64_t pin_run(const struct stage2_run *run)
{
    uint64_t pinned = 0;

    while (pinned < run->pages && frame_pin(run->pa + pinned * PAGE_BYTES)) {
        pinned++;
    }
    return pinned;
}

enum parley_port_status parley_port_memory_pin(void *context, parley_ipa ipa, uint32_t pages,
                                               bool writable, struct parley_run *run)
{
    unsigned int must = STAGE2_OWN | STAGE2_REACHABLE | (writable ? STAGE2_WRITABLE : 0);
    struct stage2_run found;
    uint64_t pinned;

    if (!stage2_run(stage2_of(context), ipa.value, pages, must, &found)) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    pinned = pin_run(&found);
    *run = (struct parley_run){.pa = {found.pa}, .pages = (uint32_t)pinned};
    return pinned == 0 ? PARLEY_PORT_NO_MEMORY : PARLEY_PORT_OK;
}

/* Pages of a VM, one frame after the other. */
static void for_each_frame(void *context, uint64_t ipa, uint64_t pages, void (*act)(uint64_t pa))
{
    for (uint64_t done = 0; done < pages;) {
        struct stage2_run run = run_at(context, ipa + done * PAGE_BYTES, pages - done);

        for (uint64_t i = 0; i < run.pages; i++) {
            act(run.pa + i * PAGE_BYTES);
        }
        done += run.pages;
    }
}

void parley_port_memory_unpin(void *context, parley_ipa ipa, uint32_t pages)
{
    for_each_frame(context, ipa.value, pages, frame_unpin);
}

struct parley_run parley_port_memory_run(void *context, parley_ipa ipa, uint32_t pages)
{
    struct stage2_run run = run_at(context, ipa.value, pages);

    return (struct parley_run){.pa = {run.pa}, .pages = (uint32_t)run.pages};
}

/* They come back if parley_quarantine_retry() unpins them: see vm.c. */
void parley_port_memory_lost(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct vm *vm = context;

    for_each_frame(context, ipa.value, pages, frame_lose);
    console_say("hyp", "%s loses %u page%s at IPA 0x%lx to the Secure world", vm->who->name, pages,
                pages == 1 ? "" : "s", ipa.value);
}

/* --- Out of the owner's reach, and back ------------------------------------------------------- */

enum parley_port_status parley_port_memory_revoke(void *context, parley_ipa ipa, uint32_t pages)
{
    return stage2_hide(stage2_of(context), ipa.value, pages) ? PARLEY_PORT_OK
                                                             : PARLEY_PORT_NO_MEMORY;
}

void parley_port_memory_restore(void *context, parley_ipa ipa, uint32_t pages)
{
    stage2_show(stage2_of(context), ipa.value, pages);
}

void parley_port_memory_zero(void *context, parley_ipa ipa, uint32_t pages)
{
    for (uint64_t done = 0; done < pages;) {
        struct stage2_run run = run_at(context, ipa.value + done * PAGE_BYTES, pages - done);

        memory_zero_to_poc(run.pa, run.pages);
        done += run.pages;
    }
}

/* --- Into a borrower -------------------------------------------------------------------------- */

static unsigned int rights_of(enum parley_access access)
{
    switch (access) {
    case PARLEY_ACCESS_RW:
        return STAGE2_MAY_WRITE;
    case PARLEY_ACCESS_RX:
        return STAGE2_MAY_EXECUTE;
    case PARLEY_ACCESS_RWX:
        return STAGE2_MAY_WRITE | STAGE2_MAY_EXECUTE;
    case PARLEY_ACCESS_NONE:
    case PARLEY_ACCESS_RO:
        break;
    }
    return 0;
}

enum parley_port_status parley_port_memory_map(void *borrower, parley_ipa ipa, void *owner,
                                               parley_ipa owner_ipa, uint32_t pages,
                                               enum parley_access access)
{
    struct stage2 *stage2 = stage2_of(borrower);

    if (!stage2_is_free(stage2, ipa.value, pages)) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    if (!stage2_reserve(stage2, ipa.value, pages)) {
        return PARLEY_PORT_NO_MEMORY;
    }
    for (uint64_t done = 0; done < pages;) {
        struct stage2_run run = run_at(owner, owner_ipa.value + done * PAGE_BYTES, pages - done);

        stage2_map_borrowed(stage2, ipa.value + done * PAGE_BYTES, run.pa, run.pages,
                            rights_of(access));
        done += run.pages;
    }
    return PARLEY_PORT_OK;
}

void parley_port_memory_unmap(void *borrower, parley_ipa ipa, uint32_t pages)
{
    stage2_clear(stage2_of(borrower), ipa.value, pages);
}

void parley_port_memory_adopt(void *receiver, parley_ipa ipa, uint32_t pages)
{
    stage2_adopt(stage2_of(receiver), ipa.value, pages);
}

void parley_port_memory_forget(void *giver, parley_ipa ipa, uint32_t pages)
{
    for_each_frame(giver, ipa.value, pages, frame_unpin);
    stage2_clear(stage2_of(giver), ipa.value, pages);
}

/* --- Time ------------------------------------------------------------------------------------- */

bool parley_port_preempt(void)
{
    return gic_pending() < GIC_SPURIOUS || scheduler_slice_is_over();
}
