/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test of the tests: the scenarios run as threads, in front of a mediator that lies in one thing.
 * Each lie has to be noticed, and the truth must not be. Each is told in a process of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"
#include "lies.h"
#include "world.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define VMS_MAX       16u
#define RAM_IPA       0x80000000u
#define RAM_PAGES     128u /* beside those for guest_ram() */
#define WINDOW_IPA    0xa0000000u
#define LIARS_AT_ONCE 4u
#define SECONDS_MAX   100u /* for one of them */

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

static void tell_the_truth(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    (void)answer;
}

#define PROGRAMS              \
    PROGRAM(negotiation)      \
    PROGRAM(features)         \
    PROGRAM(buffers)          \
    PROGRAM(discovery)        \
    PROGRAM(smccc)            \
    PROGRAM(neighbour_1_0)    \
    PROGRAM(neighbour_1_1)    \
    PROGRAM(neighbour_1_2)    \
    PROGRAM(neighbour_1_2_32) \
    PROGRAM(silent)           \
    PROGRAM(messages)         \
    PROGRAM(outsider)         \
    PROGRAM(memory)           \
    PROGRAM(servant_1_0)      \
    PROGRAM(servant_1_1)      \
    PROGRAM(servant_1_2)      \
    PROGRAM(servant_32)

#define PROGRAM(name) void name##_main(void);
PROGRAMS
#undef PROGRAM

static const struct {
    const char *name;
    void (*entry)(void);
} programs[] = {
#define PROGRAM(name) {#name, name##_main},
    PROGRAMS
#undef PROGRAM
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
    struct posix_vm *vm =
        posix_vm_new(part->name, RAM_IPA, RAM_PAGES + part->ram_pages, part->aarch64);
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
        .window_ipa = WINDOW_IPA,
        .window_pages = 8 * (uint64_t)part->ram_pages,
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

/* --- One performance -------------------------------------------------------------------------- */

struct play {
    const char *lie;
    lie *tell;
    const struct world_vm *cast;
    size_t count;
};

/* Returns how many expectations were broken. */
static unsigned int perform(const struct play *play)
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
        .transactions_max = 16,
        .ranges_max = play->cast == world_memory ? 8192 : 64,
        .can_donate = true,
    };
    size_t bytes = parley_memory_size(&config);
    struct posix_guest guests[VMS_MAX];
    unsigned int broken = 0;
    struct parley *parley;

    told = play->tell;
    posix_start(&posix_spmc_1_2);
    parley = parley_init(posix_memory_take(bytes), bytes, &config);
    for (size_t i = 0; i < play->count; i++) {
        guests[i] = cast(&play->cast[i], parley);
    }
    posix_cpus_start(parley);
    posix_guests_run(guests, (unsigned int)play->count);
    posix_cpus_stop();
    for (size_t i = 0; i < play->count; i++) {
        broken += guests[i].broken;
        if (getenv("VERBOSE") != NULL && guests[i].broken != 0) {
            printf("%s: %s\n%s", play->lie, play->cast[i].name, guests[i].console);
        }
    }
    return broken;
}

static pid_t perform_elsewhere(const struct play *play)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(SECONDS_MAX);
        exit(perform(play) != 0);
    }
    return child;
}

/* Whether what one of them noticed is as it should be. */
static bool judge(const struct play *play, int status)
{
    bool truth = play->tell == tell_the_truth;

    if (!WIFEXITED(status)) {
        printf("%s: nobody comes to an end\n", play->lie);
        return false;
    }
    if ((WEXITSTATUS(status) == 0) != truth) {
        printf("%s: %s\n", play->lie, truth ? "is not believed" : "nobody notices");
        return false;
    }
    return true;
}

/* --- All of them ------------------------------------------------------------------------------ */

static struct play plays[128];
static size_t play_count;

static void add(const char *name, lie *tell, const struct world_vm *cast_of_it, size_t count)
{
    const char *only = getenv("LIE");

    if (only == NULL || strcmp(only, name) == 0) {
        plays[play_count++] = (struct play){name, tell, cast_of_it, count};
    }
}

static void add_all(void)
{
    for (size_t i = 0; i < lies_of_one_count; i++) {
        add(lies_of_one[i].name, lies_of_one[i].tell, world_bench, WORLD_COUNT(world_bench));
    }
    for (size_t i = 0; i < lies_of_messages_count; i++) {
        add(lies_of_messages[i].name, lies_of_messages[i].tell, world_messages,
            WORLD_COUNT(world_messages));
    }
    for (size_t i = 0; i < lies_of_memory_count; i++) {
        add(lies_of_memory[i].name, lies_of_memory[i].tell, world_memory,
            WORLD_COUNT(world_memory));
    }
    add("the truth", tell_the_truth, world_bench, WORLD_COUNT(world_bench));
    add("the truth about messages", tell_the_truth, world_messages, WORLD_COUNT(world_messages));
    add("the truth about memory", tell_the_truth, world_memory, WORLD_COUNT(world_memory));
}

int main(void)
{
    pid_t running[COUNT(plays)] = {0};
    unsigned int passed = 0;
    size_t started = 0;

    add_all();
    for (size_t ended = 0; ended < play_count; ended++) {
        int status;
        pid_t child;

        while (started < play_count && started - ended < LIARS_AT_ONCE) {
            running[started] = perform_elsewhere(&plays[started]);
            started++;
        }
        child = wait(&status);
        for (size_t i = 0; i < started; i++) {
            if (running[i] == child) {
                passed += judge(&plays[i], status);
            }
        }
    }
    printf("%u passed, %u failed\n", passed, (unsigned int)play_count - passed);
    return passed != play_count;
}
