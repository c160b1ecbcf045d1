/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test of the tests: the scenarios run as threads, in front of a mediator that lies in one thing.
 * Each lie has to be noticed. The last one is the truth, which must not be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <guest.h>

#include "guests.h"
#include "world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- Lies ------------------------------------------------------------------------------------- */

/* Changes the answer of one call. */
typedef void lie(const struct guest_regs *sent, struct guest_regs *answer);

static uint32_t fid_of(const struct guest_regs *sent)
{
    return (uint32_t)sent->x[0];
}

static bool is_error(const struct guest_regs *answer, int32_t status)
{
    return answer->x[0] == FFA_ERROR && (int32_t)answer->x[2] == status;
}

static bool is_refused_version(const struct guest_regs *sent, const struct guest_regs *answer)
{
    return fid_of(sent) == FFA_VERSION && (int32_t)answer->x[0] == FFA_VERSION_NOT_SUPPORTED;
}

static void succeed(struct guest_regs *answer)
{
    answer->x[0] = FFA_SUCCESS_32;
    answer->x[2] = 0;
}

static void tell_the_truth(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    (void)answer;
}

static void name_a_target_in_errors(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[1] = answer->x[0] == FFA_ERROR ? sent->x[1] | 1 : answer->x[1];
}

static void extend_the_sign(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[2] = answer->x[0] == FFA_ERROR ? (uint64_t)(int32_t)answer->x[2] : answer->x[2];
}

static void leave_w7_behind(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[7] = fid_of(sent) == FFA_RX_RELEASE ? sent->x[7] : answer->x[7];
}

static void leave_w1_of_version_behind(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[1] = fid_of(sent) == FFA_VERSION ? sent->x[1] : answer->x[1];
}

static void clear_x8_always(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[8] = ffa_fid_is_ffa(fid_of(sent)) ? 0 : answer->x[8];
}

static void clear_x8_of_refused_versions(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[8] = is_refused_version(sent, answer) ? 0 : answer->x[8];
}

static void keep_x17_always(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[17] = sent->x[17];
}

static void leak_a_pointer(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[13] = fid_of(sent) == FFA_FEATURES ? 0x48001000 : answer->x[13];
}

static void answer_in_64_bits(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RXTX_MAP_64 && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[0] = FFA_SUCCESS_64;
    }
}

static void never_refuse_a_version(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[0] = is_refused_version(sent, answer) ? FFA_VERSION_1_2 : answer->x[0];
}

static void take_bit_31(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_refused_version(sent, answer) && (sent->x[1] & FFA_VERSION_BIT31) != 0) {
        answer->x[0] = FFA_VERSION_1_2;
    }
}

static void echo_the_version(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_VERSION && (uint32_t)sent->x[1] == FFA_VERSION_1_1 &&
        answer->x[0] == FFA_VERSION_1_2) {
        answer->x[0] = FFA_VERSION_1_1;
    }
}

static void have_every_feature(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_FEATURES && is_error(answer, FFA_NOT_SUPPORTED)) {
        succeed(answer);
    }
}

static void hide_a_feature(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_FEATURES && (uint32_t)sent->x[1] == FFA_PARTITION_INFO_GET_REGS) {
        *answer = (struct guest_regs){{FFA_ERROR, 0, (uint32_t)FFA_NOT_SUPPORTED}};
        memcpy(&answer->x[8], &sent->x[8], sizeof(answer->x) - 8 * sizeof(answer->x[0]));
    }
}

static void have_no_limit_of_pages(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_FEATURES) {
        answer->x[2] &= 0xffff;
    }
}

static void be_another_vm(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_ID_GET && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[2]++;
    }
}

static void map_twice(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RXTX_MAP_32 && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void be_busy_instead_of_denied(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RX_RELEASE && is_error(answer, FFA_DENIED)) {
        answer->x[2] = (uint32_t)FFA_BUSY;
    }
}

static void unmap_a_full_buffer(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RXTX_UNMAP && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void count_one_more(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET && (sent->x[5] & 1) != 0 &&
        answer->x[0] == FFA_SUCCESS_32) {
        answer->x[2]++;
    }
}

static void tell_a_size_at_1_0(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET && answer->x[0] == FFA_SUCCESS_32 &&
        answer->x[3] == 0) {
        answer->x[3] = sizeof(struct ffa_partition_info_1_0);
    }
}

static void forget_the_tag(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET_REGS && is_error(answer, FFA_RETRY)) {
        answer->x[2] = (uint32_t)FFA_INVALID_PARAMETERS;
    }
}

static void show_the_vm_created_bit(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET_REGS && answer->x[0] == FFA_SUCCESS_64) {
        answer->x[3] |= (uint64_t)FFA_PARTITION_VM_CREATED << 32;
    }
}

static void swap_two_entries(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_PARTITION_INFO_GET_REGS && answer->x[6] != 0) {
        uint64_t first = answer->x[3];

        answer->x[3] = answer->x[6];
        answer->x[6] = first;
    }
}

static void answer_unknown_ids_as_smccc(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == 0xc40000ef) {
        answer->x[0] = UINT64_MAX;
    }
}

static void answer_unknown_calls_in_32_bits(const struct guest_regs *sent,
                                            struct guest_regs *answer)
{
    (void)sent;
    answer->x[0] = answer->x[0] == UINT64_MAX ? UINT32_MAX : answer->x[0];
}

static void clobber_x4_of_unknown_calls(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[4] = answer->x[0] == UINT64_MAX ? 0 : answer->x[4];
}

struct named_lie {
    const char *name;
    lie *tell;
};

#define LIE(function)       \
    {                       \
#function, function \
    }

static const struct named_lie lies[] = {
    LIE(name_a_target_in_errors),
    LIE(extend_the_sign),
    LIE(leave_w7_behind),
    LIE(leave_w1_of_version_behind),
    LIE(clear_x8_always),
    LIE(clear_x8_of_refused_versions),
    LIE(keep_x17_always),
    LIE(leak_a_pointer),
    LIE(answer_in_64_bits),
    LIE(never_refuse_a_version),
    LIE(take_bit_31),
    LIE(echo_the_version),
    LIE(have_every_feature),
    LIE(hide_a_feature),
    LIE(have_no_limit_of_pages),
    LIE(be_another_vm),
    LIE(map_twice),
    LIE(be_busy_instead_of_denied),
    LIE(unmap_a_full_buffer),
    LIE(count_one_more),
    LIE(tell_a_size_at_1_0),
    LIE(forget_the_tag),
    LIE(show_the_vm_created_bit),
    LIE(swap_two_entries),
    LIE(answer_unknown_ids_as_smccc),
    LIE(answer_unknown_calls_in_32_bits),
    LIE(clobber_x4_of_unknown_calls),
    LIE(tell_the_truth),
};

/* --- The cast --------------------------------------------------------------------------------- */

void __real_ffa_call(struct guest_regs *regs);
void __wrap_ffa_call(struct guest_regs *regs);

static lie *told;

/* Linked in place of the platform's ffa_call(). */
void __wrap_ffa_call(struct guest_regs *regs)
{
    struct guest_regs sent = *regs;

    __real_ffa_call(regs);
    told(&sent, regs);
}

void negotiation_main(void);
void features_main(void);
void buffers_main(void);
void discovery_main(void);
void smccc_main(void);
void neighbour_1_0_main(void);
void neighbour_1_1_main(void);
void neighbour_1_2_main(void);
void neighbour_1_2_32_main(void);
void silent_main(void);

struct program {
    const char *name;
    void (*entry)(void);
};

#define PROGRAM(name)      \
    {                      \
#name, name##_main \
    }

static const struct program programs[] = {
    PROGRAM(negotiation),   PROGRAM(features),      PROGRAM(buffers),
    PROGRAM(discovery),     PROGRAM(smccc),         PROGRAM(neighbour_1_0),
    PROGRAM(neighbour_1_1), PROGRAM(neighbour_1_2), PROGRAM(neighbour_1_2_32),
    PROGRAM(silent),
};

static void (*program_find(const char *name))(void)
{
    for (size_t i = 0; i < COUNT(programs); i++) {
        if (strcmp(programs[i].name, name) == 0) {
            return programs[i].entry;
        }
    }
    printf("there is no program %s\n", name);
    exit(1);
}

static struct posix_guest cast(const struct world_vm *part, struct parley *parley)
{
    struct posix_vm *vm = posix_vm_new(part->name, 0x80000000, 64, part->aarch64);
    struct parley_peer peers[WORLD_PEERS_MAX];
    const struct parley_vm_config config = {
        .id = part->id,
        .vcpus = part->vcpus,
        .uuids = part->uuids,
        .uuid_count = part->uuid_count,
        .peers = peers,
        .peer_count = part->peer_count,
        .properties = part->properties,
        .secure_rights = (uint8_t)(part->sees_secure ? PARLEY_MAY_DISCOVER | part->may : 0),
        .rxtx_pages_max = part->rxtx_pages_max,
    };

    for (unsigned int i = 0; i < part->peer_count; i++) {
        peers[i] = (struct parley_peer){.id = part->peers[i],
                                        .rights = (uint8_t)(PARLEY_MAY_DISCOVER | part->may)};
    }
    if (posix_vm_create(vm, parley, &config) != PARLEY_DONE) {
        printf("%s cannot be created\n", part->name);
        exit(1);
    }
    return (struct posix_guest){
        .vm = vm, .vcpus = part->vcpus, .program = program_find(part->program)};
}

/* Runs all scenarios; returns how many expectations were broken. */
static unsigned int perform(void)
{
    const struct parley_config config = {
        .vm_id_first = WORLD_VM_ID_FIRST,
        .vms_max = WORLD_VMS_MAX,
        .vcpus_max = 4,
        .cpus_max = 4,
        .partitions_max = 16,
        .rxtx_pages_max = 8,
        .shadow_pages = WORLD_SHADOW_PAGES,
        .npi_intid = WORLD_NPI_INTID,
        .sri_intid = WORLD_SRI_INTID,
    };
    size_t bytes = parley_memory_size(&config);
    struct posix_guest guests[WORLD_COUNT(world_bench)];
    unsigned int broken = 0;
    struct parley *parley;

    posix_start(&posix_spmc_1_2);
    parley = parley_init(posix_memory_take(bytes), bytes, &config);
    for (size_t i = 0; i < COUNT(guests); i++) {
        guests[i] = cast(&world_bench[i], parley);
    }
    posix_guests_run(guests, COUNT(guests));
    for (size_t i = 0; i < COUNT(guests); i++) {
        broken += guests[i].broken;
        free(guests[i].console);
        posix_vm_destroy(guests[i].vm);
        posix_vm_free(guests[i].vm);
    }
    parley_shutdown(parley);
    posix_stop();
    return broken;
}

int main(void)
{
    unsigned int passed = 0;
    unsigned int failed = 0;

    for (size_t i = 0; i < COUNT(lies); i++) {
        bool truth = lies[i].tell == tell_the_truth;
        unsigned int broken;

        told = lies[i].tell;
        broken = perform();
        if ((broken == 0) == truth) {
            passed++;
        } else {
            failed++;
            printf("%s: %u broken expectations\n", lies[i].name, broken);
        }
        if (getenv("VERBOSE") != NULL) {
            printf("%-40s %u broken\n", lies[i].name, broken);
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
