/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of docs/museum.md on what comes to a VM from the Secure world. */
#include "notify.h"
#include "spmc_world.h"

#include <string.h>

#define ALL_BITMAPS 0xfu
#define SEED        5u

/* Where the SPMC finds the RX that it fills for VM 1, and what it writes over the header there. */
struct spoiler {
    struct buffers parleys;
    uint64_t rx_pa;
    uint8_t *rx;
    struct ffa_msg_header_1_2 header;
    bool spoils;
};

static uint64_t told_rx(const uint8_t *descriptor)
{
    uint64_t pa;
    uint32_t at;

    memcpy(&at, descriptor + 4, sizeof(at));
    memcpy(&pa, descriptor + at + 16, sizeof(pa));
    return pa;
}

static void spoiling_spmc(void *context, struct parley_regs *regs)
{
    struct spoiler *spoiler = context;
    const uint32_t fid = w(regs, 0);

    if (is_map(fid) && spoiler->parleys.tx == NULL) {
        spoiler->parleys = parleys_buffers(regs);
    } else if (is_map(fid)) {
        spoiler->rx_pa = told_rx(spoiler->parleys.tx);
    }
    posix_smc_secure_world(regs);
    if (fid == FFA_NOTIFICATION_GET && spoiler->spoils) {
        memcpy(spoiler->rx, &spoiler->header, sizeof(spoiler->header));
    }
}

/* echo sends VM 1 a message; what its FFA_MSG_SEND2 answered. */
static int32_t sp_sends(struct posix_vm *vm, uint32_t bytes)
{
    const uint32_t words[5] = {COMMAND_MESSAGE_SEND, 1, bytes, SEED};
    const struct parley_regs answer = command(vm, 1, PARTITION_ECHO_ID, words);

    return (int32_t)w(&answer, 3);
}

static uint32_t spm_bits(struct posix_vm *vm)
{
    const struct parley_regs answer =
        CALL(vm, 0, FFA_NOTIFICATION_GET, ffa_receiver_info_make(1, 0), ALL_BITMAPS);

    assert_int_equal(status_of(&answer), FFA_OK);
    return w(&answer, 6);
}

static void expect_delivery(struct posix_vm *vm, uint32_t bytes)
{
    const uint8_t *rx = vm_rx(vm);
    struct ffa_msg_header_1_2 header;

    assert_int_equal(sp_sends(vm, bytes), FFA_OK);
    posix_cpu_work(the_parley(), 0);
    assert_int_equal(spm_bits(vm), FFA_NOTIFICATION_RX_FULL);
    assert_int_equal(vm_status(vm).rx, PARLEY_RX_FULL);
    memcpy(&header, rx, sizeof(header));
    assert_int_equal(header.ids, ffa_ids_make(PARTITION_ECHO_ID, 1));
    assert_int_equal(header.payload_offset, HEADER_BYTES_1_2);
    assert_int_equal(header.payload_size, bytes);
    for (uint32_t i = 0; i < FFA_PAGE_SIZE - HEADER_BYTES_1_2; i++) {
        assert_int_equal(rx[HEADER_BYTES_1_2 + i], i < bytes ? COMMAND_PATTERN(SEED, i) : 0);
    }
    assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
}

/* A message in the SPMC's RX that runs past its end is dropped, and the RX goes back to it. */
static void A6_notif_layout_untrusted(void **state)
{
    const uint32_t ids = ffa_ids_make(PARTITION_ECHO_ID, 1);
    const struct ffa_msg_header_1_2 bad[] = {
        {.payload_offset = 40, .ids = ids, .payload_size = FFA_PAGE_SIZE - 39},
        {.payload_offset = 40, .ids = ids, .payload_size = 0xffffffffu},
        {.payload_offset = 40, .ids = ids, .payload_size = 0xffffffd8u},
        {.payload_offset = 0xffffffffu, .ids = ids, .payload_size = 2},
        {.payload_offset = 0xfffffff0u, .ids = ids, .payload_size = 0x20},
        {.payload_offset = FFA_PAGE_SIZE, .ids = ids, .payload_size = 1},
        {.payload_offset = 0, .ids = ids, .payload_size = 8},
        {.payload_offset = 39, .ids = ids, .payload_size = 8},
    };
    struct spoiler spoiler = {.spoils = false};
    const uint8_t *memory;
    struct posix_vm *vm;
    size_t bytes;

    (void)state;
    lying_power_on(FFA_VERSION_1_2, NO_LIES);
    posix_smc_replace(spoiling_spmc, &spoiler);
    assert_non_null(parley_start(&usual_config));
    vm = talker_on(1, FFA_VERSION_1_2);
    vm_map(vm, 1);
    memory = parley_memory(&bytes);
    spoiler.rx = (uint8_t *)(uintptr_t)memory + (spoiler.rx_pa - parley_port_pa(memory).value);
    expect_delivery(vm, 100);
    for (size_t i = 0; i < COUNT(bad); i++) {
        vm_paint(vm, RX_PAGE, 1, 0);
        spoiler.header = bad[i];
        assert_int_equal(sp_sends(vm, 64), FFA_OK);
        posix_cpu_work(the_parley(), 0);
        spoiler.spoils = true;
        assert_int_equal(spm_bits(vm), 0);
        spoiler.spoils = false;
        assert_int_equal(vm_status(vm).rx, PARLEY_RX_FREE);
        for (unsigned int j = 0; j < FFA_PAGE_SIZE; j++) {
            assert_int_equal(vm_rx(vm)[j], 0);
        }
        expect_delivery(vm, 200);
    }
    posix_smc_replace(NULL, NULL);
}

/* --- I12 -------------------------------------------------------------------------------------- */

static void spmc_that_names_vm_1(void *unused, struct parley_regs *regs)
{
    (void)unused;
    if (w(regs, 0) == FFA_NOTIFICATION_INFO_GET_64) {
        *regs = (struct parley_regs){{FFA_SUCCESS_64, 0, 0x80, 1}};
        return;
    }
    posix_smc_secure_world(regs);
}

static void serve_sri(void *unused)
{
    (void)unused;
    for (unsigned int i = 0; i < 300; i++) {
        parley_schedule_receivers(the_parley());
    }
}

static void end_and_begin(void *unused)
{
    (void)unused;
    for (unsigned int i = 0; i < 20; i++) {
        vm_off(talker_on(1, FFA_VERSION_1_2)); /* takes its vCPUs and its memory with it */
    }
}

/* When a VM's end is done no hook is called with its name any more, whoever tells of it. */
static void I12_callback_after_unregister(void **state)
{
    const struct deed deeds[] = {{serve_sri, NULL}, {end_and_begin, NULL}};

    (void)state;
    machine_on(&posix_spmc_1_2);
    posix_smc_replace(spmc_that_names_vm_1, NULL);
    vm_off(talker_on(1, FFA_VERSION_1_2));
    serve_sri(NULL);
    at_once(deeds, COUNT(deeds));
    posix_smc_replace(NULL, NULL);
}

/* --- C8, I10, I11, I13 ------------------------------------------------------------------------ */

/* The SPMC tells of these lists, for ever or once. */
struct teller {
    uint64_t x2;
    uint64_t ids[5];
    bool for_ever;
    unsigned int asked;
};

static void telling_spmc(void *context, struct parley_regs *regs)
{
    struct teller *teller = context;

    if (w(regs, 0) != FFA_NOTIFICATION_INFO_GET_64) {
        posix_smc_secure_world(regs);
        return;
    }
    teller->asked++;
    if (teller->asked > 1 && !teller->for_ever) {
        *regs = (struct parley_regs){{FFA_ERROR, 0, (uint32_t)FFA_NO_DATA}};
        return;
    }
    *regs = (struct parley_regs){{FFA_SUCCESS_64, 0, teller->x2}};
    memcpy(&regs->x[3], teller->ids, sizeof(teller->ids));
}

/* An event for an ID that is another VM's by now is one idle interrupt at most. */
static void C8_id_reuse_between_query_and_use(void **state)
{
    struct teller teller = {.x2 = 0x80 /* one list, of one ID */, .ids = {1}};
    struct scene scene;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    assert_status(notif_bind(scene.receiver, 1, SECURE_SENDER, 0, 1), FFA_OK);
    vm_off(scene.receiver);
    scene.receiver = talker_on(1, FFA_VERSION_1_1);
    posix_smc_replace(telling_spmc, &teller);
    posix_sri(0);
    posix_cpu_work(the_parley(), 0);
    posix_smc_replace(NULL, NULL);
    assert_true(teller.asked >= 1);
    assert_in_range(injected(scene.receiver), 0, 1);
    for (uint16_t vcpu = 0; vcpu < VCPUS; vcpu++) {
        const struct parley_regs answer = notif_get(scene.receiver, 1, vcpu, GET_ALL);

        for (unsigned int i = 2; i <= 7; i++) {
            assert_int_equal(answer.x[i], 0);
        }
    }
    assert_status(notif_unbind(scene.receiver, 1, SECURE_SENDER, 1),
                  FFA_DENIED); /* nothing is bound */
}

/* An SPMC that always has more, or lists that do not fit, gets a bounded share of each step. */
static void I10_sri_loop_unbounded(void **state)
{
    static const uint64_t answers[] = {
        0x81,                        /* one list, and more */
        0xf81 | 0xfffffffffffff000u, /* 31 lists of four */
        0xa01 | 0x000ffffffffff000u, /* 20 lists of four: 80 IDs where there are 20 */
        0x01,                        /* none, and more */
        0xffffffffffffffffu,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct teller teller = {.x2 = answers[i], .for_ever = true};
        struct scene scene = scene_on(&posix_spmc_1_2);

        memset(teller.ids, i % 2 == 0 ? 0x01 : 0xff, sizeof(teller.ids));
        teller.ids[0] = 1;
        posix_smc_replace(telling_spmc, &teller);
        posix_smc_clear();
        for (unsigned int step = 1; step <= 50; step++) {
            parley_schedule_receivers(the_parley());
            assert_in_range(posix_smc_count(), 0, step); /* one SMC each */
        }
        parley_cpu_work(the_parley());
        assert_in_range(posix_smc_count(), 0, 51);
        assert_in_range(injected(scene.receiver), 0, 51);
        assert_int_equal(posix_locks_held, 0);
        posix_smc_replace(NULL, NULL);
        assert_int_equal(machine_off(NULL), 0);
    }
}

/* The interrupt's handler has nothing to do: a step, later and on any CPU, finds what there is. */
static void I11_work_in_irq_context(void **state)
{
    struct scene scene;
    struct parley_regs answer;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    assert_status(notif_bind(scene.receiver, 1, SECURE_SENDER, 0, 0x30), FFA_OK);
    assert_int_equal(sp_notifies(scene.sender, 2, 1, 0, 0x10), FFA_OK);
    posix_smc_clear();
    assert_int_equal(injected(scene.receiver), 0);
    assert_true(posix_cpu_has_work(0));
    assert_int_equal(posix_smc_count(), 0); /* the interrupt came, and nothing happened yet */
    posix_cpu_work(the_parley(), 0);
    assert_int_equal(injected(scene.receiver), 1);
    answer = notif_get(scene.receiver, 1, 0, GET_ALL);
    assert_int_equal(w(&answer, 2), 0x10);
    assert_status(notif_unbind(scene.receiver, 1, SECURE_SENDER, 0x30), FFA_OK);
}

/* Every CPU serves the interrupt that comes there. */
static void I13_sri_missing_on_secondary(void **state)
{
    struct scene scene;

    (void)state;
    scene = scene_on(&posix_spmc_1_2);
    assert_status(notif_bind(scene.receiver, 1, SECURE_SENDER, 0, 1), FFA_OK);
    for (unsigned int cpu = 0; cpu < 4; cpu++) {
        struct parley_regs answer;

        posix_cpu_move(cpu);
        assert_int_equal(sp_notifies(scene.sender, 2, 1, 0, 1), FFA_OK);
        assert_true(posix_cpu_has_work(cpu));
        posix_cpu_work(the_parley(), cpu);
        assert_int_equal(injected(scene.receiver), cpu + 1);
        answer = notif_get(scene.receiver, 1, 0, GET_ALL);
        assert_int_equal(w(&answer, 2), 1);
    }
    posix_cpu_move(0);
    assert_status(notif_unbind(scene.receiver, 1, SECURE_SENDER, 1), FFA_OK);
}

SECTION(museum_incoming, TEST(A6_notif_layout_untrusted), TEST(C8_id_reuse_between_query_and_use),
        TEST(I10_sri_loop_unbounded), TEST(I11_work_in_irq_context),
        TEST(I12_callback_after_unregister), TEST(I13_sri_missing_on_secondary))
