/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Says again what is typed, line by line, and sleeps in between. To `ask` it asks back, on the line
 * that it goes on with; `bye` ends it.
 */
#include "devices.h"

#define UARTFR    0x18u
#define UARTLCR_H 0x2cu
#define UARTCR    0x30u

#define RECEIVED 0x50u

#define LINE_BYTES 160u

static char line[LINE_BYTES];
static unsigned int used;

static bool is(const char *text)
{
    unsigned int i = 0;

    while (i < used && text[i] == line[i]) {
        i++;
    }
    return i == used && text[i] == '\0';
}

/* False when it is to end. */
static bool take(uint8_t byte)
{
    if (byte != '\n') {
        line[used] = (char)byte;
        used += used < LINE_BYTES - 1 ? 1 : 0;
        return true;
    }
    line[used] = '\0';
    if (is("ask")) {
        write(UART + UARTDR, '!');
        write(UART + UARTDR, '\b');
        put("what? ");
    } else {
        say(line);
    }
    if (is("bye")) {
        return false;
    }
    used = 0;
    return true;
}

static bool take_all(void)
{
    while ((read(UART + UARTFR) & 0x10) == 0) {
        if (!take((uint8_t)read(UART + UARTDR))) {
            return false;
        }
    }
    return true;
}

void guest_main(void)
{
    uint32_t intid;

    open_interface();
    write(GICD + GICD_CTLR, 2);
    write(GICD + GICD_ISENABLER + 4, 1u << UART_INTID % 32);
    write(UART + UARTLCR_H, 0x70);
    write(UART + UARTIMSC, RECEIVED);
    write(UART + UARTCR, 0x301);
    say("listens");
    do {
        __asm__ volatile("dsb sy\n wfi" ::: "memory");
        intid = next();
        if (intid != NONE) {
            expect(intid == UART_INTID, "only the port interrupts");
            end(intid);
        }
    } while (take_all());
}
