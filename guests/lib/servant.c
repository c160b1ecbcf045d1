/* SPDX-License-Identifier: BSD-3-Clause */
#include "servant.h"

#include "pattern.h"

#define NEST_TIMER_US 500u
#define PATIENCE_US   2000000u
#define STOP_TIMER_US 1000u

/* What one vCPU is asked, and what it will answer. */
struct service {
    struct servant *servant;
    const struct message *request;
    struct message response;
    bool has_answered;         /* by a call that it was asked to make */
    struct guest_regs *called; /* this vCPU's */
    bool stops;                /* at the next interrupt */
};

static uint32_t argument_of(const struct service *service)
{
    return SERVANT_ARGUMENT(service->request->word[0]);
}

static uint32_t word_of(const struct service *service, unsigned int i)
{
    return (uint32_t)service->request->word[i];
}

/* --- Commands --------------------------------------------------------------------------------- */

static void echo(struct service *service)
{
    if (argument_of(service) != 0) {
        service->response.fid = FFA_MSG_SEND_DIRECT_RESP_32;
    }
    for (unsigned int i = 1; i < message_words(service->response.fid); i++) {
        service->response.word[i] = ~service->request->word[i];
    }
}

static bool is_response(uint32_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_RESP_32 || fid == FFA_MSG_SEND_DIRECT_RESP_64 ||
           fid == FFA_MSG_SEND_DIRECT_RESP2;
}

/*
 * If the call was the answer, what is in `called` is what came then. Interrupts in a request are no
 * business of who has it made.
 */
static void call(struct service *service)
{
    struct client *client = &service->servant->client;
    const uint64_t *word = service->request->word;
    uint32_t fid = SERVANT_OF(word[0]);
    struct guest_regs called = FFA(client, fid, word[1], word[2], word[3], word[4], 0, 0, 0);
    struct message next;

    if (!is_response(fid)) {
        called = message_finish(client, called);
    }
    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        service->response.word[1 + i] = called.x[i];
    }
    *service->called = called;
    service->has_answered =
        is_response(fid) && (message_read(&called, &next) || called.x[0] == FFA_INTERRUPT);
}

static void fetch(struct service *service)
{
    const struct guest_regs *called = &service->servant->called[argument_of(service)];

    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        service->response.word[1 + i] = called->x[ERRAND_WORDS + i];
    }
}

static void write_tx(struct service *service)
{
    uint8_t *to = service->servant->buffers.tx + argument_of(service);

    for (unsigned int i = 0; i < 4 * ERRAND_WORDS; i++) {
        to[i] = (uint8_t)(service->request->word[1 + i / 4] >> (8 * (i % 4)));
    }
}

static void read_rx(struct service *service)
{
    const uint8_t *from = service->servant->buffers.rx + argument_of(service);

    for (unsigned int i = 0; i < 4 * ERRAND_WORDS; i++) {
        service->response.word[1 + i / 4] |= (uint64_t)from[i] << (8 * (i % 4));
    }
}

static size_t bytes_of(const struct buffers *buffers)
{
    return (size_t)buffers->pages * FFA_PAGE_SIZE;
}

static void fill(struct service *service)
{
    pattern_fill(service->servant->buffers.tx + argument_of(service), word_of(service, 1),
                 word_of(service, 2));
}

static void check(struct service *service)
{
    const struct buffers *buffers = &service->servant->buffers;
    size_t first = argument_of(service);
    size_t end = first + word_of(service, 1);

    service->response.word[1] =
        pattern_wrong(buffers->rx + first, end - first, word_of(service, 2));
    service->response.word[2] = pattern_not_zero(buffers->rx + end, bytes_of(buffers) - end);
}

static void await_release(struct service *service)
{
    struct servant *servant = service->servant;

    __atomic_add_fetch(&servant->awaiting, 1, __ATOMIC_RELEASE);
    while (!__atomic_exchange_n(&servant->released, false, __ATOMIC_ACQ_REL)) {
        guest_yield();
    }
    __atomic_sub_fetch(&servant->awaiting, 1, __ATOMIC_RELEASE);
}

void servant_await_awaiting(struct servant *servant, uint32_t vcpus)
{
    while (__atomic_load_n(&servant->awaiting, __ATOMIC_ACQUIRE) != vcpus) {
        guest_yield();
    }
}

void servant_release(struct servant *servant)
{
    __atomic_store_n(&servant->released, true, __ATOMIC_RELEASE);
}

static void delay(uint32_t microseconds)
{
    uint64_t end = guest_clock() + microseconds;

    while (guest_clock() < end) {
        guest_yield();
    }
}

/* Statuses are 32 bits wide. */
static uint64_t status_word(struct guest_regs answer)
{
    return (uint32_t)client_status(&answer);
}

static void nest(struct service *service)
{
    struct client *client = &service->servant->client;
    uint64_t *told = &service->response.word[1];
    uint32_t ids = ffa_ids_make(service->servant->self, (uint16_t)argument_of(service));
    struct guest_regs answer;

    guest_timer(NEST_TIMER_US);
    do {
        answer = FFA(client, FFA_MSG_SEND_DIRECT_REQ_32, ids, 0, SERVANT(SERVANT_DELAY, 0),
                     word_of(service, 1), 0, 0, 0);
    } while (client_status(&answer) == FFA_OK && answer.x[0] != FFA_INTERRUPT);
    if (expect_equal(client, answer.x[0], FFA_INTERRUPT, "a request of a vCPU that serves")) {
        told[0] = status_word(message_send(client, &service->response));
        told[1] = status_word(FFA(client, FFA_MSG_WAIT, 0, 0));
        told[2] = status_word(FFA(client, FFA_MSG_SEND_DIRECT_REQ_32, ids, 0, 0));
    }
    told[3] = message_finish(client, answer).x[0];
    guest_timer(0);
}

static void start_vcpu(struct service *service)
{
    service->response.word[1] =
        guest_vcpu_start(argument_of(service), servant_serve, service->servant);
}

static void sleep_until(struct service *service)
{
    service->response.word[1] = guest_interrupt_await(argument_of(service), word_of(service, 1));
}

static void tell_life(struct service *service)
{
    service->response.word[1] = guest_life();
    service->response.word[2] = __atomic_load_n(&service->servant->requests, __ATOMIC_RELAXED);
}

static void map_again(struct service *service)
{
    const struct buffers *buffers = &service->servant->buffers;

    service->response.word[1] =
        status_word(FFA(&service->servant->client, FFA_RXTX_MAP_32, guest_ipa(buffers->tx),
                        guest_ipa(buffers->rx), buffers->pages));
}

static void paint(struct service *service)
{
    const struct buffers *buffers = &service->servant->buffers;

    pattern_paint(buffers->rx, bytes_of(buffers));
}

static void remember(struct service *service)
{
    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        service->servant->remembered[i] = service->request->word[1 + i];
    }
}

static void recall(struct service *service)
{
    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        service->response.word[1 + i] = service->servant->remembered[i];
    }
}

static void keep_pace(struct service *service)
{
    uint64_t now = guest_clock();
    uint64_t end = now + word_of(service, 1);

    while (now < end) {
        uint64_t before = now;

        FFA_STATUS(&service->servant->client, FFA_ID_GET);
        now = guest_clock();
        service->response.word[1]++;
        if (now - before > service->response.word[2]) {
            service->response.word[2] = now - before;
        }
    }
}

static void touch(struct service *service)
{
    servant_touch(service->request->word, service->response.word);
}

static void do_nothing(struct service *service)
{
    (void)service;
}

static void release(struct service *service)
{
    servant_release(service->servant);
}

static void be_silent(struct service *service)
{
    delay(word_of(service, 1));
}

static void enable(struct service *service)
{
    guest_interrupt_enable(argument_of(service));
}

static void count(struct service *service)
{
    service->response.word[1] = guest_interrupt_count(argument_of(service));
}

static void tick(struct service *service)
{
    guest_timer(word_of(service, 1));
}

static void borrow(struct service *service)
{
    servant_borrow(service->servant, service->request->from, service->request->word,
                   service->response.word);
}

static void take_leave(struct service *service)
{
    if (argument_of(service) != 0) {
        __atomic_store_n(&service->servant->farewells_due, argument_of(service), __ATOMIC_RELEASE);
    }
    __atomic_add_fetch(&service->servant->farewells, 1, __ATOMIC_RELEASE);
}

static void greet(struct service *service)
{
    service->response.word[1] =
        __atomic_add_fetch(&service->servant->greetings, 1, __ATOMIC_RELEASE);
}

static void stop_soon(struct service *service)
{
    service->stops = true;
    guest_timer(STOP_TIMER_US);
}

static void reset(struct service *service)
{
    delay(word_of(service, 1));
    guest_reset();
}

static void go_off(struct service *service)
{
    delay(word_of(service, 1));
    guest_off();
}

static void (*const performances[])(struct service *service) = {
    [SERVANT_NOTHING] = do_nothing,  [SERVANT_ECHO] = echo,         [SERVANT_CALL] = call,
    [SERVANT_FETCH] = fetch,         [SERVANT_TX] = write_tx,       [SERVANT_FILL] = fill,
    [SERVANT_RX] = read_rx,          [SERVANT_CHECK] = check,       [SERVANT_PAINT] = paint,
    [SERVANT_AWAIT] = await_release, [SERVANT_RELEASE] = release,   [SERVANT_ENABLE] = enable,
    [SERVANT_COUNT] = count,         [SERVANT_SLEEP] = sleep_until, [SERVANT_TIMER] = tick,
    [SERVANT_LIFE] = tell_life,      [SERVANT_RESET] = reset,       [SERVANT_OFF] = go_off,
    [SERVANT_DELAY] = be_silent,     [SERVANT_NEST] = nest,         [SERVANT_START] = start_vcpu,
    [SERVANT_STOP] = stop_soon,      [SERVANT_MAP] = map_again,     [SERVANT_FAREWELL] = take_leave,
    [SERVANT_LOAD] = touch,          [SERVANT_STORE] = touch,       [SERVANT_PAGES_FILL] = touch,
    [SERVANT_PAGES_TEST] = touch,    [SERVANT_PAGES_ZERO] = touch,  [SERVANT_RAM] = touch,
    [SERVANT_REMEMBER] = remember,   [SERVANT_RECALL] = recall,     [SERVANT_PACE] = keep_pace,
    [SERVANT_WALK] = touch,          [SERVANT_BORROW] = borrow,     [SERVANT_GREETING] = greet,
};

static void perform(struct service *service)
{
    uint32_t command = SERVANT_COMMAND(service->request->word[0]);
    bool known = command < sizeof(performances) / sizeof(performances[0]);

    if (expect(&service->servant->client, known, "a servant is asked what it knows")) {
        performances[command](service);
    }
}

/* --- The servant's side ----------------------------------------------------------------------- */

static struct guest_regs wait_for_message(struct servant *servant)
{
    return FFA(&servant->client, FFA_MSG_WAIT, 0, FFA_MSG_WAIT_KEEP_RX);
}

/* Deals with what came, and returns what comes next. */
static struct guest_regs serve(struct service *service, const struct message *request)
{
    struct servant *servant = service->servant;

    __atomic_add_fetch(&servant->requests, 1, __ATOMIC_RELAXED);
    expect_equal(&servant->client, request->to, servant->self, "the receiver of a request");
    service->request = request;
    service->has_answered = false;
    service->response = (struct message){
        .fid = message_response_to(request->fid),
        .from = servant->self,
        .to = request->from,
        .word = {SERVANT_ANSWER(SERVANT_COMMAND(request->word[0]), guest_vcpu())},
    };
    perform(service);
    return service->has_answered ? *service->called
                                 : message_send(&servant->client, &service->response);
}

void servant_serve(void *argument)
{
    struct service service = {.servant = argument};
    struct client *client = &service.servant->client;
    struct guest_regs answer = wait_for_message(service.servant);

    service.called = &service.servant->called[guest_vcpu()];
    for (;;) {
        struct message request;

        if (message_read(&answer, &request)) {
            answer = serve(&service, &request);
        } else if (answer.x[0] == FFA_INTERRUPT) {
            expect_equal(client, answer.x[1], 0, "w1, when a wait is interrupted");
            if (service.stops || __atomic_load_n(&service.servant->is_over, __ATOMIC_ACQUIRE)) {
                guest_off();
            }
            answer = wait_for_message(service.servant);
        } else {
            expect_status(client, client_status(&answer), FFA_OK, "a servant's wait");
            return;
        }
    }
}

/* --- The other side --------------------------------------------------------------------------- */

static struct message request_of(const struct errand *errand, uint32_t command_word,
                                 const uint64_t arguments[ERRAND_WORDS])
{
    struct message message = {
        .fid = errand->fid,
        .from = errand->self,
        .to = errand->servant,
        .word = {command_word},
    };

    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        message.word[1 + i] = arguments[i];
    }
    return message;
}

unsigned int errand_run(const struct errand *errand, uint32_t command_word,
                        const uint64_t arguments[ERRAND_WORDS], uint64_t answer[ERRAND_WORDS])
{
    struct message request = request_of(errand, command_word, arguments);
    struct guest_regs regs = message_exchange(errand->client, &request);
    struct message response;

    if (!message_read(&regs, &response)) {
        expect_status(errand->client, client_status(&regs), FFA_OK, "an errand");
        response = (struct message){0};
    } else {
        expect_equal(errand->client, SERVANT_COMMAND(response.word[0]),
                     SERVANT_COMMAND(command_word), "the command that was done");
    }
    for (unsigned int i = 0; i < ERRAND_WORDS; i++) {
        answer[i] = response.word[1 + i];
    }
    return SERVANT_ARGUMENT(response.word[0]);
}

uint64_t errand_ask(const struct errand *errand, uint32_t command_word,
                    const uint64_t arguments[ERRAND_WORDS])
{
    uint64_t answer[ERRAND_WORDS];

    errand_run(errand, command_word, arguments, answer);
    return answer[0];
}

struct guest_regs errand_call(const struct errand *errand, uint32_t fid,
                              const uint64_t arguments[ERRAND_WORDS])
{
    static const uint64_t none[ERRAND_WORDS];
    struct guest_regs result = {{0}};
    unsigned int vcpu;

    vcpu = errand_run(errand, SERVANT(SERVANT_CALL, SERVANT_FID(fid)), arguments, &result.x[0]);
    errand_run(errand, SERVANT(SERVANT_FETCH, vcpu), none, &result.x[ERRAND_WORDS]);
    return result;
}

void errand_await(const struct errand *errand)
{
    static const uint64_t none[ERRAND_WORDS];
    struct message request = request_of(errand, SERVANT(SERVANT_NOTHING, 0), none);
    struct message response;

    do {
        struct guest_regs answer = message_exchange_first(errand->client, &request);

        if (!message_read(&answer, &response)) {
            expect_status(errand->client, client_status(&answer), FFA_OK, "a servant is there");
            return;
        }
    } while (SERVANT_ARGUMENT(response.word[0]) != 0);
}

void errand_farewell(const struct errand *errand)
{
    static const uint64_t none[ERRAND_WORDS];
    struct message request = request_of(errand, SERVANT(SERVANT_FAREWELL, 0), none);
    struct guest_regs answer = message_exchange(errand->client, &request);

    if (client_status(&answer) != FFA_ABORTED) {
        expect_status(errand->client, client_status(&answer), FFA_OK, "a farewell");
    }
}

/* Whoever does not hear of the end gives up, for the sake of those who play on. */
void errand_last(const struct errand *errand, uint32_t command, uint32_t microseconds)
{
    struct message request =
        request_of(errand, SERVANT(command, 0), (const uint64_t[ERRAND_WORDS]){microseconds});
    uint64_t end = guest_clock() + PATIENCE_US;
    struct guest_regs answer;

    guest_timer(PATIENCE_US / 100);
    answer = message_send(errand->client, &request);
    while (message_is_under_way(&answer) && guest_clock() < end) {
        answer = FFA(errand->client, FFA_RUN, answer.x[1]);
    }
    guest_timer(0);
    expect_status(errand->client, client_status(&answer), FFA_ABORTED, "who answers no more");
}
