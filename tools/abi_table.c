/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints README's table of ABIs from the mediator's own: what is there cannot differ from what is
 * said to be there.
 */
#include <stdio.h>
#include <string.h>

#include <parley/parley.h>

#include "../src/abi.h"

struct row {
    const char *name;
    const char *widths;
    const char *role;
    enum parley_version since;
};

static const struct row rows[] = {
#define ROW(name, number, widths, since, role, needs, handler) \
    {"FFA_" #name, #widths, #role, VERSION_##since},
    PARLEY_ABI_TABLE(ROW)
#undef ROW
};

static const char *state(const struct row *row, enum parley_version version)
{
    if (version < row->since) {
        return "-";
    }
    if (strcmp(row->role, "SERVED") == 0) {
        return "works";
    }
    return strcmp(row->role, "DELIVERED") == 0 ? "answers" : "later";
}

int main(void)
{
    printf("| ABI | IDs | 1.0 | 1.1 | 1.2 |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        if (strcmp(row->role, "ELSEWHERE") == 0) {
            continue;
        }
        printf("| `%s` | %s | %s | %s | %s |\n", row->name,
               strcmp(row->widths, "BOTH") == 0 ? "32, 64" : row->widths, state(row, VERSION_1_0),
               state(row, VERSION_1_1), state(row, VERSION_1_2));
    }
    return 0;
}
