/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <string.h>

/* --- Frames --------------------------------------------------------------- */

uint64_t frame_ipa(unsigned int frame)
{
    return WORLD_IPA_OF_PAGES + frame * (uint64_t)FFA_PAGE_SIZE;
}

static unsigned int number_of(const struct world_page *frame)
{
    return (unsigned int)(frame - world.page);
}

void frames_give(struct world_vm *of, unsigned int frames)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        if ((frames >> i & 1) != 0) {
            world.page[i].owner = of;
            world.page[i].ipa = frame_ipa(i);
        }
    }
}

static const struct world_mapping *mapping_in(const struct world_vm *of,
                                              const struct world_page *frame)
{
    for (unsigned int i = 0; i < WORLD_MAPPINGS; i++) {
        if (frame->mapping[i].vm == of) {
            return &frame->mapping[i];
        }
    }
    return NULL;
}

/* Whether somebody other than `of` has it mapped. */
static bool is_mapped_beside(const struct world_vm *of, const struct world_page *frame)
{
    for (unsigned int i = 0; i < WORLD_MAPPINGS; i++) {
        if (frame->mapping[i].vm != NULL && frame->mapping[i].vm != of) {
            return true;
        }
    }
    return false;
}

/* What is the VM's own at an address, or NULL. */
static struct world_page *own_at(const struct world_vm *of, uint64_t ipa)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        if (world.page[i].owner == of && world.page[i].ipa == ipa) {
            return &world.page[i];
        }
    }
    return NULL;
}

static struct world_page *mapped_at(const struct world_vm *of, uint64_t ipa)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        const struct world_mapping *mapping = mapping_in(of, &world.page[i]);

        if (mapping != NULL && mapping->ipa == ipa) {
            return &world.page[i];
        }
    }
    return NULL;
}

bool frame_is_usable(const struct world_vm *of, unsigned int frame)
{
    const struct world_page *page = &world.page[frame];

    return (page->owner == of && !page->is_revoked) || mapping_in(of, page) != NULL;
}

void frame_write(const struct world_vm *of, unsigned int frame, unsigned int content)
{
    explore_touch(&world.page[frame]);
    if (frame_is_usable(of, frame)) {
        world.page[frame].content = content;
    }
}

/* What holds whenever a hook returns: a page that is not shared has one user. */
static void expect_allowed(const struct world_page *frame)
{
    const struct world_vm *owner = frame->owner;
    bool is_lent = is_mapped_beside(NULL, frame);

    if (owner == NULL || owner->is_ending) {
        return; /* nobody runs there */
    }
    EXPECT(!is_lent || frame->is_pinned, "page %u is lent, and its owner does not hold it",
           number_of(frame));
    EXPECT(!is_lent || frame->is_revoked || world.grants.is_shared,
           "page %u can be used by its owner and a borrower", number_of(frame));
}

/* --- Buffers -------------------------------------------------------------- */

bool frame_becomes_buffer(const struct world_vm *of, const struct world_page *page)
{
    if (page->owner != of || page->is_revoked) {
        return false;
    }
    EXPECT(!page->is_pinned, "page %u becomes a buffer, and is granted", number_of(page));
    return true;
}

void frames_fill_tx(void *page)
{
    const struct world_tx *tx = &world.grants.tx[explore_thread()];

    memcpy(page, tx->bytes, tx->count);
}

/* --- Hooks ---------------------------------------------------------------- */

static struct world_vm *vm_of(void *context)
{
    struct world_vm *of = context;

    EXPECT(!of->is_gone, "a hook is called for VM %u, which is gone", of->id);
    return of;
}

static uint64_t page_at(parley_ipa ipa, uint32_t page)
{
    EXPECT(page < PARLEY_PIECE_PAGES, "a hook is called for too many pages");
    return ipa.value + page * (uint64_t)FFA_PAGE_SIZE;
}

/* One step of a hook: on a frame that the VM owns and the mediator has pinned. */
static struct world_page *pinned_at(const struct world_vm *of, uint64_t ipa, const char *what)
{
    struct world_page *frame = own_at(of, ipa);

    if (frame != NULL) {
        explore_touch(frame);
    }
    EXPECT(frame != NULL && frame->owner == of && frame->is_pinned,
           "page 0x%llx of VM %u is %s, and is not pinned", (unsigned long long)ipa, of->id, what);
    return frame;
}

static struct world_page *borrowed_at(const struct world_vm *of, uint64_t ipa, const char *what)
{
    struct world_page *frame = mapped_at(of, ipa);

    if (frame != NULL) {
        explore_touch(frame);
    }
    EXPECT(frame != NULL, "page 0x%llx of VM %u is %s, and nothing is mapped there",
           (unsigned long long)ipa, of->id, what);
    return frame;
}

/* A hook that has no room does nothing, so it is asked before the first page of several. */
static bool has_room(const struct world_vm *of, parley_ipa ipa)
{
    const struct world_page *frame = own_at(of, ipa.value);

    return frame == NULL || (world.grants.no_room >> number_of(frame) & 1) == 0;
}

/* One page at a time, as a port may. */
enum parley_port_status parley_port_memory_pin(void *context, parley_ipa ipa, uint32_t pages,
                                               bool writable, struct parley_run *run)
{
    struct world_vm *of = vm_of(context);
    struct world_page *frame = own_at(of, ipa.value);

    (void)writable;
    EXPECT(pages != 0, "no page is pinned");
    if (frame == NULL) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    explore_touch(frame);
    if (frame->owner != of || frame->is_revoked) {
        return PARLEY_PORT_NOT_MEMORY;
    }
    EXPECT(!frame->is_pinned, "page %u is granted twice", number_of(frame));
    EXPECT(frame->pins == 0, "page %u is granted, and is a buffer", number_of(frame));
    frame->is_pinned = true;
    *run = (struct parley_run){{number_of(frame) * (uint64_t)FFA_PAGE_SIZE}, 1};
    return PARLEY_PORT_OK;
}

void parley_port_memory_unpin(void *context, parley_ipa ipa, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        struct world_page *frame = pinned_at(vm_of(context), page_at(ipa, i), "unpinned");

        EXPECT(!frame->is_revoked, "page %u is unpinned, and its owner cannot use it",
               number_of(frame));
        frame->is_pinned = false;
        expect_allowed(frame);
    }
}

struct parley_run parley_port_memory_run(void *context, parley_ipa ipa, uint32_t pages)
{
    EXPECT(false, "the Secure world is told of %u pages of VM %u at 0x%llx", pages,
           vm_of(context)->id, (unsigned long long)ipa.value);
    return (struct parley_run){{0}, 0};
}

enum parley_port_status parley_port_memory_revoke(void *context, parley_ipa ipa, uint32_t pages)
{
    if (!has_room(vm_of(context), ipa)) {
        return PARLEY_PORT_NO_MEMORY;
    }
    for (uint32_t i = 0; i < pages; i++) {
        struct world_page *frame = pinned_at(vm_of(context), page_at(ipa, i), "revoked");

        EXPECT(!frame->is_revoked, "page %u is revoked twice", number_of(frame));
        frame->is_revoked = true;
    }
    return PARLEY_PORT_OK;
}

void parley_port_memory_restore(void *context, parley_ipa ipa, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        struct world_page *frame = pinned_at(vm_of(context), page_at(ipa, i), "restored");

        EXPECT(frame->is_revoked, "page %u is restored, and was not revoked", number_of(frame));
        frame->is_revoked = false;
        expect_allowed(frame);
    }
}

void parley_port_memory_zero(void *context, parley_ipa ipa, uint32_t pages)
{
    struct world_vm *of = vm_of(context);

    for (uint32_t i = 0; i < pages; i++) {
        bool is_own = own_at(of, page_at(ipa, i)) != NULL;
        struct world_page *frame = is_own ? pinned_at(of, page_at(ipa, i), "zeroed")
                                          : borrowed_at(of, page_at(ipa, i), "zeroed");

        EXPECT(!is_mapped_beside(of, frame), "page %u is zeroed while a borrower has it",
               number_of(frame));
        frame->content = 0;
    }
}

enum parley_port_status parley_port_memory_map(void *borrower, parley_ipa ipa, void *owner,
                                               parley_ipa owner_ipa, uint32_t pages,
                                               enum parley_access access)
{
    struct world_vm *of = vm_of(borrower);

    if (!has_room(vm_of(owner), owner_ipa)) {
        return PARLEY_PORT_NO_MEMORY;
    }
    for (uint32_t i = 0; i < pages; i++) {
        uint64_t place = page_at(ipa, i);
        struct world_page *frame = pinned_at(vm_of(owner), page_at(owner_ipa, i), "mapped");
        unsigned int free = 0;

        EXPECT(access != PARLEY_ACCESS_NONE, "page %u is mapped without access", number_of(frame));
        EXPECT(own_at(of, place) == NULL && mapped_at(of, place) == NULL,
               "page 0x%llx of VM %u is mapped twice", (unsigned long long)place, of->id);
        EXPECT(mapping_in(of, frame) == NULL, "page %u is mapped twice in VM %u", number_of(frame),
               of->id);
        while (free < WORLD_MAPPINGS && frame->mapping[free].vm != NULL) {
            free++;
        }
        EXPECT(free < WORLD_MAPPINGS, "page %u has too many borrowers", number_of(frame));
        frame->mapping[free] = (struct world_mapping){of, place, access};
        expect_allowed(frame);
    }
    return PARLEY_PORT_OK;
}

static void drop_mapping(const struct world_vm *of, struct world_page *frame)
{
    for (unsigned int i = 0; i < WORLD_MAPPINGS; i++) {
        if (frame->mapping[i].vm == of) {
            frame->mapping[i].vm = NULL;
        }
    }
}

void parley_port_memory_unmap(void *borrower, parley_ipa ipa, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++) {
        drop_mapping(vm_of(borrower), borrowed_at(vm_of(borrower), page_at(ipa, i), "unmapped"));
    }
}

void parley_port_memory_adopt(void *receiver, parley_ipa ipa, uint32_t pages)
{
    struct world_vm *of = vm_of(receiver);

    for (uint32_t i = 0; i < pages; i++) {
        struct world_page *frame = borrowed_at(of, page_at(ipa, i), "adopted");

        EXPECT(frame->owner == NULL || frame->owner->is_ending || frame->is_revoked,
               "page %u is adopted, and its giver can use it", number_of(frame));
        EXPECT(!is_mapped_beside(of, frame), "page %u is adopted, and lent", number_of(frame));
        drop_mapping(of, frame);
        if (frame->owner != NULL && frame->is_pinned) {
            frame->giver = frame->owner;
            frame->giver_ipa = frame->ipa;
        }
        frame->owner = of;
        frame->ipa = page_at(ipa, i);
        frame->is_pinned = false;
        frame->is_revoked = false;
    }
}

/* Whoever has adopted it meanwhile, or may do so in this moment. */
static struct world_page *given_at(const struct world_vm *of, uint64_t ipa)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        if (world.page[i].giver == of && world.page[i].giver_ipa == ipa) {
            return &world.page[i];
        }
    }
    return own_at(of, ipa);
}

void parley_port_memory_forget(void *giver, parley_ipa ipa, uint32_t pages)
{
    struct world_vm *of = vm_of(giver);

    for (uint32_t i = 0; i < pages; i++) {
        struct world_page *frame = given_at(of, page_at(ipa, i));

        EXPECT(frame != NULL, "page 0x%llx of VM %u is forgotten, and it has none there",
               (unsigned long long)page_at(ipa, i), of->id);
        explore_touch(frame);
        if (frame->giver == of) {
            frame->giver = NULL;
            continue;
        }
        EXPECT(of->is_ending, "page %u is forgotten, and nobody has adopted it", number_of(frame));
        EXPECT(frame->is_pinned && frame->is_revoked, "page %u is forgotten, and was not revoked",
               number_of(frame));
        frame->owner = NULL;
        frame->is_pinned = false;
        frame->is_revoked = false;
    }
}

void parley_port_memory_lost(void *context, parley_ipa ipa, uint32_t pages)
{
    EXPECT(false, "%u pages of VM %u at 0x%llx are lost", pages, vm_of(context)->id,
           (unsigned long long)ipa.value);
}

bool parley_port_preempt(void)
{
    return world.grants.preempts;
}

/* --- Ends ----------------------------------------------------------------- */

static bool concerns(const struct world_page *frame, const struct world_vm *of)
{
    return frame->owner == of || frame->giver == of || mapping_in(of, frame) != NULL;
}

void frames_end_life(struct world_vm *of)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        struct world_page *frame = &world.page[i];

        if (!concerns(frame, of)) {
            continue;
        }
        explore_touch(frame);
        EXPECT(mapping_in(of, frame) == NULL, "VM %u has ended, and page %u is mapped in it",
               of->id, i);
        EXPECT(frame->giver != of, "VM %u has ended, and still holds page %u, which it gave away",
               of->id, i);
        if (frame->owner != of) {
            continue;
        }
        EXPECT(!frame->is_pinned && !frame->is_revoked && frame->pins == 0,
               "VM %u has ended, and page %u is held", of->id, i);
        /* Other memory takes the place of what is still lent; what was given was the VM's only. */
        if (is_mapped_beside(NULL, frame) || frame->ipa >= WORLD_WINDOW) {
            frame->owner = NULL;
        }
    }
}

void expect_frames_returned(void)
{
    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        const struct world_page *frame = &world.page[i];

        EXPECT(!frame->is_pinned && !frame->is_revoked, "page %u is still granted", i);
        EXPECT(!is_mapped_beside(NULL, frame), "page %u is still lent", i);
        EXPECT(frame->giver == NULL, "page %u is held by who gave it away", i);
    }
}
