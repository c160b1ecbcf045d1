/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every guest program of the tree, as threads under the simulated hypervisor: each cast of
 * guests/scenarios/world.h in front of every kind of Secure world. A VM that plays its part without
 * a broken expectation has passed.
 *
 *     scenarios [NAME...]     the VMs of these names report what they print
 *
 * With PARLEY_PLAY in the environment, the play of that name alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../guests/scenarios/world.h"
#include "../../secure/partitions/partitions.h"
#include "guests.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RAM_IPA      0x80000000u
#define RAM_PAGES    128u /* beside those for guest_ram() */
#define WINDOW_IPA   0xa0000000u
#define VMS_MAX      16u

#define TRANSACTIONS_MAX 16u
#define FEW_RANGES       256u
#define MANY_RANGES      8192u

/* --- Programs --------------------------------------------------------------------------------- */

struct program {
    const char *name;
    void (*entry)(void);
};

#define PROGRAM(name) void name##_main(void);
#include "programs.inc"
#undef PROGRAM

static const struct program programs[] = {
#define PROGRAM(name) {#name, name##_main},
#include "programs.inc"
#undef PROGRAM
};

static const struct program *program_find(const char *name)
{
    for (size_t i = 0; i < COUNT(programs); i++) {
        if (strcmp(programs[i].name, name) == 0) {
            return &programs[i];
        }
    }
    return NULL;
}

/* --- What the Secure world shows -------------------------------------------------------------- */

/*
 * The programs are compiled to look here for the partitions that they must be shown. An SPMC of 1.1
 * names one UUID of a partition that has several, and Parley cannot know of the others.
 */
struct spmc_partition scenario_partitions[PARTITION_COUNT];

static void show_partitions(const struct spmc_config *secure)
{
    bool one_uuid = secure != NULL && secure->version < FFA_VERSION_1_2;

    for (unsigned int i = 0; i < PARTITION_COUNT; i++) {
        scenario_partitions[i] = secure_partitions[i];
        if (one_uuid) {
            scenario_partitions[i].uuid_count = 1;
        }
    }
}

/* --- Plays ------------------------------------------------------------------------------------ */

struct secure_world {
    const char *name;
    const struct spmc_config *config;
};

static const struct secure_world secure_worlds[] = {
    {"SPMC 1.2", &posix_spmc_1_2},
    {"SPMC 1.1", &posix_spmc_1_1},
    {"no SPMC", NULL},
};

struct play {
    const char *name;
    const struct world_vm *cast;
    unsigned int count;
    uint32_t ranges_max;
    enum posix_preemption preemption;
};

static const struct play plays[] = {
    {"story", world_story, WORLD_COUNT(world_story), FEW_RANGES, POSIX_PREEMPT_NEVER},
    {"bench", world_bench, WORLD_COUNT(world_bench), FEW_RANGES, POSIX_PREEMPT_NEVER},
    {"bench in AArch32", world_bench_32, WORLD_COUNT(world_bench_32), FEW_RANGES,
     POSIX_PREEMPT_NEVER},
    {"messages", world_messages, WORLD_COUNT(world_messages), FEW_RANGES, POSIX_PREEMPT_NEVER},
    {"messages in AArch32", world_messages_32, WORLD_COUNT(world_messages_32), FEW_RANGES,
     POSIX_PREEMPT_NEVER},
    {"memory", world_memory, WORLD_COUNT(world_memory), MANY_RANGES, POSIX_PREEMPT_NEVER},
    {"memory in pieces", world_memory, WORLD_COUNT(world_memory), MANY_RANGES,
     POSIX_PREEMPT_ALWAYS},
    {"memory in AArch32", world_memory_32, WORLD_COUNT(world_memory_32), MANY_RANGES,
     POSIX_PREEMPT_NEVER},
    {"traffic", world_traffic, WORLD_COUNT(world_traffic), FEW_RANGES, POSIX_PREEMPT_NEVER},
};

static const char **shown;
static unsigned int shown_count;
static unsigned int passed;
static unsigned int failed;

static enum parley_progress create(struct posix_vm *vm, struct parley *parley,
                                   const struct world_vm *part)
{
    const uint8_t rights = PARLEY_MAY_DISCOVER | part->may;
    struct parley_peer peers[WORLD_PEERS_MAX];

    for (unsigned int i = 0; i < part->peer_count; i++) {
        peers[i] = (struct parley_peer){.id = part->peers[i], .rights = rights};
    }
    return posix_vm_create(vm, parley,
                           &(struct parley_vm_config){
                               .id = part->id,
                               .vcpus = part->vcpus,
                               .uuids = part->uuids,
                               .uuid_count = part->uuid_count,
                               .peers = peers,
                               .peer_count = part->peer_count,
                               .properties = part->properties,
                               .secure_rights = part->sees_secure ? rights : 0,
                               .rxtx_pages_max = part->rxtx_pages_max,
                               .window_ipa = WINDOW_IPA,
                               .window_pages = 8 * part->ram_pages,
                           });
}

static bool cast_one(const struct world_vm *part, struct parley *parley, struct posix_guest *guest)
{
    const struct program *program = program_find(part->program);

    if (program == NULL) {
        printf("%s: there is no program %s\n", part->name, part->program);
        return false;
    }
    *guest = (struct posix_guest){
        .vm = posix_vm_new(part->name, RAM_IPA, RAM_PAGES + part->ram_pages, part->aarch64),
        .vcpus = part->vcpus,
        .program = program->entry,
    };
    return guest->vm != NULL && create(guest->vm, parley, part) == PARLEY_DONE;
}

static bool is_shown(const char *name)
{
    for (unsigned int i = 0; i < shown_count; i++) {
        if (strcmp(shown[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What became of one VM. */
static void judge(const char *where, const struct world_vm *part, const struct posix_guest *guest)
{
    struct parley_vm_status status;
    bool good;

    parley_vm_status(posix_vm_parley(guest->vm), &status);
    good = guest->broken == 0 && status.version == part->version;
    if (status.version != part->version) {
        printf("%s: %s settles on %#x, not %#x\n", where, part->name, status.version,
               part->version);
    }
    if (!good || is_shown(part->name)) {
        printf("%s: %s: %u lives, %u expectations held, %u broken\n%s", where, part->name,
               guest->lives, guest->held, guest->broken,
               guest->console != NULL ? guest->console : "");
    }
    if (good) {
        passed++;
    } else {
        failed++;
    }
}

static void perform(const struct play *play, struct parley *parley, const char *where)
{
    struct posix_guest guests[VMS_MAX];

    for (unsigned int i = 0; i < play->count; i++) {
        if (!cast_one(&play->cast[i], parley, &guests[i])) {
            printf("%s: %s cannot be cast\n", where, play->cast[i].name);
            exit(1);
        }
    }
    posix_cpus_start(parley);
    posix_guests_run(guests, play->count);
    posix_cpus_stop();
    for (unsigned int i = 0; i < play->count; i++) {
        judge(where, &play->cast[i], &guests[i]);
    }
    for (unsigned int i = 0; i < play->count; i++) {
        free(guests[i].console);
        posix_vm_destroy(guests[i].vm);
        posix_vm_free(guests[i].vm);
    }
}

static void stage(const struct play *play, const struct secure_world *secure)
{
    const struct parley_config config = {.vm_id_first = WORLD_VM_ID_FIRST,
                                         .vms_max = WORLD_VMS_MAX,
                                         .vcpus_max = 4,
                                         .cpus_max = 4,
                                         .partitions_max = 16,
                                         .rxtx_pages_max = 8,
                                         .shadow_pages = WORLD_SHADOW_PAGES,
                                         .npi_intid = WORLD_NPI_INTID,
                                         .sri_intid = WORLD_SRI_INTID,
                                         .transactions_max = TRANSACTIONS_MAX,
                                         .ranges_max = play->ranges_max,
                                         .can_donate = true};
    size_t bytes = parley_memory_size(&config);
    struct parley *parley;
    char where[64];

    snprintf(where, sizeof(where), "%s, %s", play->name, secure->name);
    show_partitions(secure->config);
    posix_start(secure->config);
    posix_check_pages_every(8);
    posix_preempt(play->preemption);
    parley = parley_init(posix_memory_take(bytes), bytes, &config);
    perform(play, parley, where);
    if (parley_shutdown(parley) != PARLEY_DONE) {
        posix_violation("%s: parley_shutdown() refuses", where);
    }
    posix_stop();
    if (posix_violations() != 0) {
        printf("%s: %u violations\n", where, posix_violations());
        failed++;
    }
}

int main(int count, char **names)
{
    const char *chosen = getenv("PARLEY_PLAY");

    shown = (const char **)names + 1;
    shown_count = (unsigned int)count - 1;
    for (size_t i = 0; i < COUNT(plays); i++) {
        if (chosen != NULL && strcmp(chosen, plays[i].name) != 0) {
            continue;
        }
        for (size_t j = 0; j < COUNT(secure_worlds); j++) {
            stage(&plays[i], &secure_worlds[j]);
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
