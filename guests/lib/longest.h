/* SPDX-License-Identifier: BSD-3-Clause */
/* What took longest of many things. */
#ifndef LONGEST_H
#define LONGEST_H

#include <guest.h>

struct longest {
    const char *what; /* NULL: there was nothing */
    uint64_t us;
};

/* Something that began at that time of guest_clock(), and is over. */
static inline void longest_note(struct longest *longest, const char *what, uint64_t start)
{
    uint64_t us = guest_clock() - start;

    if (longest->what == NULL || us > longest->us) {
        *longest = (struct longest){what, us};
    }
}

#endif
