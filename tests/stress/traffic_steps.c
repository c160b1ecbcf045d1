/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What vCPUs do in the traffic run: they ask and serve, send and read mail, and signal. Whatever
 * the schedule, an answer is the answer to its question, a letter is whole, and a bit was bound.
 */
#define _POSIX_C_SOURCE 200809L
#include <sched.h>
#include <string.h>

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "traffic.h"

#define TIMER_US 2000u /* about how long a vCPU waits for anything */
#define PATIENCE 16u   /* and how often for the same */

struct tally traffic_tally;

unsigned int traffic_roll(struct dice *dice, unsigned int sides)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (unsigned int)(dice->state >> 20) % sides;
}

void traffic_expect(bool held, const struct vcpu *vcpu, const char *rule, uint64_t value)
{
    if (!held) {
        posix_violation("VM %u, vCPU %u: not so: %s (%#llx)", vcpu->slot->id, vcpu->index, rule,
                        (unsigned long long)value);
    }
}

static bool is_over(const struct vcpu *vcpu)
{
    return parley_load_acquire(&vcpu->slot->stop) != 0;
}

static uint16_t random_peer(struct vcpu *vcpu)
{
    return (uint16_t)(1 + traffic_roll(&vcpu->dice, VMS + 1)); /* or one that is not there */
}

/* --- Calls that may wait ---------------------------------------------------------------------- */

/* Sleeps as long as it has to. False: the life ends, and there is no answer. */
static bool call(struct vcpu *vcpu, struct parley_regs *regs)
{
    enum parley_outcome outcome = posix_call(vcpu->slot->vm, vcpu->index, regs);

    if (outcome == PARLEY_BLOCK) {
        posix_timer_set(vcpu->slot->vm, vcpu->index, 1 + traffic_roll(&vcpu->dice, TIMER_US));
        outcome = posix_wait(vcpu->slot->vm, vcpu->index, regs);
        posix_timer_set(vcpu->slot->vm, vcpu->index, 0);
    }
    return outcome != PARLEY_BLOCK;
}

static bool is_bound(const struct vcpu *vcpu)
{
    return parley_vcpu_cpu(posix_vm_parley(vcpu->slot->vm), vcpu->index) != PARLEY_ANY_CPU;
}

static void move_about(struct vcpu *vcpu)
{
    if (!is_bound(vcpu)) {
        posix_cpu_move(traffic_roll(&vcpu->dice, CPUS));
    }
}

/* Off and on again. Whatever it waited for, served, or left in the Secure world is over. */
static void nap(struct vcpu *vcpu)
{
    posix_vcpu_set_online(vcpu->slot->vm, vcpu->index, false);
    sched_yield();
    posix_vcpu_set_online(vcpu->slot->vm, vcpu->index, true);
}

/* --- Questions and answers -------------------------------------------------------------------- */

/* 24 bits that nobody takes for an address of the hypervisor's (posix.h), inverted or not. */
static uint32_t as_word(uint32_t value)
{
    return 0x11000000u | (value & 0xffffffu);
}

static uint32_t scrambled(uint32_t word)
{
    return as_word((word ^ word >> 11) * 0x9e3779b1u >> 3);
}

static bool is_register_message2(uint64_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_REQ2 || fid == FFA_MSG_SEND_DIRECT_RESP2;
}

/* Two words that belong together, and who says so. */
static void write_payload(struct parley_regs *regs, uint32_t nonce, uint32_t from)
{
    unsigned int at = is_register_message2(regs->x[0]) ? 4 : 3;

    regs->x[at] = nonce;
    regs->x[at + 1] = scrambled(nonce);
    regs->x[at + 2] = from;
}

static uint32_t read_payload(const struct vcpu *vcpu, const struct parley_regs *regs, uint16_t from)
{
    unsigned int at = is_register_message2(regs->x[0]) ? 4 : 3;
    uint32_t nonce = (uint32_t)regs->x[at];

    traffic_expect(regs->x[at + 1] == scrambled(nonce), vcpu, "a message is whole", regs->x[at]);
    traffic_expect(regs->x[at + 2] >> 16 == from, vcpu, "it is from whom it says", regs->x[1]);
    return nonce;
}

static uint32_t self_of(const struct vcpu *vcpu)
{
    return (uint32_t)vcpu->slot->id << 16 | vcpu->index;
}

static uint32_t response_to(uint64_t request, struct dice *dice)
{
    switch (request) {
    case FFA_MSG_SEND_DIRECT_REQ_32:
        return FFA_MSG_SEND_DIRECT_RESP_32;
    case FFA_MSG_SEND_DIRECT_REQ_64:
        return traffic_roll(dice, 2) == 0 ? FFA_MSG_SEND_DIRECT_RESP_32
                                          : FFA_MSG_SEND_DIRECT_RESP_64;
    default:
        return FFA_MSG_SEND_DIRECT_RESP2;
    }
}

static bool is_request(uint64_t fid)
{
    return fid == FFA_MSG_SEND_DIRECT_REQ_32 || fid == FFA_MSG_SEND_DIRECT_REQ_64 ||
           fid == FFA_MSG_SEND_DIRECT_REQ2;
}

static void ask_vm(struct vcpu *vcpu);

/* Serves a few requests; in the middle of one it may ask somebody else. */
static void serve(struct vcpu *vcpu)
{
    struct parley_regs regs = {{FFA_MSG_WAIT, 0, FFA_MSG_WAIT_KEEP_RX}};
    unsigned int left = 1 + traffic_roll(&vcpu->dice, 8);

    while (call(vcpu, &regs) && is_request(regs.x[0])) {
        uint64_t request = regs.x[0];
        uint16_t from = ffa_ids_sender((uint32_t)regs.x[1]);
        uint32_t nonce = read_payload(vcpu, &regs, from);

        parley_counter_increment(&traffic_tally.served);
        if (traffic_roll(&vcpu->dice, 8) == 0) {
            ask_vm(vcpu);
        }
        if (is_over(vcpu) || (--left == 0 && traffic_roll(&vcpu->dice, 4) == 0)) {
            return; /* leaves it unanswered */
        }
        memset(&regs, 0, sizeof(regs));
        regs.x[0] = response_to(request, &vcpu->dice);
        regs.x[1] = ffa_ids_make(vcpu->slot->id, from);
        write_payload(&regs, ~nonce, self_of(vcpu));
    }
}

/*
 * After a request, or FFA_RUN: until there is an answer, or the vCPU has lost patience. Then it
 * goes off, which ends its request and what it serves: vCPUs may wait for each other in a circle.
 */
static bool wait_on(struct vcpu *vcpu, struct parley_regs *regs)
{
    unsigned int patience = PATIENCE;

    while (regs->x[0] == FFA_INTERRUPT || regs->x[0] == FFA_YIELD) {
        uint64_t target = regs->x[1];

        parley_counter_increment(&traffic_tally.interrupted);
        posix_interrupts_taken(vcpu->slot->vm, vcpu->index, 0);
        if (is_over(vcpu)) {
            return false;
        }
        if (--patience == 0) {
            nap(vcpu);
            return false;
        }
        *regs = (struct parley_regs){{FFA_RUN, target}};
        if (!call(vcpu, regs)) {
            return false;
        }
    }
    return true;
}

static void check_refusal(const struct vcpu *vcpu, const struct parley_regs *regs)
{
    int32_t status = (int32_t)(uint32_t)regs->x[2];

    traffic_expect(regs->x[0] == FFA_ERROR, vcpu, "a question has an answer", regs->x[0]);
    traffic_expect(status == FFA_BUSY || status == FFA_INVALID_PARAMETERS || status == FFA_DENIED ||
                       status == FFA_ABORTED || status == FFA_NOT_SUPPORTED,
                   vcpu, "a question is refused for a reason", (uint32_t)status);
    if (status == FFA_ABORTED) {
        parley_counter_increment(&traffic_tally.aborted);
    }
}

static void ask_vm(struct vcpu *vcpu)
{
    static const uint32_t kinds[] = {FFA_MSG_SEND_DIRECT_REQ_32, FFA_MSG_SEND_DIRECT_REQ_64,
                                     FFA_MSG_SEND_DIRECT_REQ2};
    uint64_t kind = kinds[traffic_roll(&vcpu->dice, 3)];
    uint16_t peer = random_peer(vcpu);
    uint32_t nonce =
        as_word((vcpu->slot->id * VCPUS + vcpu->index) << 20 | ++vcpu->nonces % 0xfffff);
    struct parley_regs regs = {{kind, ffa_ids_make(vcpu->slot->id, peer)}};

    write_payload(&regs, nonce, self_of(vcpu));
    if (!call(vcpu, &regs) || !wait_on(vcpu, &regs)) {
        return;
    }
    if (regs.x[0] == FFA_ERROR) {
        check_refusal(vcpu, &regs);
        return;
    }
    traffic_expect(regs.x[1] == ffa_ids_make(peer, vcpu->slot->id), vcpu,
                   "an answer comes from who was asked", regs.x[1]);
    traffic_expect(read_payload(vcpu, &regs, peer) == ~nonce, vcpu,
                   "an answer is that to the question", regs.x[3]);
    parley_counter_increment(&traffic_tally.requests);
}

/* A partition inverts what it gets, at once or after being interrupted. */
static void ask_partition(struct vcpu *vcpu)
{
    uint32_t nonce = as_word((uint32_t)vcpu->dice.state);
    uint16_t partition =
        traffic_roll(&vcpu->dice, 2) == 0 ? PARTITION_ECHO_ID : PARTITION_NOTIFIER_ID;
    bool spins = traffic_roll(&vcpu->dice, 3) == 0;
    struct parley_regs regs = {{FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(vcpu->slot->id, partition),
                                0, spins ? COMMAND_SPIN : COMMAND_ECHO, spins ? 2500 : nonce}};

    if (!call(vcpu, &regs) || !wait_on(vcpu, &regs)) {
        return;
    }
    if (regs.x[0] == FFA_ERROR) {
        check_refusal(vcpu, &regs);
        return;
    }
    traffic_expect(regs.x[1] == ffa_ids_make(partition, vcpu->slot->id), vcpu,
                   "a partition's answer is its own", regs.x[1]);
    traffic_expect(spins || regs.x[4] == (uint32_t)~nonce, vcpu, "a partition's answer is ours",
                   regs.x[4]);
    parley_counter_increment(&traffic_tally.requests);
}

/* --- Mail ------------------------------------------------------------------------------------- */

static uint32_t header_bytes(const struct slot *slot)
{
    return slot->version >= FFA_VERSION_1_2 ? sizeof(struct ffa_msg_header_1_2)
                                            : sizeof(struct ffa_msg_header_1_1);
}

/*
 * As in as_word(), nobody takes these for a part of an address, however they are put together. The
 * first tells the seed.
 */
static uint8_t letter_byte(uint8_t seed, uint32_t index)
{
    return (uint8_t)(0x10 | ((seed + (index * 0x9e3779b1u >> 28)) & 0xf));
}

static void write_mail(struct vcpu *vcpu)
{
    struct slot *slot = vcpu->slot;
    uint8_t *tx = posix_vm_at(slot->vm, tx_ipa(slot->vm));
    uint8_t seed = (uint8_t)traffic_roll(&vcpu->dice, 16);
    uint32_t bytes = 1 + traffic_roll(&vcpu->dice, PAGES * FFA_PAGE_SIZE - 64);
    uint16_t to = traffic_roll(&vcpu->dice, 8) == 0 ? PARTITION_ECHO_ID : random_peer(vcpu);
    struct ffa_msg_header_1_2 header = {
        .payload_offset = header_bytes(slot),
        .ids = ffa_ids_make(slot->id, to),
        .payload_size = bytes,
    };

    pthread_rwlock_wrlock(&slot->tx);
    memcpy(tx, &header, header_bytes(slot));
    for (uint32_t i = 0; i < bytes; i++) {
        tx[header_bytes(slot) + i] = letter_byte(seed, i);
    }
    pthread_rwlock_unlock(&slot->tx);
}

static void send_mail(struct vcpu *vcpu)
{
    struct parley_regs regs = {{FFA_MSG_SEND2}};

    if (traffic_roll(&vcpu->dice, 2) == 0) {
        write_mail(vcpu);
    }
    pthread_rwlock_rdlock(&vcpu->slot->tx);
    posix_call(vcpu->slot->vm, vcpu->index, &regs);
    pthread_rwlock_unlock(&vcpu->slot->tx);
}

/* Whoever got the bit has the buffer, until it gives it back. */
static void read_mail(struct vcpu *vcpu)
{
    struct slot *slot = vcpu->slot;
    const uint8_t *rx = posix_vm_at(slot->vm, rx_ipa(slot->vm, PAGES));
    struct parley_regs release = {{FFA_RX_RELEASE}};
    struct ffa_msg_header_1_2 header;
    uint8_t seed;

    memcpy(&header, rx, header_bytes(slot));
    traffic_expect(header.payload_offset == header_bytes(slot) &&
                       header.payload_size <= PAGES * FFA_PAGE_SIZE - header_bytes(slot),
                   vcpu, "a letter has a header", header.payload_size);
    traffic_expect(
        ffa_ids_receiver(header.ids) == slot->id &&
            (ffa_ids_sender(header.ids) <= VMS || ffa_ids_sender(header.ids) == PARTITION_ECHO_ID),
        vcpu, "a letter is ours", header.ids);
    rx += header_bytes(slot);
    seed = rx[0];
    for (uint32_t i = 0; i < PAGES * FFA_PAGE_SIZE - header_bytes(slot); i++) {
        bool in_it = i < header.payload_size;

        if (!ffa_id_is_secure(ffa_ids_sender(header.ids)) || !in_it) {
            traffic_expect(rx[i] == (in_it ? letter_byte(seed, i) : 0), vcpu, "a letter is whole",
                           i);
        }
    }
    parley_counter_increment(&traffic_tally.mails);
    posix_call(slot->vm, vcpu->index, &release);
    traffic_expect(release.x[0] == FFA_SUCCESS_32, vcpu, "who has RX can give it back",
                   release.x[2]);
}

/* --- Signals ---------------------------------------------------------------------------------- */

/* Bit n is of VM n; the upper ones of a vCPU. */
static void bind(struct vcpu *vcpu)
{
    uint16_t peer = random_peer(vcpu);
    bool per_vcpu = traffic_roll(&vcpu->dice, 2) == 0;
    uint32_t fid =
        traffic_roll(&vcpu->dice, 4) == 0 ? FFA_NOTIFICATION_UNBIND : FFA_NOTIFICATION_BIND;
    struct parley_regs regs = {{fid, ffa_ids_make(peer, vcpu->slot->id), per_vcpu,
                                per_vcpu ? 0 : 1u << peer, per_vcpu ? 1u << peer : 0}};

    posix_call(vcpu->slot->vm, vcpu->index, &regs);
}

static void signal_peer(struct vcpu *vcpu)
{
    uint16_t peer = random_peer(vcpu);
    bool per_vcpu = traffic_roll(&vcpu->dice, 2) == 0;
    uint64_t flags = per_vcpu ? 1 | (uint64_t)traffic_roll(&vcpu->dice, VCPUS) << 16 : 0;
    uint64_t bit = 1u << vcpu->slot->id;
    struct parley_regs regs = {{FFA_NOTIFICATION_SET, ffa_ids_make(vcpu->slot->id, peer), flags,
                                per_vcpu ? 0 : bit, per_vcpu ? bit : 0}};

    posix_call(vcpu->slot->vm, vcpu->index, &regs);
    if (regs.x[0] == FFA_SUCCESS_32) {
        parley_counter_increment(&traffic_tally.signals);
    }
}

static void look(struct vcpu *vcpu)
{
    struct slot *slot = vcpu->slot;
    uint64_t flags = slot->reads_mail ? 0xf : FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_VM;
    struct parley_regs regs = {
        {FFA_NOTIFICATION_GET, ffa_receiver_info_make(slot->id, (uint16_t)vcpu->index), flags}};
    uint64_t possible = (2u << VMS) - 2;

    posix_interrupts_taken(slot->vm, vcpu->index, RIG_NPI);
    posix_call(slot->vm, vcpu->index, &regs);
    if (regs.x[0] != FFA_SUCCESS_32) {
        return;
    }
    traffic_expect((regs.x[4] & ~possible) == 0 && (regs.x[5] & ~possible) == 0, vcpu,
                   "a bit was bound", regs.x[4]);
    for (uint64_t bits = regs.x[4] | regs.x[5] << 32; bits != 0; bits &= bits - 1) {
        parley_counter_increment(&traffic_tally.bits);
    }
    traffic_expect((regs.x[6] & regs.x[7]) == 0, vcpu, "there is one letter at a time", regs.x[6]);
    if ((regs.x[6] | regs.x[7]) != 0) {
        read_mail(vcpu);
    }
}

static void resume_nobody(struct vcpu *vcpu)
{
    struct parley_regs regs = {{FFA_RUN, ffa_target_make(random_peer(vcpu), 0)}};

    if (call(vcpu, &regs)) {
        traffic_expect(regs.x[0] == FFA_ERROR, vcpu, "there is nothing to resume", regs.x[0]);
    }
}

static void (*const steps[])(struct vcpu *vcpu) = {
    serve,     serve, serve, serve,       ask_vm, ask_vm, ask_vm,        ask_partition,
    send_mail, look,  bind,  signal_peer, look,   nap,    resume_nobody,
};

void traffic_step(struct vcpu *vcpu)
{
    move_about(vcpu);
    steps[traffic_roll(&vcpu->dice, sizeof(steps) / sizeof(steps[0]))](vcpu);
}
