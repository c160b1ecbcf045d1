/* SPDX-License-Identifier: BSD-3-Clause */
/* The museum's rows about memory, as museum.c has the others. */
#include "memory.h"

int main(void)
{
    size_t count = 0;
    int failed = 0;

    failed += museum_memory_read(&count);
    failed += museum_memory_shape(&count);
    failed += museum_memory_counts(&count);
    failed += museum_memory_rules(&count);
    failed += museum_memory_states(&count);
    failed += museum_memory_lives(&count);
    failed += museum_memory_secure(&count);
    failed += museum_memory_lies(&count);
    return closing_line(count, failed);
}
