/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that VMs grant to others: the hooks of <parley/port.h>, "Memory", each of which does what
 * it is asked, and complains of what it should not have been asked.
 */
#include <stdio.h>

#include "internal.h"

/* Under the lock of the memory. */
static struct {
    unsigned int fail_in; /* calls of hooks that can fail until one does; 0: none */
    unsigned int calls;   /* of these */
    unsigned int granted_of[MEMORY_FRAMES]; /* pins of a frame: the Secure world may use it */
} state;

/* A stretch of pages that a hook is to work on, under the lock. */
struct stretch {
    const char *hook;
    struct posix_vm *vm;
    uint64_t ipa;
    unsigned int pages;
};

#define STRETCH(context, from, count)                                             \
    {                                                                             \
        .hook = __func__, .vm = (context), .ipa = (from).value, .pages = (count), \
    }

void grants_power_on(void)
{
    for (unsigned int i = 0; i < MEMORY_FRAMES; i++) {
        state.granted_of[i] = 0;
    }
    state.fail_in = 0;
    state.calls = 0;
}

static void complain(const struct stretch *stretch, unsigned int page, const char *of)
{
    posix_violation("%s: %s() at IPA %#llx: %s", stretch->vm->name, stretch->hook,
                    (unsigned long long)stretch->ipa + (uint64_t)page * FFA_PAGE_SIZE, of);
}

static void begin(const struct stretch *stretch, unsigned int locks)
{
    trap_check_hook(stretch->hook, locks);
    if (stretch->pages == 0 || stretch->pages > PARLEY_PIECE_PAGES) {
        complain(stretch, 0, "no bounded number of pages");
    }
    if (stretch->ipa % FFA_PAGE_SIZE != 0) {
        complain(stretch, 0, "no multiple of a page");
    }
    pthread_mutex_lock(&memory_state.lock);
}

static void end(void)
{
    pthread_mutex_unlock(&memory_state.lock);
}

static struct posix_place *place_of(const struct stretch *stretch, unsigned int page)
{
    return memory_place(stretch->vm, stretch->ipa + (uint64_t)page * FFA_PAGE_SIZE);
}

static bool is_there(const struct posix_place *place)
{
    return place != NULL && place->frame != MEMORY_NO_FRAME;
}

static bool is_pinned(const struct posix_place *place)
{
    return is_there(place) && place->grants != 0;
}

static bool is_borrowed(const struct posix_place *place)
{
    return is_there(place) && !place->is_own;
}

static bool is_revoked(const struct posix_place *place)
{
    return is_pinned(place) && place->is_revoked;
}

static bool is_within_reach(const struct posix_place *place)
{
    return is_pinned(place) && !place->is_revoked;
}

static bool is_pinned_or_borrowed(const struct posix_place *place)
{
    return is_pinned(place) || is_borrowed(place);
}

/* Whether each page is as the hook needs it; complains of the first that is not. */
static bool are_all(const struct stretch *stretch, bool (*is_so)(const struct posix_place *place),
                    const char *otherwise)
{
    for (unsigned int i = 0; i < stretch->pages; i++) {
        if (!is_so(place_of(stretch, i))) {
            complain(stretch, i, otherwise);
            return false;
        }
    }
    return true;
}

static bool fails_now(void)
{
    state.calls++;
    return state.fail_in != 0 && --state.fail_in == 0;
}

/* Whether the next page is the neighbour of this one in physical memory. */
static bool are_neighbours(const struct posix_place *place, const struct posix_place *next)
{
    return address_of_frame(next->frame).value ==
           address_of_frame(place->frame).value + FFA_PAGE_SIZE;
}

/* --- Pins ------------------------------------------------------------------------------------- */

static bool can_be_pinned(const struct posix_place *place, bool writable)
{
    enum parley_access access;

    if (place == NULL || !place->is_own) {
        return false;
    }
    access = memory_access(place);
    return access == PARLEY_ACCESS_RWX || access == PARLEY_ACCESS_RW ||
           (!writable && access != PARLEY_ACCESS_NONE);
}

static void pin(const struct stretch *stretch, unsigned int page)
{
    struct posix_place *place = place_of(stretch, page);

    if (pins_has(stretch->vm, stretch->ipa + (uint64_t)page * FFA_PAGE_SIZE)) {
        complain(stretch, page, "it is a buffer");
    }
    place->grants++;
    memory_state.references[place->frame]++;
    state.granted_of[place->frame]++;
}

static bool goes_on(const struct stretch *stretch, unsigned int page, bool writable)
{
    const struct posix_place *place = place_of(stretch, page);

    return can_be_pinned(place, writable) && !is_pinned(place) &&
           are_neighbours(place_of(stretch, page - 1), place);
}

enum parley_port_status parley_port_memory_pin(void *context, parley_ipa ipa, uint32_t pages,
                                               bool writable, struct parley_run *run)
{
    struct stretch stretch = STRETCH(context, ipa, pages);
    enum parley_port_status status = PARLEY_PORT_NOT_MEMORY;
    const struct posix_place *first;

    begin(&stretch, 0);
    first = place_of(&stretch, 0);
    if (is_pinned(first)) {
        complain(&stretch, 0, "it is pinned already");
    }
    if (fails_now()) {
        status = PARLEY_PORT_NO_MEMORY;
    } else if (can_be_pinned(first, writable)) {
        unsigned int done = 0;

        do {
            pin(&stretch, done++);
        } while (done < pages && goes_on(&stretch, done, writable));
        *run = (struct parley_run){address_of_frame(first->frame), done};
        status = PARLEY_PORT_OK;
    }
    end();
    return status;
}

void parley_port_memory_unpin(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(context, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_within_reach, "it is not pinned, or still revoked")) {
        for (unsigned int i = 0; i < pages; i++) {
            struct posix_place *place = place_of(&stretch, i);

            place->grants--;
            place->is_lost = false;
            state.granted_of[place->frame]--;
            memory_frame_put(place->frame);
        }
    }
    end();
}

struct parley_run parley_port_memory_run(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(context, ipa, pages);
    struct parley_run run = {{0}, 0};

    begin(&stretch, 1);
    if (are_all(&stretch, is_pinned, "it is not pinned")) {
        run.pa = address_of_frame(place_of(&stretch, 0)->frame);
        do {
            run.pages++;
        } while (run.pages < pages &&
                 are_neighbours(place_of(&stretch, run.pages - 1), place_of(&stretch, run.pages)));
    }
    end();
    return run;
}

/* --- The owner's access ----------------------------------------------------------------------- */

static void set_revoked(const struct stretch *stretch, bool revoked)
{
    for (unsigned int i = 0; i < stretch->pages; i++) {
        place_of(stretch, i)->is_revoked = revoked;
    }
    memory_show(stretch->vm, stretch->ipa, stretch->pages);
}

enum parley_port_status parley_port_memory_revoke(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(context, ipa, pages);
    enum parley_port_status status = PARLEY_PORT_NO_MEMORY;

    begin(&stretch, 0);
    if (!fails_now() &&
        are_all(&stretch, is_within_reach, "it is not pinned, or revoked already")) {
        set_revoked(&stretch, true);
        status = PARLEY_PORT_OK;
    }
    end();
    return status;
}

void parley_port_memory_restore(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(context, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_revoked, "it is not revoked")) {
        set_revoked(&stretch, false);
    }
    end();
}

void parley_port_memory_zero(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(context, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_pinned_or_borrowed, "it is neither pinned nor borrowed")) {
        for (unsigned int i = 0; i < pages; i++) {
            memory_frame_write(place_of(&stretch, i)->frame, 0);
        }
    }
    end();
}

/* --- The borrower's --------------------------------------------------------------------------- */

static bool is_free(const struct posix_place *place)
{
    return place != NULL && place->frame == MEMORY_NO_FRAME;
}

static void map(const struct stretch *to, const struct stretch *from, enum parley_access access)
{
    for (unsigned int i = 0; i < to->pages; i++) {
        unsigned int frame = place_of(from, i)->frame;

        *place_of(to, i) = (struct posix_place){.frame = frame, .access = access};
        memory_state.references[frame]++;
    }
    memory_show(to->vm, to->ipa, to->pages);
}

enum parley_port_status parley_port_memory_map(void *borrower, parley_ipa ipa, void *owner,
                                               parley_ipa owner_ipa, uint32_t pages,
                                               enum parley_access access)
{
    const struct stretch to = STRETCH(borrower, ipa, pages);
    const struct stretch from = STRETCH(owner, owner_ipa, pages);
    enum parley_port_status status = PARLEY_PORT_NO_MEMORY;

    begin(&to, 0);
    if (access == PARLEY_ACCESS_NONE || access > PARLEY_ACCESS_RWX) {
        complain(&to, 0, "no access to map with");
    } else if (!fails_now() && are_all(&from, is_pinned, "it is to be mapped, but not pinned")) {
        status = PARLEY_PORT_NOT_MEMORY;
        if (are_all(&to, is_free, "the place is not free, or not the VM's")) {
            map(&to, &from, access);
            status = PARLEY_PORT_OK;
        }
    }
    end();
    return status;
}

static void clear(const struct stretch *stretch)
{
    for (unsigned int i = 0; i < stretch->pages; i++) {
        memory_place_clear(place_of(stretch, i));
    }
    memory_show(stretch->vm, stretch->ipa, stretch->pages);
}

void parley_port_memory_unmap(void *borrower, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(borrower, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_borrowed, "it is not borrowed")) {
        clear(&stretch);
    }
    end();
}

/* --- Gifts, and losses ------------------------------------------------------------------------ */

void parley_port_memory_adopt(void *receiver, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(receiver, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_borrowed, "it is adopted, but not borrowed")) {
        for (unsigned int i = 0; i < pages; i++) {
            place_of(&stretch, i)->is_own = true;
        }
    }
    end();
}

void parley_port_memory_forget(void *giver, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(giver, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_revoked, "it is forgotten, but not pinned and revoked")) {
        for (unsigned int i = 0; i < pages; i++) {
            state.granted_of[place_of(&stretch, i)->frame]--;
        }
        clear(&stretch);
    }
    end();
}

void parley_port_memory_lost(void *context, parley_ipa ipa, uint32_t pages)
{
    const struct stretch stretch = STRETCH(context, ipa, pages);

    begin(&stretch, 0);
    if (are_all(&stretch, is_pinned, "it is lost, but not pinned")) {
        for (unsigned int i = 0; i < pages; i++) {
            place_of(&stretch, i)->is_lost = true;
        }
    }
    end();
}

/* --- Preemption ------------------------------------------------------------------------------- */

static enum posix_preemption preemption;

void posix_preempt(enum posix_preemption when)
{
    __atomic_store_n(&preemption, when, __ATOMIC_RELAXED);
}

bool parley_port_preempt(void)
{
    static _Thread_local uint32_t bits = 0x9e3779b9u;

    trap_check_hook(__func__, 0);
    switch (__atomic_load_n(&preemption, __ATOMIC_RELAXED)) {
    case POSIX_PREEMPT_NEVER:
        return false;
    case POSIX_PREEMPT_ALWAYS:
        return true;
    case POSIX_PREEMPT_AT_RANDOM:
        break;
    }
    bits ^= bits << 13;
    bits ^= bits >> 17;
    bits ^= bits << 5;
    return bits % 4 == 0;
}

/* --- What there is ---------------------------------------------------------------------------- */

static struct posix_holdings count_region(const struct posix_region *region)
{
    struct posix_holdings count = {0};

    for (unsigned int i = 0; i < region->pages; i++) {
        const struct posix_place *place = &region->place[i];

        count.granted += is_pinned(place);
        count.revoked += is_revoked(place);
        count.borrowed += is_borrowed(place);
        count.lost += is_there(place) && place->is_lost;
        count.own += is_there(place) && place->is_own;
    }
    return count;
}

struct posix_holdings posix_vm_holdings(const struct posix_vm *vm)
{
    struct posix_holdings ram;
    struct posix_holdings window;

    pthread_mutex_lock(&memory_state.lock);
    ram = count_region(&vm->ram);
    window = count_region(&vm->window);
    pthread_mutex_unlock(&memory_state.lock);
    return (struct posix_holdings){
        .own = ram.own + window.own,
        .granted = ram.granted + window.granted,
        .revoked = ram.revoked + window.revoked,
        .borrowed = ram.borrowed + window.borrowed,
        .lost = ram.lost + window.lost,
    };
}

void grants_check_gone(const struct posix_vm *vm, const char *what)
{
    struct posix_holdings holdings = posix_vm_holdings(vm);

    if (holdings.granted != holdings.lost) {
        posix_violation("%s: its %s leaves %u pages pinned that it granted", vm->name, what,
                        holdings.granted - holdings.lost);
    }
    if (holdings.borrowed != 0) {
        posix_violation("%s: its %s leaves %u pages that it borrowed", vm->name, what,
                        holdings.borrowed);
    }
}

void *grants_secure_view(unsigned int frame, unsigned int frames)
{
    bool may = true;

    pthread_mutex_lock(&memory_state.lock);
    for (unsigned int i = 0; i < frames; i++) {
        may = may && frame + i < MEMORY_FRAMES && state.granted_of[frame + i] != 0;
    }
    pthread_mutex_unlock(&memory_state.lock);
    return may ? memory_state.secure_view + (size_t)frame * FFA_PAGE_SIZE : NULL;
}

void posix_fail_memory(unsigned int nth)
{
    pthread_mutex_lock(&memory_state.lock);
    state.fail_in = nth;
    pthread_mutex_unlock(&memory_state.lock);
}

unsigned int posix_memory_calls(void)
{
    unsigned int calls;

    pthread_mutex_lock(&memory_state.lock);
    calls = state.calls;
    pthread_mutex_unlock(&memory_state.lock);
    return calls;
}
