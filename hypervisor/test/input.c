/* SPDX-License-Identifier: BSD-3-Clause */
/* Says again what is typed, line by line, and sleeps in between. `bye` ends it. */
#include "devices.h"

#define UARTFR    0x18u
#define UARTLCR_H 0x2cu
#define UARTCR    0x30u

#define RECEIVED 0x50u

#define LINE_BYTES 160u

static char line[LINE_BYTES];
static unsigned int used;

static bool is_bye(void)
{
    return used == 3 && line[0] == 'b' && line[1] == 'y' && line[2] == 'e';
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
    say(line);
    if (is_bye()) {
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
