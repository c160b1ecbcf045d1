# SPDX-License-Identifier: BSD-3-Clause
"""From the text to a Table: which keys there are, what they mean, and what must hold between them.

What concerns the contents of files and where they go in a VM's memory is layout.py's.
"""
import ast
import configparser
import re
from pathlib import Path

from . import limits, values
from .complaints import Complaints

DEFAULT_RAM_IPA = 0x40000000

PROPERTIES = {
    "direct-receive": "FFA_PARTITION_DIRECT_REQ_RECV",
    "direct-send": "FFA_PARTITION_DIRECT_REQ_SEND",
    "direct2-receive": "FFA_PARTITION_DIRECT_REQ2_RECV",
    "direct2-send": "FFA_PARTITION_DIRECT_REQ2_SEND",
    "indirect": "FFA_PARTITION_INDIRECT_MSG",
    "notifications": "FFA_PARTITION_NOTIFICATION_RECV",
}
RIGHTS = {
    "message": "WORLD_MAY_MESSAGE",
    "notify": "WORLD_MAY_NOTIFY",
    "share": "WORLD_MAY_SHARE",
}

REQUIRED = object()

# Key: how its value is read, and what it is if the section does not have it.
TABLE_KEYS = {
    "name": (values.one_line, None),
    "seconds": (values.number_between(0, 24 * 60 * 60), 0),
}
VM_KEYS = {
    # Who it is
    "id": (
        values.number_between(
            limits.WORLD_VM_ID_FIRST, limits.WORLD_VM_ID_FIRST + limits.WORLD_VMS_MAX - 1
        ),
        None,
    ),
    "uuids": (values.uuids, []),
    # Its machine
    "vcpus": (values.number_between(1, limits.TABLE_VCPUS_MAX), 1),
    "width": (values.one_of("64", "32"), "64"),
    "memory": (values.stretch(DEFAULT_RAM_IPA), REQUIRED),
    "scattered": (values.yes_or_no, False),
    "fp": (values.yes_or_no, None),
    "gicd": (values.device_address(limits.GIC_ALIGNMENT), None),
    "gicr": (values.device_address(limits.GIC_ALIGNMENT), None),
    "uart": (values.device_address(limits.PAGE_BYTES), None),
    "uart-intid": (values.number_between(32, 63), None),
    "input": (values.yes_or_no, False),
    # What is in its memory
    "image": (values.one_line, REQUIRED),
    "offset": (values.offset, None),
    "tree": (values.one_line, None),
    "tree-address": (values.address, None),
    "ramdisk": (values.one_line, None),
    "ramdisk-address": (values.address, None),
    "bootargs": (values.one_line, None),
    # FF-A
    "conduit": (values.one_of("smc", "hvc"), "smc"),
    "sees": (values.names, []),
    "secure": (values.yes_or_no, False),
    "rights": (values.some_of(*RIGHTS), list(RIGHTS)),
    "properties": (values.some_of(*PROPERTIES), list(PROPERTIES)),
    "rxtx-pages": (values.number_between(1, limits.TABLE_RXTX_PAGES_MAX), 4),
    "window": (values.stretch(None), None),
    # How it fares
    "faults": (values.one_of("reported", "stop"), "reported"),
    "ends": (values.one_of("off", "fault", "quarantine"), "off"),
    "ends-at-once": (values.yes_or_no, False),
    "comes-and-goes": (values.yes_or_no, False),
}

# No line of a VM's must pass for one of these.
RESERVED_NAMES = ("hyp", "parley")


class Vm:
    """A section's values as attributes, and what the other parts of the tool find out."""

    def __init__(self, name, chosen):
        self.name = name
        self.section = f"vm {name}"
        for key, value in chosen.items():
            setattr(self, key.replace("-", "_"), value)
        self.has_fp = self.is_aarch64 if self.fp is None else self.fp
        self.files = {}  # of layout.File: image, tree, ramdisk
        self.peers = []

    @property
    def is_aarch64(self):
        return self.width == "64"


class Table:
    def __init__(self, path, settings):
        self.path = Path(path)
        self.settings = settings
        self.complaints = Complaints(path)
        self.name = self.path.stem
        self.seconds = 0
        self.vms = []


def read(path, settings):
    """The table of this file, or Refused. Settings: what $NAME is at the start of a file name."""
    table = Table(path, settings)
    parser = parse(table)
    for section in parser.sections():
        read_section(table, section, dict(parser.items(section)))
    table.complaints.refuse_if_any()
    check_between(table)
    table.complaints.refuse_if_any()
    return table


# --- The text -------------------------------------------------------------------------------------


def parse(table):
    parser = configparser.ConfigParser(
        delimiters=("=",),
        comment_prefixes=("#",),
        inline_comment_prefixes=("#",),
        interpolation=None,
        empty_lines_in_values=False,
        default_section="",  # there are no defaults for all sections
    )
    parser.optionxform = str
    try:
        parser.read_string(table.path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        table.complaints.add(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    except configparser.MissingSectionHeaderError as error:
        table.complaints.add(f"line {error.lineno} stands before the first [SECTION]")
    except configparser.ParsingError as error:
        for line, text in error.errors:
            said = ast.literal_eval(text).strip()
            table.complaints.add(f"line {line} is neither [SECTION] nor KEY = VALUE: {said}")
    except configparser.DuplicateSectionError as error:
        table.complaints.add(f"line {error.lineno} begins this section once more", error.section)
    except configparser.DuplicateOptionError as error:
        text = f"line {error.lineno} says {error.option} once more"
        table.complaints.add(text, error.section)
    table.complaints.refuse_if_any()
    return parser


def read_section(table, section, given):
    match = re.fullmatch(r"vm\s+(\S+)", section)
    if section == "table":
        chosen = read_keys(table, section, given, TABLE_KEYS)
        table.name = chosen["name"] or table.name
        table.seconds = chosen["seconds"]
    elif match:
        check_name(table, section, match[1])
        if match[1] in (vm.name for vm in table.vms):
            table.complaints.add("is the second VM of this name", section)
        table.vms.append(Vm(match[1], read_keys(table, section, given, VM_KEYS)))
    else:
        table.complaints.add("is neither [table] nor [vm NAME]", section)


def read_keys(table, section, given, keys):
    chosen = {}
    for key in given.keys() - keys.keys():
        table.complaints.add(f"{key} is no key; they are {', '.join(keys)}", section)
    for key, (parse_value, default) in keys.items():
        chosen[key] = None if default is REQUIRED else default
        if key in given:
            try:
                if not given[key]:
                    raise ValueError("it has no value")
                chosen[key] = parse_value(given[key])
            except ValueError as error:
                table.complaints.add(f"{key}: {error}", section)
        elif default is REQUIRED:
            table.complaints.add(f"{key} is missing", section)
    return chosen


def check_name(table, section, name):
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        table.complaints.add("the name has other characters than letters, digits, - and _", section)
    if len(name) > limits.TABLE_NAME_CHARS_MAX:
        longest = limits.TABLE_NAME_CHARS_MAX
        table.complaints.add(f"the name has more than {longest} characters", section)
    if name in RESERVED_NAMES:
        table.complaints.add("lines of the hypervisor's own begin with this name", section)


# --- Between the keys -----------------------------------------------------------------------------


def check_between(table):
    if not table.vms:
        table.complaints.add("there is no [vm NAME] in it")
    if not re.fullmatch(r"[A-Za-z0-9._ -]+", table.name):
        table.complaints.add("name: only letters, digits, blanks and . _ - are allowed", "table")
    give_ids(table)
    for vm in table.vms:
        find_peers(table, vm)
        check_vm(table, vm)
    check_together(table)


def give_ids(table):
    """Those without one get the lowest that are free, in the order of the text."""
    taken = {}
    for vm in table.vms:
        if vm.id in taken:
            table.complaints.add(f"id: {vm.id:#x} is the ID of {taken[vm.id]}, too", vm.section)
        if vm.id is not None:
            taken[vm.id] = vm.name
    first = limits.WORLD_VM_ID_FIRST
    free = (i for i in range(first, first + limits.WORLD_VMS_MAX) if i not in taken)
    for vm in table.vms:
        if vm.id is None:
            vm.id = next(free, None)
            if vm.id is None:
                most = limits.WORLD_VMS_MAX
                table.complaints.add(f"there are more than {most} VMs", vm.section)
                return


def find_peers(table, vm):
    ids = {other.name: other.id for other in table.vms}
    for name in vm.sees:
        if name == vm.name:
            table.complaints.add("sees: a VM does not see itself", vm.section)
        elif name not in ids:
            table.complaints.add(f"sees: there is no [vm {name}]", vm.section)
        else:
            vm.peers.append(ids[name])
    vm.peers.sort()
    if len(vm.sees) > limits.WORLD_PEERS_MAX:
        most = limits.WORLD_PEERS_MAX
        table.complaints.add(f"sees: it sees {len(vm.sees)} VMs, more than {most}", vm.section)


def check_vm(table, vm):
    if len(vm.uuids) > limits.WORLD_UUIDS_MAX:
        most = limits.WORLD_UUIDS_MAX
        table.complaints.add(f"uuids: it has more than {most}", vm.section)
    if vm.comes_and_goes and vm.ends != "off":
        text = f"ends: one that comes and goes cannot be expected to end with {vm.ends}"
        table.complaints.add(text, vm.section)
    if vm.fp and not vm.is_aarch64:
        table.complaints.add("fp: VMs of width 32 have no FP/SIMD registers here", vm.section)
    check_addresses(table, vm)


def check_addresses(table, vm):
    """All that a VM has is in its address space, and nothing lies on something else."""
    end = 1 << (limits.ADDRESS_BITS if vm.is_aarch64 else 32)
    places = list(stretches(vm))
    for key, start, size in places:
        if start + size > end:
            text = f"{key}: {start:#x} to {start + size:#x} reaches beyond {end:#x}"
            table.complaints.add(text, vm.section)
    for i, (key, start, size) in enumerate(places):
        for other_key, other_start, other_size in places[:i]:
            if start < other_start + other_size and other_start < start + size:
                text = f"{key}: at {start:#x} it overlaps {other_key} at {other_start:#x}"
                table.complaints.add(text, vm.section)


def stretches(vm):
    yield "gicd", gicd(vm), limits.GICD_BYTES
    yield "gicr", gicr(vm), limits.VM_GICR_STRIDE * vm.vcpus
    yield "uart", uart(vm), limits.UART_BYTES
    yield "memory", *vm.memory
    if vm.window:
        yield "window", *vm.window


def check_together(table):
    with_input = [vm for vm in table.vms if vm.input]
    for vm in with_input[1:]:
        text = f"input: {with_input[0].name} gets what is typed, and only one VM can"
        table.complaints.add(text, vm.section)
    if table.vms and all(vm.comes_and_goes for vm in table.vms):
        table.complaints.add("comes-and-goes: one VM at least must stay", table.vms[0].section)
    needed = sum(vm.memory[1] for vm in table.vms)
    if needed > limits.RAM_BYTES:
        table.complaints.add(
            f"its VMs need {in_mib(needed)} of memory, and there are {in_mib(limits.RAM_BYTES)}"
        )


def in_mib(size):
    return f"{-(-size // values.MIB)} MiB"


# --- Devices --------------------------------------------------------------------------------------


def gicd(vm):
    return limits.VM_GICD_IPA if vm.gicd is None else vm.gicd


def gicr(vm):
    return limits.VM_GICR_IPA if vm.gicr is None else vm.gicr


def uart(vm):
    return limits.VM_UART_IPA if vm.uart is None else vm.uart


def uart_intid(vm):
    return limits.VM_UART_INTID if vm.uart_intid is None else vm.uart_intid
