/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial port that a VM sees: a PL011 whose transmitter is always done, and which knows neither
 * baud rates nor modems.
 */
#ifndef PL011_H
#define PL011_H

#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "lock.h"

#define PL011_FIFO_BYTES 16u

struct mmio;
struct vcpu;
struct vm;

/* Of a VM. */
struct pl011 {
    struct lock lock; /* of all the rest; taken before any that has to do with interrupts */

    uint16_t control;
    uint16_t line_control;
    uint16_t fifo_levels;
    uint16_t mask;
    uint16_t raised; /* interrupts, before the mask */

    /* Only remembered. */
    uint16_t low_power;
    uint16_t baud_integer;
    uint16_t baud_fraction;
    uint16_t dma;

    uint8_t fifo[PL011_FIFO_BYTES]; /* received */
    unsigned int first;
    unsigned int count;
    bool listens; /* it hears of what is typed */

    struct console_line line; /* that a kernel is writing; see pl011.c */
};

/* As after a reset of the VM. */
void pl011_reset(struct vm *vm);

/* False if the access is to something else, or is none that a PL011 knows. */
bool pl011_access(struct vcpu *vcpu, struct mmio *access);

/* Once: finds the VM that has the input. Then, on the CPU of GIC_SPI_UART: something was typed. */
void pl011_init_input(void);
void pl011_take_input(void);

/* Shows what the VM has written of a line that it will not end. */
void pl011_flush(struct vm *vm);

#endif
