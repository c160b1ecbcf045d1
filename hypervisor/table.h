/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of VMs that a hypervisor image is built with: one of tables/, linked in. Who a VM is
 * (name, ID, vCPUs, UUIDs, whom it may discover) is told by a cast of guests/scenarios/world.h;
 * the table says where it lives and with which program.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <world.h>

#define TABLE_VCPUS_MAX      8u  /* of one VM */
#define TABLE_RXTX_PAGES_MAX 16u /* of one RX or TX buffer */
#define TABLE_NAME_CHARS_MAX 12u

/* Memory: what each VM may grant, and borrow, at once; in so many ranges, buffers among them. */
#define TABLE_TRANSACTIONS_MAX 64u
#define TABLE_RANGES_MAX       16640u

enum conduit {
    CONDUIT_SMC,
    CONDUIT_HVC
};

/* What is put into a VM's RAM at the beginning of each life, at `ipa`. None: start is NULL. */
struct vm_file {
    const uint8_t *start;
    const uint8_t *end;
    uint64_t ipa;
};

/*
 * Where a VM finds its devices: a GICv3 with a redistributor for each vCPU, VM_GICR_STRIDE bytes
 * each, and a PL011 with its SPI. Zero: where machine.h says.
 */
struct vm_devices {
    uint64_t gicd_ipa;
    uint64_t gicr_ipa;
    uint64_t uart_ipa;
    uint16_t uart_intid;
};

/* Where the VM of this ID lives. */
struct vm_place {
    uint16_t id;
    const uint8_t *image; /* its program, and where that ends; entered at its first byte */
    const uint8_t *image_end;
    uint64_t ipa;           /* of its RAM */
    uint64_t image_offset;  /* of the image in RAM, in bytes; a multiple of a page */
    struct vm_file tree;    /* a device tree: x0 is its address then, and x1 to x3 are zero */
    struct vm_file ramdisk; /* of which only the tree tells the VM */
    struct vm_devices devices;
    uint32_t pages;
    bool has_input; /* what is typed is for its serial port; at most one VM */
    bool has_fp;    /* FP/SIMD registers; in AArch64 alone */
    bool scattered; /* over physical memory, in runs of few pages */
    uint64_t
        window_ipa; /* where it finds what others share with it; no pages: it borrows nothing */
    uint64_t window_pages;
    uint32_t table_pages; /* of its translation tables; 0: as many as it can ever need */
    bool takes_faults;    /* what it may not do is a fault reported to it; else it is stopped */
    bool ends_at_once;    /* Parley ends it when it stops, and not only when all have stopped */
    bool comes_and_goes;  /* and makes it anew, for as long as a VM runs that does not */
    enum conduit conduit;
    bool quarantine_expected; /* it ends while the Secure world keeps memory of it */
    bool fault_expected;      /* the program ends by touching what it may not */
    unsigned int chapter;     /* in which it starts */
};

struct table {
    const char *name;
    const struct world_vm *cast; /* each has exactly one place */
    size_t cast_count;
    const struct vm_place *places;
    size_t place_count;
    const char *const *chapters; /* their titles; none: all VMs start at once */
    size_t chapter_count;
    unsigned int seconds_max; /* of the whole run; 0: no limit */
    bool any_ipa;             /* VMs may lie where physical RAM does: leaks are not looked for */
    bool bench;               /* no checks of results and no events: only the bare work */
};

extern const struct table table;

/* Which of the table's rules is broken, and by which VM; ID 0 and NULL if none. */
struct table_fault {
    uint16_t id;
    const char *text;
};

struct table_fault table_check(const struct table *checked);

/* The place of a VM of the cast, NULL if it has none. */
const struct vm_place *table_place(const struct table *checked, uint16_t id);

/* Where a VM finds its devices, with nothing left open. */
struct vm_devices table_devices(const struct vm_place *place);

/* A file as part of the hypervisor's image: from `symbol` to `symbol`_end. */
#define TABLE_FILE(symbol, path)                     \
    extern const uint8_t symbol[], symbol##_end[];   \
    __asm__(".pushsection .rodata.guests, \"a\"\n"   \
            ".balign 8\n"                            \
            ".global " #symbol ", " #symbol "_end\n" \
            " " #symbol ": .incbin \"" path "\"\n"   \
            " " #symbol "_end:\n"                    \
            ".popsection")

/* The program guests/NAME.bin as such a file, for GUEST_IMAGE_OF(NAME). */
#define GUEST_IMAGE(name) TABLE_FILE(guest_##name, #name ".bin")

#define GUEST_IMAGE_OF(name) .image = guest_##name, .image_end = guest_##name##_end

#endif
