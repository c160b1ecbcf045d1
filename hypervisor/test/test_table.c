/* SPDX-License-Identifier: BSD-3-Clause */
/* Breaks each rule of a table of VMs, one at a time, and looks at what is said of it. On the host.
 */
#include <stdio.h>
#include <string.h>

#include "cpu.h"
#include "table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned int passed, failed;
static bool aarch32_here;
static uint8_t image[4097];

bool cpu_has_aarch32(void)
{
    return aarch32_here;
}

/* A table without fault, to be broken. */
struct fixture {
    struct world_vm cast[3];
    struct vm_place places[4];
    struct table table;
};

static struct fixture make(void)
{
    struct fixture made = {
        .cast =
            {
                {.id = 1,
                 .name = "one",
                 .vcpus = 1,
                 .aarch64 = true,
                 .rxtx_pages_max = 1,
                 .peer_count = 2,
                 .peers = {2, 3},
                 .uuid_count = 2,
                 .uuids = {{{1}}, {{2}}}},
                {.id = 2, .name = "two", .vcpus = 8, .aarch64 = true, .rxtx_pages_max = 16},
                {.id = 3, .name = "three", .vcpus = 2, .aarch64 = false, .rxtx_pages_max = 1},
            },
        .table = {.name = "test", .cast_count = 3, .place_count = 3},
    };

    for (uint16_t i = 0; i < COUNT(made.places); i++) {
        made.places[i] = (struct vm_place){
            .id = (uint16_t)(i + 1),
            .image = image,
            .image_end = image + 100,
            .ipa = 0x80000000,
            .pages = 256,
        };
    }
    return made;
}

/* The table's fault must be of this VM and this text; NULL: there must be none. */
static void expect(struct fixture *broken, uint16_t id, const char *text)
{
    struct table_fault fault;

    broken->table.cast = broken->cast;
    broken->table.places = broken->places;
    fault = table_check(&broken->table);
    if (fault.id == id && (text == NULL) == (fault.text == NULL) &&
        (text == NULL || strcmp(text, fault.text) == 0)) {
        passed++;
        return;
    }
    failed++;
    printf("expected VM %u: %s\n     got VM %u: %s\n", id, text != NULL ? text : "no fault",
           fault.id, fault.text != NULL ? fault.text : "no fault");
}

/* Makes a table, changes it by a statement about `t`, and says what must be found. */
#define BROKEN(change, id, text)   \
    do {                           \
        struct fixture t = make(); \
        change;                    \
        expect(&t, (id), (text));  \
    } while (0)

static void test_identity(void)
{
    BROKEN(t.table.cast_count = 0, 0, "there is no VM in it");
    BROKEN(t.cast[1].name = NULL, 2, "it has no name");
    BROKEN(t.cast[1].name = "", 2, "it has no name");
    BROKEN(t.cast[1].name = "thirteen-long", 2, "its name is too long");
    BROKEN(t.cast[1].name = "twelve-chars", 0, NULL);
    BROKEN(t.cast[1].name = "one", 2, "its name is another VM's too");
    BROKEN(t.cast[0].id = 0, 0, "its ID is out of range");
    BROKEN(t.cast[0].id = WORLD_VM_ID_FIRST + WORLD_VMS_MAX, WORLD_VM_ID_FIRST + WORLD_VMS_MAX,
           "its ID is out of range");
    BROKEN(t.cast[0].id = 0x8001, 0x8001, "its ID is out of range");
    BROKEN((t.cast[0].peer_count = 0, t.cast[2].id = 2), 2, "its ID is another VM's too");
    BROKEN(t.cast[1].vcpus = 0, 2, "it has no vCPU");
    BROKEN(t.cast[1].vcpus = TABLE_VCPUS_MAX + 1, 2, "it has too many vCPUs");
    BROKEN(t.cast[1].rxtx_pages_max = 0, 2, "its quota of RX/TX pages is out of range");
    BROKEN(t.cast[1].rxtx_pages_max = TABLE_RXTX_PAGES_MAX + 1, 2,
           "its quota of RX/TX pages is out of range");
}

static void test_policy(void)
{
    BROKEN(t.cast[0].peer_count = WORLD_PEERS_MAX + 1, 1, "it has too many peers");
    BROKEN(t.cast[0].peers[1] = 1, 1, "it is its own peer");
    BROKEN(t.cast[0].peers[1] = 4, 1, "a peer of it is no VM");
    BROKEN(t.cast[0].peers[1] = 0x8001, 1, "a peer of it is no VM");
    BROKEN(t.cast[0].peers[1] = 2, 1, "a peer of it is named twice");
    BROKEN(t.cast[0].uuid_count = WORLD_UUIDS_MAX + 1, 1, "it has too many UUIDs");
    BROKEN(t.cast[0].uuids[1] = (struct ffa_uuid){{0}}, 1, "a UUID of it is nil");
    BROKEN(t.cast[0].uuids[1] = t.cast[0].uuids[0], 1, "a UUID of it is named twice");
}

static void test_memory(void)
{
    BROKEN(t.places[1].pages = 0, 2, "it has no memory");
    BROKEN(t.places[1].ipa += 8, 2, "its memory does not start on a page");
    BROKEN(t.places[1].ipa = UINT64_MAX - 0xfff, 2, "its memory reaches beyond the address space");
    BROKEN(t.places[1].ipa = 0x8000000000 - 0x1000, 2,
           "its memory reaches beyond the address space");
    BROKEN(t.places[1].ipa = 0x8000000000 - 0x100000, 0, NULL);
    BROKEN(t.places[1].ipa = 0x08000000, 2, "its memory overlaps its interrupt controller");
    BROKEN(t.places[1].ipa = 0x0819f000, 2, "its memory overlaps its interrupt controller");
    BROKEN(t.places[1].ipa = 0x081a0000, 0, NULL);
    BROKEN(t.places[1].ipa = 0x09000000, 2, "its memory overlaps its serial port");
    BROKEN(t.places[1].ipa = 0x08fff000, 2, "its memory overlaps its serial port");
    BROKEN(t.places[1].ipa = 0x09001000, 0, NULL);
    BROKEN(t.places[1].ipa = 0x40000000, 2, "its memory lies where physical RAM does");
    BROKEN(t.places[1].ipa = 0x3ffff000, 2, "its memory lies where physical RAM does");
    BROKEN(t.places[1].ipa = 0xc6000000, 2, "its memory lies where physical RAM does");
    BROKEN(t.places[1].ipa = 0xfefff000, 2, "its memory lies where physical RAM does");
    BROKEN(t.places[1].ipa = 0xff000000, 0, NULL);
    BROKEN((t.places[1].ipa = 0x40000000, t.table.any_ipa = true), 0, NULL);
    BROKEN((t.places[1].ipa = 0x200000000, t.places[1].pages = 0x71000), 0,
           "its VMs need more RAM than there is");
    BROKEN((t.places[1].ipa = 0x200000000, t.places[1].pages = 0x7000000), 0,
           "its VMs need more RAM than there is");
}

static void test_devices(void)
{
    static const char *unaligned = "its interrupt controller does not start on 64 KiB";
    static const char *beyond = "a device of it reaches beyond its addresses";
    static const char *overlap = "two devices of it overlap";
    static const char *no_spi = "its serial port has an interrupt that is no SPI here";
    static const char *gic = "its memory overlaps its interrupt controller";

    BROKEN(t.places[1].devices.gicd_ipa = 0x10001000, 2, unaligned);
    BROKEN(t.places[1].devices.gicd_ipa = 0x10010000, 0, NULL);
    BROKEN(t.places[1].devices.gicr_ipa = 0x1000f000, 2, unaligned);
    BROKEN(t.places[1].devices.gicr_ipa = 0x10010000, 0, NULL);
    BROKEN(t.places[1].devices.uart_ipa = 0x10000800, 2,
           "its serial port does not start on a page");
    BROKEN(t.places[1].devices.uart_ipa = 0x10001000, 0, NULL);
    BROKEN(t.places[1].devices.gicd_ipa = 0x8000000000, 2, beyond);
    BROKEN(t.places[1].devices.gicd_ipa = 0x7fffff0000, 0, NULL);
    BROKEN(t.places[1].devices.gicr_ipa = 0x7ffff10000, 2, beyond);
    BROKEN(t.places[1].devices.gicr_ipa = 0x7ffff00000, 0, NULL);
    BROKEN(t.places[1].devices.gicr_ipa = UINT64_MAX - 0xffff, 2, beyond);
    BROKEN(t.places[1].devices.uart_ipa = UINT64_MAX - 0xfff, 2, beyond);
    BROKEN(t.places[2].devices.uart_ipa = 0x100000000, 3, beyond);
    BROKEN(t.places[2].devices.uart_ipa = 0xfffff000, 0, NULL);
    BROKEN(t.places[2].devices.gicr_ipa = 0xfffd0000, 3, beyond);
    BROKEN(t.places[2].devices.gicr_ipa = 0xfffc0000, 0, NULL);
    BROKEN(t.places[1].devices.gicd_ipa = 0x08190000, 2, overlap);
    BROKEN(t.places[1].devices.gicd_ipa = 0x081a0000, 0, NULL);
    BROKEN(t.places[2].devices.gicd_ipa = 0x080e0000, 0, NULL);
    BROKEN(t.places[1].devices.gicr_ipa = 0x08f10000, 2, overlap);
    BROKEN(t.places[1].devices.uart_ipa = 0x0800f000, 2, overlap);
    BROKEN(t.places[1].devices.uart_ipa = 0x08010000, 0, NULL);
    BROKEN(t.places[1].devices.uart_ipa = 0x0819f000, 2, overlap);
    BROKEN(t.places[1].devices.uart_intid = 31, 2, no_spi);
    BROKEN(t.places[1].devices.uart_intid = 32, 0, NULL);
    BROKEN(t.places[1].devices.uart_intid = 63, 0, NULL);
    BROKEN(t.places[1].devices.uart_intid = 64, 2, no_spi);
    BROKEN(t.places[1].devices.gicd_ipa = 0x800f0000, 2, gic);
    BROKEN(t.places[1].devices.gicr_ipa = 0x7ff10000, 2, gic);
    BROKEN(t.places[1].devices.gicr_ipa = 0x7ff00000, 0, NULL);
    BROKEN(t.places[1].devices.uart_ipa = 0x800ff000, 2, "its memory overlaps its serial port");
    BROKEN((t.places[1].ipa = 0x08010000, t.places[1].pages = 0x90), 0, NULL);
    BROKEN((t.places[1].ipa = 0x09000000, t.places[1].devices.uart_ipa = 0x0a000000), 0, NULL);
    BROKEN(t.places[1].has_input = true, 0, NULL);
    BROKEN((t.places[0].has_input = true, t.places[2].has_input = true), 3,
           "another VM already has the input");
}

static void set_window(struct vm_place *place, uint64_t ipa, uint64_t pages)
{
    place->window_ipa = ipa;
    place->window_pages = pages;
}

static void test_window(void)
{
    BROKEN(set_window(&t.places[1], 0x80100000, 1), 0, NULL);
    BROKEN(set_window(&t.places[1], 0x800ff000, 1), 2, "its window overlaps its memory");
    BROKEN(set_window(&t.places[1], 0x90000008, 1), 2, "its memory does not start on a page");
    BROKEN(set_window(&t.places[1], 0x7fffff000, 1), 0, NULL);
    BROKEN(set_window(&t.places[1], 0x7fffff000, 0x8000000), 2,
           "its memory reaches beyond the address space");
    BROKEN(set_window(&t.places[1], 0x90000000, UINT64_MAX), 2,
           "its memory reaches beyond the address space");
    BROKEN(set_window(&t.places[1], 0x40000000, 1), 2, "its memory lies where physical RAM does");
    BROKEN((set_window(&t.places[1], 0x40000000, 1), t.table.any_ipa = true), 0, NULL);
    BROKEN(set_window(&t.places[1], 0x09000000, 1), 2, "its memory overlaps its serial port");
    BROKEN(set_window(&t.places[2], 0xfffff000, 1), 0, NULL);
    BROKEN(set_window(&t.places[2], 0xfffff000, 2), 3,
           "it is AArch32, and its memory lies above 4 GiB");
}

static void test_place(void)
{
    BROKEN(t.table.place_count = 2, 3, "it has no place to live");
    BROKEN(t.table.place_count = 4, 4, "a place is made for it, but there is no such VM");
    BROKEN((t.table.place_count = 4, t.places[3].id = 2), 2, "it has two places to live");
    BROKEN(t.places[1].image = NULL, 2, "it has no program");
    BROKEN(t.places[1].image_end = image, 2, "it has no program");
    BROKEN((t.places[1].pages = 1, t.places[1].image_end = image + sizeof(image)), 2,
           "its program does not fit in its memory");
}

static struct vm_file file_at(uint64_t ipa, size_t bytes)
{
    return (struct vm_file){image, image + bytes, ipa};
}

/* The image is 100 bytes long, in 256 pages from 0x80000000 on. */
static void test_files(void)
{
    BROKEN(t.places[1].image_offset = 0x80000, 0, NULL);
    BROKEN(t.places[1].image_offset = 0x800, 2, "its program does not start on a page");
    BROKEN(t.places[1].image_offset = 0xff000, 0, NULL);
    BROKEN(t.places[1].image_offset = 0x100000, 2, "its program does not fit in its memory");
    BROKEN(t.places[1].image_offset = UINT64_MAX - 0xfff, 2,
           "its program does not fit in its memory");
    BROKEN(t.places[1].tree = file_at(0x80001000, 8), 0, NULL);
    BROKEN(t.places[1].tree = file_at(0x80001008, 8), 2, "a file of it does not start on a page");
    BROKEN(t.places[1].tree = file_at(0x80000000, 8), 2, "a file of it overlaps its program");
    BROKEN(t.places[1].tree = file_at(0x7ffff000, 8), 2, "a file of it does not fit in its memory");
    BROKEN(t.places[1].tree = file_at(0x80001000, 0), 2, "a file of it does not fit in its memory");
    BROKEN(t.places[1].ramdisk = file_at(0x800fe000, 4097), 0, NULL);
    BROKEN(t.places[1].ramdisk = file_at(0x800ff000, 4097), 2,
           "a file of it does not fit in its memory");
    BROKEN(t.places[1].ramdisk = file_at(0x80100000, 1), 2,
           "a file of it does not fit in its memory");
    BROKEN(t.places[1].ramdisk = file_at(UINT64_MAX - 0xfff, 1), 2,
           "a file of it does not fit in its memory");
    BROKEN((t.places[1].tree = file_at(0x80002000, 8),
            t.places[1].ramdisk = file_at(0x80001000, 4096)),
           0, NULL);
    BROKEN((t.places[1].tree = file_at(0x80002000, 8),
            t.places[1].ramdisk = file_at(0x80001000, 4097)),
           2, "its device tree and its ramdisk overlap");
}

static void test_chapters(void)
{
    BROKEN(t.places[1].chapter = 1, 2, "it starts in no chapter");
    BROKEN(t.table.chapter_count = 1, 0, NULL);
    BROKEN(t.table.chapter_count = 2, 0, "no VM starts in one of its chapters");
    BROKEN((t.table.chapter_count = 2, t.places[1].chapter = 1), 0, NULL);
    BROKEN((t.table.chapter_count = 2, t.places[1].chapter = 2), 2, "it starts in no chapter");
    BROKEN(t.places[1].comes_and_goes = true, 0, NULL);
    BROKEN((t.table.chapter_count = 2, t.places[1].chapter = 1, t.places[1].comes_and_goes = true),
           2, "it comes and goes, and no VM of its chapter stays");
}

static void test_width(void)
{
    BROKEN(t.places[1].has_fp = true, 0, NULL);
    BROKEN(t.places[2].has_fp = true, 3, "it is AArch32, for which there is no FP/SIMD here");
    BROKEN(t.places[2].ipa = 0xfff00000, 0, NULL);
    BROKEN(t.places[2].ipa = 0xfff01000, 3, "it is AArch32, and its memory lies above 4 GiB");
    aarch32_here = false;
    BROKEN((void)t, 3, "it is AArch32, which this CPU does not have at EL1");
    BROKEN(t.cast[2].aarch64 = true, 0, NULL);
    aarch32_here = true;
}

int main(void)
{
    aarch32_here = true;
    BROKEN((void)t, 0, NULL);
    test_identity();
    test_policy();
    test_memory();
    test_devices();
    test_window();
    test_place();
    test_files();
    test_chapters();
    test_width();
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
