# SPDX-License-Identifier: BSD-3-Clause
"""Writes a table as C, with its files, and what make must know of it."""
from pathlib import Path

from . import limits
from .description import PROPERTIES, RIGHTS, in_mib

ENDS = {"off": None, "fault": "fault_expected", "quarantine": "quarantine_expected"}


def write(table, folder, tool):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = Embedded()
    for vm in table.vms:
        if vm.tree == "generated":
            file = vm.files["tree"]
            file.path = folder / file.path
            file.path.write_bytes(file.content)
        for key in ("image", "tree", "ramdisk"):
            if key in vm.files:
                files.add(vm.files[key])
    check_room(table, files)
    (folder / "table.c").write_text(source(table, files), encoding="utf-8")
    (folder / "files.d").write_text(dependencies(table, folder, tool), encoding="utf-8")


class Embedded:
    """The files, each once, however many VMs have it."""

    def __init__(self):
        self.symbols = {}  # by path
        self.size = 0

    def add(self, file):
        path = str(file.path.resolve())
        if path not in self.symbols:
            self.symbols[path] = f"user_{len(self.symbols)}"
            self.size += len(file.content)

    def symbol(self, file):
        return self.symbols[str(file.path.resolve())]


def check_room(table, files):
    tables = sum(vm.memory[1] // 512 + 4 * limits.PAGE_BYTES for vm in table.vms)
    room = limits.VM_RAM_BASE - limits.HYPERVISOR_BASE - limits.HYPERVISOR_OWN_BYTES - tables
    if files.size > room:
        table.complaints.add(
            f"its files have {in_mib(files.size)}, each counted once, and the hypervisor's image "
            f"has room for {room >> 20} MiB"
        )
    table.complaints.refuse_if_any()


# --- C --------------------------------------------------------------------------------------------


def source(table, files):
    lines = [
        "/* SPDX-License-Identifier: BSD-3-Clause */",
        f"/* Made by tools/guests from {table.path.name}. */",
        '#include "table.h"',
        "",
    ]
    lines += [f'TABLE_FILE({symbol}, "{path}");' for path, symbol in files.symbols.items()]
    lines += ["", "static const struct world_vm cast[] = {"]
    for vm in table.vms:
        lines += ["    {", *indented(cast_row(vm)), "    },"]
    lines += ["};", "", "static const struct vm_place places[] = {"]
    for vm in table.vms:
        lines += ["    {", *indented(place_row(vm, files)), "    },"]
    lines += ["};", "", "const struct table table = {", *table_rows(table), "};", ""]
    return "\n".join(lines)


def indented(fields):
    return [f"        .{name} = {value}," for name, value in fields]


def any_of(words, names):
    return " | ".join(names[word] for word in words) or "0"


def boolean(value):
    return "true" if value else "false"


def cast_row(vm):
    yield "id", f"{vm.id:#x}"
    yield "name", f'"{vm.name}"'
    yield "program", '""'
    yield "vcpus", vm.vcpus
    yield "aarch64", boolean(vm.is_aarch64)
    yield "rxtx_pages_max", vm.rxtx_pages
    yield "properties", any_of(vm.properties, PROPERTIES)
    yield "may", any_of(vm.rights, RIGHTS)
    yield "sees_secure", boolean(vm.secure)
    if vm.peers:
        yield "peer_count", len(vm.peers)
        yield "peers", "{" + ", ".join(f"{peer:#x}" for peer in vm.peers) + "}"
    if vm.uuids:
        yield "uuid_count", len(vm.uuids)
        yield "uuids", "{" + ", ".join(uuid_macro(uuid) for uuid in vm.uuids) + "}"


def uuid_macro(uuid):
    words = (int.from_bytes(uuid.bytes[i : i + 4], "big") for i in range(0, 16, 4))
    return "WORLD_UUID(" + ", ".join(f"{word:#010x}" for word in words) + ")"


def place_row(vm, files):
    base, size = vm.memory
    yield "id", f"{vm.id:#x}"
    yield "image", files.symbol(vm.files["image"])
    yield "image_end", files.symbol(vm.files["image"]) + "_end"
    yield "ipa", f"{base:#x}"
    yield "pages", f"{size // limits.PAGE_BYTES:#x}"
    yield "image_offset", f"{vm.offset or 0:#x}"
    for key in ("tree", "ramdisk"):
        if key in vm.files:
            symbol = files.symbol(vm.files[key])
            yield key, f"{{{symbol}, {symbol}_end, {vm.files[key].address:#x}}}"
    yield from device_fields(vm)
    yield "has_fp", boolean(vm.has_fp)
    yield "scattered", boolean(vm.scattered)
    if vm.window:
        yield "window_ipa", f"{vm.window[0]:#x}"
        yield "window_pages", f"{vm.window[1] // limits.PAGE_BYTES:#x}"
    yield "takes_faults", boolean(vm.faults == "reported")
    yield "ends_at_once", boolean(vm.ends_at_once)
    yield "comes_and_goes", boolean(vm.comes_and_goes)
    yield "conduit", f"CONDUIT_{vm.conduit.upper()}"
    if ENDS[vm.ends]:
        yield ENDS[vm.ends], "true"


def device_fields(vm):
    """Zero is the hypervisor's own choice."""
    if vm.gicd is not None:
        yield "devices.gicd_ipa", f"{vm.gicd:#x}"
    if vm.gicr is not None:
        yield "devices.gicr_ipa", f"{vm.gicr:#x}"
    if vm.uart is not None:
        yield "devices.uart_ipa", f"{vm.uart:#x}"
    if vm.uart_intid is not None:
        yield "devices.uart_intid", vm.uart_intid
    if vm.input:
        yield "has_input", "true"


def table_rows(table):
    return [
        f'    .name = "{table.name}",',
        "    .cast = cast,",
        f"    .cast_count = {len(table.vms)},",
        "    .places = places,",
        f"    .place_count = {len(table.vms)},",
        f"    .seconds_max = {table.seconds},",
        f"    .any_ipa = {boolean(any(meets_physical_ram(vm) for vm in table.vms))},",
    ]


def meets_physical_ram(vm):
    """Whether an address of it can be a physical one: then leaks of those cannot be told."""
    stretches = [vm.memory] + ([vm.window] if vm.window else [])
    physical = [
        (limits.RAM_BASE, limits.RAM_END),
        (limits.HIGH_RAM_BASE, limits.HIGH_RAM_END),
    ]
    return any(
        address < end and start < address + size
        for address, size in stretches
        for start, end in physical
    )


# --- make -----------------------------------------------------------------------------------------


def dependencies(table, folder, tool):
    """Each file also as a target without a rule: one that has gone is no error of make's own."""
    needed = {str(table.path): None}
    for name in tool:
        needed[name] = None
    for vm in table.vms:
        for key in ("image", "ramdisk") if vm.tree == "generated" else vm.files:
            if key in vm.files:
                needed[str(vm.files[key].path)] = None
    names = [escaped(name) for name in needed]
    rule = f"{escaped(str(folder / 'table.c'))}: {' '.join(names)}\n"
    return rule + "".join(f"\n{name}:\n" for name in names)


def escaped(name):
    return name.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")
