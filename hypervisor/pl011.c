/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is typed stays in the physical port until the VM with the input takes it: nothing is lost.
 *
 * A byte that is written is gone at once, so the transmitter's FIFO is always empty, and its
 * interrupt, which is raised when it becomes so, is raised by every byte.
 *
 * Bytes become lines before they are shown, but for who types: there an echo is seen at once. A
 * kernel, which is told of the port by a device tree, writes one stream from whichever vCPU it is
 * on: there the line is the VM's. A bare-metal program has nothing that would keep its vCPUs from
 * writing at the same time: there each has its own.
 */
#include "pl011.h"
#include "gicv3.h"
#include "machine.h"
#include "mmio.h"
#include "registers.h"
#include "vm.h"
#include "vms.h"

enum pl011_register {
    UARTDR = 0x000,
    UARTRSR = 0x004,
    UARTFR = 0x018,
    UARTILPR = 0x020,
    UARTIBRD = 0x024,
    UARTFBRD = 0x028,
    UARTLCR_H = 0x02c,
    UARTCR = 0x030,
    UARTIFLS = 0x034,
    UARTIMSC = 0x038,
    UARTRIS = 0x03c,
    UARTMIS = 0x040,
    UARTICR = 0x044,
    UARTDMACR = 0x048,
    UARTPERIPHID0 = 0xfe0,
};

#define FR_RECEIVE_EMPTY  0x10u
#define FR_RECEIVE_FULL   0x40u
#define FR_TRANSMIT_EMPTY 0x80u

#define LCR_H_FIFOS 0x10u

#define CR_ENABLED  0x001u
#define CR_LOOPBACK 0x080u
#define CR_RECEIVE  0x200u
#define CR_RESET    0x300u

#define IFLS_RECEIVE 3, 3
#define IFLS_RESET   0x12u

#define INTERRUPT_RECEIVE  0x010u
#define INTERRUPT_TRANSMIT 0x020u
#define INTERRUPT_TIMEOUT  0x040u /* something was received, and is still there */
#define INTERRUPTS         0x7ffu

/* Part number 0x011 of Arm's, first revision with FIFOs of 16 bytes; and a PrimeCell. */
static const uint8_t identification[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

void pl011_reset(struct vm *vm)
{
    lock_take(&vm->uart.lock);
    vm->uart = (struct pl011){
        .lock = {.taken = true},
        .control = CR_RESET,
        .fifo_levels = IFLS_RESET,
    };
    lock_drop(&vm->uart.lock);
}

static struct vm *listener; /* that has the input; NULL if none has */
static bool is_attended;    /* somebody has typed; under the listener's lock */

/* --- With the lock held ----------------------------------------------------------------------- */

static bool has_fifos(const struct pl011 *uart)
{
    return (uart->line_control & LCR_H_FIFOS) != 0;
}

static unsigned int capacity(const struct pl011 *uart)
{
    return has_fifos(uart) ? PL011_FIFO_BYTES : 1;
}

/* How many received bytes raise an interrupt. */
static unsigned int receive_level(const struct pl011 *uart)
{
    static const uint8_t levels[] = {2, 4, 8, 12, 14, 14, 14, 14};

    return has_fifos(uart) ? levels[bits(uart->fifo_levels, IFLS_RECEIVE)] : 1;
}

static uint16_t flags(const struct pl011 *uart)
{
    unsigned int value = FR_TRANSMIT_EMPTY;

    value |= uart->count == 0 ? FR_RECEIVE_EMPTY : 0;
    value |= uart->count >= capacity(uart) ? FR_RECEIVE_FULL : 0;
    return (uint16_t)value;
}

static void receive(struct pl011 *uart, uint8_t byte)
{
    if (uart->count >= capacity(uart)) {
        return;
    }
    uart->fifo[(uart->first + uart->count) % PL011_FIFO_BYTES] = byte;
    uart->count++;
    uart->raised |= INTERRUPT_TIMEOUT;
    if (uart->count >= receive_level(uart)) {
        uart->raised |= INTERRUPT_RECEIVE;
    }
}

static uint8_t take_received(struct pl011 *uart)
{
    uint8_t byte;

    if (uart->count == 0) {
        return 0;
    }
    byte = uart->fifo[uart->first];
    uart->first = (uart->first + 1) % PL011_FIFO_BYTES;
    uart->count--;
    if (uart->count < receive_level(uart)) {
        uart->raised &= (uint16_t)~INTERRUPT_RECEIVE;
    }
    if (uart->count == 0) {
        uart->raised &= (uint16_t)~INTERRUPT_TIMEOUT;
    }
    return byte;
}

static bool has_one_stream(const struct vm *vm)
{
    return vm->place->tree.start != NULL;
}

static void transmit(struct vcpu *vcpu, uint8_t byte)
{
    struct vm *vm = vcpu->vm;
    struct console_line *line = has_one_stream(vm) ? &vm->uart.line : &vcpu->line;

    if ((vm->uart.control & CR_LOOPBACK) != 0) {
        receive(&vm->uart, byte);
    } else {
        console_put(line, vm->who->name, (char)byte);
        if (vm == listener && is_attended) {
            console_show(line, vm->who->name);
        }
    }
    vm->uart.raised |= INTERRUPT_TRANSMIT;
}

static uint16_t read(struct pl011 *uart, unsigned int offset)
{
    if (offset >= UARTPERIPHID0) {
        return identification[(offset - UARTPERIPHID0) / 4];
    }
    switch (offset) {
    case UARTDR:
        return take_received(uart);
    case UARTFR:
        return flags(uart);
    case UARTILPR:
        return uart->low_power;
    case UARTIBRD:
        return uart->baud_integer;
    case UARTFBRD:
        return uart->baud_fraction;
    case UARTLCR_H:
        return uart->line_control;
    case UARTCR:
        return uart->control;
    case UARTIFLS:
        return uart->fifo_levels;
    case UARTIMSC:
        return uart->mask;
    case UARTRIS:
        return uart->raised;
    case UARTMIS:
        return uart->raised & uart->mask;
    case UARTDMACR:
        return uart->dma;
    default:
        return 0;
    }
}

static void write(struct vcpu *vcpu, unsigned int offset, uint16_t value)
{
    struct pl011 *uart = &vcpu->vm->uart;

    switch (offset) {
    case UARTDR:
        transmit(vcpu, (uint8_t)value);
        break;
    case UARTILPR:
        uart->low_power = value & 0xff;
        break;
    case UARTIBRD:
        uart->baud_integer = value;
        break;
    case UARTFBRD:
        uart->baud_fraction = value & 0x3f;
        break;
    case UARTLCR_H:
        uart->line_control = value & 0xff;
        break;
    case UARTCR:
        uart->control = value & 0xff87;
        break;
    case UARTIFLS:
        uart->fifo_levels = value & 0x3f;
        break;
    case UARTIMSC:
        uart->mask = value & INTERRUPTS;
        break;
    case UARTICR:
        uart->raised &= (uint16_t)~value;
        break;
    case UARTDMACR:
        uart->dma = value & 0x7;
        break;
    default:
        break;
    }
}

static bool can_receive(const struct pl011 *uart)
{
    return (uart->control & CR_ENABLED) != 0 && (uart->control & CR_RECEIVE) != 0 &&
           uart->count < capacity(uart);
}

/* As much as there is room for. When there is room again, this goes on. */
static void receive_input(struct pl011 *uart)
{
    uint8_t byte;

    while (can_receive(uart) && console_get(&byte)) {
        receive(uart, byte);
        is_attended = true;
    }
    uart->listens = can_receive(uart);
    console_listen(uart->listens);
}

static void update_line(struct vm *vm)
{
    vgic_set_line(vm, vm->devices.uart_intid, (vm->uart.raised & vm->uart.mask) != 0);
}

/* --- Accesses --------------------------------------------------------------------------------- */

bool pl011_access(struct vcpu *vcpu, struct mmio *access)
{
    struct vm *vm = vcpu->vm;
    uint64_t offset = access->ipa - vm->devices.uart_ipa;

    if (offset >= PAGE_BYTES || offset % access->bytes != 0 || access->bytes == 8) {
        return false;
    }
    lock_take(&vm->uart.lock);
    if (!access->is_write) {
        access->value = (uint64_t)read(&vm->uart, offset & ~3u) >> 8 * (offset % 4);
    } else if (offset % 4 == 0) {
        write(vcpu, (unsigned int)offset, (uint16_t)access->value);
    }
    if (vm == listener && !vm->uart.listens && can_receive(&vm->uart)) {
        receive_input(&vm->uart);
    }
    update_line(vm);
    lock_drop(&vm->uart.lock);
    return true;
}

void pl011_take_input(void)
{
    lock_take(&listener->uart.lock);
    receive_input(&listener->uart);
    update_line(listener);
    lock_drop(&listener->uart.lock);
}

void pl011_init_input(void)
{
    for (size_t i = 0; i < table.cast_count; i++) {
        if (vm_at(i)->place->has_input) {
            listener = vm_at(i);
        }
    }
    if (listener == NULL) {
        return;
    }
    console_init_input();
    if (!gic_enable_here(GIC_SPI_UART)) {
        console_say("hyp", "interrupt %u cannot be had: nobody hears what is typed", GIC_SPI_UART);
    }
}

void pl011_flush(struct vm *vm)
{
    lock_take(&vm->uart.lock);
    console_flush(&vm->uart.line, vm->who->name);
    lock_drop(&vm->uart.lock);
}
