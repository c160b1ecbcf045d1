/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of a table of VMs. One that breaks a rule is refused before anything is made of it. */
#include "cpu.h"
#include "machine.h"
#include "table.h"
#include "vgic.h"

#define ADDRESS_END         (UINT64_C(1) << ADDRESS_BITS)
#define ADDRESS_END_AARCH32 (UINT64_C(1) << 32)

#define GIC_FRAME_BYTES UINT64_C(0x10000)

#define PAGES_THERE \
    ((RAM_END - VM_RAM_BASE) / PAGE_BYTES + (HIGH_RAM_END - HIGH_RAM_BASE) / PAGE_BYTES)

static const struct table_fault no_fault;

static const struct world_vm *find_vm(const struct table *checked, uint16_t id)
{
    for (size_t i = 0; i < checked->cast_count; i++) {
        if (checked->cast[i].id == id) {
            return &checked->cast[i];
        }
    }
    return NULL;
}

const struct vm_place *table_place(const struct table *checked, uint16_t id)
{
    for (size_t i = 0; i < checked->place_count; i++) {
        if (checked->places[i].id == id) {
            return &checked->places[i];
        }
    }
    return NULL;
}

struct vm_devices table_devices(const struct vm_place *place)
{
    struct vm_devices devices = place->devices;

    devices.gicd_ipa = devices.gicd_ipa != 0 ? devices.gicd_ipa : VM_GICD_IPA;
    devices.gicr_ipa = devices.gicr_ipa != 0 ? devices.gicr_ipa : VM_GICR_IPA;
    devices.uart_ipa = devices.uart_ipa != 0 ? devices.uart_ipa : VM_UART_IPA;
    devices.uart_intid = devices.uart_intid != 0 ? devices.uart_intid : VM_UART_INTID;
    return devices;
}

static bool same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool same_uuid(const struct ffa_uuid *a, const struct ffa_uuid *b)
{
    for (size_t i = 0; i < sizeof(a->bytes); i++) {
        if (a->bytes[i] != b->bytes[i]) {
            return false;
        }
    }
    return true;
}

static const char *check_name(const struct table *checked, const struct world_vm *vm)
{
    size_t length = 0;

    if (vm->name == NULL || vm->name[0] == '\0') {
        return "it has no name";
    }
    while (vm->name[length] != '\0') {
        length++;
    }
    if (length > TABLE_NAME_CHARS_MAX) {
        return "its name is too long";
    }
    for (const struct world_vm *other = checked->cast; other < vm; other++) {
        if (same_text(other->name, vm->name)) {
            return "its name is another VM's too";
        }
    }
    return NULL;
}

static const char *check_identity(const struct table *checked, const struct world_vm *vm)
{
    if (vm->id < WORLD_VM_ID_FIRST || vm->id >= WORLD_VM_ID_FIRST + WORLD_VMS_MAX) {
        return "its ID is out of range";
    }
    if (find_vm(checked, vm->id) != vm) {
        return "its ID is another VM's too";
    }
    if (vm->vcpus == 0) {
        return "it has no vCPU";
    }
    if (vm->vcpus > TABLE_VCPUS_MAX) {
        return "it has too many vCPUs";
    }
    if (vm->rxtx_pages_max == 0 || vm->rxtx_pages_max > TABLE_RXTX_PAGES_MAX) {
        return "its quota of RX/TX pages is out of range";
    }
    return NULL;
}

static const char *check_peers(const struct table *checked, const struct world_vm *vm)
{
    if (vm->peer_count > WORLD_PEERS_MAX) {
        return "it has too many peers";
    }
    for (size_t i = 0; i < vm->peer_count; i++) {
        if (vm->peers[i] == vm->id) {
            return "it is its own peer";
        }
        if (find_vm(checked, vm->peers[i]) == NULL) {
            return "a peer of it is no VM";
        }
        for (size_t other = 0; other < i; other++) {
            if (vm->peers[other] == vm->peers[i]) {
                return "a peer of it is named twice";
            }
        }
    }
    return NULL;
}

static const char *check_uuids(const struct world_vm *vm)
{
    static const struct ffa_uuid nil;

    if (vm->uuid_count > WORLD_UUIDS_MAX) {
        return "it has too many UUIDs";
    }
    for (size_t i = 0; i < vm->uuid_count; i++) {
        if (same_uuid(&vm->uuids[i], &nil)) {
            return "a UUID of it is nil";
        }
        for (size_t other = 0; other < i; other++) {
            if (same_uuid(&vm->uuids[other], &vm->uuids[i])) {
                return "a UUID of it is named twice";
            }
        }
    }
    return NULL;
}

static bool overlaps(uint64_t start, uint64_t end, uint64_t other_start, uint64_t other_end)
{
    return start < other_end && other_start < end;
}

static uint64_t gicr_bytes(const struct world_vm *vm)
{
    return (uint64_t)vm->vcpus * VM_GICR_STRIDE;
}

static const char *check_stretch(const struct world_vm *vm, const struct vm_place *place,
                                 uint64_t start, uint64_t end)
{
    struct vm_devices devices = table_devices(place);

    if (start % PAGE_BYTES != 0) {
        return "its memory does not start on a page";
    }
    if (start >= ADDRESS_END || end > ADDRESS_END || end < start) {
        return "its memory reaches beyond the address space";
    }
    if (overlaps(start, end, devices.gicd_ipa, devices.gicd_ipa + GIC_FRAME_BYTES) ||
        overlaps(start, end, devices.gicr_ipa, devices.gicr_ipa + gicr_bytes(vm))) {
        return "its memory overlaps its interrupt controller";
    }
    if (overlaps(start, end, devices.uart_ipa, devices.uart_ipa + PAGE_BYTES)) {
        return "its memory overlaps its serial port";
    }
    return NULL;
}

static uint64_t ram_bytes(const struct vm_place *place)
{
    return (uint64_t)place->pages * PAGE_BYTES;
}

static uint64_t ram_end(const struct vm_place *place)
{
    return place->ipa + ram_bytes(place);
}

static uint64_t window_end(const struct vm_place *place)
{
    return place->window_ipa + place->window_pages * PAGE_BYTES;
}

static const char *check_memory(const struct world_vm *vm, const struct vm_place *place)
{
    const char *fault;

    if (place->pages == 0) {
        return "it has no memory";
    }
    fault = check_stretch(vm, place, place->ipa, ram_end(place));
    if (fault != NULL || place->window_pages == 0) {
        return fault;
    }
    if (place->window_pages > ADDRESS_END / PAGE_BYTES) {
        return "its memory reaches beyond the address space";
    }
    if (overlaps(place->ipa, ram_end(place), place->window_ipa, window_end(place))) {
        return "its window overlaps its memory";
    }
    return check_stretch(vm, place, place->window_ipa, window_end(place));
}

static bool lies_below(uint64_t limit, uint64_t start, uint64_t bytes)
{
    return start < limit && bytes <= limit - start;
}

static const char *check_devices(const struct world_vm *vm, const struct vm_place *place)
{
    struct vm_devices devices = table_devices(place);
    uint64_t limit = vm->aarch64 ? ADDRESS_END : ADDRESS_END_AARCH32;
    uint64_t gicd_end = devices.gicd_ipa + GIC_FRAME_BYTES;
    uint64_t gicr_end = devices.gicr_ipa + gicr_bytes(vm);
    uint64_t uart_end = devices.uart_ipa + PAGE_BYTES;

    if (devices.gicd_ipa % GIC_FRAME_BYTES != 0 || devices.gicr_ipa % GIC_FRAME_BYTES != 0) {
        return "its interrupt controller does not start on 64 KiB";
    }
    if (devices.uart_ipa % PAGE_BYTES != 0) {
        return "its serial port does not start on a page";
    }
    if (!lies_below(limit, devices.gicd_ipa, GIC_FRAME_BYTES) ||
        !lies_below(limit, devices.gicr_ipa, gicr_bytes(vm)) ||
        !lies_below(limit, devices.uart_ipa, PAGE_BYTES)) {
        return "a device of it reaches beyond its addresses";
    }
    if (overlaps(devices.gicd_ipa, gicd_end, devices.gicr_ipa, gicr_end) ||
        overlaps(devices.gicd_ipa, gicd_end, devices.uart_ipa, uart_end) ||
        overlaps(devices.gicr_ipa, gicr_end, devices.uart_ipa, uart_end)) {
        return "two devices of it overlap";
    }
    if (devices.uart_intid < VGIC_SPI || devices.uart_intid >= VGIC_SPI + VGIC_SPIS) {
        return "its serial port has an interrupt that is no SPI here";
    }
    return NULL;
}

static bool is_physical(uint64_t start, uint64_t end)
{
    return overlaps(start, end, RAM_BASE, RAM_END) ||
           overlaps(start, end, HIGH_RAM_BASE, HIGH_RAM_END);
}

/* There, a forgotten translation could pass for a right one. */
static const char *check_translated(const struct table *checked, const struct vm_place *place)
{
    if (checked->any_ipa) {
        return NULL;
    }
    if (is_physical(place->ipa, ram_end(place)) ||
        (place->window_pages != 0 && is_physical(place->window_ipa, window_end(place)))) {
        return "its memory lies where physical RAM does";
    }
    return NULL;
}

static const char *check_chapter(const struct table *checked, const struct vm_place *place)
{
    size_t chapters = checked->chapter_count != 0 ? checked->chapter_count : 1;

    return place->chapter < chapters ? NULL : "it starts in no chapter";
}

static const char *check_image(const struct vm_place *place)
{
    uint64_t offset = place->image_offset;

    if (place->image == NULL || place->image_end <= place->image) {
        return "it has no program";
    }
    if (offset % PAGE_BYTES != 0) {
        return "its program does not start on a page";
    }
    if (offset > ram_bytes(place) ||
        (uint64_t)(place->image_end - place->image) > ram_bytes(place) - offset) {
        return "its program does not fit in its memory";
    }
    return NULL;
}

static uint64_t file_end(const struct vm_file *file)
{
    return file->ipa + (uint64_t)(file->end - file->start);
}

/* A device tree, or a ramdisk. */
static const char *check_file(const struct vm_place *place, const struct vm_file *file)
{
    uint64_t image_ipa = place->ipa + place->image_offset;
    uint64_t image_end = image_ipa + (uint64_t)(place->image_end - place->image);

    if (file->start == NULL) {
        return NULL;
    }
    if (file->ipa % PAGE_BYTES != 0) {
        return "a file of it does not start on a page";
    }
    if (file->end <= file->start || file->ipa < place->ipa || file->ipa > ram_end(place) ||
        (uint64_t)(file->end - file->start) > ram_end(place) - file->ipa) {
        return "a file of it does not fit in its memory";
    }
    return overlaps(file->ipa, file_end(file), image_ipa, image_end)
               ? "a file of it overlaps its program"
               : NULL;
}

static const char *check_files(const struct vm_place *place)
{
    const char *fault = check_file(place, &place->tree);

    fault = fault != NULL ? fault : check_file(place, &place->ramdisk);
    if (fault != NULL || place->tree.start == NULL || place->ramdisk.start == NULL) {
        return fault;
    }
    return overlaps(place->tree.ipa, file_end(&place->tree), place->ramdisk.ipa,
                    file_end(&place->ramdisk))
               ? "its device tree and its ramdisk overlap"
               : NULL;
}

static const char *check_width(const struct world_vm *vm, const struct vm_place *place)
{
    if (vm->aarch64) {
        return NULL;
    }
    if (place->has_fp) {
        return "it is AArch32, for which there is no FP/SIMD here";
    }
    if (!cpu_has_aarch32()) {
        return "it is AArch32, which this CPU does not have at EL1";
    }
    if (ram_end(place) > ADDRESS_END_AARCH32 || window_end(place) > ADDRESS_END_AARCH32) {
        return "it is AArch32, and its memory lies above 4 GiB";
    }
    return NULL;
}

static const char *check_vm(const struct table *checked, const struct world_vm *vm)
{
    const struct vm_place *place = table_place(checked, vm->id);
    const char *fault = check_name(checked, vm);

    fault = fault != NULL ? fault : check_identity(checked, vm);
    fault = fault != NULL ? fault : check_peers(checked, vm);
    fault = fault != NULL ? fault : check_uuids(vm);
    if (fault == NULL && place == NULL) {
        return "it has no place to live";
    }
    fault = fault != NULL ? fault : check_devices(vm, place);
    fault = fault != NULL ? fault : check_memory(vm, place);
    fault = fault != NULL ? fault : check_translated(checked, place);
    fault = fault != NULL ? fault : check_chapter(checked, place);
    fault = fault != NULL ? fault : check_image(place);
    fault = fault != NULL ? fault : check_files(place);
    return fault != NULL ? fault : check_width(vm, place);
}

/* How many VMs start in a chapter, of all, or of those that do not come and go. */
static size_t vms_of_chapter(const struct table *checked, unsigned int chapter, bool that_stay)
{
    size_t vms = 0;

    for (size_t i = 0; i < checked->place_count; i++) {
        const struct vm_place *place = &checked->places[i];

        vms += place->chapter == chapter && !(that_stay && place->comes_and_goes);
    }
    return vms;
}

static const char *check_place(const struct table *checked, const struct vm_place *place)
{
    if (find_vm(checked, place->id) == NULL) {
        return "a place is made for it, but there is no such VM";
    }
    if (table_place(checked, place->id) != place) {
        return "it has two places to live";
    }
    if (place->comes_and_goes && vms_of_chapter(checked, place->chapter, true) == 0) {
        return "it comes and goes, and no VM of its chapter stays";
    }
    for (const struct vm_place *other = checked->places; place->has_input && other < place;
         other++) {
        if (other->has_input) {
            return "another VM already has the input";
        }
    }
    return NULL;
}

/* It would never end. */
static bool has_empty_chapter(const struct table *checked)
{
    for (unsigned int chapter = 0; chapter < checked->chapter_count; chapter++) {
        if (vms_of_chapter(checked, chapter, false) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t pages_needed(const struct table *checked)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < checked->place_count; i++) {
        sum += checked->places[i].pages;
    }
    return sum;
}

struct table_fault table_check(const struct table *checked)
{
    if (checked->cast_count == 0) {
        return (struct table_fault){0, "there is no VM in it"};
    }
    for (size_t i = 0; i < checked->cast_count; i++) {
        const char *fault = check_vm(checked, &checked->cast[i]);

        if (fault != NULL) {
            return (struct table_fault){checked->cast[i].id, fault};
        }
    }
    for (size_t i = 0; i < checked->place_count; i++) {
        const char *fault = check_place(checked, &checked->places[i]);

        if (fault != NULL) {
            return (struct table_fault){checked->places[i].id, fault};
        }
    }
    if (has_empty_chapter(checked)) {
        return (struct table_fault){0, "no VM starts in one of its chapters"};
    }
    if (pages_needed(checked) > PAGES_THERE) {
        return (struct table_fault){0, "its VMs need more RAM than there is"};
    }
    return no_fault;
}
