/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RAM in frames of one page, all of it in one memory object of the host, which is mapped in two
 * ways: once as a whole, which is the hypervisor's view and closed but for pinned frames, and
 * once more for each VM, which sees its own frames in the order of its IPAs.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define FRAMES   MEMORY_FRAMES
#define PINS_MAX 1024u

/* Neighbours in a VM are this many frames apart: odd, so that each frame comes up once. */
#define FRAME_STRIDE 1103u

enum frame_state {
    FRAME_FREE,
    FRAME_USED,
};

struct pin {
    struct posix_vm *vm;
    uint64_t ipa;
    unsigned int frame;
};

static struct {
    pthread_mutex_t lock;
    int object;
    uint8_t *view; /* the hypervisor's */
    enum frame_state frame[FRAMES];
    unsigned int pins_of[FRAMES];
    unsigned int next_frame;
    struct pin pin[PINS_MAX];
    unsigned int pins;
    unsigned int fail_in; /* parley_port_page_map() calls until one fails; 0: none */
    enum parley_port_status fail_with;
    unsigned int maps;
} ram = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint8_t *frame_view(unsigned int frame)
{
    return ram.view + (size_t)frame * FFA_PAGE_SIZE;
}

static void frame_protect(unsigned int frame, int protection)
{
    if (mprotect(frame_view(frame), FFA_PAGE_SIZE, protection) != 0) {
        posix_die("cannot change the protection of a frame");
    }
}

void memory_power_on(void)
{
    size_t bytes = (size_t)FRAMES * FFA_PAGE_SIZE;

    ram.object = memfd_create("parley-ram", MFD_CLOEXEC);
    if (ram.object < 0 || ftruncate(ram.object, (off_t)bytes) != 0) {
        posix_die("no memory for the RAM");
    }
    ram.view = mmap(NULL, bytes, PROT_NONE, MAP_SHARED, ram.object, 0);
    if (ram.view == MAP_FAILED) {
        posix_die("cannot map the RAM");
    }
    memset(ram.frame, 0, sizeof(ram.frame));
    memset(ram.pins_of, 0, sizeof(ram.pins_of));
    ram.next_frame = 7;
    ram.pins = 0;
    ram.fail_in = 0;
    ram.maps = 0;
}

bool memory_is_hypervisor_view(uint64_t value)
{
    return value - (uintptr_t)ram.view < (uint64_t)FRAMES * FFA_PAGE_SIZE;
}

void memory_power_off(void)
{
    for (unsigned int i = 0; i < ram.pins; i++) {
        posix_violation("%s: the page at IPA %#llx is pinned at power-off", ram.pin[i].vm->name,
                        (unsigned long long)ram.pin[i].ipa);
    }
    munmap(ram.view, (size_t)FRAMES * FFA_PAGE_SIZE);
    close(ram.object);
}

/* --- RAM of VMs ------------------------------------------------------------------------------- */

/* A free frame, or FRAMES. */
static unsigned int frame_take(void)
{
    for (unsigned int i = 0; i < FRAMES; i++) {
        unsigned int frame = ram.next_frame;

        ram.next_frame = (ram.next_frame + FRAME_STRIDE) % FRAMES;
        if (ram.frame[frame] == FRAME_FREE) {
            ram.frame[frame] = FRAME_USED;
            return frame;
        }
    }
    return FRAMES;
}

static bool view_page(struct posix_vm *vm, unsigned int index, unsigned int frame)
{
    uint8_t *at = vm->view + (size_t)index * FFA_PAGE_SIZE;

    return mmap(at, FFA_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram.object,
                (off_t)frame * FFA_PAGE_SIZE) != MAP_FAILED;
}

static bool give_frames(struct posix_vm *vm, unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++) {
        unsigned int frame = frame_take();

        if (frame == FRAMES) {
            return false;
        }
        if (!view_page(vm, i, frame)) {
            posix_die("cannot map a page of a VM");
        }
        vm->page[i].frame = frame;
        vm->page[i].kind = POSIX_PAGE_RAM;
        vm->pages++;
    }
    return true;
}

bool memory_give_ram(struct posix_vm *vm, unsigned int pages)
{
    bool enough;

    vm->page = calloc(pages, sizeof(vm->page[0]));
    vm->view = mmap(NULL, (size_t)pages * FFA_PAGE_SIZE, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (vm->page == NULL || vm->view == MAP_FAILED) {
        posix_die("no memory for a VM");
    }
    pthread_mutex_lock(&ram.lock);
    vm->pages = 0;
    enough = give_frames(vm, pages);
    pthread_mutex_unlock(&ram.lock);
    if (!enough) {
        memory_take_ram(vm);
        return false;
    }
    posix_vm_clear_ram(vm);
    return true;
}

void memory_take_ram(struct posix_vm *vm)
{
    /* What the next owner must not rely on, and what nobody may write to any more. */
    for (unsigned int i = 0; i < vm->pages; i++) {
        memset(vm->view + (size_t)i * FFA_PAGE_SIZE, 0xa5, FFA_PAGE_SIZE);
    }
    pthread_mutex_lock(&ram.lock);
    for (unsigned int i = 0; i < vm->pages; i++) {
        ram.frame[vm->page[i].frame] = FRAME_FREE;
    }
    pthread_mutex_unlock(&ram.lock);
    munmap(vm->view, (size_t)vm->pages * FFA_PAGE_SIZE);
    free(vm->page);
}

void posix_vm_clear_ram(struct posix_vm *vm)
{
    memset(vm->view, 0, (size_t)vm->pages * FFA_PAGE_SIZE);
}

void *posix_vm_at(const struct posix_vm *vm, uint64_t ipa)
{
    if (ipa < vm->ipa || (ipa - vm->ipa) / FFA_PAGE_SIZE >= vm->pages) {
        return NULL;
    }
    return vm->view + (ipa - vm->ipa);
}

uint64_t posix_vm_ipa(const struct posix_vm *vm, const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)vm->view;

    return offset / FFA_PAGE_SIZE < vm->pages ? vm->ipa + offset : 0;
}

/* The page at an IPA; NULL if the VM has none there. */
static struct posix_ram_page *page_at(const struct posix_vm *vm, uint64_t ipa)
{
    if (posix_vm_at(vm, ipa) == NULL) {
        return NULL;
    }
    return &vm->page[(ipa - vm->ipa) / FFA_PAGE_SIZE];
}

void posix_vm_set_page(struct posix_vm *vm, uint64_t ipa, enum posix_page kind)
{
    pthread_mutex_lock(&ram.lock);
    page_at(vm, ipa)->kind = kind;
    pthread_mutex_unlock(&ram.lock);
}

/* --- Pins ------------------------------------------------------------------------------------- */

static void *pin_frame(struct posix_vm *vm, uint64_t ipa, unsigned int frame)
{
    if (ram.pins == PINS_MAX) {
        posix_die("more pins than the port keeps");
    }
    ram.pin[ram.pins++] = (struct pin){.vm = vm, .ipa = ipa, .frame = frame};
    if (ram.pins_of[frame]++ == 0) {
        frame_protect(frame, PROT_READ | PROT_WRITE);
    }
    return frame_view(frame);
}

static bool fails_now(void)
{
    ram.maps++;
    return ram.fail_in != 0 && --ram.fail_in == 0;
}

enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    struct posix_vm *vm = context;
    enum parley_port_status status = PARLEY_PORT_NOT_MEMORY;
    struct posix_ram_page *at = page_at(vm, ipa.value);

    trap_check_hook(__func__, 0);
    if (ipa.value % FFA_PAGE_SIZE != 0) {
        posix_violation("%s: a page is mapped at the odd IPA %#llx", vm->name,
                        (unsigned long long)ipa.value);
    }
    pthread_mutex_lock(&ram.lock);
    if (fails_now()) {
        status = ram.fail_with;
    } else if (at != NULL && at->kind == POSIX_PAGE_RAM) {
        *page = pin_frame(vm, ipa.value, at->frame);
        status = PARLEY_PORT_OK;
    }
    pthread_mutex_unlock(&ram.lock);
    return status;
}

/* Forgets a pin; false if there is no such pin. */
static bool unpin(struct posix_vm *vm, uint64_t ipa, const void *page)
{
    for (unsigned int i = 0; i < ram.pins; i++) {
        struct pin pin = ram.pin[i];

        if (pin.vm == vm && pin.ipa == ipa && frame_view(pin.frame) == page) {
            ram.pin[i] = ram.pin[--ram.pins];
            if (--ram.pins_of[pin.frame] == 0) {
                frame_protect(pin.frame, PROT_NONE);
            }
            return true;
        }
    }
    return false;
}

void parley_port_page_unmap(void *context, parley_ipa ipa, void *page)
{
    struct posix_vm *vm = context;
    bool was_pinned;

    trap_check_hook(__func__, 0);
    pthread_mutex_lock(&ram.lock);
    was_pinned = unpin(vm, ipa.value, page);
    pthread_mutex_unlock(&ram.lock);
    if (!was_pinned) {
        posix_violation("%s: IPA %#llx, page %p is unmapped, but was not mapped", vm->name,
                        (unsigned long long)ipa.value, page);
    }
}

void posix_fail_page_map(unsigned int nth, enum parley_port_status status)
{
    pthread_mutex_lock(&ram.lock);
    ram.fail_in = nth;
    ram.fail_with = status;
    pthread_mutex_unlock(&ram.lock);
}

unsigned int posix_page_maps(void)
{
    unsigned int maps;

    pthread_mutex_lock(&ram.lock);
    maps = ram.maps;
    pthread_mutex_unlock(&ram.lock);
    return maps;
}

unsigned int posix_vm_pins(const struct posix_vm *vm)
{
    unsigned int pins = 0;

    pthread_mutex_lock(&ram.lock);
    for (unsigned int i = 0; i < ram.pins; i++) {
        pins += ram.pin[i].vm == vm;
    }
    pthread_mutex_unlock(&ram.lock);
    return pins;
}

unsigned int posix_pins(void)
{
    unsigned int pins;

    pthread_mutex_lock(&ram.lock);
    pins = ram.pins;
    pthread_mutex_unlock(&ram.lock);
    return pins;
}

void memory_visit_pinned(const struct posix_vm *vm, memory_visitor *visit)
{
    pthread_mutex_lock(&ram.lock);
    for (unsigned int i = 0; i < ram.pins; i++) {
        const struct posix_vm *owner = ram.pin[i].vm;

        if (vm == NULL || owner == vm) {
            visit(owner, ram.pin[i].ipa, posix_vm_at(owner, ram.pin[i].ipa));
        }
    }
    pthread_mutex_unlock(&ram.lock);
}
