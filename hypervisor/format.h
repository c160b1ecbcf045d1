/* SPDX-License-Identifier: BSD-3-Clause */
/* Text with values in it, as printf makes it, without a C library. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most `bytes` - 1 characters and a terminator into `text`; returns the length written.
 * Knows %s %c %d %u %x %%, the flags - and 0, a width, and l.
 */
size_t format(char *text, size_t bytes, const char *form, va_list values)
    __attribute__((format(printf, 3, 0)));

#endif
