/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A schedule told to people. Its ID is one letter for each turn, a for the first thread, and how
 * many steps the turn has if it is more than one: "a3bc2" is the schedule a a a b c c. Of whole
 * calls it starts with a dot.
 */
#define _POSIX_C_SOURCE 200809L /* popen */

#include "search.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void report_add(char *report, const char *format, ...)
{
    size_t used = strlen(report);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(report + used, EXPLORE_REPORT_BYTES - used, format, arguments);
    va_end(arguments);
}

/* --- Places in the source ------------------------------------------------- */

#define PLACE_BYTES   128u
#define COMMAND_BYTES (64u + 24u * STEPS_MAX)

static void cut_at(char *line, const char *text)
{
    char *found = strstr(line, text);

    if (found != NULL) {
        *found = '\0';
    }
}

static void copy_place(char place[PLACE_BYTES], const char *text)
{
    snprintf(place, PLACE_BYTES, "%s", text);
    cut_at(place, "\n");
    cut_at(place, " (discriminator");
}

/* A return address is that of the instruction after the call. */
static const char *call_at(const void *where)
{
    return (const char *)where - 1;
}

static FILE *start_addr2line(const void *const *where, unsigned int count)
{
    static char command[COMMAND_BYTES];
    size_t used = (size_t)snprintf(command, sizeof(command), "addr2line -aspfi -e /proc/%ld/exe",
                                   (long)getpid());

    for (unsigned int i = 0; i < count; i++) {
        used += (size_t)snprintf(command + used, sizeof(command) - used, " %p",
                                 (const void *)call_at(where[i]));
    }
    snprintf(command + used, sizeof(command) - used, " 2>/dev/null");
    return popen(command, "r");
}

/*
 * Where in the source addresses are, if addr2line is installed; it comes with the compiler. It says
 * "0xADDRESS: FUNCTION at FILE:LINE", and on lines of their own, " (inlined by) " whom. What was
 * inlined from the environment header tells nothing: its caller is meant.
 */
static void find_places(const void *const *where, unsigned int count, char places[][PLACE_BYTES])
{
    static const char inlined[] = " (inlined by) ";
    FILE *pipe = start_addr2line(where, count);
    char line[512];
    unsigned int found = 0; /* addresses, of which the last is places[found - 1] */

    for (unsigned int i = 0; i < count; i++) {
        snprintf(places[i], PLACE_BYTES, "at %p", (const void *)call_at(where[i]));
    }
    while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL) {
        char *first = strncmp(line, "0x", 2) == 0 ? strstr(line, ": ") : NULL;

        if (first != NULL && found < count) {
            copy_place(places[found++], first + 2);
        } else if (found != 0 && strncmp(line, inlined, strlen(inlined)) == 0 &&
                   strstr(places[found - 1], "interleave_env.h") != NULL) {
            copy_place(places[found - 1], line + strlen(inlined));
        }
    }
    if (pipe != NULL) {
        pclose(pipe);
    }
}

void report_place(char *report, const void *where)
{
    char place[1][PLACE_BYTES];

    find_places(&where, 1, place);
    report_add(report, "%s", place[0]);
}

/* --- Schedules ------------------------------------------------------------ */

void report_schedule(char *report, const struct explore_test *test, enum explore_grain grain,
                     const struct step *steps, unsigned int count)
{
    report_add(report, "\n  schedule %s:%s", test->name, grain == EXPLORE_BY_CALL ? "." : "");
    for (unsigned int i = 0; i < count;) {
        unsigned int turn = 1;

        while (i + turn < count && steps[i + turn].thread == steps[i].thread) {
            turn++;
        }
        report_add(report, "%c", 'a' + steps[i].thread);
        if (turn > 1) {
            report_add(report, "%u", turn);
        }
        i += turn;
    }
    report_add(report, "\n");
}

/* A small number for each word, in the order in which the schedule comes to them. */
static unsigned int number_of_word(const struct step *steps, unsigned int step)
{
    const uint64_t *seen[STEPS_MAX];
    unsigned int count = 0;

    for (unsigned int i = 0; i <= step; i++) {
        unsigned int n = 0;

        while (n < count && seen[n] != steps[i].op.word) {
            n++;
        }
        if (n == count) {
            seen[count++] = steps[i].op.word;
        }
        if (i == step) {
            return n;
        }
    }
    return 0;
}

static void report_op(char *report, const struct op *op, unsigned int word)
{
    static const char *const names[] = {
        [OP_LOAD] = "load",      [OP_STORE] = "store", [OP_EXCHANGE] = "exchange",
        [OP_OR] = "or",          [OP_CLEAR] = "clear", [OP_SUBTRACT] = "subtract",
        [OP_TAKE] = "take lock", [OP_DROP] = "drop",   [OP_TOUCH] = "hook",
        [OP_AWAIT] = "await",    [OP_PAUSE] = "pause", [OP_CALL] = "call",
    };

    report_add(report, "%-9s", names[op->kind]);
    if (op->word == NULL) {
        report_add(report, "%-35s", "");
        return;
    }
    report_add(report, " #%-3u", word);
    switch (op->kind) {
    case OP_LOAD:
    case OP_AWAIT:
        report_add(report, " %#-29llx", (unsigned long long)op->before);
        break;
    case OP_STORE:
    case OP_OR:
    case OP_CLEAR:
    case OP_SUBTRACT:
        report_add(report, " %#-12llx with %#-10llx ", (unsigned long long)op->before,
                   (unsigned long long)op->operand);
        break;
    case OP_EXCHANGE:
        report_add(report, " %#-12llx %s %#-10llx ", (unsigned long long)op->before,
                   op->wrote ? " to " : "not ", (unsigned long long)op->operand);
        break;
    default:
        report_add(report, " %-29s", "");
        break;
    }
}

void report_steps(char *report, const struct explore_test *test, const struct step *steps,
                  unsigned int count)
{
    static char places[STEPS_MAX][PLACE_BYTES];
    const void *where[STEPS_MAX] = {NULL};

    for (unsigned int i = 0; i < count; i++) {
        where[i] = steps[i].op.where;
    }
    find_places(where, count, places);
    for (unsigned int i = 0; i < count; i++) {
        report_add(report, "  %3u  %-17s ", i + 1, test->threads[steps[i].thread].name);
        report_op(report, &steps[i].op, number_of_word(steps, i));
        report_add(report, "%s\n", places[i]);
    }
}

unsigned int schedule_parse(const char *id, uint8_t threads[STEPS_MAX])
{
    unsigned int count = 0;

    while (*id >= 'a' && *id < (char)('a' + EXPLORE_THREADS_MAX)) {
        uint8_t thread = (uint8_t)(*id++ - 'a');
        char *end;
        unsigned long turn = strtoul(id, &end, 10);

        turn = end == id ? 1 : turn;
        id = end;
        while (turn-- > 0 && count < STEPS_MAX - 1) {
            threads[count++] = thread;
        }
    }
    return *id == '\0' ? count : 0;
}
