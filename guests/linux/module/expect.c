// SPDX-License-Identifier: BSD-3-Clause
#include <linux/arm-smccc.h>
#include <linux/atomic.h>
#include <linux/printk.h>

#include "hypervisor/smccc.h"
#include "test.h"

#define BROKEN_LINES_MAX 40

static atomic_t held;
static atomic_t broken;
static atomic_t broken_lines;
static atomic_t broken_noted;

static void count(bool holds)
{
    atomic_inc(holds ? &held : &broken);
}

static void print(const char *word, const char *format, va_list arguments)
{
    struct va_format text = {.fmt = format, .va = &arguments};

    pr_notice("parley: %s%pV\n", word, &text);
}

bool prove(bool holds, const char *format, ...)
{
    va_list arguments;

    count(holds);
    va_start(arguments, format);
    print(holds ? "ok: " : "BROKEN: ", format, arguments);
    va_end(arguments);
    return holds;
}

/* Where everything is broken, the first lines say enough. */
bool expect(bool holds, const char *format, ...)
{
    va_list arguments;

    count(holds);
    if (!holds && atomic_inc_return(&broken_lines) <= BROKEN_LINES_MAX) {
        va_start(arguments, format);
        print("BROKEN: ", format, arguments);
        va_end(arguments);
    }
    return holds;
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print("", format, arguments);
    va_end(arguments);
}

bool expect_all_held(void)
{
    int now = atomic_read(&broken);

    return atomic_xchg(&broken_noted, now) == now;
}

void expect_report(void)
{
    struct arm_smccc_res result;

    say("%d expectations held, %d broken", atomic_read(&held), atomic_read(&broken));
    arm_smccc_1_1_invoke(PRIVATE_REPORT, atomic_xchg(&held, 0), atomic_xchg(&broken, 0), &result);
}
