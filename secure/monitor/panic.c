/* SPDX-License-Identifier: BSD-3-Clause */
/* How a run ends, in good order or not. */
#include "arch.h"
#include "monitor.h"

#define SEMIHOSTING_EXIT      0x18
#define SEMIHOSTING_EXIT_DONE 0x20026 /* "the application is done": the status is what counts */

static uint32_t ending; /* somebody ends the run already */

static _Noreturn void sleep_forever(void)
{
    for (;;) {
        wait_for_interrupt();
    }
}

static bool ends_first(void)
{
    return __atomic_exchange_n(&ending, 1, __ATOMIC_ACQ_REL) == 0;
}

static _Noreturn void semihosting_exit(uint64_t status)
{
    const uint64_t block[2] = {SEMIHOSTING_EXIT_DONE, status};
    register uint64_t operation __asm__("x0") = SEMIHOSTING_EXIT;
    register const uint64_t *argument __asm__("x1") = block;

    __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument) : "memory");
    sleep_forever();
}

_Noreturn void monitor_exit(uint64_t status)
{
    if (!ends_first()) {
        sleep_forever();
    }
    semihosting_exit(status);
}

static void tell(uintptr_t uart, const char *name, uint64_t value)
{
    console_put(uart, name);
    console_put_hex(uart, value);
}

static void report(uintptr_t uart, const uint64_t values[5])
{
    console_put(uart, "\nmonitor: unexpected exception on CPU ");
    console_put_unsigned(uart, cpu_index());
    tell(uart, ", vector ", values[0]);
    tell(uart, " ESR ", values[1]);
    tell(uart, " ELR ", values[2]);
    tell(uart, " FAR ", values[3]);
    tell(uart, " LR ", values[4]);
    console_put(uart, "\n");
}

/* An exception in here (QEMU without semihosting makes one) ends in sleep, not in a loop. */
_Noreturn void panic_exception(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far,
                               uint64_t lr)
{
    const uint64_t values[5] = {vector, esr, elr, far, lr};

    if (!ends_first()) {
        sleep_forever();
    }
    report(SECURE_UART_PA, values);
    report(NORMAL_UART_PA, values);
    semihosting_exit(EXIT_PANIC);
}
