/* SPDX-License-Identifier: BSD-3-Clause */
/* Indirect messages from a VM to a Secure Partition: what they are refused for, and what arrives.
 */
#include "echo.h"

/* --- Checks ----------------------------------------------------------------------------------- */

static void test_receivers(void **state)
{
    static const struct {
        uint16_t id;
        int32_t status;
    } rows[] = {
        {ECHO, FFA_OK},
        {PARTITION_NOTIFIER_ID, FFA_DENIED},
        {PARTITION_TRIO_ID, FFA_DENIED},
        {0x8000, FFA_INVALID_PARAMETERS},
        {0x8004, FFA_INVALID_PARAMETERS},
        {0xffff, FFA_INVALID_PARAMETERS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned int smcs;

        start();
        smcs = posix_smc_count();
        assert_int_equal(letter_send(vm, 2, &(struct letter){.receiver = rows[i].id, .bytes = 1}),
                         rows[i].status);
        assert_int_equal(posix_smc_count() - smcs, rows[i].status == FFA_OK ? 1 : 0);
        assert_true(rig_stop());
    }
}

static void test_policy(void **state)
{
    static const struct {
        uint8_t rights;
        int32_t status;
    } rows[] = {
        {PARLEY_MAY_ALL, FFA_OK},
        {PARLEY_MAY_DISCOVER | PARLEY_MAY_MESSAGE, FFA_OK},
        {PARLEY_MAY_DISCOVER | PARLEY_MAY_NOTIFY, FFA_DENIED},
        {PARLEY_MAY_DISCOVER, FFA_DENIED},
        {0, FFA_INVALID_PARAMETERS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parley_vm_config config = rig_friend_config(VM);

        rig_start(&posix_spmc_1_2);
        config.secure_rights = rows[i].rights;
        vm = rig_vm(&config);
        settle(vm, FFA_VERSION_1_2);
        map_buffers(vm, 1);
        assert_int_equal(letter_send(vm, 1, &(struct letter){.receiver = ECHO, .bytes = 1}),
                         rows[i].status);
        assert_true(rig_stop());
    }
}

static void test_uuids(void **state)
{
    struct letter letter = {.receiver = ECHO, .bytes = 1};

    (void)state;
    start();
    letter.uuid = unit_uuid(3);
    assert_int_equal(letter_send(vm, 2, &letter), FFA_INVALID_PARAMETERS);
    letter.uuid = secure_partitions[1].uuids[0];
    assert_int_equal(letter_send(vm, 2, &letter), FFA_INVALID_PARAMETERS);
    letter.uuid = secure_partitions[0].uuids[0];
    assert_int_equal(letter_send(vm, 2, &letter), FFA_OK);
}

/* What the SPMC answers is passed on if it is an answer. */
static void test_answers(void **state)
{
    struct script script = {.fid = FFA_MSG_SEND2};

    (void)state;
    start();
    script_answer(&script, script_error(0));
    script_begin(&script);
    for (int32_t code = -12; code <= 2; code++) {
        int32_t status = code < 0 && code >= FFA_NO_DATA ? code : FFA_ABORTED;

        script.answer[0] = script_error(code);
        assert_int_equal(letter_send(vm, 2, &(struct letter){.receiver = ECHO, .bytes = 1}),
                         status);
    }
    script.answer[0] = (struct parley_regs){{FFA_INTERRUPT}};
    assert_int_equal(letter_send(vm, 2, &(struct letter){.receiver = ECHO}), FFA_ABORTED);
    script.answer[0] = (struct parley_regs){{UINT64_MAX}};
    assert_int_equal(letter_send(vm, 2, &(struct letter){.receiver = ECHO}), FFA_ABORTED);
    script.answer[0] = (struct parley_regs){{FFA_SUCCESS_32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}};
    assert_int_equal(letter_send(vm, 2, &(struct letter){.receiver = ECHO}), FFA_OK);
    posix_smc_replace(NULL, NULL);
}

/* --- What arrives ----------------------------------------------------------------------------- */

static uint32_t checksum(const struct letter *letter)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < letter->bytes; i++) {
        sum = COMMAND_CHECKSUM(sum, letter_byte(letter, i));
    }
    return sum;
}

static void assert_echo_has_read(const struct letter *letter, unsigned int count)
{
    struct answer answer;

    let_the_secure_world_run();
    answer = ASK(COMMAND_MESSAGES);
    assert_int_equal(answer.regs.x[3], FFA_OK);
    assert_int_equal(answer.regs.x[4], count);
    assert_int_equal(answer.regs.x[5], VM);
    assert_int_equal(answer.regs.x[6], letter->bytes);
    assert_int_equal(answer.regs.x[7], checksum(letter));
}

static void test_arrival(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(secure); i++) {
        for (size_t j = 0; j < COUNT(versions); j++) {
            struct letter letter = {.receiver = ECHO, .bytes = 1234, .seed = 5};

            start_with(secure[i], versions[j], 2);
            assert_int_equal(letter_send(vm, 2, &letter), FFA_OK);
            assert_echo_has_read(&letter, 1);
            letter = (struct letter){.receiver = ECHO, .offset = 4093, .bytes = 17, .seed = 6};
            assert_int_equal(letter_send(vm, 2, &letter), FFA_OK);
            assert_echo_has_read(&letter, 2);
            assert_true(rig_stop());
        }
    }
}

/* Its RX has one page: what fits there, and what the shadow takes. */
static void test_sizes(void **state)
{
    static const struct {
        uint32_t bytes;
        int32_t status;
    } rows[] = {
        {0, FFA_OK},
        {1, FFA_OK},
        {FFA_PAGE_SIZE - 40, FFA_OK},
        {FFA_PAGE_SIZE - 40 + 1, FFA_NO_MEMORY}, /* says the SPMC */
        {2 * FFA_PAGE_SIZE - 40, FFA_NO_MEMORY},
        {2 * FFA_PAGE_SIZE - 40 + 1, FFA_NO_MEMORY}, /* says Parley */
        {3 * FFA_PAGE_SIZE - 40, FFA_NO_MEMORY},
        {3 * FFA_PAGE_SIZE - 40 + 1, FFA_INVALID_PARAMETERS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct letter letter = {.receiver = ECHO, .bytes = rows[i].bytes, .seed = (uint8_t)i};

        start_with(&posix_spmc_1_2, FFA_VERSION_1_2, 3);
        assert_int_equal(letter_send(vm, 3, &letter), rows[i].status);
        if (rows[i].status == FFA_OK) {
            assert_echo_has_read(&letter, 1);
        }
        assert_true(rig_stop());
    }
}

/* The SPMC reads what Parley has checked: the VM's own ID, and nothing of its TX beside the letter.
 */
static void test_what_the_spmc_reads(void **state)
{
    struct letter letter = {.receiver = ECHO, .offset = 3000, .bytes = 50, .seed = 1};
    struct ffa_msg_header_1_2 header;
    struct posix_buffers buffers;

    (void)state;
    start_with(&posix_spmc_1_2, FFA_VERSION_1_1, 1);
    assert_int_equal(letter_send(vm, 1, &letter), FFA_OK);
    buffers = posix_spmc_buffers_of(VM);
    memcpy(&header, buffers.tx, sizeof(header));
    assert_int_equal(header.flags, 0);
    assert_int_equal(header.reserved, 0);
    assert_int_equal(header.payload_offset, sizeof(header));
    assert_int_equal(header.ids, ffa_ids_make(VM, ECHO));
    assert_int_equal(header.payload_size, 50);
    assert_int_equal(header.reserved2, 0);
    assert_true(ffa_uuid_is_nil(&header.uuid));
    for (size_t i = sizeof(header); i < buffers.bytes; i++) {
        size_t at = i - sizeof(header);

        assert_int_equal(buffers.tx[i], at < 50 ? letter_byte(&letter, at) : 0);
    }
}

/* --- A sibling, while TX is read -------------------------------------------------------------- */

static struct {
    int32_t send;
    int32_t unmap;
} sibling;

static void serve_with_a_sibling(void *context, struct parley_regs *regs)
{
    (void)context;
    if ((uint32_t)regs->x[0] == FFA_MSG_SEND2) {
        struct parley_regs send = {{FFA_MSG_SEND2}};
        struct parley_regs unmap = {{FFA_RXTX_UNMAP}};

        posix_call(vm, 1, &send);
        posix_call(vm, 1, &unmap);
        sibling.send = (int32_t)(uint32_t)send.x[2];
        sibling.unmap = (int32_t)(uint32_t)unmap.x[2];
    }
    posix_smc_secure_world(regs);
}

static void test_tx_in_use(void **state)
{
    (void)state;
    start();
    call_among_others = true;
    posix_smc_replace(serve_with_a_sibling, NULL);
    assert_int_equal(letter_send(vm, 2, &(struct letter){.receiver = ECHO, .bytes = 1}), FFA_OK);
    posix_smc_replace(NULL, NULL);
    call_among_others = false;
    assert_int_equal(sibling.send, FFA_BUSY);
    assert_int_equal(sibling.unmap, FFA_BUSY);
    assert_int_equal(CALL(vm, FFA_RXTX_UNMAP, 0).status, FFA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_receivers),
        RIG_TEST(test_policy),
        RIG_TEST(test_uuids),
        RIG_TEST(test_answers),
        RIG_TEST(test_arrival),
        RIG_TEST(test_sizes),
        RIG_TEST(test_what_the_spmc_reads),
        RIG_TEST(test_tx_in_use),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
