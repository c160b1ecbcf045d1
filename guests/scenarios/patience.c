/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU asks, and its peer says nothing; a thousand ticks of its timer and an interrupt from its
 * sibling come meanwhile. It takes each of them and waits on, and in the end it has its answer.
 */
#include "servant.h"
#include "world.h"

#define TICKS   1000u
#define TICK_US 300u
#define IPI     5u

struct wait {
    struct client *client;
    struct errand errand;
    uint32_t ticks; /* that the vCPU has taken, as it says itself */
};

static uint32_t ticks_of(const struct wait *wait)
{
    return __atomic_load_n(&wait->ticks, __ATOMIC_ACQUIRE);
}

/* The sibling: interrupts in the middle, and lets the peer speak at the end. */
static void accompany(void *argument)
{
    struct wait *wait = argument;

    while (ticks_of(wait) < TICKS / 2) {
        guest_yield();
    }
    guest_interrupt_send(0, IPI);
    while (ticks_of(wait) < TICKS) {
        guest_yield();
    }
    ERRAND(&wait->errand, SERVANT_RELEASE, 0, 0);
}

/* Each interrupt leaves the call, and is taken at once. Returns how many left it. */
static unsigned int wait_on(struct wait *wait, struct guest_regs *answer)
{
    uint32_t target = ffa_target_make(WORLD_SLOW, 0);
    unsigned int interrupts = 0;

    for (; answer->x[0] == FFA_INTERRUPT; interrupts++) {
        uint32_t ticks = guest_interrupt_count(GUEST_INTERRUPT_TIMER);

        expect_equal(wait->client, answer->x[1], target, "who is waited for");
        if (ticks >= TICKS) {
            guest_timer(0);
        }
        __atomic_store_n(&wait->ticks, ticks, __ATOMIC_RELEASE);
        *answer = FFA(wait->client, FFA_RUN, target);
    }
    return interrupts;
}

static void be_patient(struct wait *wait)
{
    struct client *client = wait->client;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_64,
        .from = WORLD_PATIENT,
        .to = WORLD_SLOW,
        .word = {SERVANT(SERVANT_AWAIT, 0)},
    };
    struct message response;
    struct guest_regs answer;
    unsigned int interrupts;

    guest_interrupt_enable(IPI);
    expect(client, guest_vcpu_start(1, accompany, wait), "vCPU 1 starts");
    guest_timer(TICK_US);
    answer = message_send(client, &request);
    interrupts = wait_on(wait, &answer);
    guest_vcpu_join(1);

    expect(client, message_read(&answer, &response), "the answer comes in the end");
    expect_equal(client, response.word[0], SERVANT_ANSWER(SERVANT_AWAIT, 0), "its payload");
    expect(client, guest_interrupt_count(GUEST_INTERRUPT_TIMER) >= TICKS, "ticks");
    expect_equal(client, guest_interrupt_count(IPI), 1, "the sibling's interrupt");
    guest_print("waited for its answer through %u ticks and an interrupt of its sibling, which "
                "left its call %u times",
                guest_interrupt_count(GUEST_INTERRUPT_TIMER), interrupts);
}

void guest_main(void)
{
    struct client client;
    struct wait wait = {
        .client = &client,
        .errand = {.client = &client,
                   .self = WORLD_PATIENT,
                   .servant = WORLD_SLOW,
                   .fid = FFA_MSG_SEND_DIRECT_REQ_64},
    };

    client_init(&client);
    client_version(&client, FFA_VERSION_1_2);
    expect_equal(&client, FFA(&client, FFA_ID_GET).x[2], WORLD_PATIENT, "the VM's ID");
    errand_await(&wait.errand);
    be_patient(&wait);
    ERRAND(&wait.errand, SERVANT_STOP, 0, 0);
}
