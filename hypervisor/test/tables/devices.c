/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs that look at their interrupt controllers and serial ports, some of which are elsewhere. */
#include "table.h"

GUEST_IMAGE(test_spis);
GUEST_IMAGE(test_spis_32);
GUEST_IMAGE(test_spis_moved);
GUEST_IMAGE(test_routes);
GUEST_IMAGE(test_routes_32);
GUEST_IMAGE(test_uart);
GUEST_IMAGE(test_uart_32);
GUEST_IMAGE(test_uart_moved);
GUEST_IMAGE(test_widths);

#define MOVED .devices = {0x302340000, 0x1f0000, 0x40001000, 63}

static const struct world_vm cast[] = {
    {.id = 1, .name = "spis", .vcpus = 2, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 2, .name = "spis32", .vcpus = 1, .aarch64 = false, .rxtx_pages_max = 1},
    {.id = 3, .name = "spismoved", .vcpus = 8, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 4, .name = "routes", .vcpus = 4, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 5, .name = "routes32", .vcpus = 3, .aarch64 = false, .rxtx_pages_max = 1},
    {.id = 6, .name = "uart", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 7, .name = "uart32", .vcpus = 1, .aarch64 = false, .rxtx_pages_max = 1},
    {.id = 8, .name = "uartmoved", .vcpus = 1, .aarch64 = true, .rxtx_pages_max = 1},
    {.id = 9, .name = "widths", .vcpus = 4, .aarch64 = true, .rxtx_pages_max = 1},
};

#define PLACE(vm, program) \
    .id = (vm), GUEST_IMAGE_OF(program), .ipa = 0x80000000, .pages = 256, .takes_faults = true

static const struct vm_place places[] = {
    {PLACE(1, test_spis)},
    {PLACE(2, test_spis_32), .conduit = CONDUIT_HVC},
    {PLACE(3, test_spis_moved), MOVED},
    {PLACE(4, test_routes)},
    {PLACE(5, test_routes_32), .conduit = CONDUIT_HVC},
    {PLACE(6, test_uart)},
    {PLACE(7, test_uart_32), .conduit = CONDUIT_HVC},
    {PLACE(8, test_uart_moved), MOVED},
    {PLACE(9, test_widths)},
};

const struct table table = {
    .name = "devices",
    .cast = cast,
    .cast_count = sizeof(cast) / sizeof(cast[0]),
    .places = places,
    .place_count = sizeof(places) / sizeof(places[0]),
    .seconds_max = 50,
};
