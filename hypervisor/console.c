/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "firmware.h"
#include "format.h"
#include "lock.h"
#include "machine.h"
#include "timer.h"

/* PL011 */
#define UART_DR       0x00
#define UART_FR       0x18
#define UART_FR_FULL  0x20
#define UART_FR_EMPTY 0x10 /* the receiver's FIFO */
#define UART_IMSC     0x38

#define UART_CR_RECEIVES   0x200
#define UART_IMSC_RECEIVED 0x50 /* enough of it, or some and then nothing for a while */

/* What a VM may log, in characters: on average, and at once after a silence. */
#define LOG_PER_S 65536
#define LOG_BURST 4096

#define WHO_COLUMNS 10 /* "[racer]   " */

static struct lock console_lock;

static volatile uint32_t *uart(unsigned int offset)
{
    return (volatile uint32_t *)(uintptr_t)(UART_BASE + offset);
}

void console_init(void)
{
    *uart(UART_CONTROL) = UART_TRANSMITS;
}

/* The FIFOs are as they were found: to switch them loses what has been typed already. */
void console_init_input(void)
{
    *uart(UART_CONTROL) = UART_TRANSMITS | UART_CR_RECEIVES;
}

void console_listen(bool listens)
{
    *uart(UART_IMSC) = listens ? UART_IMSC_RECEIVED : 0;
}

bool console_get(uint8_t *character)
{
    if ((*uart(UART_FR) & UART_FR_EMPTY) != 0) {
        return false;
    }
    *character = (uint8_t)*uart(UART_DR);
    return true;
}

static void write(char character)
{
    while ((*uart(UART_FR) & UART_FR_FULL) != 0) {
    }
    *uart(UART_DR) = (uint8_t)character;
}

static unsigned int write_text(const char *text)
{
    unsigned int count = 0;

    for (; text[count] != '\0'; count++) {
        write(text[count]);
    }
    return count;
}

/* The line on which the terminal's cursor is, if it has not ended; under the lock. */
static const struct console_line *in_view;
static size_t in_view_used; /* as far as it is shown */

static void leave_view(void)
{
    if (in_view != NULL) {
        write('\n');
    }
    in_view = NULL;
    in_view_used = 0;
}

static void write_name(const char *who)
{
    unsigned int columns = write_text("[") + write_text(who) + write_text("] ");

    for (; columns < WHO_COLUMNS; columns++) {
        write(' ');
    }
}

static void write_line(const char *who, const char *text)
{
    lock_take(&console_lock);
    leave_view();
    if (who != NULL) {
        write_name(who);
    }
    write_text(text);
    write('\n');
    lock_drop(&console_lock);
}

void console_say(const char *who, const char *form, ...)
{
    char text[CONSOLE_LINE_BYTES];
    va_list values;

    va_start(values, form);
    format(text, sizeof(text), form, values);
    va_end(values);
    write_line(who, text);
}

void console_print(const char *form, ...)
{
    char text[CONSOLE_LINE_BYTES];
    va_list values;

    va_start(values, form);
    format(text, sizeof(text), form, values);
    va_end(values);
    write_line(NULL, text);
}

/* A terminal's control sequences would let a VM write what looks like another's line. */
static char printable(char character)
{
    if (character == '\t') {
        return ' ';
    }
    return character >= ' ' && character <= '~' ? character : '?';
}

/* With the lock held: more of the line, or less. */
static void show(const struct console_line *line, const char *who)
{
    if (in_view != line) {
        leave_view();
        write_name(who);
        in_view = line;
    }
    for (; in_view_used > line->used; in_view_used--) {
        write_text("\b \b");
    }
    for (; in_view_used < line->used; in_view_used++) {
        write(line->text[in_view_used]);
    }
}

void console_show(const struct console_line *line, const char *who)
{
    lock_take(&console_lock);
    if (line->used != 0 || in_view == line) {
        show(line, who);
    }
    lock_drop(&console_lock);
}

static void end_line(struct console_line *line, const char *who)
{
    lock_take(&console_lock);
    show(line, who);
    leave_view();
    lock_drop(&console_lock);
    line->used = 0;
}

void console_put(struct console_line *line, const char *who, char character)
{
    switch (character) {
    case '\r':
        return;
    case '\b':
        line->used -= line->used != 0 ? 1 : 0;
        return;
    case '\n':
        end_line(line, who);
        return;
    default:
        line->text[line->used++] = printable(character);
        break;
    }
    if (line->used == sizeof(line->text)) {
        end_line(line, who);
    }
}

void console_flush(struct console_line *line, const char *who)
{
    if (line->used != 0) {
        console_put(line, who, '\n');
    }
}

/* How many of `count` characters are allowed now; they are counted as written. */
static unsigned int pay(struct console_log *log, unsigned int count)
{
    uint64_t each = timer_ticks_of_ms(1000) / LOG_PER_S;
    uint64_t now = timer_ticks();
    uint64_t allowed;

    if (now - log->paid_until > LOG_BURST * each) {
        log->paid_until = now - LOG_BURST * each;
    }
    allowed = (now - log->paid_until) / each;
    if (allowed > count) {
        allowed = count;
    }
    log->paid_until += allowed * each;
    return (unsigned int)allowed;
}

unsigned int console_log(struct console_log *log, const char *who, const char *text,
                         unsigned int count)
{
    unsigned int taken;

    lock_take(&log->lock);
    taken = pay(log, count);
    for (unsigned int i = 0; i < taken; i++) {
        console_put(&log->line, who, text[i]);
    }
    lock_drop(&log->lock);
    return taken;
}

void console_log_flush(struct console_log *log, const char *who)
{
    lock_take(&log->lock);
    console_flush(&log->line, who);
    lock_drop(&log->lock);
}

void panic(const char *form, ...)
{
    static bool panicking;
    char text[CONSOLE_LINE_BYTES];
    va_list values;

    /* The first one tells. A second may come from another CPU, or from the way out itself. */
    while (__atomic_exchange_n(&panicking, true, __ATOMIC_ACQ_REL)) {
        __asm__ volatile("wfi");
    }

    va_start(values, form);
    format(text, sizeof(text), form, values);
    va_end(values);
    console_say("hyp", "PANIC: %s", text);
    machine_exit(1);
}
