/* SPDX-License-Identifier: BSD-3-Clause */
#include "vm_memory.h"
#include "memory.h"
#include "page_table.h"
#include "vm.h"

#define BLOCK_PAGES (BLOCK_BYTES / PAGE_BYTES)

/* From this size on, a VM's RAM is mapped in blocks. */
#define PAGES_IN_BLOCKS (8 * BLOCK_PAGES)

#define CHUNK_PAGES (16 * BLOCK_PAGES)
#define STEP_PAGES  BLOCK_PAGES

/* --- Creation --------------------------------------------------------------------------------- */

static uint64_t ram_ipa(const struct vm *vm, uint64_t page)
{
    return vm->place->ipa + page * PAGE_BYTES;
}

/*
 * In blocks, or with one page in front left out, so that a small VM does not start where its low
 * address bits would agree.
 */
static bool map_contiguous(struct vm *vm, uint32_t first, uint32_t pages)
{
    uint64_t pa;

    if (vm->place->pages >= PAGES_IN_BLOCKS) {
        return ram_take(pages, BLOCK_PAGES, &pa) &&
               stage2_map_own(&vm->stage2, ram_ipa(vm, first), pa, pages);
    }
    return ram_take(pages + 1, 1, &pa) &&
           stage2_map_own(&vm->stage2, ram_ipa(vm, first), pa + PAGE_BYTES, pages);
}

/* Runs of 1, 3, 5, 7, 1, 3, ... pages. */
static uint32_t next_run(uint32_t run)
{
    return run == 7 ? 1 : run + 2;
}

static uint32_t count_runs(uint32_t pages)
{
    uint32_t runs = 0;

    for (uint32_t done = 0, run = 1; done < pages; done += run, run = next_run(run)) {
        runs++;
    }
    return runs;
}

/*
 * From the end of physical memory to its start, with a page left out in front of each run: whoever
 * takes two pages to be neighbours that are so only in the guest's eyes, touches memory that is
 * nobody's.
 */
static bool map_scattered(struct vm *vm, uint32_t first, uint32_t pages)
{
    uint64_t span = (uint64_t)pages + count_runs(pages);
    uint32_t run = 1;
    uint64_t pa;

    if (!ram_take(span, 1, &pa)) {
        return false;
    }
    pa += span * PAGE_BYTES;
    for (uint32_t done = 0; done < pages; done += run, run = next_run(run)) {
        if (run > pages - done) {
            run = pages - done;
        }
        pa -= (uint64_t)run * PAGE_BYTES;
        if (!stage2_map_own(&vm->stage2, ram_ipa(vm, first + done), pa, run)) {
            return false;
        }
        pa -= PAGE_BYTES;
    }
    return true;
}

/* A chunk at a time: physical memory is not in one piece. */
static bool map_ram(struct vm *vm)
{
    uint32_t pages = vm->place->pages;

    for (uint32_t done = 0; done < pages; done += CHUNK_PAGES) {
        uint32_t chunk = pages - done < CHUNK_PAGES ? pages - done : CHUNK_PAGES;

        if (!(vm->place->scattered ? map_scattered(vm, done, chunk)
                                   : map_contiguous(vm, done, chunk))) {
            return false;
        }
    }
    return true;
}

static size_t tables_of(const struct vm_place *place)
{
    if (place->table_pages != 0) {
        return place->table_pages;
    }
    return stage2_tables_for(place->ipa, place->pages) +
           stage2_tables_for(place->window_ipa, place->window_pages);
}

const char *vm_memory_create(struct vm *vm, unsigned int vmid)
{
    if (!stage2_create(&vm->stage2, vmid, tables_of(vm->place))) {
        return "the hypervisor has no memory left";
    }
    if (!map_ram(vm)) {
        return "no RAM left for it";
    }
    vm->ram_is_fresh = true;
    return NULL;
}

/* --- Between lives ---------------------------------------------------------------------------- */

/* Parley has let go of everything, or said that it is lost. */
static void check_page(struct vm *vm, uint64_t ipa, const struct stage2_run *page)
{
    struct stage2_run own;

    if (!stage2_run(&vm->stage2, ipa, 1, STAGE2_OWN, &own)) {
        vm_expectation_broken(vm, "0x%lx is still borrowed after its life", ipa);
    } else if (frame_pins(page->pa) != 0) {
        vm_expectation_broken(vm, "0x%lx is still pinned after its life", ipa);
    }
}

static void check_pages(struct vm *vm, uint64_t ipa, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) {
        struct stage2_run page;

        if (stage2_run(&vm->stage2, ipa + i * PAGE_BYTES, 1, 0, &page)) {
            check_page(vm, ipa + i * PAGE_BYTES, &page);
        }
    }
}

static void drop_pages(struct vm *vm, uint64_t ipa, uint64_t pages)
{
    if (!stage2_is_free(&vm->stage2, ipa, pages)) {
        check_pages(vm, ipa, pages);
        stage2_clear(&vm->stage2, ipa, pages);
    }
}

/* A page of RAM that nobody else has stays; any other is replaced. */
static bool renew_page(struct vm *vm, uint64_t ipa)
{
    struct stage2_run page;
    uint64_t pa;

    if (stage2_run(&vm->stage2, ipa, 1, 0, &page)) {
        check_page(vm, ipa, &page);
        if (frame_is_sole(page.pa)) {
            memory_zero(page.pa, 1);
            return true;
        }
        if (!stage2_hide(&vm->stage2, ipa, 1)) {
            return false;
        }
        stage2_clear(&vm->stage2, ipa, 1);
    }
    return frame_take(&pa) && stage2_map_own(&vm->stage2, ipa, pa, 1);
}

static bool renew_pages(struct vm *vm, uint64_t ipa, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) {
        if (!renew_page(vm, ipa + i * PAGE_BYTES)) {
            return false;
        }
    }
    stage2_allow_all(&vm->stage2, ipa, pages);
    return true;
}

static uint64_t at_most(uint64_t pages, uint64_t limit)
{
    return pages < limit ? pages : limit;
}

/* First the window, then RAM. */
static bool renew_some(struct vm *vm)
{
    const struct vm_place *place = vm->place;
    uint64_t done = vm->pages_done;
    uint64_t pages;

    if (done < place->window_pages) {
        pages = at_most(place->window_pages - done, STEP_PAGES);
        drop_pages(vm, place->window_ipa + done * PAGE_BYTES, pages);
    } else {
        done -= place->window_pages;
        pages = at_most(place->pages - done, STEP_PAGES);
        if (!renew_pages(vm, ram_ipa(vm, done), pages)) {
            return false;
        }
    }
    vm->pages_done += pages;
    return true;
}

/* --- What is in it ---------------------------------------------------------------------------- */

static void load_page(struct vm *vm, uint64_t ipa, const uint8_t *from, size_t bytes)
{
    uint64_t pa = 0;

    if (!stage2_translate(&vm->stage2, ipa, &pa)) {
        panic("%s has no RAM at 0x%lx", vm->who->name, ipa);
    }
    memcpy((void *)(uintptr_t)pa, from, bytes);
    memory_publish_code((void *)(uintptr_t)pa, bytes);
}

#define FILES 3u

/* The image is one that always lies on a page of its own, as do the others. */
static struct vm_file file_of(const struct vm_place *place, unsigned int number)
{
    switch (number) {
    case 0:
        return (struct vm_file){place->image, place->image_end, place->ipa + place->image_offset};
    case 1:
        return place->tree;
    default:
        return place->ramdisk;
    }
}

static uint64_t file_pages(const struct vm_file *file)
{
    return ((uint64_t)(file->end - file->start) + PAGE_BYTES - 1) / PAGE_BYTES;
}

static void load_pages(struct vm *vm, const struct vm_file *file, uint64_t first, uint64_t pages)
{
    uint64_t size = (uint64_t)(file->end - file->start);

    for (uint64_t done = first * PAGE_BYTES; done < (first + pages) * PAGE_BYTES;
         done += PAGE_BYTES) {
        load_page(vm, file->ipa + done, file->start + done, at_most(size - done, PAGE_BYTES));
    }
}

/* Of the files, one behind the other: some pages from this one on. False if there are no more. */
static bool load_some(struct vm *vm, uint64_t page)
{
    for (unsigned int number = 0; number < FILES; number++) {
        struct vm_file file = file_of(vm->place, number);
        uint64_t pages = file_pages(&file);

        if (page < pages) {
            pages = at_most(pages - page, STEP_PAGES);
            load_pages(vm, &file, page, pages);
            vm->pages_done += pages;
            return true;
        }
        page -= pages;
    }
    return false;
}

enum vm_memory_progress vm_memory_prepare(struct vm *vm)
{
    uint64_t to_renew = vm->ram_is_fresh ? 0 : vm->place->window_pages + vm->place->pages;

    if (vm->pages_done < to_renew) {
        return renew_some(vm) ? VM_MEMORY_AGAIN : VM_MEMORY_NONE_LEFT;
    }
    if (load_some(vm, vm->pages_done - to_renew)) {
        return VM_MEMORY_AGAIN;
    }
    stage2_forget(&vm->stage2);
    vm->ram_is_fresh = false;
    return VM_MEMORY_READY;
}

/* --- The end ---------------------------------------------------------------------------------- */

static bool has_lost(struct vm *vm, uint64_t ipa, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) {
        struct stage2_run page;

        if (stage2_run(&vm->stage2, ipa + i * PAGE_BYTES, 1, 0, &page) && frame_is_lost(page.pa)) {
            return true;
        }
    }
    return false;
}

/* A page that is lost stays where Parley will look for it when it tries again. */
static void drop_but_lost(struct vm *vm, uint64_t ipa, uint64_t pages)
{
    if (!stage2_hide(&vm->stage2, ipa, pages)) {
        return; /* the block cannot be cut, and stays as a whole */
    }
    for (uint64_t i = 0; i < pages; i++) {
        if (!has_lost(vm, ipa + i * PAGE_BYTES, 1)) {
            drop_pages(vm, ipa + i * PAGE_BYTES, 1);
        }
    }
}

/* So many pages, that no block reaches out of them. */
static uint64_t pages_of_step(uint64_t ipa, uint64_t pages)
{
    return at_most(pages, (BLOCK_BYTES - ipa % BLOCK_BYTES) / PAGE_BYTES);
}

static uint64_t drop_some(struct vm *vm, uint64_t ipa, uint64_t pages)
{
    pages = pages_of_step(ipa, pages);
    if (vm->is_quarantined && has_lost(vm, ipa, pages)) {
        drop_but_lost(vm, ipa, pages);
    } else {
        drop_pages(vm, ipa, pages);
    }
    return pages;
}

enum vm_memory_progress vm_memory_give_back(struct vm *vm)
{
    const struct vm_place *place = vm->place;
    uint64_t done = vm->pages_done;

    if (done < place->window_pages) {
        vm->pages_done +=
            drop_some(vm, place->window_ipa + done * PAGE_BYTES, place->window_pages - done);
        return VM_MEMORY_AGAIN;
    }
    done -= place->window_pages;
    if (done < place->pages) {
        vm->pages_done += drop_some(vm, ram_ipa(vm, done), place->pages - done);
        return VM_MEMORY_AGAIN;
    }
    if (!vm->is_quarantined) {
        stage2_empty(&vm->stage2);
    }
    return VM_MEMORY_READY;
}
