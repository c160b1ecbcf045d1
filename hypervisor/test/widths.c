/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses to every register, and to none, of every width: those that the architecture has are
 * served, all others are external aborts, and the devices are as they were after a reset. For
 * AArch64, and a VM that takes faults.
 */
#include "devices.h"
#include "touch.h"

#define FRAME_BYTES 0x10000u
#define UART_BYTES  0x1000u
#define FAR         UINT64_C(0x4000000000) /* every IPA, and executable */

static struct touch load_byte(uintptr_t where)
{
    TOUCH("ldrb w0, [x0]", where, 0);
}

static struct touch store_byte(uintptr_t where, uint32_t what)
{
    TOUCH("strb w5, [x0]", where, what);
}

static struct touch load_half(uintptr_t where)
{
    TOUCH("ldrh w0, [x0]", where, 0);
}

static struct touch store_half(uintptr_t where, uint32_t what)
{
    TOUCH("strh w5, [x0]", where, what);
}

static struct touch load_pair(uintptr_t where)
{
    TOUCH("ldr x0, [x0]", where, 0);
}

static struct touch store_pair(uintptr_t where, uint32_t what)
{
    TOUCH("str x5, [x0]", where, what);
}

static struct touch load_two(uintptr_t where)
{
    TOUCH("ldp w0, wzr, [x0]", where, 0);
}

static struct touch load_signed(uintptr_t where)
{
    TOUCH("ldrsw x0, [x0]", where, 0);
}

/* What the architecture has. */
enum frame {
    DISTRIBUTOR,
    REDISTRIBUTOR,
    SGI_FRAME,
    PORT
};

static bool is_served(enum frame frame, uint32_t offset, unsigned int bytes)
{
    bool is_priority = offset >= 0x400 && offset < 0x800;

    if (offset % bytes != 0) {
        return false;
    }
    if (bytes == 4 || frame == PORT) {
        return bytes <= 4;
    }
    switch (frame) {
    case DISTRIBUTOR:
        return bytes == 1 ? is_priority : bytes == 8 && offset >= 0x6000 && offset < 0x8000;
    case REDISTRIBUTOR:
        return bytes == 8 && (offset == 0x08 || (offset >= 0x40 && offset < 0x80) ||
                              offset == 0xa0 || offset == 0xb0);
    default:
        return bytes == 1 && is_priority;
    }
}

static void touch_one(enum frame frame, uintptr_t base, uint32_t offset, unsigned int bytes)
{
    uintptr_t where = base + offset;
    bool served = is_served(frame, offset, bytes);
    struct touch load, store;

    switch (bytes) {
    case 1:
        load = load_byte(where);
        store = store_byte(where, offset);
        break;
    case 2:
        load = load_half(where);
        store = store_half(where, offset);
        break;
    case 4:
        load = touch_load(where);
        store = touch_store(where, offset * 0x9e3779b9u);
        break;
    default:
        load = load_pair(where);
        store = store_pair(where, offset);
        break;
    }
    if ((load.fault == 0) != served || (store.fault == 0) != served) {
        guest_print("BROKEN: frame %u, offset %#x, %u bytes: %#x, %#x", frame, offset, bytes,
                    load.fault, store.fault);
        guest_expect(false);
    }
    if (!served && offset % bytes == 0) {
        expect(load.fault == TOUCH_LOAD_ABORTED && store.fault == TOUCH_STORE_ABORTED,
               "it is an external abort");
        expect(load.address == (uint32_t)where, "at its address");
    }
}

/* Transmitting would show. */
static bool is_data(enum frame frame, uint32_t offset)
{
    return frame == PORT && offset < 4;
}

static void touch_frame(enum frame frame, uintptr_t base, uint32_t bytes)
{
    for (uint32_t offset = 0; offset < bytes; offset += 4) {
        if (!is_data(frame, offset)) {
            touch_one(frame, base, offset, 4);
        }
    }
    for (uint32_t offset = 4; offset < bytes; offset += offset < 0x1000 ? 4 : 0x3c) {
        touch_one(frame, base, offset + offset / 4 % 4, 1);
        touch_one(frame, base, offset, 2);
        touch_one(frame, base, offset, 8);
    }
    guest_expect(true);
}

static void check_others(void)
{
    expect(load_two(GICD + GICD_IPRIORITY).fault != 0, "two at once are not decoded");
    expect(load_signed(GICD + GICD_IPRIORITY).fault != 0, "nothing here has a sign");
    expect(touch_load(GICD + FRAME_BYTES).fault == TOUCH_LOAD_ABORTED, "one frame is all");
    expect(touch_load(GICR(guest_vcpus())).fault == TOUCH_LOAD_ABORTED, "no other redistributor");
    expect(touch_store(GICR(8), 1).fault == TOUCH_STORE_ABORTED, "however far");
    expect(touch_load(UART + UART_BYTES).fault == TOUCH_LOAD_ABORTED, "one page is all");
    expect(touch_call(UART_IPA + FAR).fault == TOUCH_CALL_ABORTED, "a device is no program");
}

/* --- All vCPUs at once, with no sense in it --------------------------------------------------- */

#define LIVES 3u
#define DEEDS 4000u

static uint32_t random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void touch_any(uint32_t *state)
{
    unsigned int vcpu = random(state) % guest_vcpus();
    uintptr_t bases[] = {GICD, GICD, GICR(vcpu), SGIS(vcpu), UART};
    uintptr_t base = bases[random(state) % 5];
    uint32_t pick = random(state);
    uint32_t offset = (pick & 1) != 0 ? pick >> 1 & 0xfff : pick >> 1 & 0xffff;

    offset &= base == UART ? 0xffcu : 0xfffcu;
    if (base == UART && offset == UARTDR) {
        return;
    }
    switch (random(state) % 4) {
    case 0:
        store_byte(base + offset, random(state));
        break;
    case 1:
        store_pair(base + (offset & ~7u), random(state));
        break;
    case 2:
        touch_load(base + offset);
        break;
    default:
        touch_store(base + offset, random(state) << (random(state) & 31));
        break;
    }
}

static void use_interface(uint32_t *state)
{
    switch (random(state) % 8) {
    case 0:
        write_icc_pmr(random(state) | 0x80);
        break;
    case 1:
        write_icc_igrpen1(random(state) % 4 != 0);
        break;
    case 2:
        write_icc_ctlr(random(state) & 2);
        break;
    case 3:
        write_icc_dir(random(state) % 70);
        break;
    case 4:
        write_cntv_tval(random(state) % 1000);
        write_cntv_ctl(random(state) & 3);
        break;
    case 5:
        __asm__ volatile(WRITE_SGI ::"r"((uint64_t)random(state) << 8 | random(state)) : "memory");
        break;
    default:
        write_icc_eoir1(random(state) % 4 == 0 ? random(state) % 70 : next());
        break;
    }
}

static void do_anything(void *argument)
{
    uint32_t state = guest_vcpu() + 8 * guest_life() + 1;

    (void)argument;
    touch_init();
    open_interface();
    for (unsigned int deed = 0; deed < DEEDS; deed++) {
        switch (random(&state) % 16) {
        case 0:
            guest_yield();
            break;
        case 1:
        case 2:
        case 3:
        case 4:
            use_interface(&state);
            break;
        default:
            touch_any(&state);
            break;
        }
    }
    write_cntv_ctl(0);
}

/* Whoever hangs or panics of it, here or among the neighbours, fails the run. */
static void make_a_mess(void)
{
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        expect(guest_vcpu_start(vcpu, do_anything, NULL), "a vCPU starts");
    }
    do_anything(NULL);
    for (unsigned int vcpu = 1; vcpu < guest_vcpus(); vcpu++) {
        guest_vcpu_join(vcpu);
    }
    expect((read(GICD + PIDR2) & 0xf0) == 0x30, "it is a GICv3 as before");
}

void guest_main(void)
{
    mask_interrupts();
    touch_init();
    expect(read(GICD + GICD_CTLR) == 0x50 && read(GICD + GICD_ISENABLER + 4) == 0, "fresh");
    expect(read(SGIS(0) + GICD_ISENABLER) == 0 && read(SGIS(0) + GICD_ISPENDR) == 0, "fresh");
    expect(read(SGIS(0) + GICD_IPRIORITY) == 0xa0a0a0a0, "fresh");
    expect(read(UART + UARTIMSC) == 0 && read(UART + UARTRIS) == 0, "fresh");
    open_interface();
    if (guest_life() == 0) {
        touch_frame(REDISTRIBUTOR, GICR(0), FRAME_BYTES);
        touch_frame(SGI_FRAME, SGIS(guest_vcpus() - 1), FRAME_BYTES);
        touch_frame(DISTRIBUTOR, GICD, FRAME_BYTES);
        touch_frame(PORT, UART, UART_BYTES);
        check_others();
    }
    make_a_mess();
    if (guest_life() < LIVES - 1) {
        guest_reset();
    }
}
