/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the firmware's device tree says of RAM: where it is, and which of it is not to be touched.
 * (A VM's own device tree is a file that the table gives it.)
 */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stdint.h>

struct tree_range {
    uint64_t start;
    uint64_t end;
};

/*
 * Reads the tree at that address or, if none is there, at the start of RAM, or takes note that
 * there is none. Runs with the MMU off, before all else.
 */
void tree_read(const uint8_t *tree);

/* Whether some of start up to end is reserved; then where the lowest such range is, in pages. */
bool tree_reserves(uint64_t start, uint64_t end, struct tree_range *reserved);

/* Tells what is reserved. Returns why this RAM will not do, or NULL. */
const char *tree_check(void);

#endif
