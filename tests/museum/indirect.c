/* SPDX-License-Identifier: BSD-3-Clause */
/* Sections A to E, H and J of docs/museum.md as far as they are about indirect messages. */
#include "spmc_world.h"
#include "talk.h"

#include <string.h>

static const uint32_t versions[] = {FFA_VERSION_1_1, FFA_VERSION_1_2};

static uint32_t header_bytes(uint32_t version)
{
    return version == FFA_VERSION_1_2 ? HEADER_BYTES_1_2 : HEADER_BYTES_1_1;
}

/* --- A1 --------------------------------------------------------------------------------------- */

/* A header that would be refused, or that would lead out of every buffer. */
static void spoil_header(void *argument)
{
    const struct pair *pair = argument;
    const struct ffa_msg_header_1_2 bad = {
        .payload_offset = 0xfffffff0u, .ids = 0xffffffffu, .payload_size = 0x7fffffffu};

    memcpy(vm_page(pair->from, TX_PAGE), &bad, sizeof(bad));
}

/* Until it is told to stop, writes one header after the other that could be somebody's truth. */
struct flipper {
    const struct pair *pair;
    uint32_t stop;
};

static void flip_header(void *argument)
{
    static const uint32_t offsets[] = {40, 41, 2000, 4000, 0, 0xffffffffu};
    static const uint32_t sizes[] = {1, 8, 96, 2000, 4056, 5000, 0xffffffffu};
    struct flipper *flipper = argument;
    volatile uint32_t *tx = (uint32_t *)(void *)vm_page(flipper->pair->from, TX_PAGE);

    for (unsigned int i = 0; __atomic_load_n(&flipper->stop, __ATOMIC_RELAXED) == 0; i++) {
        tx[2] = offsets[i % COUNT(offsets)];
        tx[4] = sizes[i % COUNT(sizes)];
    }
}

/* Whether RX holds what one header said: so many bytes of one place of TX, and zeros. */
static void expect_one_truth(const struct pair *pair)
{
    const uint8_t *rx = vm_rx(pair->to);
    struct ffa_msg_header_1_2 header;

    memcpy(&header, rx, sizeof(header));
    assert_int_equal(header.payload_offset, HEADER_BYTES_1_2);
    assert_int_equal(header.ids, IDS);
    assert_in_range(header.payload_size, 0, FFA_PAGE_SIZE - HEADER_BYTES_1_2);
    for (uint32_t i = 0; i < FFA_PAGE_SIZE - HEADER_BYTES_1_2; i++) {
        const uint8_t *byte = &rx[HEADER_BYTES_1_2 + i];

        if (i >= header.payload_size) {
            assert_int_equal(*byte, 0);
        } else if (i != 0) {
            assert_int_equal(*byte, byte[-1] % 251 + 1);
        }
    }
}

static void send_many(void *argument)
{
    struct flipper *flipper = argument;
    const struct pair *pair = flipper->pair;
    unsigned int sent = 0;

    for (unsigned int i = 0; i < 3000; i++) {
        const struct parley_regs answer = send2(pair->from);

        if (status_of(&answer) == FFA_OK) {
            sent++;
            expect_one_truth(pair);
            assert_status(CALL(pair->to, 0, FFA_RX_RELEASE, 0), FFA_OK);
        } else {
            assert_true(status_of(&answer) == FFA_INVALID_PARAMETERS ||
                        status_of(&answer) == FFA_NO_MEMORY);
        }
    }
    __atomic_store_n(&flipper->stop, 1, __ATOMIC_RELAXED);
    assert_int_not_equal(sent, 0);
}

/* A header is read once: what the sender does to it afterwards changes nothing, at any moment. */
static void A1_send2_header_invented_load(void **state)
{
    struct pair pair;
    struct flipper flipper = {.pair = &pair};
    const struct deed deeds[] = {{send_many, &flipper}, {flip_header, &flipper}};
    bool finished;

    (void)state;
    pair = pair_on(FFA_VERSION_1_2, FFA_VERSION_1_2);
    write_message(pair.from, FFA_VERSION_1_2, IDS, 100, 1000);
    meanwhile_at_touch(pair.to, RX_PAGE, spoil_header, &pair, &finished);
    assert_status(send2(pair.from), FFA_OK);
    meanwhile_forget();
    assert_true(finished);
    expect_message(pair.to, FFA_VERSION_1_2, IDS, 100, 1000, 1);
    assert_status(CALL(pair.to, 0, FFA_RX_RELEASE, 0), FFA_OK);

    write_message(pair.from, FFA_VERSION_1_2, IDS, 100, 1000);
    /* All of the payload counts up, so that what was copied tells where it was. */
    for (uint32_t i = HEADER_BYTES_1_2; i < FFA_PAGE_SIZE; i++) {
        vm_page(pair.from, TX_PAGE)[i] = payload_byte(i);
    }
    at_once(deeds, COUNT(deeds));
}

/* --- A8 --------------------------------------------------------------------------------------- */

/* An SPMC that lets the sender change its page once it has been asked to carry the message. */
static void spmc_after_spoiling(void *context, struct parley_regs *regs)
{
    if (w(regs, 0) == FFA_MSG_SEND2) {
        assert_int_equal(w(regs, 1), 1u << 16);
        assert_int_equal(w(regs, 2), 0);
        memset(vm_page(context, TX_PAGE), 0xff, FFA_PAGE_SIZE);
    }
    posix_smc_secure_world(regs);
}

/* What goes to an SP is what was checked; the page of the VM is not looked at again. */
static void A8_guest_header_forwarded_live(void **state)
{
    static const uint32_t messages[5] = {COMMAND_MESSAGES};

    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        struct parley_regs answer;
        struct posix_vm *vm;
        uint32_t sum = 0;

        machine_on(&posix_spmc_1_2);
        vm = talker_on(1, versions[v]);
        vm_map(vm, 1);
        write_message(vm, versions[v], ffa_ids_make(1, PARTITION_ECHO_ID), 64, 300);
        posix_smc_replace(spmc_after_spoiling, vm);
        assert_status(send2(vm), FFA_OK);
        posix_smc_replace(NULL, NULL);
        posix_cpu_work(the_parley(), 0);
        answer = command(vm, 1, PARTITION_ECHO_ID, messages);
        for (uint32_t i = 64; i < 364; i++) {
            sum = COMMAND_CHECKSUM(sum, payload_byte(i));
        }
        assert_int_equal(answer.x[4], 1);
        assert_int_equal(answer.x[5], 1);
        assert_int_equal(answer.x[6], 300);
        assert_int_equal(answer.x[7], sum);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- B7 --------------------------------------------------------------------------------------- */

/* Keeps what the SPMC is told of a VM's buffers, and what it finds there. */
struct told {
    struct buffers parleys;
    struct parley_regs call;
    uint8_t descriptor[FFA_PAGE_SIZE];
    unsigned int count;
};

static void spmc_that_keeps(void *context, struct parley_regs *regs)
{
    struct told *told = context;

    if (is_map(w(regs, 0)) && told->parleys.tx == NULL) {
        told->parleys = parleys_buffers(regs);
    } else if (is_map(w(regs, 0))) {
        told->call = *regs;
        told->count++;
        memcpy(told->descriptor, told->parleys.tx, sizeof(told->descriptor));
    }
    posix_smc_secure_world(regs);
}

static uint32_t word_at(const uint8_t *bytes, uint32_t offset)
{
    uint32_t word;

    memcpy(&word, bytes + offset, sizeof(word));
    return word;
}

/* One composite descriptor of `pages` in one or more ranges; returns where it ends. */
static uint32_t expect_composite(const struct told *told, uint32_t offset, uint32_t pages)
{
    const uint32_t ranges = word_at(told->descriptor, offset + 4);
    uint32_t sum = 0;

    assert_int_equal(offset % 8, 0);
    assert_in_range(offset, 12, FFA_PAGE_SIZE - 32);
    assert_int_equal(word_at(told->descriptor, offset), pages);
    assert_in_range(ranges, 1, pages);
    assert_int_equal(word_at(told->descriptor, offset + 8), 0);
    assert_int_equal(word_at(told->descriptor, offset + 12), 0);
    for (uint32_t i = 0; i < ranges; i++) {
        const uint32_t range = offset + 16 + 16 * i;

        assert_int_equal(word_at(told->descriptor, range) % FFA_PAGE_SIZE, 0);
        sum += word_at(told->descriptor, range + 8);
        assert_int_equal(word_at(told->descriptor, range + 12), 0);
    }
    assert_int_equal(sum, pages);
    return offset + 16 + 16 * ranges;
}

static void expect_descriptor(uint32_t mapped, uint32_t expected)
{
    static struct told told;
    uint32_t first;
    uint32_t second;

    lying_power_on(FFA_VERSION_1_2, NO_LIES);
    memset(&told, 0, sizeof(told));
    posix_smc_replace(spmc_that_keeps, &told);
    assert_non_null(parley_start(&usual_config));
    vm_map(talker_on(5, FFA_VERSION_1_2), mapped);
    assert_int_equal(told.count, 1);
    for (unsigned int i = 1; i < FFA_REGS_MAX; i++) {
        assert_int_equal(told.call.x[i], 0);
    }
    assert_int_equal(word_at(told.descriptor, 0), 5);
    first = word_at(told.descriptor, 4);
    second = word_at(told.descriptor, 8);
    if (first > second) {
        first = second;
        second = word_at(told.descriptor, 4);
    }
    assert_true(expect_composite(&told, first, expected) <= second);
    expect_composite(&told, second, expected);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(machine_off(NULL), 0);
}

/* What Parley tells the SPMC of buffers is aligned to 8 bytes, in order and apart. */
static void B7_rxtx_descr_alignment(void **state)
{
    (void)state;
    for (uint32_t pages = 1; pages <= QUOTA; pages++) {
        const uint32_t most = usual_config.shadow_pages;

        expect_descriptor(pages, pages < most ? pages : most);
    }
}

/* --- D19 -------------------------------------------------------------------------------------- */

/* A message keeps its payload between any two versions; a UUID comes from 1.2 only. */
static void D19_send2_header_v12(void **state)
{
    static const uint32_t sizes[] = {0, 1, 7, 100, 4000};

    (void)state;
    for (unsigned int i = 0; i < COUNT(versions) * COUNT(versions) * COUNT(sizes); i++) {
        const uint32_t from = versions[i % 2];
        const uint32_t to = versions[i / 2 % 2];
        const uint32_t size = sizes[i / 4];
        struct pair pair = pair_on(from, to);

        write_message(pair.from, from, IDS, header_bytes(from) + i % 3, size);
        assert_status(send2(pair.from), FFA_OK);
        assert_int_equal(vm_status(pair.to).rx, PARLEY_RX_FULL);
        expect_message(pair.to, to, IDS, header_bytes(from) + i % 3, size, 1);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- E12, E21 --------------------------------------------------------------------------------- */

static void expect_send(struct pair *pair, uint32_t version, uint32_t offset, uint32_t size,
                        int32_t status)
{
    write_message(pair->from, version, IDS, offset, size);
    assert_status(send2(pair->from), status);
    if (status == FFA_OK) {
        expect_message(pair->to, vm_status(pair->to).version, IDS, offset, size, 1);
        assert_status(CALL(pair->to, 0, FFA_RX_RELEASE, 0), FFA_OK);
    }
    assert_int_equal(vm_status(pair->to).rx, PARLEY_RX_FREE);
}

/* A message is accepted up to its limit, and not a byte longer, wherever it is in TX. */
static void E12_size_off_by_header(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 4; i++) {
        const uint32_t from = versions[i % 2];
        const uint32_t to = versions[i / 2];
        const uint32_t mine = header_bytes(from);
        const uint32_t room = FFA_PAGE_SIZE - header_bytes(to);
        struct pair pair = pair_on(from, to);

        expect_send(&pair, from, mine - 1, 1, FFA_INVALID_PARAMETERS);
        expect_send(&pair, from, mine, 1, FFA_OK);
        expect_send(&pair, from, mine + 1, 1, FFA_OK);
        expect_send(&pair, from, FFA_PAGE_SIZE - 1, 1, FFA_OK);
        expect_send(&pair, from, FFA_PAGE_SIZE - 1, 2, FFA_INVALID_PARAMETERS);
        expect_send(&pair, from, FFA_PAGE_SIZE, 0, FFA_OK);
        expect_send(&pair, from, mine, FFA_PAGE_SIZE - mine + 1, FFA_INVALID_PARAMETERS);
        if (FFA_PAGE_SIZE - mine >= room) {
            expect_send(&pair, from, mine, room - 1, FFA_OK);
            expect_send(&pair, from, mine, room, FFA_OK);
        }
        if (FFA_PAGE_SIZE - mine > room) {
            expect_send(&pair, from, mine, room + 1, FFA_NO_MEMORY);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* What remains behind an offset is known only for an offset that is inside. */
static void E21_subtraction_before_check(void **state)
{
    static const uint32_t beyond[][2] = {{FFA_PAGE_SIZE + 1, 0},
                                         {FFA_PAGE_SIZE + 1, 1},
                                         {0xffffffffu, 0},
                                         {0xffffffffu, 1},
                                         {0xffffffffu, 2},
                                         {0xffffff00u, 0x200},
                                         {0x80000000u, 0x80000000u},
                                         {0x80000000u, 0x80000040u},
                                         {40, 0xffffffffu},
                                         {40, 0xffffffd8u},
                                         {100, 0xffffff9cu},
                                         {FFA_PAGE_SIZE, 1},
                                         {FFA_PAGE_SIZE, 0xffffffffu},
                                         {FFA_PAGE_SIZE + 40, 0xfffff000u},
                                         {0, 0}};
    struct pair pair;

    (void)state;
    for (size_t v = 0; v < COUNT(versions); v++) {
        pair = pair_on(versions[v], FFA_VERSION_1_2);
        for (size_t i = 0; i < COUNT(beyond); i++) {
            expect_send(&pair, versions[v], beyond[i][0], beyond[i][1], FFA_INVALID_PARAMETERS);
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- B17 -------------------------------------------------------------------------------------- */

/* How often the SPMC was told of buffers, or that they are no more. */
static unsigned int told_of_buffers(void)
{
    unsigned int told = 0;

    for (unsigned int i = 0; i < posix_smc_count(); i++) {
        const uint32_t fid = w(&posix_smc_at(i)->call, 0);

        told += fid == FFA_RXTX_MAP_32 || fid == FFA_RXTX_MAP_64 || fid == FFA_RXTX_UNMAP;
    }
    return told;
}

/* The Secure world is not told of buffers that it has no use for. */
static void B17_buffer_shared_without_need(void **state)
{
    static const uint32_t all[] = {FFA_VERSION_1_0, FFA_VERSION_1_1, FFA_VERSION_1_2};

    (void)state;
    for (unsigned int i = 0; i < 4 * COUNT(all); i++) {
        const uint32_t version = all[i / 4];
        const bool has_property = i % 2 == 1;
        const bool may = i / 2 % 2 == 1;
        const bool need = has_property && may && version != FFA_VERSION_1_0;
        struct posix_vm *vm;

        machine_on(&posix_spmc_1_2);
        talker_on(2, FFA_VERSION_1_1);
        posix_smc_clear();
        vm = vm_on(&(struct vm_setup){.id = 1,
                                      .version = version,
                                      .properties = has_property ? FFA_PARTITION_INDIRECT_MSG : 0,
                                      .sees_secure = may,
                                      .sees = {2}});
        vm_map(vm, 1);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
        assert_int_equal(posix_spmc_has_buffers_of(1), need);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
        assert_false(posix_spmc_has_buffers_of(1));
        assert_int_equal(told_of_buffers(), need ? 2 : 0);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* --- H3 --------------------------------------------------------------------------------------- */

/* An SPMC that says in FFA_FEATURES that it carries no indirect messages. */
static void spmc_without_send2(void *unused, struct parley_regs *regs)
{
    (void)unused;
    if (w(regs, 0) == FFA_FEATURES && w(regs, 1) == FFA_MSG_SEND2) {
        *regs = (struct parley_regs){{FFA_ERROR, 0, (uint32_t)FFA_NOT_SUPPORTED}};
        return;
    }
    posix_smc_secure_world(regs);
}

static void expect_carried(const struct parley_config *config, posix_smc_handler *handler,
                           bool carried)
{
    struct entry entries[ENTRIES_MAX];
    struct posix_vm *vm;

    lying_power_on(FFA_VERSION_1_2, NO_LIES);
    posix_smc_replace(handler, NULL);
    assert_non_null(parley_start(config));
    vm = talker_on(1, FFA_VERSION_1_2);
    assert_status(call_features(vm, FFA_MSG_SEND2), FFA_OK); /* there are VMs to send to */
    assert_int_not_equal(list_buffer(vm, NULL, entries), 0);
    assert_int_equal(entries[0].id, PARTITION_ECHO_ID);
    assert_int_equal((entries[0].properties & FFA_PARTITION_INDIRECT_MSG) != 0, carried);
    vm_map(vm, 1);
    assert_int_equal(posix_spmc_has_buffers_of(1), carried);
    write_message(vm, FFA_VERSION_1_2, ffa_ids_make(1, PARTITION_ECHO_ID), HEADER_BYTES_1_2, 8);
    assert_status(send2(vm), carried ? FFA_OK : FFA_DENIED);
    posix_cpu_work(the_parley(), 0);
    posix_smc_replace(NULL, NULL);
    assert_int_equal(machine_off(NULL), 0);
}

/* Indirect messages to SPs are shown and served only where they can be carried. */
static void H3_send2_without_rx_acquire(void **state)
{
    struct parley_config config = usual_config;

    (void)state;
    expect_carried(&config, NULL, true);
    expect_carried(&config, spmc_without_send2, false);
    config.shadow_pages = 0;
    expect_carried(&config, NULL, false);
}

/* --- J7 --------------------------------------------------------------------------------------- */

#define ROUNDS 3000u

struct direction {
    struct posix_vm *from;
    unsigned int sent;
};

static void send_on(void *argument)
{
    struct direction *direction = argument;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        const struct parley_regs answer = send2(direction->from);
        const int32_t status = status_of(&answer);

        assert_true(status == FFA_OK || status == FFA_BUSY);
        direction->sent += status == FFA_OK;
        CALL(direction->from, 0, FFA_RX_RELEASE, 0);
    }
}

/* Two VMs that send to each other, both at once, do not wait for each other. */
static void J7_two_vm_lock_order(void **state)
{
    struct pair pair = pair_on(FFA_VERSION_1_2, FFA_VERSION_1_2);
    struct direction there = {.from = pair.from};
    struct direction back = {.from = pair.to};
    const struct deed deeds[] = {{send_on, &there}, {send_on, &back}};

    (void)state;
    write_message(pair.from, FFA_VERSION_1_2, IDS, HEADER_BYTES_1_2, 500);
    write_message(pair.to, FFA_VERSION_1_2, ffa_ids_make(2, 1), HEADER_BYTES_1_2, 500);
    at_once(deeds, COUNT(deeds));
    assert_int_not_equal(there.sent, 0);
    assert_int_not_equal(back.sent, 0);
}

SECTION(museum_indirect, TEST(A1_send2_header_invented_load), TEST(A8_guest_header_forwarded_live),
        TEST(B7_rxtx_descr_alignment), TEST(B17_buffer_shared_without_need),
        TEST(D19_send2_header_v12), TEST(E12_size_off_by_header),
        TEST(E21_subtraction_before_check), TEST(H3_send2_without_rx_acquire),
        TEST(J7_two_vm_lock_order))
