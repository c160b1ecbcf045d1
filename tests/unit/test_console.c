/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_CONSOLE_LOG: what gets to the VM's console, and how much of it. */
#include <string.h>

#include "unit.h"

#define BYTES_32 24u
#define BYTES_64 128u

static struct posix_vm *vm;

static void start(uint32_t version)
{
    rig_start(NULL);
    vm = rig_friend(1, version);
}

/* As a guest packs them: eight characters to a register, or four. */
static struct answer log_text(uint32_t fid, uint64_t count, const char *text, size_t bytes)
{
    uint64_t call[FFA_REGS_MAX] = {fid, count};
    size_t each = ffa_fid_is_64(fid) ? 8 : 4;

    for (size_t i = 0; i < bytes; i++) {
        call[2 + i / each] |= (uint64_t)(uint8_t)text[i] << (8 * (i % each));
    }
    return call_with(vm, 0, call, ffa_fid_is_64(fid) ? FFA_REGS_MAX : FFA_REGS_SMC32);
}

/* Printable, and different at each place. */
static void make_text(char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        text[i] = (char)(' ' + i % 95);
    }
    text[bytes] = '\0';
}

static void test_each_length(void **state)
{
    static const uint32_t fids[] = {FFA_CONSOLE_LOG_32, FFA_CONSOLE_LOG_64};
    char text[BYTES_64 + 1];

    (void)state;
    for (size_t i = 0; i < COUNT(fids); i++) {
        unsigned int max = fids[i] == FFA_CONSOLE_LOG_32 ? BYTES_32 : BYTES_64;

        for (unsigned int count = 0; count < 256; count++) {
            int32_t status = count != 0 && count <= max ? FFA_OK : FFA_INVALID_PARAMETERS;

            start(FFA_VERSION_1_2);
            make_text(text, count < max ? count : max);
            assert_int_equal(log_text(fids[i], count, text, strlen(text)).status, status);
            assert_string_equal(posix_console(vm), status == FFA_OK ? text : "");
            assert_true(rig_stop());
        }
    }
}

/* Bits 31 to 8 of w1 should be zero: they are not looked at. */
static void test_reserved_bits(void **state)
{
    (void)state;
    start(FFA_VERSION_1_2);
    assert_int_equal(log_text(FFA_CONSOLE_LOG_32, 0xffffff02, "ab", 2).status, FFA_OK);
    assert_int_equal(log_text(FFA_CONSOLE_LOG_64, 0x100, "ab", 2).status, FFA_INVALID_PARAMETERS);
    assert_int_equal(log_text(FFA_CONSOLE_LOG_64, 0xffffffffffffff02, "cd", 2).status, FFA_OK);
    assert_string_equal(posix_console(vm), "abcd");
}

static void test_who_has_it(void **state)
{
    struct parley_vm_config config = rig_friend_config(2);
    struct posix_vm *old;

    (void)state;
    for (uint32_t version = FFA_VERSION_1_0; version <= FFA_VERSION_1_1; version++) {
        start(version);
        assert_int_equal(log_text(FFA_CONSOLE_LOG_32, 1, "a", 1).status, FFA_NOT_SUPPORTED);
        assert_int_equal(log_text(FFA_CONSOLE_LOG_64, 1, "a", 1).status, FFA_NOT_SUPPORTED);
        assert_string_equal(posix_console(vm), "");
    }
    start(FFA_VERSION_1_2);
    old = rig_vm_32(&config);
    settle(old, FFA_VERSION_1_2);
    assert_int_equal(CALL(old, FFA_CONSOLE_LOG_32, 2, 'a' | 'b' << 8).status, FFA_OK);
    assert_int_equal(CALL(old, FFA_CONSOLE_LOG_64, 2, 'a' | 'b' << 8).status, FFA_NOT_SUPPORTED);
    assert_string_equal(posix_console(old), "ab");
    assert_string_equal(posix_console(vm), "");
}

/* What moves a cursor or hides a line does not get there. */
static void test_every_character(void **state)
{
    (void)state;
    for (unsigned int character = 0; character < 256; character++) {
        const char byte = (char)character;
        bool kept =
            (character >= ' ' && character <= '~') || character == '\n' || character == '\t';
        const char expected[] = {kept ? byte : '?', '\0'};

        start(FFA_VERSION_1_2);
        assert_int_equal(log_text(FFA_CONSOLE_LOG_64, 1, &byte, 1).status, FFA_OK);
        assert_string_equal(posix_console(vm), expected);
        assert_true(rig_stop());
    }
}

/* A console that is behind: w3 says how much it took, and the rest is tried again. */
static void test_behind(void **state)
{
    char text[BYTES_64 + 1];
    unsigned int done = 0;
    struct answer answer;

    (void)state;
    start(FFA_VERSION_1_2);
    make_text(text, BYTES_64);
    posix_console_allow(vm, 0);
    answer = log_text(FFA_CONSOLE_LOG_64, BYTES_64, text, BYTES_64);
    assert_int_equal(answer.status, FFA_RETRY);
    assert_int_equal(answer.regs.x[3], 0);
    while (done < BYTES_64) {
        posix_console_allow(vm, 7);
        answer = log_text(FFA_CONSOLE_LOG_64, BYTES_64 - done, text + done, BYTES_64 - done);
        if (answer.status == FFA_OK) {
            break;
        }
        assert_int_equal(answer.status, FFA_RETRY);
        assert_int_equal(answer.regs.x[3], 7);
        done += 7;
    }
    assert_int_equal(done, BYTES_64 / 7 * 7);
    assert_string_equal(posix_console(vm), text);
}

/* What is in the registers behind the text is not looked at. */
static void test_nothing_beside_the_text(void **state)
{
    (void)state;
    start(FFA_VERSION_1_2);
    assert_int_equal(log_text(FFA_CONSOLE_LOG_64, 5, "hello, world", 12).status, FFA_OK);
    assert_string_equal(posix_console(vm), "hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_each_length), RIG_TEST(test_reserved_bits),
        RIG_TEST(test_who_has_it),  RIG_TEST(test_every_character),
        RIG_TEST(test_behind),      RIG_TEST(test_nothing_beside_the_text),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
