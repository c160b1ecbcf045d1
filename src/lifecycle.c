/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a VM: creation, reset, death. A place of the directory goes
 *
 *     FREE -> CREATING -> ALIVE -> RESETTING -> ALIVE
 *      ^                    |          |
 *      +---- ENDING <-------+----------+
 *
 * and its word is dying everywhere but in ALIVE. How far a reset or an end has got is not stored:
 * each step looks at what is left.
 */
#include "internal.h"

/* --- The configuration of a VM -------------------------------------------- */

#define PROPERTIES_CONFIGURABLE                                                                   \
    (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_INDIRECT_MSG | \
     FFA_PARTITION_NOTIFICATION_RECV | FFA_PARTITION_DIRECT_REQ2_RECV |                           \
     FFA_PARTITION_DIRECT_REQ2_SEND)

static bool is_vm_id(const struct parley_config *config, uint16_t id)
{
    return id >= config->vm_id_first && id - config->vm_id_first < config->vms_max;
}

static bool are_rights(uint8_t rights)
{
    if ((rights & ~PARLEY_MAY_ALL) != 0) {
        return false;
    }
    return rights == 0 || (rights & PARLEY_MAY_DISCOVER) != 0;
}

/* The rule that the list of UUIDs breaks, or NULL. */
static const char *check_uuids(const struct parley_vm_config *vm)
{
    if (vm->uuid_count > PARLEY_UUIDS_PER_VM) {
        return "too many UUIDs";
    }
    if (vm->uuid_count != 0 && vm->uuids == NULL) {
        return "UUIDs are counted but not given";
    }
    for (unsigned int i = 0; i < vm->uuid_count; i++) {
        if (ffa_uuid_is_nil(&vm->uuids[i])) {
            return "a UUID is nil";
        }
        for (unsigned int j = 0; j < i; j++) {
            if (ffa_uuid_equal(&vm->uuids[i], &vm->uuids[j])) {
                return "a UUID is there twice";
            }
        }
    }
    return NULL;
}

static const char *check_peers(const struct parley_config *config,
                               const struct parley_vm_config *vm)
{
    if (vm->peer_count != 0 && vm->peers == NULL) {
        return "peers are counted but not given";
    }
    for (unsigned int i = 0; i < vm->peer_count; i++) {
        if (!is_vm_id(config, vm->peers[i].id)) {
            return "a peer is outside of the range of VM IDs";
        }
        if (vm->peers[i].id == vm->id) {
            return "the VM is its own peer";
        }
        if (!are_rights(vm->peers[i].rights)) {
            return "a peer's rights are unknown, or lack the right to discover it";
        }
        for (unsigned int j = 0; j < i; j++) {
            if (vm->peers[j].id == vm->peers[i].id) {
                return "a peer is there twice";
            }
        }
    }
    return NULL;
}

static bool is_window(const struct parley_vm_config *vm)
{
    uint64_t page = vm->window_ipa / FFA_PAGE_SIZE;

    return vm->window_ipa % FFA_PAGE_SIZE == 0 && vm->window_pages <= (1ull << 52) - page;
}

static const char *check_vm(const struct parley_config *config, const struct parley_vm_config *vm)
{
    if (!is_vm_id(config, vm->id)) {
        return "the ID is outside of the range of VM IDs";
    }
    if (vm->vcpus == 0 || vm->vcpus > config->vcpus_max) {
        return "the number of vCPUs is 0 or too large";
    }
    if ((vm->properties & ~(uint32_t)PROPERTIES_CONFIGURABLE) != 0) {
        return "a property is not one of messaging or notifications";
    }
    if (!are_rights(vm->secure_rights)) {
        return "the rights towards the Secure world are unknown, or lack the right to discover it";
    }
    if (!is_window(vm)) {
        return "the window for borrowed memory is not whole pages of an address space";
    }
    if (vm->rxtx_pages_max == 0 || vm->rxtx_pages_max > config->rxtx_pages_max) {
        return "the quota of RX/TX pages is 0 or too large";
    }

    const char *broken_rule = check_uuids(vm);
    return broken_rule != NULL ? broken_rule : check_peers(config, vm);
}

/* --- Steps ---------------------------------------------------------------- */

static bool move(struct parley_vm *vm, enum vm_phase from, enum vm_phase to)
{
    uint64_t expected = from;

    return parley_compare_exchange(&vm->phase, &expected, to);
}

static void tell(const struct parley_vm *vm, enum parley_event_kind kind)
{
    parley_port_event(&(struct parley_event){.kind = kind, .vm_id = vm->id});
}

static void set_policy(struct parley_vm *vm, const struct parley_vm_config *config)
{
    const struct parley *parley = vm->parley;

    parley_zero(vm->rights, POLICY_RIGHTS * parley->rights_words * sizeof(*vm->rights));
    for (unsigned int i = 0; i < config->peer_count; i++) {
        unsigned int place = config->peers[i].id - parley->config.vm_id_first;

        for (unsigned int right = 0; right < POLICY_RIGHTS; right++) {
            if ((config->peers[i].rights & (1u << right)) != 0) {
                parley_policy_row(vm, right)[place / 64] |= 1ull << (place % 64);
            }
        }
    }
}

static void set_attributes(struct parley_vm *vm, const struct parley_vm_config *config)
{
    vm->vcpus = config->vcpus;
    vm->rxtx_pages_max = config->rxtx_pages_max;
    vm->properties = config->properties;
    vm->secure_rights = config->secure_rights;
    vm->context = config->context;
    vm->uuid_count = (uint8_t)config->uuid_count;
    parley_zero(vm->uuids, sizeof(vm->uuids));
    for (unsigned int i = 0; i < config->uuid_count; i++) {
        vm->uuids[i] = parley_layout_uuid_decode(&config->uuids[i]);
    }
    parley_zero(&vm->counters, sizeof(vm->counters));
    parley_zero(vm->vcpu, config->vcpus * sizeof(*vm->vcpu));
    parley_memory_create(vm, config);
    set_policy(vm, config);
}

/* The first steps of each life. */
static void begin_life(struct parley_vm *vm)
{
    parley_notifications_reset(vm);
    parley_notifications_create(vm, false);
    parley_availability_begin(vm);
}

enum parley_progress parley_vm_create(struct parley *parley, const struct parley_vm_config *config,
                                      struct parley_vm **vm)
{
    const char *broken_rule = check_vm(&parley->config, config);

    *vm = NULL;
    if (broken_rule != NULL) {
        parley_port_event(&(struct parley_event){
            .kind = PARLEY_EVENT_CONFIG_REFUSED, .vm_id = config->id, .text = broken_rule});
        return PARLEY_REFUSED_CONFIG;
    }

    struct parley_vm *place = &parley->vms[config->id - parley->config.vm_id_first];
    if (!move(place, VM_FREE, VM_CREATING)) {
        return PARLEY_REFUSED_ID_USED;
    }
    set_attributes(place, config);
    begin_life(place);
    *vm = place;
    return parley_vm_continue(place);
}

/* Lets the VM run: alive, and not a member before its version is final. */
static void finish_creation(struct parley_vm *vm)
{
    uint64_t resets = parley_counter_read(&vm->counters.resets);

    /* Nobody else writes the word while it is dying and without references. */
    parley_store_release(&vm->word, parley_load_acquire(&vm->word) & ~WORD_DYING);
    (void)move(vm, VM_CREATING, VM_ALIVE);
    if (resets == 0) {
        tell(vm, PARLEY_EVENT_VM_CREATED);
    } else if (parley_occurrence_is_told(resets)) {
        tell(vm, PARLEY_EVENT_VM_RESET);
    }
}

/* The VM as it is before a life. Its vCPUs are stopped, so nobody negotiates. */
static void begin_next_life(struct parley_vm *vm)
{
    uint32_t generation = word_generation(parley_load_acquire(&vm->word));

    vm->proposed = VERSION_NONE;
    parley_store_release(&vm->word, word_make(generation + 1, true));
}

static void finish_reset(struct parley_vm *vm)
{
    (void)parley_counter_increment(&vm->counters.resets);
    begin_next_life(vm);
    begin_life(vm);
    (void)move(vm, VM_RESETTING, VM_CREATING);
}

static void finish_end(struct parley_vm *vm)
{
    begin_next_life(vm);
    tell(vm, PARLEY_EVENT_VM_DESTROYED);
    /* Last: from here on the place is another creator's. */
    (void)move(vm, VM_ENDING, VM_FREE);
}

static enum parley_progress quarantine(struct parley_vm *vm, enum vm_phase phase)
{
    tell(vm, PARLEY_EVENT_VM_QUARANTINED);
    (void)move(vm, phase, VM_QUARANTINED);
    return PARLEY_QUARANTINED;
}

/* Gives back, step by step, what the VM holds. Nobody finds the VM any more. */
static enum parley_progress take_down(struct parley_vm *vm, enum vm_phase phase)
{
    /* Acquire, pairs with parley_endpoint_drop(): what the last reader read, it has read. */
    if (word_has_references(parley_load_acquire(&vm->word)) || !parley_secure_end(vm)) {
        return PARLEY_AGAIN;
    }
    if (!parley_direct_end(vm)) {
        return PARLEY_AGAIN;
    }
    parley_memory_stop(vm);
    if (!parley_rxtx_end(vm)) {
        return PARLEY_AGAIN;
    }
    /* First those that it has told of itself: they may give back memory then. */
    enum parley_progress progress = parley_availability_destroyed(vm);
    if (progress == PARLEY_DONE) {
        progress = parley_memory_end(vm);
    }
    if (progress == PARLEY_DONE) {
        progress = parley_notifications_destroy(vm);
    }
    if (progress == PARLEY_DONE) {
        progress = parley_shadow_end(vm);
    }
    return progress == PARLEY_QUARANTINED ? quarantine(vm, phase) : progress;
}

static enum parley_progress continue_creation(struct parley_vm *vm)
{
    if (!parley_availability_created(vm)) {
        return PARLEY_AGAIN;
    }
    parley_notifications_create(vm, true);
    finish_creation(vm);
    return PARLEY_DONE;
}

static enum parley_progress continue_reset(struct parley_vm *vm)
{
    enum parley_progress progress = take_down(vm, VM_RESETTING);

    if (progress != PARLEY_DONE) {
        return progress;
    }
    finish_reset(vm);
    return continue_creation(vm);
}

static enum parley_progress continue_end(struct parley_vm *vm)
{
    enum parley_progress progress = take_down(vm, VM_ENDING);

    if (progress == PARLEY_DONE) {
        finish_end(vm);
    }
    return progress;
}

enum parley_progress parley_vm_continue(struct parley_vm *vm)
{
    switch ((enum vm_phase)parley_load_acquire(&vm->phase)) {
    case VM_CREATING:
        return continue_creation(vm);
    case VM_RESETTING:
        return continue_reset(vm);
    case VM_ENDING:
        return continue_end(vm);
    case VM_QUARANTINED:
        return PARLEY_QUARANTINED;
    case VM_FREE:
    case VM_ALIVE:
        break;
    }
    return PARLEY_DONE;
}

/* No reference is taken from here on: the exchange in parley_endpoint_take() sees the bit. */
static void begin_end(struct parley_vm *vm)
{
    (void)parley_fetch_or(&vm->word, WORD_DYING);
    parley_availability_begin(vm);
    parley_memory_end_begin(vm);
}

enum parley_progress parley_vm_reset(struct parley_vm *vm)
{
    if (move(vm, VM_ALIVE, VM_RESETTING)) {
        begin_end(vm);
    }
    return parley_vm_continue(vm);
}

enum parley_progress parley_vm_destroy(struct parley_vm *vm)
{
    if (move(vm, VM_ALIVE, VM_ENDING)) {
        begin_end(vm);
    } else if (move(vm, VM_CREATING, VM_ENDING)) {
        /* Who was told already is told of the end. A message under way is resumed first. */
        vm->availability.tries = 0;
    } else {
        /* A reset that is under way has set the bit already. */
        (void)move(vm, VM_RESETTING, VM_ENDING);
    }
    return parley_vm_continue(vm);
}

enum parley_progress parley_quarantine_retry(struct parley *parley, uint16_t id)
{
    if (!is_vm_id(&parley->config, id)) {
        return PARLEY_REFUSED_CONFIG;
    }

    struct parley_vm *vm = &parley->vms[id - parley->config.vm_id_first];
    if (move(vm, VM_QUARANTINED, VM_ENDING)) {
        vm->notifications.tries = 0;
        vm->shadow.tries = 0;
        begin_end(vm);
    }
    return parley_vm_continue(vm);
}

/* --- Status --------------------------------------------------------------- */

void parley_vm_status(const struct parley_vm *vm, struct parley_vm_status *status)
{
    uint64_t word = parley_load_acquire(&vm->word);

    *status = (struct parley_vm_status){
        .id = vm->id,
        .version = parley_version_word((enum parley_version)(word & WORD_VERSION_MASK)),
        .generation = word_generation(word),
        .dying = word_is_dying(word),
        .rx = parley_rx_state(vm),
    };
    status->counters.calls = parley_counter_read(&vm->counters.calls);
    for (unsigned int i = 0; i < sizeof(vm->counters.refused) / sizeof(*vm->counters.refused);
         i++) {
        status->counters.refused[i] = parley_counter_read(&vm->counters.refused[i]);
    }
}
