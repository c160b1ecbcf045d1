# SPDX-License-Identifier: BSD-3-Clause
"""Device trees: made for a VM, or brought along by it and looked at."""
from pathlib import Path

import libfdt

from . import layout, limits
from .description import gicd, gicr, uart, uart_intid
from .layout import File

TREE_BYTES_MAX = 2 << 20  # Linux maps no more

PHANDLE_GIC = 1
PHANDLE_CLOCK = 2

# Interrupt specifiers of arm,gic-v3
GIC_SPI = 0
GIC_PPI = 1
LEVEL_HIGH = 4

# The timers, in the order of the binding: secure physical, physical, virtual, hypervisor's.
TIMER_PPIS = (13, 14, 11, 10)
CLOCK_HZ = 24000000


def make_all(table):
    for vm in table.vms:
        if vm.tree == "generated":
            make(table, vm)
        elif vm.tree == "none":
            layout.place_beside(table, vm)
        else:
            check_own(table, vm)
            layout.place_beside(table, vm)
    table.complaints.refuse_if_any()


# --- Made -----------------------------------------------------------------------------------------


def make(table, vm):
    """Its size does not depend on the addresses in it, so a first one shows where it fits."""
    vm.files["tree"] = File(Path(f"{vm.name}.dtb"), content=build(vm, 0, 0))
    layout.place_beside(table, vm)
    ramdisk = vm.files.get("ramdisk")
    if ramdisk is not None:
        vm.files["tree"].content = build(vm, ramdisk.address, ramdisk.end)


def build(vm, ramdisk_start, ramdisk_end):
    sw = libfdt.FdtSw()
    sw.finish_reservemap()
    with sw.add_node(""):
        sw.property_string("compatible", "parley,vm")
        sw.property_string("model", f"Parley VM {vm.name}")
        sw.property_u32("#address-cells", 2)
        sw.property_u32("#size-cells", 2)
        sw.property_u32("interrupt-parent", PHANDLE_GIC)
        add_chosen(sw, vm, ramdisk_start, ramdisk_end)
        add_memory(sw, vm)
        add_cpus(sw, vm)
        add_interrupt_controller(sw, vm)
        add_timer(sw)
        add_serial(sw, vm)
    tree = sw.as_fdt()
    tree.pack()
    return bytes(tree.as_bytearray())


def cells(*numbers):
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def reg(*pairs):
    """Addresses and sizes of two cells each."""
    return b"".join(number.to_bytes(8, "big") for pair in pairs for number in pair)


def strings(*texts):
    return b"".join(text.encode() + b"\0" for text in texts)


def serial_name(vm):
    return f"serial@{uart(vm):x}"


def add_chosen(sw, vm, ramdisk_start, ramdisk_end):
    with sw.add_node("chosen"):
        if vm.bootargs:
            sw.property("bootargs", strings(vm.bootargs))
        sw.property_string("stdout-path", f"/{serial_name(vm)}")
        if "ramdisk" in vm.files:
            sw.property_u64("linux,initrd-start", ramdisk_start)
            sw.property_u64("linux,initrd-end", ramdisk_end)


def add_memory(sw, vm):
    base, size = vm.memory
    with sw.add_node(f"memory@{base:x}"):
        sw.property_string("device_type", "memory")
        sw.property("reg", reg((base, size)))


def add_cpus(sw, vm):
    with sw.add_node("cpus"):
        sw.property_u32("#address-cells", 1)
        sw.property_u32("#size-cells", 0)
        for vcpu in range(vm.vcpus):
            with sw.add_node(f"cpu@{vcpu:x}"):
                sw.property_string("device_type", "cpu")
                sw.property_string("compatible", "arm,armv8")
                sw.property_u32("reg", vcpu)
                sw.property_string("enable-method", "psci")
    with sw.add_node("psci"):
        sw.property("compatible", strings("arm,psci-1.0", "arm,psci-0.2"))
        sw.property_string("method", vm.conduit)


def add_interrupt_controller(sw, vm):
    redistributors = (gicr(vm), limits.VM_GICR_STRIDE * vm.vcpus)
    with sw.add_node(f"interrupt-controller@{gicd(vm):x}"):
        sw.property_string("compatible", "arm,gic-v3")
        sw.property_u32("#interrupt-cells", 3)
        sw.property_u32("#address-cells", 0)
        sw.property("interrupt-controller", b"")
        sw.property("reg", reg((gicd(vm), limits.GICD_BYTES), redistributors))
        sw.property_u32("phandle", PHANDLE_GIC)


def add_timer(sw):
    with sw.add_node("timer"):
        sw.property_string("compatible", "arm,armv8-timer")
        specifiers = [cells(GIC_PPI, ppi, LEVEL_HIGH) for ppi in TIMER_PPIS]
        sw.property("interrupts", b"".join(specifiers))


def add_serial(sw, vm):
    with sw.add_node("clock"):
        sw.property_string("compatible", "fixed-clock")
        sw.property_u32("#clock-cells", 0)
        sw.property_u32("clock-frequency", CLOCK_HZ)
        sw.property_u32("phandle", PHANDLE_CLOCK)
    with sw.add_node(serial_name(vm)):
        sw.property("compatible", strings("arm,pl011", "arm,primecell"))
        sw.property("reg", reg((uart(vm), limits.UART_BYTES)))
        spi = uart_intid(vm) - limits.FIRST_SPI
        sw.property("interrupts", cells(GIC_SPI, spi, LEVEL_HIGH))
        sw.property("clocks", cells(PHANDLE_CLOCK, PHANDLE_CLOCK))
        sw.property("clock-names", strings("uartclk", "apb_pclk"))


# --- Brought along --------------------------------------------------------------------------------


def check_own(table, vm):
    """It goes to the VM as it is. What is plainly wrong with it is said here."""
    try:
        tree = read(vm.files["tree"].content)
        check_conduit(tree, vm)
        find_ramdisk(tree, vm)
    except ValueError as error:
        table.complaints.add(f"tree: {vm.tree} {error}", vm.section)


def read(content):
    try:
        tree = libfdt.FdtRo(content)
    except libfdt.FdtException:
        raise ValueError("is no device tree") from None
    if tree.totalsize() > len(content):
        raise ValueError("is cut short")
    if tree.totalsize() > TREE_BYTES_MAX:
        raise ValueError("is larger than 2 MiB")
    return tree


def property_of(tree, path, name):
    """None if there is none. (Asking libfdt for one that is not there spoils Python's own None.)"""
    node = tree.path_offset(path, libfdt.QUIET_NOTFOUND)
    if node < 0:
        return None
    offset = tree.first_property_offset(node, libfdt.QUIET_NOTFOUND)
    while offset >= 0:
        found = tree.get_property_by_offset(offset)
        if found.name == name:
            return bytes(found)
        offset = tree.next_property_offset(offset, libfdt.QUIET_NOTFOUND)
    return None


def check_conduit(tree, vm):
    method = property_of(tree, "/psci", "method")
    if method is not None and method != strings(vm.conduit):
        text = method.rstrip(b"\0").decode("ascii", "replace")
        raise ValueError(f"names {text} in /psci, and the conduit is {vm.conduit}")


def find_ramdisk(tree, vm):
    """The tree tells the VM where it is, so it goes there."""
    start = property_of(tree, "/chosen", "linux,initrd-start")
    if not vm.ramdisk:
        return
    if start is None or len(start) not in (4, 8):
        raise ValueError("has no linux,initrd-start in /chosen, so nobody would find the ramdisk")
    address = int.from_bytes(start, "big")
    if vm.ramdisk_address not in (None, address):
        raise ValueError(f"has the ramdisk at {address:#x}, not at {vm.ramdisk_address:#x}")
    vm.ramdisk_address = address
