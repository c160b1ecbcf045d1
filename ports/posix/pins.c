/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages of guests that Parley has mapped for itself: RX/TX buffers. */
#include <sys/mman.h>

#include "internal.h"

#define PINS_MAX 1024u

struct pin {
    struct posix_vm *vm;
    uint64_t ipa;
    unsigned int frame;
};

/* Under the lock of the memory. */
static struct {
    struct pin pin[PINS_MAX];
    unsigned int pins;
    unsigned int fail_in; /* parley_port_page_map() calls until one fails; 0: none */
    enum parley_port_status fail_with;
    unsigned int maps;
} state;

void pins_power_on(void)
{
    state.pins = 0;
    state.fail_in = 0;
    state.maps = 0;
}

void pins_power_off(void)
{
    for (unsigned int i = 0; i < state.pins; i++) {
        posix_violation("%s: the page at IPA %#llx is pinned at power-off", state.pin[i].vm->name,
                        (unsigned long long)state.pin[i].ipa);
    }
}

static void lock(void)
{
    pthread_mutex_lock(&memory_state.lock);
}

static void unlock(void)
{
    pthread_mutex_unlock(&memory_state.lock);
}

/* How many of them are of this frame. */
static unsigned int pins_of_frame(unsigned int frame)
{
    unsigned int pins = 0;

    for (unsigned int i = 0; i < state.pins; i++) {
        pins += state.pin[i].frame == frame;
    }
    return pins;
}

bool pins_has(const struct posix_vm *vm, uint64_t ipa)
{
    for (unsigned int i = 0; i < state.pins; i++) {
        if (state.pin[i].vm == vm && state.pin[i].ipa == ipa) {
            return true;
        }
    }
    return false;
}

static void frame_protect(unsigned int frame, int protection)
{
    if (mprotect(memory_frame_view(frame), FFA_PAGE_SIZE, protection) != 0) {
        posix_die("cannot change the protection of a frame");
    }
}

/* --- The hooks -------------------------------------------------------------------------------- */

static void *pin_frame(struct posix_vm *vm, uint64_t ipa, unsigned int frame)
{
    if (state.pins == PINS_MAX) {
        posix_die("more pins than the port keeps");
    }
    if (pins_of_frame(frame) == 0) {
        frame_protect(frame, PROT_READ | PROT_WRITE);
    }
    state.pin[state.pins++] = (struct pin){.vm = vm, .ipa = ipa, .frame = frame};
    memory_state.references[frame]++;
    return memory_frame_view(frame);
}

static bool is_writable_ram(const struct posix_place *place)
{
    enum parley_access access;

    if (place == NULL || !place->is_own) {
        return false;
    }
    access = memory_access(place);
    return access == PARLEY_ACCESS_RW || access == PARLEY_ACCESS_RWX;
}

static bool fails_now(void)
{
    state.maps++;
    return state.fail_in != 0 && --state.fail_in == 0;
}

enum parley_port_status parley_port_page_map(void *context, parley_ipa ipa, void **page)
{
    struct posix_vm *vm = context;
    enum parley_port_status status = PARLEY_PORT_NOT_MEMORY;
    const struct posix_place *place = memory_place(vm, ipa.value);

    trap_check_hook(__func__, 0);
    if (ipa.value % FFA_PAGE_SIZE != 0) {
        posix_violation("%s: a page is mapped at the odd IPA %#llx", vm->name,
                        (unsigned long long)ipa.value);
    }
    lock();
    if (fails_now()) {
        status = state.fail_with;
    } else if (is_writable_ram(place)) {
        if (place->grants != 0) {
            posix_violation("%s: IPA %#llx is mapped, and granted", vm->name,
                            (unsigned long long)ipa.value);
        }
        *page = pin_frame(vm, ipa.value, place->frame);
        status = PARLEY_PORT_OK;
    }
    unlock();
    return status;
}

/* Forgets a pin; false if there is no such pin. */
static bool unpin(const struct posix_vm *vm, uint64_t ipa, const void *page)
{
    for (unsigned int i = 0; i < state.pins; i++) {
        struct pin pin = state.pin[i];

        if (pin.vm == vm && pin.ipa == ipa && memory_frame_view(pin.frame) == page) {
            state.pin[i] = state.pin[--state.pins];
            if (pins_of_frame(pin.frame) == 0) {
                frame_protect(pin.frame, PROT_NONE);
            }
            memory_frame_put(pin.frame);
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
    lock();
    was_pinned = unpin(vm, ipa.value, page);
    unlock();
    if (!was_pinned) {
        posix_violation("%s: IPA %#llx, page %p is unmapped, but was not mapped", vm->name,
                        (unsigned long long)ipa.value, page);
    }
}

/* --- For tests -------------------------------------------------------------------------------- */

void posix_fail_page_map(unsigned int nth, enum parley_port_status status)
{
    lock();
    state.fail_in = nth;
    state.fail_with = status;
    unlock();
}

unsigned int posix_page_maps(void)
{
    unsigned int maps;

    lock();
    maps = state.maps;
    unlock();
    return maps;
}

unsigned int posix_vm_pins(const struct posix_vm *vm)
{
    unsigned int pins = 0;

    lock();
    for (unsigned int i = 0; i < state.pins; i++) {
        pins += state.pin[i].vm == vm;
    }
    unlock();
    return pins;
}

unsigned int posix_pins(void)
{
    unsigned int pins;

    lock();
    pins = state.pins;
    unlock();
    return pins;
}

void memory_visit_pinned(const struct posix_vm *vm, memory_visitor *visit)
{
    lock();
    for (unsigned int i = 0; i < state.pins; i++) {
        const struct pin *pin = &state.pin[i];

        if (vm == NULL || pin->vm == vm) {
            visit(pin->vm, pin->ipa, memory_frame_view(pin->frame));
        }
    }
    unlock();
}
