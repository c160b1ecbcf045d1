# SPDX-License-Identifier: BSD-3-Clause
"""The files of VMs, and where in a VM's memory they go."""
import struct
from pathlib import Path

from . import limits, values
from .description import in_mib

# A tree, or a ramdisk, for which the section names no address ends here at the latest.
NEAR_BYTES = 128 * values.MIB

LINUX_HEADER = struct.Struct("<QQQQ24xI4x")  # code, text_offset, image_size, flags, magic
LINUX_HEADER_FIRST = struct.Struct("<II")
LINUX_MAGIC = int.from_bytes(b"ARM\x64", "little")
LINUX_ALIGNMENT = 2 * values.MIB
LINUX_BIG_ENDIAN = 1

# What is no raw image, by its first bytes, and what to do about it.
NOT_RAW = (
    (b"\x7fELF", "is an ELF file: objcopy -O binary makes a raw image of it"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"\xfd7zXZ\0", "is compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first"),
    (b"\x27\x05\x19\x56", "is a U-Boot image: give what is inside"),
)


class File:
    """Bytes that go into a VM's memory, from a file or of our own making."""

    def __init__(self, path, content=None):
        self.path = path
        self.content = path.read_bytes() if content is None else content
        self.address = None
        self.footprint = len(self.content)  # what it takes in memory; more than it has, with bss

    @property
    def end(self):
        return self.address + self.footprint


def place_all(table):
    """Reads the files, and decides on each VM's kind of tree and the image's address."""
    for vm in table.vms:
        load_files(table, vm)
    table.complaints.refuse_if_any()
    for vm in table.vms:
        place_image(table, vm)
    table.complaints.refuse_if_any()


# --- Reading --------------------------------------------------------------------------------------


def load_files(table, vm):
    load(table, vm, "image", vm.image)
    if vm.ramdisk:
        load(table, vm, "ramdisk", vm.ramdisk)
    if "image" in vm.files:
        check_image(table, vm)
        choose_tree(table, vm)


def load(table, vm, key, name):
    try:
        path = resolve(table, name)
        if any(character in str(path.resolve()) for character in '"\\\n'):
            raise ValueError(f"{path} has a quote or a backslash in it, which C would not take")
        if not path.stat().st_size:
            raise ValueError(f"{path} is empty")
        vm.files[key] = File(path)
    except OSError as error:
        text = f"{key}: {error.filename} cannot be read: {error.strerror}"
        table.complaints.add(text, vm.section)
    except ValueError as error:
        table.complaints.add(f"{key}: {error}", vm.section)


def resolve(table, name):
    """Relative to the table's file, or to a folder that has a name."""
    if not name.startswith("$"):
        return table.path.parent / name
    setting, _, rest = name[1:].partition("/")
    if setting not in table.settings:
        known = ", ".join("$" + known for known in table.settings) or "none"
        raise ValueError(f"${setting} stands for no folder; those that do: {known}")
    return Path(table.settings[setting]) / rest


def check_image(table, vm):
    content = vm.files["image"].content
    for start, text in NOT_RAW:
        if content.startswith(start):
            table.complaints.add(f"image: {vm.image} {text}", vm.section)
    if content.startswith(b"MZ") and content[4:8] == b"zimg":
        text = f"image: {vm.image} is a compressed kernel (EFI zboot): give the Image inside"
        table.complaints.add(text, vm.section)


def choose_tree(table, vm):
    vm.is_linux = vm.is_aarch64 and linux_header(vm.files["image"].content) is not None
    if vm.tree is None:
        vm.tree = "generated" if vm.is_linux or vm.bootargs else "none"
    if vm.tree not in ("none", "generated"):
        load(table, vm, "tree", vm.tree)
    if vm.bootargs and vm.tree != "generated":
        table.complaints.add("bootargs: only a generated tree can tell them", vm.section)
    if vm.tree == "none" and vm.tree_address is not None:
        table.complaints.add("tree-address: it has no tree", vm.section)
    if vm.ramdisk_address is not None and not vm.ramdisk:
        table.complaints.add("ramdisk-address: it has no ramdisk", vm.section)
    if vm.ramdisk and vm.tree == "none" and vm.ramdisk_address is None:
        text = "ramdisk: without a tree nobody tells the VM where; give a ramdisk-address"
        table.complaints.add(text, vm.section)


def linux_header(content):
    """text_offset, image_size and flags of an arm64 Linux Image; None if it is none."""
    if len(content) < 64:
        return None
    _, text_offset, image_size, flags, magic = LINUX_HEADER.unpack_from(content)
    return (text_offset, image_size, flags) if magic == LINUX_MAGIC else None


# --- Placing --------------------------------------------------------------------------------------


def place_image(table, vm):
    image = vm.files["image"]
    base, size = vm.memory
    if vm.is_linux:
        measure_linux(table, vm)
    image.address = base + (vm.offset or 0)
    if image.end > base + size:
        needed = in_mib(image.end - base)
        text = f"memory: the image needs {needed}, with all that is beside it, from {base:#x} on"
        table.complaints.add(text, vm.section)


def measure_linux(table, vm):
    """As the kernel's boot protocol has it. Its memory reaches further than its file."""
    image = vm.files["image"]
    text_offset, image_size, flags = linux_header(image.content)
    if image_size == 0:
        text = "image: this kernel does not tell its size; kernels since 3.17 do"
        table.complaints.add(text, vm.section)
    if flags & LINUX_BIG_ENDIAN:
        table.complaints.add("image: this kernel is big-endian", vm.section)
    if vm.offset is None:
        vm.offset = text_offset
    image.footprint = max(image_size, image.footprint)
    if (vm.memory[0] + vm.offset - text_offset) % LINUX_ALIGNMENT:
        text = (
            f"offset: the kernel wants to lie {text_offset:#x} behind a multiple of 2 MiB, "
            f"and {vm.memory[0] + vm.offset:#x} does not"
        )
        table.complaints.add(text, vm.section)


def place_beside(table, vm):
    """The tree and the ramdisk, once their sizes are known: at the end of the nearer memory, the
    tree last; or, where that is not free, at the end of all."""
    base, size = vm.memory
    for end in (min(size, NEAR_BYTES), size):
        place_below(vm, base + end)
        problem = find_problem(vm)
        if problem is None:
            return
    table.complaints.add(problem, vm.section)


def place_below(vm, end):
    for key, fixed in (("tree", vm.tree_address), ("ramdisk", vm.ramdisk_address)):
        file = vm.files.get(key)
        if file is None:
            continue
        if fixed is not None:
            file.address = fixed
        else:
            file.address = (end - file.footprint) // limits.PAGE_BYTES * limits.PAGE_BYTES
            end = file.address


def find_problem(vm):
    base, size = vm.memory
    placed = [(key, vm.files[key]) for key in ("image", "ramdisk", "tree") if key in vm.files]
    for i, (key, file) in enumerate(placed):
        if file.address < base or file.end > base + size:
            return (
                f"memory: the {key}, {in_mib(file.footprint)} at {file.address:#x}, does not "
                f"fit in {base:#x} to {base + size:#x}"
            )
        for other_key, other in placed[:i]:
            if file.address < other.end and other.address < file.end:
                return (
                    f"memory: the {key} at {file.address:#x} would lie on the {other_key}, "
                    f"which reaches from {other.address:#x} to {other.end:#x}"
                )
    return None
