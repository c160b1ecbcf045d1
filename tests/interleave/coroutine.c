/* SPDX-License-Identifier: BSD-3-Clause */
#include "coroutine.h"

#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (256u * 1024u)

struct coroutine {
    ucontext_t context; /* used to enter the stack for the first time; it costs a system call */
    jmp_buf bottom;     /* the start of enter(), from where on `body` is called again */
    jmp_buf at;         /* where it stopped */
    void (*body)(unsigned int self);
    bool has_stack;
    _Alignas(16) unsigned char stack[STACK_BYTES];
};

static struct coroutine coroutines[EXPLORE_THREADS_MAX + 1];
static unsigned int starting;

static void enter(void)
{
    if (setjmp(coroutines[starting].bottom) == 0) {
        longjmp(coroutines[COROUTINE_MAIN].at, 1);
    }
    coroutines[starting].body(starting);
    abort();
}

static void make_stack(struct coroutine *coroutine)
{
    if (getcontext(&coroutine->context) != 0) {
        abort();
    }
    coroutine->context.uc_stack.ss_sp = coroutine->stack;
    coroutine->context.uc_stack.ss_size = sizeof(coroutine->stack);
    coroutine->context.uc_link = NULL;
    makecontext(&coroutine->context, enter, 0);
    coroutine->has_stack = true;
    if (setjmp(coroutines[COROUTINE_MAIN].at) == 0) {
        setcontext(&coroutine->context);
        abort();
    }
}

void coroutine_start(unsigned int self, void (*body)(unsigned int self))
{
    starting = self;
    coroutines[self].body = body;
    if (!coroutines[self].has_stack) {
        make_stack(&coroutines[self]);
    }
    if (setjmp(coroutines[COROUTINE_MAIN].at) == 0) {
        longjmp(coroutines[self].bottom, 1);
    }
}

void coroutine_switch(unsigned int from, unsigned int to)
{
    if (setjmp(coroutines[from].at) == 0) {
        longjmp(coroutines[to].at, 1);
    }
}
