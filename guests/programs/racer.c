/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two vCPUs make their first calls at the same time: one negotiates, the other does not wait for
 * it. What the second one is answered depends on who is faster; what the two agree on does not.
 */
#include "client.h"
#include "members.h"
#include "say.h"
#include "story.h"

struct race {
    struct client client;
    bool ready[2];
    unsigned int refused; /* calls of vCPU 1 that came before the version */
    uint16_t id[2];
};

static void line_up(struct race *race, unsigned int vcpu)
{
    __atomic_store_n(&race->ready[vcpu], true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&race->ready[!vcpu], __ATOMIC_ACQUIRE)) {
        guest_yield();
    }
}

/* vCPU 1: the call counts as the first one, or it is too early; nothing else may happen. */
static void call_at_once(void *argument)
{
    struct race *race = argument;
    struct guest_regs answer;

    line_up(race, 1);
    answer = FFA(&race->client, FFA_ID_GET);
    while (client_status(&answer) == FFA_NOT_SUPPORTED) {
        race->refused++;
        guest_yield();
        answer = FFA(&race->client, FFA_ID_GET);
    }
    expect_status(&race->client, client_status(&answer), FFA_OK, "FFA_ID_GET of vCPU 1");
    race->id[1] = (uint16_t)answer.x[2];
}

static void negotiate(struct race *race)
{
    struct guest_regs answer;
    uint32_t version;

    line_up(race, 0);
    version = client_version(&race->client, FFA_VERSION_1_2);
    answer = FFA(&race->client, FFA_ID_GET);
    expect_version(&race->client, version, FFA_VERSION_1_2, "FFA_VERSION of vCPU 0");
    expect_status(&race->client, client_status(&answer), FFA_OK, "FFA_ID_GET of vCPU 0");
    race->id[0] = (uint16_t)answer.x[2];
}

/* 1.2 is in force on the vCPU that runs this: other versions are refused. */
static void agree(void *argument)
{
    struct race *race = argument;
    uint32_t same = client_version(&race->client, FFA_VERSION_1_2);
    uint32_t lower = client_version(&race->client, FFA_VERSION_1_1);

    guest_print("vCPU %u asks for 1.2 again, is told %s; for 1.1, %s", guest_vcpu(),
                say_version(same).text, say_version(lower).text);
    expect_version(&race->client, same, FFA_VERSION_1_2, "the same version again");
    expect_version(&race->client, lower, (uint32_t)FFA_VERSION_NOT_SUPPORTED, "a lower version");
}

static void run_on_vcpu_1(struct race *race, void (*entry)(void *argument))
{
    expect(&race->client, guest_vcpu_start(1, entry, race), "vCPU 1 starts");
}

void guest_main(void)
{
    struct race race = {.refused = 0};

    client_init(&race.client);
    race.client.racing = true;
    race.client.version = FFA_VERSION_1_2;
    guest_print("vCPU 0 asks for 1.2, while vCPU 1 already asks for its ID");
    run_on_vcpu_1(&race, call_at_once);
    negotiate(&race);
    guest_vcpu_join(1);
    race.client.racing = false;
    guest_print("vCPU 1 was too early %u times; then vCPU 0 is told ID %#x, and vCPU 1 %#x",
                race.refused, (unsigned int)race.id[0], (unsigned int)race.id[1]);
    expect_equal(&race.client, race.id[1], race.id[0], "the ID of both vCPUs");

    agree(&race);
    run_on_vcpu_1(&race, agree);
    guest_vcpu_join(1);
    story_spm_id(&race.client);
    guest_print("asks for the partitions in registers, five at a time");
    story_members_in_detail(&race.client, NULL, race.id[0]);
}
