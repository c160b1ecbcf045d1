/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that serves others on vCPU 0, as servant.h says, and works on vCPU 1 at WORKER_VERSION: it
 * makes calls that need nobody else, sends requests to a Secure Partition and to other servants,
 * shares memory with them, and with VMs that come and go if there are any. Whom it deals with it
 * finds by their UUIDs (role.h).
 *
 * It ends after WORKER_SECONDS, or when WORKER_LIVES of those that come and go have greeted it, and
 * all servants that it knows have said farewell, and it to them; with neither, when as many have as
 * the farewells say. Then it tells what it did, and how long its longest call took.
 */
#include "longest.h"
#include "partition.h"
#include "party.h"
#include "role.h"

#ifndef WORKER_SECONDS
#define WORKER_SECONDS 0u
#endif
#ifndef WORKER_LIVES
#define WORKER_LIVES 0u
#endif

#define PEERS_MAX 4u
#define PAGES     3u /* that are shared at once */
#define PAUSE_US  2000u
#define KEPT_US   20000u
#define END_SGI   7u

/*
 * How often others are looked for, in rounds; and for the first time then: at 1.0 vCPU 0 gives RX
 * back when it begins to wait, with a list that is still being read.
 */
#define SEARCH_EVERY 16u

/*
 * No call may take longer that needs nobody else, whatever the others do. Such a call takes some
 * microseconds, or some hundred where the Secure world is asked. But its vCPU may lose its CPU: to
 * each that is ready, for a slice of 5 ms, to as much work of the hypervisor's, and all that once
 * more for each CPU of the emulated machine that its host is too busy to run. What is to be found
 * is a call that waits for another VM, or for work done for one: for as long as others like.
 */
#define CALL_US_MAX 2000000u

/* A request or a reclaim also waits for others, who are slow, or end first. */
#define REQUEST_US_MAX 10000000u

struct worker {
    struct servant servant;
    struct party me;
    uint64_t ram;
    uint64_t end; /* of its time */
    uint32_t round;

    uint16_t peers[PEERS_MAX];
    uint32_t peer_count;
    uint16_t mayflies[PEERS_MAX];
    uint32_t mayfly_count;
    bool has_echo;

    struct longest call;
    struct longest request;
    uint32_t requests;
    uint32_t shares;
    uint32_t visits; /* of those that come and go */
    uint32_t losses; /* of these, that ended in the middle */
    uint32_t returned;
};

/* --- Calls that need nobody else -------------------------------------------------------------- */

static void call_own(struct worker *worker)
{
    struct client *client = &worker->servant.client;
    uint64_t start = guest_clock();

    expect_equal(client, FFA(client, FFA_ID_GET).x[2], worker->me.id, "its ID");
    longest_note(&worker->call, "FFA_ID_GET", start);
    start = guest_clock();
    expect_status(client, FFA_STATUS(client, FFA_FEATURES, FFA_MEM_SHARE_32), FFA_OK,
                  "FFA_FEATURES of FFA_MEM_SHARE");
    longest_note(&worker->call, "FFA_FEATURES", start);
}

static void map_again(struct worker *worker)
{
    struct client *client = &worker->servant.client;
    const struct buffers *buffers = &worker->servant.buffers;
    uint64_t start;

    servant_hold_buffers(&worker->servant);
    start = guest_clock();
    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_OK, "FFA_RXTX_UNMAP");
    longest_note(&worker->call, "FFA_RXTX_UNMAP", start);
    start = guest_clock();
    expect_status(client,
                  FFA_STATUS(client, FFA_RXTX_MAP_32, guest_ipa(buffers->tx),
                             guest_ipa(buffers->rx), buffers->pages),
                  FFA_OK, "FFA_RXTX_MAP again");
    longest_note(&worker->call, "FFA_RXTX_MAP", start);
    servant_drop_buffers(&worker->servant);
}

/* The others that have this UUID, which may be nobody. */
static uint32_t find(struct worker *worker, const struct ffa_uuid *uuid, uint16_t ids[PEERS_MAX])
{
    struct client *client = &worker->servant.client;
    struct members found;
    uint32_t count = 0;
    int32_t status;
    uint64_t start;

    servant_hold_buffers(&worker->servant);
    start = guest_clock();
    status = members_list(client, &worker->servant.buffers, uuid, &found);
    longest_note(&worker->call, "FFA_PARTITION_INFO_GET", start);
    servant_drop_buffers(&worker->servant);
    if (status != FFA_OK) {
        expect_status(client, status, FFA_INVALID_PARAMETERS, "the list of nobody");
        return 0;
    }
    for (uint32_t i = 0; i < found.count && i < MEMBERS_MAX && count < PEERS_MAX; i++) {
        if (found.member[i].id != worker->me.id) {
            ids[count++] = found.member[i].id;
        }
    }
    return count;
}

static void search(struct worker *worker)
{
    static const struct ffa_uuid servant = ROLE_SERVANT;
    static const struct ffa_uuid mayfly = ROLE_MAYFLY;
    uint16_t ids[PEERS_MAX];

    worker->peer_count = find(worker, &servant, worker->peers);
    worker->mayfly_count = find(worker, &mayfly, worker->mayflies);
    worker->has_echo = find(worker, &secure_partitions[0].uuids[0], ids) != 0;
}

/* --- Requests --------------------------------------------------------------------------------- */

static struct errand errand_to(struct worker *worker, uint16_t id)
{
    return (struct errand){
        .client = &worker->servant.client,
        .self = worker->me.id,
        .servant = id,
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
    };
}

static void ask_peer(struct worker *worker, uint16_t id)
{
    struct client *client = &worker->servant.client;
    struct errand errand = errand_to(worker, id);
    uint64_t word[ERRAND_WORDS] = {worker->round, 0x1b0b, id, ~worker->round};
    uint64_t start = guest_clock();

    errand_run(&errand, SERVANT(SERVANT_ECHO, 0), word, word);
    longest_note(&worker->request, "a request to a VM", start);
    expect_equal(client, word[0], (uint32_t)~worker->round, "the first word that comes back");
    expect_equal(client, word[3], worker->round, "the last word that comes back");
    worker->requests++;
}

static void ask_echo(struct worker *worker)
{
    struct client *client = &worker->servant.client;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = worker->me.id,
        .to = PARTITION_ECHO_ID,
        .word = {COMMAND_ECHO, worker->round, 2, 3, 4},
    };
    uint64_t start = guest_clock();
    struct guest_regs answer = message_exchange(client, &request);
    struct message response;

    longest_note(&worker->request, "a request to a partition", start);
    expect(client, message_read(&answer, &response), "a partition answers");
    expect_equal(client, response.word[1], (uint32_t)~worker->round, "what the partition says");
    worker->requests++;
}

/* --- Memory ----------------------------------------------------------------------------------- */

static uint64_t page_at(const struct worker *worker, uint32_t page)
{
    return worker->ram + (uint64_t)page * FFA_PAGE_SIZE;
}

static void write_pages(struct worker *worker)
{
    uint64_t fault;

    for (uint32_t i = 0; i < PAGES; i++) {
        expect(&worker->servant.client, guest_store(page_at(worker, i), worker->round + i, &fault),
               "its own RAM can be written");
    }
}

static bool page_is(struct worker *worker, uint32_t page, uint32_t wanted)
{
    uint32_t value = 0;
    uint64_t fault;

    return guest_load(page_at(worker, page), &value, &fault) && value == wanted;
}

/* How many are inverted, from the first on. The rest must be as it was: else, more than there are.
 */
static uint32_t count_inverted(struct worker *worker)
{
    uint32_t inverted = 0;

    while (inverted < PAGES && page_is(worker, inverted, ~(worker->round + inverted))) {
        inverted++;
    }
    for (uint32_t i = inverted; i < PAGES; i++) {
        if (!page_is(worker, i, worker->round + i)) {
            return PAGES + 1;
        }
    }
    return inverted;
}

static int32_t share_with(struct worker *worker, uint16_t id, uint64_t *handle)
{
    struct grant grant;
    int32_t status;
    uint64_t start;

    write_pages(worker);
    grant_init(&grant, worker->me.version, worker->me.id);
    grant.attributes = FFA_MEM_ATTR_NORMAL_WB_INNER;
    grant_to(&grant, id, FFA_MEM_ACCESS_DATA_RW);
    grant_add(&grant, worker->ram, PAGES);
    servant_hold_buffers(&worker->servant);
    start = guest_clock();
    status = party_send(&worker->me, FFA_MEM_SHARE_32, &grant, handle);
    longest_note(&worker->call, "FFA_MEM_SHARE", start);
    servant_drop_buffers(&worker->servant);
    worker->shares += status == FFA_OK;
    return status;
}

static void reclaim(struct worker *worker, uint64_t handle)
{
    uint64_t start = guest_clock();

    expect_status(&worker->servant.client, party_reclaim(&worker->me, handle, 0), FFA_OK,
                  "FFA_MEM_RECLAIM");
    longest_note(&worker->call, "FFA_MEM_RECLAIM", start);
}

static void share_with_peer(struct worker *worker, uint16_t id)
{
    struct client *client = &worker->servant.client;
    struct errand errand = errand_to(worker, id);
    uint64_t word[ERRAND_WORDS] = {0};
    uint64_t handle;
    uint64_t start;

    if (!expect_status(client, share_with(worker, id, &handle), FFA_OK, "FFA_MEM_SHARE")) {
        return;
    }
    word[0] = ffa_handle_low(handle);
    word[1] = ffa_handle_high(handle);
    word[2] = worker->round;
    start = guest_clock();
    errand_run(&errand, SERVANT(SERVANT_BORROW, 0), word, word);
    longest_note(&worker->request, "an errand with memory", start);
    expect_equal(client, word[0], FFA_OK, "the status of who borrows");
    expect_equal(client, word[1], 0, "pages that are wrong at the borrower");
    expect_equal(client, word[2], PAGES, "pages that are borrowed");
    reclaim(worker, handle);
    expect_equal(client, count_inverted(worker), PAGES, "pages that the borrower has written");
}

/* It is told what it retrieves in its RX buffer, where somebody's message may be: BUSY then. */
static void expect_done(struct worker *worker, uint32_t command, uint64_t handle, uint32_t argument,
                        uint32_t value)
{
    uint64_t start = guest_clock();
    int32_t status;

    do {
        status = PARTITION_ASK(&worker->servant.client, worker->me.id, PARTITION_ECHO_ID, command,
                               ffa_handle_low(handle), ffa_handle_high(handle), argument, value);
    } while (status == FFA_BUSY && guest_clock() - start < REQUEST_US_MAX);
    expect_status(&worker->servant.client, status, FFA_OK, "what a partition does with memory");
    longest_note(&worker->request, "a request to a partition, of memory", start);
}

static void share_with_echo(struct worker *worker)
{
    struct client *client = &worker->servant.client;
    uint64_t handle;

    if (!expect_status(client, share_with(worker, PARTITION_ECHO_ID, &handle), FFA_OK,
                       "FFA_MEM_SHARE with a partition")) {
        return;
    }
    expect_done(worker, COMMAND_MEMORY_RETRIEVE, handle,
                worker->me.id | FFA_MEM_ACCESS_DATA_RW << 16, 0);
    for (uint32_t i = 0; i < PAGES; i++) {
        expect_done(worker, COMMAND_MEMORY_WRITE, handle, i * FFA_PAGE_SIZE, ~(worker->round + i));
    }
    expect_done(worker, COMMAND_MEMORY_RELINQUISH, handle, 0, 0);
    reclaim(worker, handle);
    expect_equal(client, count_inverted(worker), PAGES, "pages that the partition has written");
}

/* --- Those that come and go ------------------------------------------------------------------- */

/* It may be gone, not be there yet, be busy, or end before it answers. */
static bool may_come_of(int32_t status)
{
    return status == FFA_OK || status == FFA_INVALID_PARAMETERS || status == FFA_BUSY ||
           status == FFA_ABORTED;
}

/* Until it has given back what it has, or has ended. */
static void reclaim_some_time(struct worker *worker, uint64_t handle)
{
    uint64_t start = guest_clock();
    int32_t status = party_reclaim(&worker->me, handle, 0);

    while (status == FFA_DENIED && guest_clock() - start < REQUEST_US_MAX) {
        guest_yield();
        status = party_reclaim(&worker->me, handle, 0);
    }
    expect_status(&worker->servant.client, status, FFA_OK, "FFA_MEM_RECLAIM from one that ends");
    longest_note(&worker->request, "to get memory back", start);
}

/* Shares memory with it, and asks it to borrow that. It keeps it, until it ends. */
static void visit(struct worker *worker, uint16_t id)
{
    struct client *client = &worker->servant.client;
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = worker->me.id,
        .to = id,
        .word = {SERVANT(SERVANT_BORROW, 1), 0, 0, worker->round, 0},
    };
    struct guest_regs answer;
    uint64_t handle, start;
    uint32_t inverted;
    int32_t status = share_with(worker, id, &handle);

    worker->visits++;
    if (status != FFA_OK) {
        expect_status(client, status, FFA_INVALID_PARAMETERS, "FFA_MEM_SHARE with one that ends");
        return;
    }
    request.word[1] = ffa_handle_low(handle);
    request.word[2] = ffa_handle_high(handle);
    start = guest_clock();
    answer = message_finish(client, message_send(client, &request));
    longest_note(&worker->request, "a request to a VM that ends", start);
    status = client_status(&answer);
    expect(client, may_come_of(status), "a request to a VM that ends");
    worker->losses += status == FFA_ABORTED;
    reclaim_some_time(worker, handle);
    inverted = count_inverted(worker); /* all or none, but of one that ended in the middle */
    expect(client, status == FFA_ABORTED ? inverted <= PAGES : inverted % PAGES == 0,
           "what memory comes back with");
}

/* --- The work --------------------------------------------------------------------------------- */

#define ENDS_BY_ITSELF (WORKER_SECONDS + WORKER_LIVES != 0)

static bool have_come(const uint32_t *counter, uint32_t due)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE) >= due;
}

static bool is_over(struct worker *worker)
{
    uint32_t due = __atomic_load_n(&worker->servant.farewells_due, __ATOMIC_ACQUIRE);

    if (ENDS_BY_ITSELF) {
        return guest_clock() >= worker->end && have_come(&worker->servant.greetings, WORKER_LIVES);
    }
    return due != 0 && have_come(&worker->servant.farewells, due);
}

static void pause(void)
{
    uint32_t count = guest_interrupt_count(GUEST_INTERRUPT_TIMER);

    (void)guest_interrupt_await(GUEST_INTERRUPT_TIMER, count + 1);
}

static void work_a_round(struct worker *worker)
{
    worker->round++;
    if (worker->round % SEARCH_EVERY == 0) {
        search(worker);
        map_again(worker);
    }
    call_own(worker);
    if (worker->has_echo) {
        ask_echo(worker);
        share_with_echo(worker);
    }
    for (uint32_t i = 0; i < worker->peer_count; i++) {
        ask_peer(worker, worker->peers[i]);
        share_with_peer(worker, worker->peers[i]);
    }
    for (uint32_t i = 0; i < worker->mayfly_count; i++) {
        visit(worker, worker->mayflies[i]);
    }
    worker->returned += servant_return_kept(&worker->servant, KEPT_US);
}

static void tell(struct worker *worker)
{
    struct client *client = &worker->servant.client;

    guest_print("%u rounds: %u requests sent and %u served, memory shared %u times", worker->round,
                worker->requests, worker->servant.requests, worker->shares);
    guest_print("%u visits of VMs that come and go: %u died of it, %u left memory behind",
                worker->visits, worker->losses, worker->returned);
    guest_print("longest call: %s, %llu us; with others: %s, %llu us", worker->call.what,
                (unsigned long long)worker->call.us,
                worker->request.what != NULL ? worker->request.what : "none",
                (unsigned long long)worker->request.us);
    expect(client, worker->call.us <= CALL_US_MAX, "no call waits for others");
    expect(client, worker->request.us <= REQUEST_US_MAX, "no request waits for ever");
}

/* All that it knows say so, too: so nobody ends who is still asked. */
static void say_farewell(struct worker *worker)
{
    search(worker);
    for (uint32_t i = 0; i < worker->peer_count; i++) {
        struct errand errand = errand_to(worker, worker->peers[i]);

        errand_farewell(&errand);
    }
    while (!have_come(&worker->servant.farewells, worker->peer_count)) {
        pause();
    }
}

/* vCPU 1 */
static void work(void *argument)
{
    struct worker *worker = argument;

    guest_timer(PAUSE_US);
    while (!is_over(worker)) {
        work_a_round(worker);
        pause();
    }
    if (ENDS_BY_ITSELF) {
        say_farewell(worker);
    }
    worker->returned += servant_return_kept(&worker->servant, 0);
    tell(worker);
    __atomic_store_n(&worker->servant.is_over, true, __ATOMIC_RELEASE);
    for (;;) {
        guest_interrupt_send(0, END_SGI);
        pause();
    }
}

static void become_member(struct worker *worker)
{
    struct servant *servant = &worker->servant;
    struct client *client = &servant->client;

    client_init(client);
    expect_version(client, client_version(client, WORKER_VERSION), FFA_VERSION_1_2, "FFA_VERSION");
    servant->self = (uint16_t)FFA(client, FFA_ID_GET).x[2];
    buffers_map(client, &servant->buffers, FFA_RXTX_MAP_32, 1);
    worker->me = (struct party){
        .client = client,
        .buffers = &servant->buffers,
        .id = servant->self,
        .version = WORKER_VERSION,
        .bytes = FFA_PAGE_SIZE,
    };
    worker->ram = guest_ram(PAGES);
}

void guest_main(void)
{
    struct worker worker = {.round = 0};

    become_member(&worker);
    worker.end = guest_clock() + WORKER_SECONDS * UINT64_C(1000000);
    guest_interrupt_enable(END_SGI);
    expect(&worker.servant.client, guest_vcpu_start(1, work, &worker), "vCPU 1 starts");
    servant_serve(&worker.servant);
}
