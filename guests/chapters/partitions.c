/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Direct requests to Secure Partitions: who takes what (partitions.def), every word of it, and
 * requests that the Secure world leaves in the middle.
 */
#include "partition.h"
#include "stage.h"

#define ECHO     PARTITION_ECHO_ID
#define NOTIFIER PARTITION_NOTIFIER_ID
#define TRIO     PARTITION_TRIO_ID

#define SPIN_US   12000u
#define SPINS_MAX 50u

/* Longer than any hypervisor keeps a partition for a vCPU, and longer than it can be late. */
#define FORGOTTEN_US     700000u
#define FORGOTTEN_MAX_US (4 * FORGOTTEN_US)
#define YIELDS           3u
#define HELPER           2u

struct row {
    uint16_t partition;
    uint32_t fid;
    const struct ffa_uuid *uuid;
    const char *why;
    int32_t status;
    bool from_1_2; /* a property that an SPMC of 1.1 does not tell of */
};

static const struct ffa_uuid nobody_uuid = WORLD_UUID_NOBODY;
static const struct ffa_uuid own_uuid = WORLD_UUID_MESSENGER;
static const struct ffa_uuid echo_uuid; /* these two stand for those of the partitions */
static const struct ffa_uuid notifier_uuid;

#define UUID_NIL      &members_nil_uuid
#define UUID_NOBODY   &nobody_uuid
#define UUID_OWN      &own_uuid
#define UUID_ECHO     &echo_uuid
#define UUID_NOTIFIER &notifier_uuid

#define SUCCESS                    FFA_OK, false
#define INVALID_PARAMETERS         FFA_INVALID_PARAMETERS, false
#define DENIED                     FFA_DENIED, false
#define FROM_1_2(...)              ONLY_FROM_1_2(__VA_ARGS__)
#define ONLY_FROM_1_2(status, any) status, true

#define ASK(partition, fid, uuid, status, why) {partition, fid, uuid, why, status},

static const struct row rows[] = {
#include "partitions.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* --- Who takes what --------------------------------------------------------------------------- */

static const struct ffa_uuid *uuid_of(const struct row *row)
{
    if (row->uuid == &echo_uuid) {
        return &secure_partitions[0].uuids[0];
    }
    return row->uuid == &notifier_uuid ? &secure_partitions[1].uuids[0] : row->uuid;
}

static int32_t expected_of(const struct stage *stage, const struct row *row)
{
    if (!stage_has(stage, row->fid)) {
        return FFA_NOT_SUPPORTED;
    }
    return row->from_1_2 && stage->world != SECURE_WORLD_1_2 ? FFA_DENIED : row->status;
}

static struct message request_to(const struct stage *stage, uint16_t partition, uint32_t fid,
                                 uint32_t command)
{
    struct message request = stage_request(stage, fid, command);

    request.to = partition;
    return request;
}

/* Every bit of every word comes back inverted. */
static void expect_echo(const struct stage *stage, const struct message *request,
                        const struct guest_regs *answer)
{
    struct message response;

    if (!expect(stage->client, message_read(answer, &response), "a partition's response")) {
        return;
    }
    expect_equal(stage->client, response.fid, message_response_to(request->fid), "its kind");
    expect_equal(stage->client, response.from, request->to, "who answers");
    expect_equal(stage->client, response.to, request->from, "whom it answers");
    for (unsigned int i = 0; i < message_words(request->fid); i++) {
        expect_equal(stage->client, response.word[i], message_word(request->fid, ~request->word[i]),
                     "a word of its payload");
    }
}

static void play_rows(const struct stage *stage)
{
    struct client *client = stage->client;

    client->about = "partitions.def";
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        struct message request = request_to(stage, row->partition, row->fid, COMMAND_ECHO);
        struct guest_regs answer;

        client->row = (unsigned int)i + 1;
        request.uuid = *uuid_of(row);
        answer = message_exchange(client, &request);
        expect_status(client, client_status(&answer), expected_of(stage, row), row->why);
        if (client_status(&answer) == FFA_OK) {
            expect_echo(stage, &request, &answer);
        }
    }
    client->about = NULL;
}

/* --- Left in the middle ----------------------------------------------------------------------- */

static struct guest_regs command(const struct stage *stage, uint32_t word, uint64_t argument)
{
    struct message request = request_to(stage, ECHO, FFA_MSG_SEND_DIRECT_REQ_32, word);

    request.word[1] = argument;
    for (;;) {
        struct guest_regs answer = message_send(stage->client, &request);

        if (client_status(&answer) != FFA_BUSY) {
            return answer;
        }
        guest_yield();
    }
}

static void expect_done(const struct stage *stage, const struct guest_regs *answer)
{
    struct message response;

    if (expect(stage->client, message_read(answer, &response), "a command is done")) {
        expect_equal(stage->client, response.word[0], FFA_OK, "a command's status");
    }
}

struct attempt {
    const struct stage *stage;
    uint64_t target;
};

static void run_from_elsewhere(void *argument)
{
    struct attempt *attempt = argument;

    expect_status(attempt->stage->client,
                  FFA_STATUS(attempt->stage->client, FFA_RUN, attempt->target), FFA_DENIED,
                  "FFA_RUN by another vCPU");
}

/* The request is left; nobody but this vCPU may go on with it, and it has nothing else to do. */
static void expect_left(const struct stage *stage, const struct guest_regs *answer)
{
    struct client *client = stage->client;
    uint32_t target = (uint32_t)answer->x[1];
    uint32_t other = ffa_target_make(ECHO, (uint16_t)(ffa_target_vcpu(target) + 1));
    struct attempt attempt = {stage, target};

    expect_equal(client, ffa_target_endpoint(target), ECHO, "which partition was left");
    expect(client, ffa_target_vcpu(target) < secure_partitions[0].contexts, "in which context");
    expect_status(client, FFA_STATUS(client, FFA_RUN, other), FFA_DENIED, "another context");
    expect_status(client, FFA_STATUS(client, FFA_RUN, ffa_target_make(NOTIFIER, 0)), FFA_DENIED,
                  "another partition");
    expect_status(client, FFA_STATUS(client, FFA_RUN, ffa_target_make(stage->peer->id, 0)),
                  FFA_DENIED, "a VM");
    expect_status(client, FFA_STATUS(client, FFA_RUN, ffa_target_make(NOBODY_SP, 0)),
                  FFA_INVALID_PARAMETERS, "nobody");
    expect_status(client,
                  FFA_STATUS(client, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(ME, NOTIFIER), 0),
                  FFA_DENIED, "another request");
    expect_status(client, FFA_STATUS(client, FFA_MSG_WAIT, 0, 0), FFA_DENIED, "a wait");
    expect_status(client, FFA_STATUS(client, FFA_ID_GET), FFA_OK, "anything else");
    expect(client, guest_vcpu_start(HELPER, run_from_elsewhere, &attempt), "a vCPU starts");
    guest_vcpu_join(HELPER);
}

/* Sooner or later, an interrupt of the Normal world comes in the middle of a request. */
static struct guest_regs leave_in_the_middle(const struct stage *stage)
{
    struct guest_regs answer;

    for (unsigned int i = 0; i < SPINS_MAX; i++) {
        answer = command(stage, COMMAND_SPIN, SPIN_US);
        if (answer.x[0] == FFA_INTERRUPT) {
            break;
        }
        expect_done(stage, &answer);
    }
    expect_equal(stage->client, answer.x[0], FFA_INTERRUPT, "a long request");
    return answer;
}

static void be_interrupted(const struct stage *stage)
{
    struct guest_regs answer = leave_in_the_middle(stage);

    if (answer.x[0] == FFA_INTERRUPT) {
        expect_left(stage, &answer);
        answer = message_finish(stage->client, answer);
    }
    expect_done(stage, &answer);
    expect_status(stage->client, FFA_STATUS(stage->client, FFA_RUN, ffa_target_make(ECHO, 0)),
                  FFA_DENIED, "FFA_RUN of a partition that waits");
}

static void be_yielded_to(const struct stage *stage)
{
    struct guest_regs answer = command(stage, COMMAND_YIELD, YIELDS);
    unsigned int yields = 0;

    for (; message_is_under_way(&answer); answer = FFA(stage->client, FFA_RUN, answer.x[1])) {
        yields += answer.x[0] == FFA_YIELD;
        expect_equal(stage->client, ffa_target_endpoint((uint32_t)answer.x[1]), ECHO, "who yields");
    }
    expect_equal(stage->client, yields, YIELDS, "how often it yields");
    expect_done(stage, &answer);
}

/* The status of the request in the end; whom to run for it is left in `target`. */
static int32_t leave_alone(const struct stage *stage, uint64_t microseconds, uint32_t *target)
{
    struct guest_regs answer = leave_in_the_middle(stage);
    uint64_t end = guest_clock() + microseconds;

    *target = (uint32_t)answer.x[1];
    while (guest_clock() < end) {
        guest_yield();
    }
    answer = message_finish(stage->client, FFA(stage->client, FFA_RUN, *target));
    return client_status(&answer);
}

/*
 * Nobody goes on with it in time: the request is over, and the partition free for others. A
 * hypervisor that gets to that late, on a busy machine, is given more time.
 */
static void forget(const struct stage *stage)
{
    struct client *client = stage->client;
    struct guest_regs answer;
    int32_t status = FFA_OK;
    uint32_t target = 0;

    for (uint64_t patience = FORGOTTEN_US; status == FFA_OK && patience <= FORGOTTEN_MAX_US;
         patience *= 2) {
        status = leave_alone(stage, patience, &target);
    }
    expect_status(client, status, FFA_ABORTED, "FFA_RUN of a request that was left for too long");
    expect_status(client, FFA_STATUS(client, FFA_RUN, target), FFA_DENIED,
                  "FFA_RUN when that was told");
    answer = message_finish(client, command(stage, COMMAND_SPIN, 1));
    expect_done(stage, &answer);
}

/* --- Ends without an answer, and two at once -------------------------------------------------- */

static void be_refused(const struct stage *stage)
{
    static const int32_t statuses[] = {FFA_DENIED, FFA_NO_MEMORY, FFA_INVALID_PARAMETERS,
                                       FFA_ABORTED};

    for (unsigned int i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct guest_regs answer =
            message_finish(stage->client, command(stage, COMMAND_FAIL, (uint32_t)statuses[i]));

        expect_status(stage->client, client_status(&answer), statuses[i], "a partition's refusal");
    }
    if (stage->world == SECURE_WORLD_1_2) {
        struct guest_regs answer =
            message_finish(stage->client, command(stage, COMMAND_SUCCEED, 0));

        expect_equal(stage->client, answer.x[0], FFA_SUCCESS_32, "an end without an answer");
    }
}

static void echo_often(void *argument)
{
    const struct stage *stage = argument;

    for (unsigned int i = 0; i < 20; i++) {
        struct message request = request_to(stage, i % 2 == 0 ? ECHO : NOTIFIER,
                                            FFA_MSG_SEND_DIRECT_REQ_32, COMMAND_ECHO);
        struct guest_regs answer = message_exchange(stage->client, &request);

        expect_echo(stage, &request, &answer);
        guest_yield();
    }
}

static void ask_on_two_vcpus(struct stage *stage)
{
    struct guest_regs answer;

    expect(stage->client, guest_vcpu_start(HELPER, echo_often, stage), "a vCPU starts");
    answer = message_finish(stage->client, command(stage, COMMAND_SPIN, SPIN_US));
    expect_done(stage, &answer);
    echo_often(stage);
    guest_vcpu_join(HELPER);
}

void chapter_partitions(struct stage *stage)
{
    if (!secure_world_is_known(stage->world)) {
        return;
    }
    play_rows(stage);
    be_interrupted(stage);
    be_yielded_to(stage);
    forget(stage);
    be_refused(stage);
    ask_on_two_vcpus(stage);
}

/* A vCPU goes off in the middle of a request, and then the VM's life ends. */
static void go_off_in_the_middle(void *argument)
{
    (void)leave_in_the_middle(argument);
}

void partitions_leave(struct stage *stage)
{
    if (!secure_world_is_known(stage->world)) {
        return;
    }
    expect(stage->client, guest_vcpu_start(HELPER, go_off_in_the_middle, stage), "a vCPU starts");
    guest_vcpu_join(HELPER);
    (void)leave_in_the_middle(stage);
}
