/* SPDX-License-Identifier: BSD-3-Clause */
/* The one real serial line. It is written in whole lines, so that CPUs do not mix theirs. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

#define CONSOLE_LINE_BYTES 200

/* A line that a vCPU is writing, character by character. */
struct console_line {
    size_t used;
    char text[CONSOLE_LINE_BYTES];
};

void console_init(void);

/* One line, with [who] in front: "hyp", "parley" or a VM's name. */
void console_say(const char *who, const char *form, ...) __attribute__((format(printf, 2, 3)));

/* One line as it is. */
void console_print(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* Adds a character that `who` has written; the line is shown when it ends or is full. */
void console_put(struct console_line *line, const char *who, char character);

/* Shows what is left of a line that will not be ended. */
void console_flush(struct console_line *line, const char *who);

/* The hypervisor cannot go on: one line, and the run ends as failed. */
_Noreturn void panic(const char *form, ...) __attribute__((format(printf, 1, 2)));

#endif
