/* SPDX-License-Identifier: BSD-3-Clause */
/* The one real serial line. It is written in whole lines, so that CPUs do not mix theirs. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock.h"

#define CONSOLE_LINE_BYTES 200

/* A line that a vCPU is writing, character by character. */
struct console_line {
    size_t used;
    char text[CONSOLE_LINE_BYTES];
};

/* What several vCPUs write to, at a pace that leaves the serial line to others, too. */
struct console_log {
    struct lock lock;
    struct console_line line;
    uint64_t paid_until; /* in ticks: each character uses up a moment of the past */
};

void console_init(void);

/* From then on what is typed is kept; and while it listens, GIC_SPI_UART says that there is some.
 */
void console_init_input(void);
void console_listen(bool listens);

/* The next character that was typed, false if there is none. */
bool console_get(uint8_t *character);

/* One line, with [who] in front: "hyp", "parley" or a VM's name. */
void console_say(const char *who, const char *form, ...) __attribute__((format(printf, 2, 3)));

/* One line as it is. */
void console_print(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* Adds a character that `who` has written; the line is shown when it ends or is full. */
void console_put(struct console_line *line, const char *who, char character);

/*
 * Shows the line as far as it is, for somebody who types. What others write comes in between: then
 * it is shown again when there is more of it.
 */
void console_show(const struct console_line *line, const char *who);

/* Shows what is left of a line that will not be ended. */
void console_flush(struct console_line *line, const char *who);

/* Adds as much of a text as `who` may write now. Returns how many characters that was. */
unsigned int console_log(struct console_log *log, const char *who, const char *text,
                         unsigned int count);
void console_log_flush(struct console_log *log, const char *who);

/* The hypervisor cannot go on: one line, and the run ends as failed. */
_Noreturn void panic(const char *form, ...) __attribute__((format(printf, 1, 2)));

#endif
