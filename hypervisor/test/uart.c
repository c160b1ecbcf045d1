/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial port as its manual has it (Arm DDI 0183), as far as a VM's has anything to it. What is
 * received here is what is transmitted: the port can be looped back.
 */
#include "devices.h"

#define UARTRSR   0x04u
#define UARTFR    0x18u
#define UARTILPR  0x20u
#define UARTIBRD  0x24u
#define UARTFBRD  0x28u
#define UARTLCR_H 0x2cu
#define UARTCR    0x30u
#define UARTIFLS  0x34u
#define UARTDMACR 0x48u

#define FR_RECEIVE_EMPTY  0x10u
#define FR_TRANSMIT_FULL  0x20u
#define FR_RECEIVE_FULL   0x40u
#define FR_TRANSMIT_EMPTY 0x80u
#define FR_BUSY           0x08u

#define LCR_H_FIFOS 0x10u
#define LCR_H_BITS8 0x60u

#define CR_ON       0x301u
#define CR_LOOPBACK 0x080u

#define UART_RX 0x10u
#define UART_RT 0x40u

#define FIFO_BYTES 16u

static uint32_t port(uint32_t offset)
{
    return read(UART + offset);
}

static void set_port(uint32_t offset, uint32_t value)
{
    write(UART + offset, value);
}

static void check_fresh(void)
{
    static const uint32_t ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    for (unsigned int i = 0; i < 8; i++) {
        expect(port(0xfe0 + 4 * i) == ids[i], "it is a PL011, and a PrimeCell");
    }
    expect(port(UARTFR) == (FR_TRANSMIT_EMPTY | FR_RECEIVE_EMPTY), "it has nothing to do");
    expect(port(UARTCR) == 0x300, "it is off");
    expect(port(UARTIFLS) == 0x12, "FIFOs interrupt at one half");
    expect(port(UARTRSR) == 0 && port(UARTILPR) == 0 && port(UARTIBRD) == 0, "nothing is set");
    expect(port(UARTFBRD) == 0 && port(UARTLCR_H) == 0 && port(UARTDMACR) == 0, "nothing is set");
    expect(port(UARTIMSC) == 0 && port(UARTRIS) == 0 && port(UARTMIS) == 0, "nor any interrupt");
}

/* A register keeps the bits that it has. */
static void check_kept(uint32_t offset, uint32_t bits, uint32_t after)
{
    set_port(offset, 0xffffffff);
    expect(port(offset) == bits, "a register keeps what it has bits for");
    expect((read_byte(UART + offset) | (uint32_t)read_byte(UART + offset + 1) << 8) == bits,
           "which can be read byte by byte");
    set_port(offset, after);
    expect(port(offset) == after, "and changes");
}

static void check_registers(void)
{
    check_kept(UARTIBRD, 0xffff, 13);
    check_kept(UARTFBRD, 0x3f, 1);
    check_kept(UARTILPR, 0xff, 0);
    check_kept(UARTLCR_H, 0xff, LCR_H_FIFOS | LCR_H_BITS8);
    check_kept(UARTIFLS, 0x3f, 0x12);
    check_kept(UARTIMSC, 0x7ff, 0);
    check_kept(UARTDMACR, 0x7, 0);
    set_port(UARTCR, 0xff7f);
    expect((port(UARTCR) & 0xff00) == 0xff00, "control is kept");
    set_port(UARTCR, CR_ON);
    expect(port(UARTCR) == CR_ON, "it is on");
    set_port(UARTRIS, 0x7ff);
    set_port(UARTMIS, 0x7ff);
    set_port(UARTFR, 0x7ff);
    set_port(0xfe0, 0);
    expect(port(UARTRIS) == 0 && port(UARTMIS) == 0 && port(0xfe0) == 0x11, "these are read only");
    expect(port(UARTICR) == 0, "and that one is write only");
    for (uint32_t offset = 0x4c; offset < 0xfe0; offset += 4) {
        set_port(offset, UINT32_MAX);
        if (port(offset) != 0) {
            expect(false, "nothing is there");
        }
    }
}

/* Whether the port's interrupt comes; it is ended then. */
static bool interrupts(void)
{
    uint32_t intid = next();

    if (intid == UART_INTID) {
        end(intid);
    }
    return intid == UART_INTID;
}

static void check_transmit(void)
{
    set_port(UARTIMSC, UART_TX);
    expect(port(UARTRIS) == 0 && !interrupts(), "a FIFO that was never filled has not run empty");
    set_port(UARTDR, '\r');
    expect(port(UARTRIS) == UART_TX && port(UARTMIS) == UART_TX, "but now it has");
    expect(interrupts(), "and that is an interrupt");
    expect((port(UARTFR) & (FR_TRANSMIT_FULL | FR_TRANSMIT_EMPTY | FR_BUSY)) == FR_TRANSMIT_EMPTY,
           "there is room for more");
    set_port(UARTIMSC, 0);
    pass(MOMENT);
    expect(port(UARTRIS) == UART_TX && port(UARTMIS) == 0 && !interrupts(), "it can be masked");
    set_port(UARTIMSC, UART_TX);
    expect(interrupts(), "and unmasked");
    set_port(UARTICR, UART_RX | UART_RT);
    expect(port(UARTRIS) == UART_TX, "others are cleared");
    set_port(UARTICR, UART_TX);
    pass(MOMENT);
    expect(port(UARTRIS) == 0 && !interrupts(), "it is cleared");
    write_byte(UART + UARTDR, '\r');
    expect(port(UARTRIS) == UART_TX, "a byte is a character, too");
    set_port(UARTICR, UART_TX);
    set_port(UARTIMSC, 0);
}

/* What the FIFO says of itself. */
static uint32_t receiver(void)
{
    return port(UARTFR) & (FR_RECEIVE_EMPTY | FR_RECEIVE_FULL);
}

static void check_level(uint32_t select, unsigned int level)
{
    set_port(UARTIFLS, select << 3);
    for (unsigned int i = 1; i <= FIFO_BYTES; i++) {
        set_port(UARTDR, i);
        expect(((port(UARTRIS) & UART_RX) != 0) == (i >= level), "it interrupts at its level");
        expect((port(UARTRIS) & UART_RT) != 0, "and when nothing follows, below it");
        expect(receiver() == (i == FIFO_BYTES ? FR_RECEIVE_FULL : 0), "it is full at last");
    }
    set_port(UARTDR, 99);
    for (unsigned int i = 1; i <= FIFO_BYTES; i++) {
        expect(port(UARTDR) == i, "what has come first is read first");
        expect(((port(UARTRIS) & UART_RX) != 0) == (FIFO_BYTES - i >= level), "down to its level");
        expect(((port(UARTRIS) & UART_RT) != 0) == (i < FIFO_BYTES), "and to the last");
    }
    expect(receiver() == FR_RECEIVE_EMPTY, "it is empty");
}

static void check_receive(void)
{
    static const uint8_t levels[] = {2, 4, 8, 12, 14};

    set_port(UARTCR, CR_ON | CR_LOOPBACK);
    for (uint32_t select = 0; select < sizeof(levels); select++) {
        check_level(select, levels[select]);
    }
    set_port(UARTIFLS, 0x12);
    set_port(UARTICR, 0x7ff);

    set_port(UARTIMSC, UART_RX | UART_RT);
    expect(!interrupts(), "nothing was received");
    set_port(UARTDR, 'a');
    expect(port(UARTMIS) == UART_RT && interrupts(), "something was");
    set_port(UARTICR, UART_RT);
    pass(MOMENT);
    expect(!interrupts() && receiver() == 0, "it can be cleared, and is still there");
    expect(port(UARTDR) == 'a', "until it is read");

    set_port(UARTLCR_H, LCR_H_BITS8);
    set_port(UARTDR, 'b');
    expect(receiver() == FR_RECEIVE_FULL, "without FIFO there is room for one");
    expect((port(UARTRIS) & UART_RX) != 0 && interrupts(), "which interrupts");
    expect(port(UARTDR) == 'b' && receiver() == FR_RECEIVE_EMPTY, "and is there");
    pass(MOMENT);
    expect((port(UARTRIS) & (UART_RX | UART_RT)) == 0 && !interrupts(), "and now is not");
    set_port(UARTLCR_H, LCR_H_FIFOS | LCR_H_BITS8);
    set_port(UARTCR, CR_ON);
    set_port(UARTIMSC, 0);
    set_port(UARTICR, 0x7ff);
}

void guest_main(void)
{
    open_interface();
    write(GICD + GICD_CTLR, 2);
    write(GICD + GICD_ISENABLER + 4, 1u << UART_INTID % 32);
    check_fresh();
    check_registers();
    check_transmit();
    check_receive();
    if (guest_life() == 0) {
        set_port(UARTCR, CR_ON | CR_LOOPBACK);
        set_port(UARTIMSC, UART_RX | UART_RT | UART_TX);
        set_port(UARTDR, 'x');
        guest_reset();
    }
    say("the port is as it should be");
}
