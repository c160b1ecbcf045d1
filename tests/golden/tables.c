/* SPDX-License-Identifier: BSD-3-Clause */
#include "tables.h"

#include <inttypes.h>
#include <stdio.h>

#include <parley/ffa.h>

const struct golden_column golden_columns[GOLDEN_COLUMNS] = {
    {FFA_VERSION_1_0, false, "1.0/32"}, {FFA_VERSION_1_0, true, "1.0/64"},
    {FFA_VERSION_1_1, false, "1.1/32"}, {FFA_VERSION_1_1, true, "1.1/64"},
    {FFA_VERSION_1_2, false, "1.2/32"}, {FFA_VERSION_1_2, true, "1.2/64"},
};

struct golden_row golden_abi[GOLDEN_IDS];
struct golden_row golden_hygiene[GOLDEN_IDS];
struct golden_row golden_features[GOLDEN_FEATURES_MAX];
size_t golden_feature_rows;
uint32_t golden_not_ffa[GOLDEN_NOT_FFA_MAX];
size_t golden_not_ffa_count;

static bool give_up(const char *path, const char *line)
{
    fprintf(stderr, "%s: cannot read: %s\n", path, line);
    return false;
}

/* Hands each line that is neither empty nor a comment to this. */
typedef bool take_line(const char *line, void *rows, size_t index);

static bool take_lines(FILE *file, const char *path, take_line *take, void *rows, size_t max,
                       size_t *count)
{
    char line[256];

    *count = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (*count == max || !take(line, rows, *count)) {
            return give_up(path, line);
        }
        (*count)++;
    }
    return true;
}

static bool read_table(const char *folder, const char *name, take_line *take, void *rows,
                       size_t max, size_t *count)
{
    char path[256];
    FILE *file;
    bool good;

    snprintf(path, sizeof(path), "%s%s", folder, name);
    file = fopen(path, "r");
    if (file == NULL) {
        return give_up(path, "there is no such file");
    }
    good = take_lines(file, path, take, rows, max, count);
    fclose(file);
    return good;
}

/* "ID name CELL..." or "ID-ID name CELL...". */
static bool take_row(const char *line, void *rows, size_t index)
{
    struct golden_row *row = (struct golden_row *)rows + index;
    int ids = sscanf(line, "%8" SCNx32 "-%8" SCNx32, &row->first, &row->last);
    char extra[2];

    if (ids == 1) {
        row->last = row->first;
    }
    return ids >= 1 && sscanf(line, "%*s %39s %23s %23s %23s %23s %23s %23s %1s", row->name,
                              row->cell[0], row->cell[1], row->cell[2], row->cell[3], row->cell[4],
                              row->cell[5], extra) == 1 + GOLDEN_COLUMNS;
}

static bool take_id(const char *line, void *ids, size_t index)
{
    return sscanf(line, "%8" SCNx32, (uint32_t *)ids + index) == 1;
}

bool golden_load(const char *folder)
{
    size_t abi_rows;
    size_t hygiene_rows;

    if (!read_table(folder, "abi_matrix.txt", take_row, golden_abi, GOLDEN_IDS, &abi_rows) ||
        !read_table(folder, "register_hygiene.txt", take_row, golden_hygiene, GOLDEN_IDS,
                    &hygiene_rows) ||
        !read_table(folder, "feature_ids.txt", take_row, golden_features, GOLDEN_FEATURES_MAX,
                    &golden_feature_rows) ||
        !read_table(folder, "not_ffa.txt", take_id, golden_not_ffa, GOLDEN_NOT_FFA_MAX,
                    &golden_not_ffa_count)) {
        return false;
    }
    return (abi_rows == GOLDEN_IDS && hygiene_rows == GOLDEN_IDS) ||
           give_up(folder, "a table has not one line for each ID of the range");
}
