/* SPDX-License-Identifier: BSD-3-Clause */
/* The golden tables, read from the text files of this folder. */
#ifndef GOLDEN_TABLES_H
#define GOLDEN_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GOLDEN_COLUMNS 6u
#define GOLDEN_IDS     288u /* function numbers 0x60 to 0xEF, 32 and 64 bits */

/* The columns, in the order of the files. */
struct golden_column {
    uint32_t version;
    bool aarch64;
    const char *name;
};

extern const struct golden_column golden_columns[GOLDEN_COLUMNS];

struct golden_row {
    uint32_t first; /* an ID, or a range of them */
    uint32_t last;
    char name[40]; /* "-" for none */
    char cell[GOLDEN_COLUMNS][24];
};

#define GOLDEN_FEATURES_MAX 256u
#define GOLDEN_NOT_FFA_MAX  256u

extern struct golden_row golden_abi[GOLDEN_IDS];
extern struct golden_row golden_hygiene[GOLDEN_IDS];
extern struct golden_row golden_features[GOLDEN_FEATURES_MAX];
extern size_t golden_feature_rows;
extern uint32_t golden_not_ffa[GOLDEN_NOT_FFA_MAX];
extern size_t golden_not_ffa_count;

/* Reads all files of the folder; false, having printed what is wrong with one, if it cannot. */
bool golden_load(const char *folder);

#endif
