/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations: what each does to its word, and the functions by which the code under test, its
 * hooks and the tests do them.
 */
#include "search.h"

static void check_lock(const struct op *op)
{
    if (op->kind == OP_TAKE && *op->word != 0) {
        explore_fail("a lock is taken that nobody will drop");
    }
    if (op->kind == OP_DROP && *op->word == 0) {
        explore_fail("a lock is dropped that nobody holds");
    }
}

void op_perform(struct op *op)
{
    check_lock(op);
    op->wrote = op_would_write(op);
    op->before = op->kind == OP_TOUCH || op->word == NULL ? 0 : *op->word;
    switch (op->kind) {
    case OP_STORE:
        *op->word = op->operand;
        break;
    case OP_EXCHANGE:
        *op->word = op->wrote ? op->operand : op->before;
        break;
    case OP_OR:
        *op->word = op->before | op->operand;
        break;
    case OP_CLEAR:
        *op->word = op->before & ~op->operand;
        break;
    case OP_SUBTRACT:
        *op->word = op->before - op->operand;
        break;
    case OP_TAKE:
        *op->word = 1;
        break;
    case OP_DROP:
        *op->word = 0;
        break;
    case OP_LOAD:
    case OP_TOUCH:
    case OP_AWAIT:
    case OP_PAUSE:
    case OP_CALL:
        break;
    }
}

void explore_touch(const void *object)
{
    struct op op = {.kind = OP_TOUCH,
                    .word = (uint64_t *)(uintptr_t)object,
                    .where = __builtin_return_address(0),
                    .is_ports = true};

    explore_reach(&op);
}

uint64_t explore_port_load(const uint64_t *word)
{
    struct op op = {.kind = OP_LOAD,
                    .word = (uint64_t *)(uintptr_t)word,
                    .where = __builtin_return_address(0),
                    .is_ports = true};

    explore_reach(&op);
    return op.before;
}

uint64_t explore_port_set(uint64_t *word, uint64_t bits)
{
    struct op op = {.kind = OP_OR,
                    .word = word,
                    .operand = bits,
                    .where = __builtin_return_address(0),
                    .is_ports = true};

    explore_reach(&op);
    return op.before;
}

uint64_t explore_port_clear(uint64_t *word, uint64_t bits)
{
    struct op op = {.kind = OP_CLEAR,
                    .word = word,
                    .operand = bits,
                    .where = __builtin_return_address(0),
                    .is_ports = true};

    explore_reach(&op);
    return op.before;
}

void explore_pause(void)
{
    struct op op = {.kind = OP_PAUSE, .where = __builtin_return_address(0)};

    explore_reach(&op);
}

uint64_t explore_await_change(const uint64_t *word, uint64_t seen)
{
    struct op op = {.kind = OP_AWAIT,
                    .word = (uint64_t *)(uintptr_t)word,
                    .operand = seen,
                    .where = __builtin_return_address(0)};

    explore_reach(&op);
    return op.before;
}

/* --- For the environment of the code under test --------------------------- */

uint64_t explore_load(const uint64_t *word)
{
    struct op op = {
        .kind = OP_LOAD, .word = (uint64_t *)(uintptr_t)word, .where = __builtin_return_address(0)};

    explore_reach(&op);
    return op.before;
}

void explore_store(uint64_t *word, uint64_t value)
{
    struct op op = {
        .kind = OP_STORE, .word = word, .operand = value, .where = __builtin_return_address(0)};

    explore_reach(&op);
}

bool explore_compare_exchange(uint64_t *word, uint64_t *expected, uint64_t desired)
{
    struct op op = {.kind = OP_EXCHANGE,
                    .word = word,
                    .operand = desired,
                    .expected = *expected,
                    .where = __builtin_return_address(0)};

    explore_reach(&op);
    *expected = op.before;
    return op.wrote;
}

uint64_t explore_fetch_or(uint64_t *word, uint64_t bits)
{
    struct op op = {
        .kind = OP_OR, .word = word, .operand = bits, .where = __builtin_return_address(0)};

    explore_reach(&op);
    return op.before;
}

uint64_t explore_fetch_sub(uint64_t *word, uint64_t amount)
{
    struct op op = {
        .kind = OP_SUBTRACT, .word = word, .operand = amount, .where = __builtin_return_address(0)};

    explore_reach(&op);
    return op.before;
}

void explore_take(uint64_t *lock)
{
    struct op op = {.kind = OP_TAKE, .word = lock, .where = __builtin_return_address(0)};

    explore_reach(&op);
}

void explore_drop(uint64_t *lock)
{
    struct op op = {.kind = OP_DROP, .word = lock, .where = __builtin_return_address(0)};

    explore_reach(&op);
}

/* A statistic: no step of its own, since nothing may depend on the order in which it is counted. */
uint64_t explore_count(uint64_t *counter)
{
    return ++*counter;
}

uint64_t explore_counted(const uint64_t *counter)
{
    return *counter;
}
