/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of text on a PL011, by polling. */
#include "arch.h"
#include "monitor.h"

#define UART_DR      0x00
#define UART_FR      0x18
#define UART_FR_FULL (1u << 5)

static void put_char(uintptr_t uart, char c)
{
    while ((mmio_read32(uart + UART_FR) & UART_FR_FULL) != 0) {
    }
    mmio_write32(uart + UART_DR, (uint8_t)c);
}

void console_put(uintptr_t uart, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            put_char(uart, '\r');
        }
        put_char(uart, *text);
    }
}

void console_put_hex(uintptr_t uart, uint64_t value)
{
    console_put(uart, "0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        put_char(uart, "0123456789abcdef"[(value >> shift) & 0xf]);
    }
}

void console_put_unsigned(uintptr_t uart, unsigned int value)
{
    if (value >= 10) {
        console_put_unsigned(uart, value / 10);
    }
    put_char(uart, (char)('0' + value % 10));
}
