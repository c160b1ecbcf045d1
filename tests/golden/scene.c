/* SPDX-License-Identifier: BSD-3-Clause */
/* The worlds, the VM and the calls of golden.h. */
#include "golden.h"

#include <stdio.h>
#include <string.h>

#define MISMATCHES_SHOWN 10u

/* --- Worlds ----------------------------------------------------------------------------------- */

const struct golden_world golden_worlds[GOLDEN_WORLDS] = {
    {"SPMC 1.2", FFA_VERSION_1_2, true, true, true, false, false},
    {"SPMC 1.1", FFA_VERSION_1_1, true, true, true, false, false},
    {"SPMC 1.2 that hides its ID", FFA_VERSION_1_2, false, true, false, false, false},
    {"SPMC 1.2, no notifications", FFA_VERSION_1_2, true, false, false, false, false},
    {"no SPMC", 0, false, true, true, false, false},
    {"no SPMC, no notifications", 0, false, false, false, false, false},
    {"SPMC 1.2, memory", FFA_VERSION_1_2, true, true, true, true, true},
    {"SPMC 1.1, memory but no gifts", FFA_VERSION_1_1, true, true, true, true, false},
    {"no SPMC, memory", 0, false, true, true, true, true},
};

#define MESSAGES                                                                                  \
    (FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND | FFA_PARTITION_INDIRECT_MSG | \
     FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND)

static const struct golden_world *the_world;

/* The neighbour, and the call that it is in the middle of. */
static struct posix_vm *peer;
static struct parley_regs peers_call;

const char *cell_in(const struct golden_world *world, const char *cell)
{
    static char plain[24];
    const char *slash = strchr(cell, '/');
    bool holds;

    if (slash == NULL) {
        return cell;
    }
    holds = (slash[1] == 's' && world->tells_id) || (slash[1] == 'n' && world->notifies) ||
            (slash[1] == 'r' && world->receives) || (slash[1] == 'm' && world->grants) ||
            (slash[1] == 'd' && world->gives);
    snprintf(plain, sizeof(plain), "%.*s", (int)(slash - cell), cell);
    return holds ? plain : "-";
}

static uint32_t properties_of(bool receives)
{
    return MESSAGES | (receives ? FFA_PARTITION_NOTIFICATION_RECV : 0);
}

void world_on(const struct golden_world *world)
{
    struct parley_config config = usual_config;

    the_world = world;
    if (!world->notifies) {
        config.npi_intid = 0;
        config.sri_intid = 0;
    }
    if (world->grants) {
        config.transactions_max = 4;
        config.ranges_max = 16;
        config.can_donate = world->gives;
    }
    if (world->spmc_version == 0) {
        machine_on_with(NULL, &config);
    } else {
        lying_power_on(world->spmc_version,
                       LIES(spmc_lie_status(FFA_SPM_ID_GET, FFA_NOT_SUPPORTED)));
        if (world->tells_id) {
            no_more_lies();
        }
        assert_non_null(parley_start(&config));
    }
    peer = vm_on(&(struct vm_setup){.id = 2,
                                    .version = FFA_VERSION_1_2,
                                    .properties = properties_of(world->notifies),
                                    .may = PARLEY_MAY_ALL,
                                    .window_pages = 8,
                                    .sees = {1}});
}

struct posix_vm *vm_of_column(const struct golden_world *world, const struct golden_column *column)
{
    return vm_on(&(struct vm_setup){.id = 1,
                                    .aarch32 = !column->aarch64,
                                    .properties = properties_of(world->receives),
                                    .may = PARLEY_MAY_ALL,
                                    .window_pages = 8,
                                    .sees = {2}});
}

/* --- The neighbour ---------------------------------------------------------------------------- */

static void peer_starts_anew(void)
{
    posix_vm_reset(peer);
    vm_negotiate(peer, FFA_VERSION_1_2);
}

static void peer_calls(uint32_t fid, uint32_t w1, uint64_t fill)
{
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        peers_call.x[i] = fill * i;
    }
    peers_call.x[0] = fid;
    peers_call.x[1] = w1;
    if (fill == 0 || fid != FFA_MSG_SEND_DIRECT_RESP2) {
        peers_call.x[2] = 0;
    }
    assert_int_equal(posix_call(peer, 0, &peers_call), PARLEY_BLOCK);
}

static void peer_waits(void)
{
    peer_starts_anew();
    peer_calls(FFA_MSG_WAIT, 0, 0);
}

/* It has got a request by now, and answers in kind. */
static void peer_answers(void)
{
    uint32_t response = FFA_MSG_SEND_DIRECT_RESP_32;

    assert_true(posix_vcpu_take_wake(peer, 0));
    assert_int_equal(posix_continue(peer, 0, &peers_call), PARLEY_RETURN);
    if (peers_call.x[0] == FFA_MSG_SEND_DIRECT_REQ_64) {
        response = FFA_MSG_SEND_DIRECT_RESP_64;
    } else if (peers_call.x[0] == FFA_MSG_SEND_DIRECT_REQ2) {
        response = FFA_MSG_SEND_DIRECT_RESP2;
    }
    peer_calls(response, ffa_ids_make(2, 1), 0x0123456701234567u);
}

/* --- Scenes ----------------------------------------------------------------------------------- */

/* The VM is asked something, and has the request. */
static void ask_the_vm(struct posix_vm *vm, uint32_t request)
{
    struct waiting waiting = WAIT(vm, 0, FFA_MSG_WAIT, 0, 0);
    struct parley_regs got;

    peer_starts_anew();
    peer_calls(request, ffa_ids_make(2, 1), 0);
    got = woken(&waiting);
    assert_int_equal(got.x[0], request);
}

/* The VM has asked something, was interrupted, and the answer is there. */
static void interrupt_the_vm(struct posix_vm *vm)
{
    struct waiting waiting;

    peer_waits();
    waiting = WAIT(vm, 0, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(1, 2), 0);
    assert_int_equal(interrupted(&waiting).x[1], ffa_target_make(2, 0));
    peer_answers();
}

static void write_message(struct posix_vm *vm, uint32_t version)
{
    const uint32_t header = version == FFA_VERSION_1_1 ? 20 : 40;
    const uint32_t words[10] = {0, 0, header, ffa_ids_make(1, 2), 8};

    memcpy(vm_page(vm, TX_PAGE), words, sizeof(words));
    vm_map(vm, 1);
    peer_starts_anew();
    vm_map(peer, 1);
}

static void bind_bit(struct posix_vm *receiver, uint16_t id, uint16_t sender)
{
    assert_status(CALL(receiver, 0, FFA_NOTIFICATION_BIND, ffa_ids_make(sender, id), 0, 1, 0),
                  FFA_OK);
}

static void set_scene_of_notifications(struct posix_vm *vm, uint32_t fid)
{
    peer_starts_anew();
    if (fid == FFA_NOTIFICATION_SET) {
        bind_bit(peer, 2, 1);
    } else if (the_world->receives && fid != FFA_NOTIFICATION_BIND) {
        bind_bit(vm, 1, 2);
        if (fid != FFA_NOTIFICATION_UNBIND) {
            assert_status(CALL(peer, 0, FFA_NOTIFICATION_SET, ffa_ids_make(2, 1), 0, 1, 0), FFA_OK);
        }
    }
}

static void set_scene_of_messages(struct posix_vm *vm, uint32_t version, uint32_t fid)
{
    switch (fid) {
    case FFA_RUN:
        interrupt_the_vm(vm);
        break;
    case FFA_MSG_SEND_DIRECT_REQ_32:
    case FFA_MSG_SEND_DIRECT_REQ_64:
    case FFA_MSG_SEND_DIRECT_REQ2:
        peer_waits();
        break;
    case FFA_MSG_SEND_DIRECT_RESP_32:
        ask_the_vm(vm, FFA_MSG_SEND_DIRECT_REQ_32);
        break;
    case FFA_MSG_SEND_DIRECT_RESP_64:
        ask_the_vm(vm, FFA_MSG_SEND_DIRECT_REQ_64);
        break;
    case FFA_MSG_SEND_DIRECT_RESP2:
        ask_the_vm(vm, FFA_MSG_SEND_DIRECT_REQ2);
        break;
    case FFA_MSG_SEND2:
        write_message(vm, version);
        break;
    default:
        break;
    }
}

static bool is_of_notifications(uint32_t fid)
{
    return fid == FFA_NOTIFICATION_BIND || fid == FFA_NOTIFICATION_UNBIND ||
           fid == FFA_NOTIFICATION_SET || fid == FFA_NOTIFICATION_GET ||
           fid == FFA_NOTIFICATION_INFO_GET_32 || fid == FFA_NOTIFICATION_INFO_GET_64;
}

/* Whether a VM of this version and width can have the ABI at all: else there is no scene for it. */
static bool can_have(const struct posix_vm *vm, uint32_t version, uint32_t fid)
{
    if (ffa_fid_is_64(fid) && !vm_is_aarch64(vm)) {
        return false;
    }
    if (fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2) {
        return version >= FFA_VERSION_1_2;
    }
    if (is_of_notifications(fid)) {
        return version >= FFA_VERSION_1_1 && the_world->notifies;
    }
    if (is_of_memory(fid)) {
        return the_world->grants;
    }
    return true;
}

/* Arguments that the scene decides; else those of the table below. */
static uint64_t scene_arguments[4];
static unsigned int scene_argument_count;

/* A fresh life of the VM, at the version, and in a state in which the ABI can succeed. */
static void set_scene(struct posix_vm *vm, uint32_t version, uint32_t fid)
{
    scene_argument_count = 0;
    posix_vm_reset(vm);
    vm_negotiate(vm, version);
    if (!can_have(vm, version, fid)) {
        return;
    }
    if (is_of_notifications(fid)) {
        set_scene_of_notifications(vm, fid);
        return;
    }
    if (is_of_memory(fid)) {
        peer_starts_anew();
        vm_map(vm, 1);
        vm_map(peer, 1);
        scene_argument_count = set_scene_of_memory(vm, peer, version, fid, scene_arguments);
        return;
    }
    switch (fid) {
    case FFA_RX_RELEASE:
        vm_map(vm, 1);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        break;
    case FFA_RXTX_UNMAP:
    case FFA_PARTITION_INFO_GET:
        vm_map(vm, 1);
        break;
    default:
        set_scene_of_messages(vm, version, fid);
        break;
    }
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* The arguments of an ABI, x1 first: those that it has are written, the others stay as they are. */
struct arguments {
    uint32_t fid;
    unsigned int count;
    uint64_t x[5];
};

static const struct arguments arguments[] = {
    {FFA_FEATURES, 1, {FFA_ID_GET}},
    {FFA_RX_RELEASE, 1, {0}},
    {FFA_RXTX_UNMAP, 1, {0}},
    {FFA_RXTX_MAP_32, 3, {IPA(TX_PAGE), IPA(RX_PAGE), 1}},
    {FFA_RXTX_MAP_64, 3, {IPA(TX_PAGE), IPA(RX_PAGE), 1}},
    {FFA_PARTITION_INFO_GET, 5, {0}},
    {FFA_PARTITION_INFO_GET_REGS, 3, {0}},
    {FFA_YIELD, 3, {0}},
    {FFA_RUN, 1, {2u << 16}},
    {FFA_MSG_SEND_DIRECT_REQ_32, 2, {1u << 16 | 2, 0}},
    {FFA_MSG_SEND_DIRECT_REQ_64, 2, {1u << 16 | 2, 0}},
    {FFA_MSG_SEND_DIRECT_REQ2, 3, {1u << 16 | 2, 0, 0}},
    {FFA_MSG_SEND_DIRECT_RESP_32, 2, {1u << 16 | 2, 0}},
    {FFA_MSG_SEND_DIRECT_RESP_64, 2, {1u << 16 | 2, 0}},
    {FFA_MSG_SEND_DIRECT_RESP2, 1, {1u << 16 | 2}},
    {FFA_MSG_SEND2, 2, {0}},
    {FFA_CONSOLE_LOG_32, 1, {8}},
    {FFA_CONSOLE_LOG_64, 1, {8}},
    {FFA_NOTIFICATION_BIND, 4, {2u << 16 | 1, 0, 1, 0}},
    {FFA_NOTIFICATION_UNBIND, 1, {2u << 16 | 1}},
    {FFA_NOTIFICATION_SET, 4, {1u << 16 | 2, 0, 1, 0}},
    {FFA_NOTIFICATION_GET, 2, {1, 0xf}},
};

static void write_arguments(struct parley_regs *regs, uint32_t fid, uint32_t version)
{
    if (fid == FFA_VERSION) {
        regs->x[1] = version;
    }
    for (size_t i = 0; i < COUNT(arguments); i++) {
        if (arguments[i].fid == fid) {
            memcpy(&regs->x[1], arguments[i].x, arguments[i].count * sizeof(regs->x[1]));
        }
    }
    memcpy(&regs->x[1], scene_arguments, scene_argument_count * sizeof(regs->x[1]));
    if (fid == FFA_NOTIFICATION_UNBIND) { /* w2 between its arguments is reserved */
        regs->x[3] = 1;
        regs->x[4] = 0;
    }
}

uint64_t pattern(unsigned int which, unsigned int reg)
{
    switch (which) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return 0x5555555555555555u << (reg & 1);
    default:
        return poison(reg);
    }
}

/* What waits is answered, or interrupted if there is nobody to answer it. */
static void finish(struct posix_vm *vm, uint32_t fid, enum parley_outcome outcome,
                   struct parley_regs *regs)
{
    if (outcome == PARLEY_BLOCK && peers_call.x[0] == FFA_MSG_WAIT && fid != FFA_MSG_WAIT) {
        peer_answers();
        assert_true(posix_vcpu_take_wake(vm, 0));
        outcome = posix_continue(vm, 0, regs);
    } else if (outcome == PARLEY_BLOCK) {
        outcome = posix_interrupt(vm, 0, regs);
    }
    assert_int_equal(outcome, fid == FFA_YIELD ? PARLEY_YIELD : PARLEY_RETURN);
}

void call_well_formed(struct posix_vm *vm, uint32_t fid, uint32_t version, unsigned int which,
                      struct parley_regs *before, struct parley_regs *after)
{
    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        before->x[i] = pattern(which, i);
    }
    before->x[0] = (before->x[0] & ~(uint64_t)UINT32_MAX) | fid;
    set_scene(vm, version, fid);
    write_arguments(before, fid, version);
    *after = *before;
    finish(vm, fid, posix_call(vm, 0, after), after);
}

/* --- Differences ------------------------------------------------------------------------------ */

bool is_not_supported(const struct parley_regs *answer)
{
    return answer->x[0] == FFA_ERROR && answer->x[2] == (uint32_t)FFA_NOT_SUPPORTED;
}

static unsigned int mismatches;

void mismatch(const char *world, const struct golden_column *column, uint32_t id, const char *what,
              const char *expected, const struct parley_regs *got)
{
    mismatches++;
    if (mismatches <= MISMATCHES_SHOWN) {
        print_error("%s, %s, %08x: %s: expected %s, got x0 %#llx x2 %#llx x3 %#llx\n", world,
                    column->name, id, what, expected, (unsigned long long)got->x[0],
                    (unsigned long long)got->x[2], (unsigned long long)got->x[3]);
    }
}

void mismatches_forget(void)
{
    mismatches = 0;
}

void mismatches_fail(void)
{
    if (mismatches != 0) {
        fail_msg("%u differences", mismatches);
    }
}
