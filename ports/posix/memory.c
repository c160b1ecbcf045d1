/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM in frames of one page, all of it in one memory object of the host, which is mapped
 * several times: as a whole for the hypervisor, closed but for pinned frames; as a whole for the
 * Secure world; and once for each VM, which sees in the order of its IPAs what its stage 2 gives
 * it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define FRAMES MEMORY_FRAMES

/* Neighbours in a VM are this many frames apart: odd, so that each frame comes up once. */
#define FRAME_STRIDE 1103u

/* Scattered pages come from the lower half as long as there are any, blocks from the upper one. */
#define SCATTERED FRAMES / 2

struct memory_state memory_state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct memory_state *const ram = &memory_state;

/* --- The machine ------------------------------------------------------------------------------ */

void memory_power_on(void)
{
    size_t bytes = (size_t)FRAMES * FFA_PAGE_SIZE;

    ram->object = memfd_create("parley-ram", MFD_CLOEXEC);
    if (ram->object < 0 || ftruncate(ram->object, (off_t)bytes) != 0) {
        posix_die("no memory for the RAM");
    }
    ram->view = mmap(NULL, bytes, PROT_NONE, MAP_SHARED, ram->object, 0);
    if (ram->view == MAP_FAILED) {
        posix_die("cannot map the RAM");
    }
    ram->secure_view = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ram->object, 0);
    if (ram->secure_view == MAP_FAILED) {
        posix_die("cannot map the RAM for the Secure world");
    }
    memset(ram->references, 0, sizeof(ram->references));
    ram->partitions_own = 0;
    ram->next_frame = 7;
    ram->next_block = 0;
    ram->gone = NULL;
    pins_power_on();
    grants_power_on();
}

bool memory_is_hypervisor_view(uint64_t value)
{
    uint64_t bytes = (uint64_t)FRAMES * FFA_PAGE_SIZE;

    return value - (uintptr_t)ram->view < bytes || value - (uintptr_t)ram->secure_view < bytes;
}

/* VMs that are gone, and of which the Secure world keeps pages. */
static void bury_all(void)
{
    while (ram->gone != NULL) {
        struct posix_vm *vm = ram->gone;

        ram->gone = vm->next_gone;
        memory_take_ram(vm);
        free(vm);
    }
}

void memory_power_off(void)
{
    unsigned int held = 0;

    pins_power_off();
    bury_all();
    for (unsigned int i = 0; i < FRAMES; i++) {
        held += ram->references[i] != 0;
    }
    if (held != ram->partitions_own) {
        posix_violation("%u pages are still referred to at power-off", held);
    }
    munmap(ram->view, (size_t)FRAMES * FFA_PAGE_SIZE);
    munmap(ram->secure_view, (size_t)FRAMES * FFA_PAGE_SIZE);
    close(ram->object);
}

/* --- Frames ----------------------------------------------------------------------------------- */

uint8_t *memory_frame_view(unsigned int frame)
{
    return ram->view + (size_t)frame * FFA_PAGE_SIZE;
}

void memory_frame_write(unsigned int frame, uint8_t byte)
{
    uint8_t page[FFA_PAGE_SIZE];

    memset(page, byte, sizeof(page));
    if (pwrite(ram->object, page, sizeof(page), (off_t)frame * FFA_PAGE_SIZE) != sizeof(page)) {
        posix_die("cannot write to a frame");
    }
}

void memory_frame_put(unsigned int frame)
{
    if (--ram->references[frame] == 0) {
        memory_frame_write(frame, 0xa5); /* what the next owner must not rely on */
    }
}

static unsigned int take_scattered(void)
{
    for (unsigned int half = 0; half < 2; half++) {
        for (unsigned int i = 0; i < SCATTERED; i++) {
            unsigned int frame = half * SCATTERED + ram->next_frame;

            ram->next_frame = (ram->next_frame + FRAME_STRIDE) % (SCATTERED);
            if (ram->references[frame] == 0) {
                return frame;
            }
        }
    }
    return MEMORY_NO_FRAME;
}

static bool is_block_free(unsigned int first, unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++) {
        if (ram->references[first + i] != 0) {
            return false;
        }
    }
    return true;
}

/* One that is followed by as many free ones as make a block, aligned to its size. */
static unsigned int take_block(unsigned int pages)
{
    unsigned int blocks = FRAMES / pages;

    for (unsigned int i = 0; i < blocks; i++) {
        unsigned int first = (blocks / 2 + ram->next_block) % blocks * pages;

        ram->next_block += 3; /* odd: neighbours are apart, here, too */
        if (is_block_free(first, pages)) {
            return first;
        }
    }
    return MEMORY_NO_FRAME;
}

/* --- What VMs see ----------------------------------------------------------------------------- */

static struct posix_region *region_of(struct posix_vm *vm, uint64_t ipa)
{
    if (ipa >= vm->ram.ipa && (ipa - vm->ram.ipa) / FFA_PAGE_SIZE < vm->ram.pages) {
        return &vm->ram;
    }
    if (ipa >= vm->window.ipa && (ipa - vm->window.ipa) / FFA_PAGE_SIZE < vm->window.pages) {
        return &vm->window;
    }
    return NULL;
}

struct posix_place *memory_place(const struct posix_vm *vm, uint64_t ipa)
{
    const struct posix_region *region = region_of((struct posix_vm *)(uintptr_t)vm, ipa);

    return region == NULL ? NULL : &region->place[(ipa - region->ipa) / FFA_PAGE_SIZE];
}

enum parley_access memory_access(const struct posix_place *place)
{
    if (place->frame == MEMORY_NO_FRAME || place->is_hole || place->is_revoked) {
        return PARLEY_ACCESS_NONE;
    }
    return place->access;
}

/*
 * The host has no instructions of guests' to run: those that may run may be read. What a test has
 * made a hole is one for Parley; the test may look at it.
 */
static int protection_of(const struct posix_place *place)
{
    if (place->frame == MEMORY_NO_FRAME || place->is_revoked) {
        return PROT_NONE;
    }
    switch (place->access) {
    case PARLEY_ACCESS_RO:
    case PARLEY_ACCESS_RX:
        return PROT_READ;
    case PARLEY_ACCESS_RW:
    case PARLEY_ACCESS_RWX:
        return PROT_READ | PROT_WRITE;
    case PARLEY_ACCESS_NONE:
        break;
    }
    return PROT_NONE;
}

/* Whether the second page goes on where the first one ends, in the memory object and in the view.
 */
static bool goes_on(const struct posix_place *first, const struct posix_place *second)
{
    int protection = protection_of(first);

    return protection == protection_of(second) &&
           (protection == PROT_NONE || second->frame == first->frame + 1);
}

static void show_run(const struct posix_region *region, unsigned int index, unsigned int pages)
{
    const struct posix_place *place = &region->place[index];
    uint8_t *at = region->view + (size_t)index * FFA_PAGE_SIZE;
    size_t bytes = (size_t)pages * FFA_PAGE_SIZE;
    int protection = protection_of(place);

    if (protection == PROT_NONE) {
        if (mprotect(at, bytes, PROT_NONE) != 0) {
            posix_die("cannot hide pages of a VM");
        }
    } else if (mmap(at, bytes, protection, MAP_SHARED | MAP_FIXED, ram->object,
                    (off_t)place->frame * FFA_PAGE_SIZE) == MAP_FAILED) {
        posix_die("cannot map pages of a VM");
    }
}

void memory_show(struct posix_vm *vm, uint64_t ipa, unsigned int pages)
{
    const struct posix_region *region = region_of(vm, ipa);
    unsigned int index = (unsigned int)((ipa - region->ipa) / FFA_PAGE_SIZE);

    for (unsigned int done = 0, run; done < pages; done += run) {
        const struct posix_place *place = &region->place[index + done];

        for (run = 1; done + run < pages && goes_on(&place[run - 1], &place[run]); run++) {
        }
        show_run(region, index + done, run);
    }
}

/* --- RAM of VMs ------------------------------------------------------------------------------- */

static void open_region(struct posix_region *region, uint64_t ipa, unsigned int pages)
{
    region->ipa = ipa;
    region->pages = pages;
    region->place = calloc(pages, sizeof(region->place[0]));
    region->view = mmap(NULL, (size_t)pages * FFA_PAGE_SIZE, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region->place == NULL || region->view == MAP_FAILED) {
        posix_die("no memory for a VM");
    }
    for (unsigned int i = 0; i < pages; i++) {
        region->place[i].frame = MEMORY_NO_FRAME;
    }
}

static void close_region(struct posix_region *region)
{
    if (region->pages == 0) {
        return;
    }
    for (unsigned int i = 0; i < region->pages; i++) {
        if (region->place[i].frame != MEMORY_NO_FRAME) {
            memory_place_clear(&region->place[i]);
        }
    }
    munmap(region->view, (size_t)region->pages * FFA_PAGE_SIZE);
    free(region->place);
    *region = (struct posix_region){.pages = 0};
}

void memory_place_clear(struct posix_place *place)
{
    for (unsigned int i = 0; i < place->grants; i++) {
        memory_frame_put(place->frame);
    }
    memory_frame_put(place->frame);
    *place = (struct posix_place){.frame = MEMORY_NO_FRAME};
}

static bool give_frames(struct posix_vm *vm, unsigned int pages, unsigned int block)
{
    for (unsigned int i = 0; i < pages; i++) {
        unsigned int frame;

        if (block == 1) {
            frame = take_scattered();
        } else if (i % block == 0) {
            frame = take_block(block);
        } else {
            frame = vm->ram.place[i - 1].frame + 1;
        }
        if (frame == MEMORY_NO_FRAME) {
            return false;
        }
        ram->references[frame] = 1;
        vm->ram.place[i] =
            (struct posix_place){.frame = frame, .access = PARLEY_ACCESS_RWX, .is_own = true};
    }
    return true;
}

bool memory_give_ram(struct posix_vm *vm, uint64_t ipa, unsigned int pages, unsigned int block)
{
    bool enough;

    open_region(&vm->ram, ipa, pages);
    pthread_mutex_lock(&ram->lock);
    enough = give_frames(vm, pages, block);
    if (enough) {
        memory_show(vm, ipa, pages);
    }
    pthread_mutex_unlock(&ram->lock);
    if (!enough) {
        memory_take_ram(vm);
        return false;
    }
    posix_vm_clear_ram(vm);
    return true;
}

void memory_open_window(struct posix_vm *vm, uint64_t ipa, uint64_t pages)
{
    if (vm->window.pages == 0 && pages != 0 && pages <= MEMORY_WINDOW_MAX) {
        open_region(&vm->window, ipa, (unsigned int)pages);
    }
}

void memory_take_ram(struct posix_vm *vm)
{
    pthread_mutex_lock(&ram->lock);
    close_region(&vm->ram);
    close_region(&vm->window);
    pthread_mutex_unlock(&ram->lock);
}

void memory_drop_received(struct posix_vm *vm)
{
    pthread_mutex_lock(&ram->lock);
    for (unsigned int i = 0; i < vm->window.pages; i++) {
        if (vm->window.place[i].frame != MEMORY_NO_FRAME && vm->window.place[i].is_own) {
            memory_place_clear(&vm->window.place[i]);
            memory_show(vm, vm->window.ipa + (uint64_t)i * FFA_PAGE_SIZE, 1);
        }
    }
    pthread_mutex_unlock(&ram->lock);
}

/* Whether somebody else has the page, too, or has it instead: a VM, or for good a partition. */
static bool is_elsewhere(const struct posix_place *place)
{
    return place->frame == MEMORY_NO_FRAME || ram->references[place->frame] > 1;
}

/* A pin that is left on the old page is a partition's, and stays with it. */
static void renew_place(struct posix_place *place)
{
    unsigned int frame = take_scattered();

    if (frame == MEMORY_NO_FRAME) {
        posix_die("no memory for the next life of a VM");
    }
    if (place->frame != MEMORY_NO_FRAME) {
        memory_frame_put(place->frame);
    }
    ram->partitions_own += place->is_lost;
    ram->references[frame] = 1;
    *place = (struct posix_place){.frame = frame, .access = PARLEY_ACCESS_RWX, .is_own = true};
}

void memory_renew(struct posix_vm *vm)
{
    memory_drop_received(vm);
    pthread_mutex_lock(&ram->lock);
    for (unsigned int i = 0; i < vm->ram.pages; i++) {
        if (is_elsewhere(&vm->ram.place[i])) {
            renew_place(&vm->ram.place[i]);
            memory_show(vm, vm->ram.ipa + (uint64_t)i * FFA_PAGE_SIZE, 1);
        }
    }
    pthread_mutex_unlock(&ram->lock);
    posix_vm_clear_ram(vm);
}

void memory_keep_gone(struct posix_vm *vm)
{
    vm->next_gone = ram->gone;
    ram->gone = vm;
}

static void clear_region(const struct posix_region *region)
{
    for (unsigned int i = 0; i < region->pages; i++) {
        if (protection_of(&region->place[i]) == (PROT_READ | PROT_WRITE)) {
            memset(region->view + (size_t)i * FFA_PAGE_SIZE, 0, FFA_PAGE_SIZE);
        }
    }
}

void posix_vm_clear_ram(struct posix_vm *vm)
{
    clear_region(&vm->ram);
    clear_region(&vm->window);
}

void *posix_vm_at(const struct posix_vm *vm, uint64_t ipa)
{
    const struct posix_region *region = region_of((struct posix_vm *)(uintptr_t)vm, ipa);

    return region == NULL ? NULL : region->view + (ipa - region->ipa);
}

uint64_t posix_vm_ipa(const struct posix_vm *vm, const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)vm->ram.view;

    if (offset / FFA_PAGE_SIZE < vm->ram.pages) {
        return vm->ram.ipa + offset;
    }
    offset = (uintptr_t)address - (uintptr_t)vm->window.view;
    return offset / FFA_PAGE_SIZE < vm->window.pages ? vm->window.ipa + offset : 0;
}

void posix_vm_set_page(struct posix_vm *vm, uint64_t ipa, enum posix_page kind)
{
    struct posix_place *place = memory_place(vm, ipa);

    pthread_mutex_lock(&ram->lock);
    place->is_hole = kind == POSIX_PAGE_HOLE;
    place->access = kind == POSIX_PAGE_READ_ONLY ? PARLEY_ACCESS_RX : PARLEY_ACCESS_RWX;
    memory_show(vm, ipa, 1);
    pthread_mutex_unlock(&ram->lock);
}

void posix_vm_stage2(const struct posix_vm *vm, uint64_t ipa, unsigned int pages,
                     struct posix_stage2 *stage2)
{
    pthread_mutex_lock(&ram->lock);
    for (unsigned int i = 0; i < pages; i++) {
        const struct posix_place *place = memory_place(vm, ipa + (uint64_t)i * FFA_PAGE_SIZE);

        stage2[i] = (struct posix_stage2){.access = PARLEY_ACCESS_NONE};
        if (place != NULL) {
            stage2[i].access = memory_access(place);
            stage2[i].frame = stage2[i].access == PARLEY_ACCESS_NONE ? 0 : place->frame + 1;
        }
    }
    pthread_mutex_unlock(&ram->lock);
}
