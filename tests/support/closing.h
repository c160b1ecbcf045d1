/* SPDX-License-Identifier: BSD-3-Clause */
/* How a test program that uses cmocka ends: with the line that `make check` adds up. */
#ifndef CLOSING_H
#define CLOSING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL)); from main(). */
static inline int closing_line(size_t tests, int failed)
{
    printf("%d passed, %d failed\n", (int)tests - failed, failed);
    return failed != 0;
}

#endif
