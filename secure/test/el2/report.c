/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

#define UART_DR ((volatile uint32_t *)0x09000000)

static unsigned int passed;
static unsigned int failed;

static void put(const char *text)
{
    for (; *text != '\0'; text++) {
        *UART_DR = (uint8_t)*text;
    }
}

static void put_unsigned(unsigned int value)
{
    char digit[2] = {(char)('0' + value % 10), '\0'};

    if (value >= 10) {
        put_unsigned(value / 10);
    }
    put(digit);
}

static void put_hex(uint64_t value)
{
    char digit[2] = {"0123456789abcdef"[value & 0xf], '\0'};

    if (value >= 16) {
        put_hex(value >> 4);
    }
    put(digit);
}

void check(bool held, const char *what)
{
    if (held) {
        passed++;
        return;
    }
    failed++;
    put("FAILED: ");
    put(what);
    put("\n");
}

void report_value(const char *what, uint64_t value)
{
    put("  ");
    put(what);
    put(": 0x");
    put_hex(value);
    put("\n");
}

static _Noreturn void semihosting_exit(uint64_t status)
{
    const uint64_t block[2] = {0x20026, status};
    register uint64_t operation __asm__("x0") = 0x18;
    register const uint64_t *argument __asm__("x1") = block;

    __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
    }
}

_Noreturn void report_end(void)
{
    put_unsigned(passed);
    put(" passed, ");
    put_unsigned(failed);
    put(" failed\n");
    semihosting_exit(failed == 0 && passed != 0 ? 0 : 1);
}

_Noreturn void payload_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
    check(false, "no exception at EL2");
    report_value("ESR", esr);
    report_value("ELR", elr);
    report_value("FAR", far);
    report_end();
}
