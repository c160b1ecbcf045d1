# SPDX-License-Identifier: BSD-3-Clause
"""Generated device trees, read back property by property, as their bindings have them; and trees
that VMs bring along."""
import struct
import unittest

import libfdt
from workshop import VM, Workshop

GENERATED = VM + "tree = generated\n"
FULL = (
    VM.replace("16M", "256M at 0x140000000")
    + "tree = generated\nvcpus = 3\nconduit = hvc\nbootargs = console=ttyAMA0\n  quiet\n"
    + "ramdisk = disk.cpio\ngicd = 0x2f000000\ngicr = 0x2f100000\nuart = 0x1c090000\nuart-intid = 40\n"
)


class Tree:
    def __init__(self, content):
        self.fdt = libfdt.FdtRo(content)

    def get(self, path, name):
        return bytes(self.fdt.getprop(self.fdt.path_offset(path), name))

    def cells(self, path, name):
        value = self.get(path, name)
        return struct.unpack(f">{len(value) // 4}I", value)

    def strings(self, path, name):
        value = self.get(path, name)
        assert value.endswith(b"\0")
        return value[:-1].decode().split("\0")

    def properties(self, path):
        offset = self.fdt.first_property_offset(self.fdt.path_offset(path), libfdt.QUIET_NOTFOUND)
        found = []
        while offset >= 0:
            found.append(self.fdt.get_property_by_offset(offset).name)
            offset = self.fdt.next_property_offset(offset, libfdt.QUIET_NOTFOUND)
        return found

    def names(self, path):
        """Of the nodes right below."""
        offset = self.fdt.path_offset(path)
        found = []
        child = self.fdt.first_subnode(offset, libfdt.QUIET_NOTFOUND)
        while child >= 0:
            found.append(self.fdt.get_name(child))
            child = self.fdt.next_subnode(child, libfdt.QUIET_NOTFOUND)
        return found


class Generated(Workshop):
    def tree(self, text):
        table = self.make(text)
        self.vm = table.vms[0]
        content = (self.out / "one.dtb").read_bytes()
        self.assertIn('one.dtb");', (self.out / "table.c").read_text())
        self.assertEqual(content, self.vm.files["tree"].content)
        return Tree(content)

    def test_header(self):
        tree = self.tree(GENERATED)
        content = self.vm.files["tree"].content
        magic, totalsize = struct.unpack_from(">II", content)
        self.assertEqual((magic, totalsize), (0xD00DFEED, len(content)))
        self.assertLess(totalsize, 1 << 21)
        self.assertEqual(tree.fdt.version(), 17)

    def test_root(self):
        tree = self.tree(GENERATED)
        self.assertEqual(tree.strings("/", "compatible"), ["parley,vm"])
        self.assertEqual(tree.strings("/", "model"), ["Parley VM one"])
        self.assertEqual(tree.cells("/", "#address-cells"), (2,))
        self.assertEqual(tree.cells("/", "#size-cells"), (2,))
        self.assertEqual(
            sorted(tree.names("/")),
            ["chosen", "clock", "cpus", "interrupt-controller@8000000", "memory@40000000", "psci",
             "serial@9000000", "timer"],
        )

    def test_memory(self):
        for text, node, reg in (
            (GENERATED, "/memory@40000000", (0, 0x40000000, 0, 0x1000000)),
            (FULL, "/memory@140000000", (1, 0x40000000, 0, 0x10000000)),
        ):
            tree = self.tree(text)
            self.assertEqual(tree.strings(node, "device_type"), ["memory"])
            self.assertEqual(tree.cells(node, "reg"), reg)

    def test_chosen(self):
        tree = self.tree(GENERATED)
        self.assertEqual(tree.strings("/chosen", "stdout-path"), ["/serial@9000000"])
        self.assertEqual(tree.properties("/chosen"), ["stdout-path"])

        tree = self.tree(FULL)
        self.assertEqual(tree.strings("/chosen", "stdout-path"), ["/serial@1c090000"])
        self.assertEqual(tree.strings("/chosen", "bootargs"), ["console=ttyAMA0 quiet"])
        start, end = (
            struct.unpack(">Q", tree.get("/chosen", f"linux,initrd-{which}"))[0]
            for which in ("start", "end")
        )
        self.assertEqual(start, self.vm.files["ramdisk"].address)
        self.assertEqual(end - start, 5000)
        self.assertIn(f"_end, {start:#x}}},", (self.out / "table.c").read_text())

    def test_cpus(self):
        tree = self.tree(FULL)
        self.assertEqual(tree.cells("/cpus", "#address-cells"), (1,))
        self.assertEqual(tree.cells("/cpus", "#size-cells"), (0,))
        self.assertEqual(tree.names("/cpus"), ["cpu@0", "cpu@1", "cpu@2"])
        for number in range(3):
            node = f"/cpus/cpu@{number}"
            self.assertEqual(tree.strings(node, "device_type"), ["cpu"])
            self.assertEqual(tree.strings(node, "compatible"), ["arm,armv8"])
            self.assertEqual(tree.cells(node, "reg"), (number,))
            self.assertEqual(tree.strings(node, "enable-method"), ["psci"])

    def test_psci(self):
        for text, method in ((GENERATED, "smc"), (FULL, "hvc")):
            tree = self.tree(text)
            self.assertIn("arm,psci-1.0", tree.strings("/psci", "compatible"))
            self.assertEqual(tree.strings("/psci", "method"), [method])

    def test_interrupt_controller(self):
        for text, node, reg in (
            (GENERATED, "/interrupt-controller@8000000",
             (0, 0x8000000, 0, 0x10000, 0, 0x80A0000, 0, 0x20000)),
            (FULL, "/interrupt-controller@2f000000",
             (0, 0x2F000000, 0, 0x10000, 0, 0x2F100000, 0, 0x60000)),
        ):
            tree = self.tree(text)
            self.assertEqual(tree.strings(node, "compatible"), ["arm,gic-v3"])
            self.assertEqual(tree.cells(node, "#interrupt-cells"), (3,))
            self.assertEqual(tree.get(node, "interrupt-controller"), b"")
            self.assertEqual(tree.cells(node, "reg"), reg)
            self.assertEqual(tree.cells(node, "phandle"), tree.cells("/", "interrupt-parent"))

    def test_timer(self):
        tree = self.tree(GENERATED)
        self.assertEqual(tree.strings("/timer", "compatible"), ["arm,armv8-timer"])
        # PPIs, level-sensitive: secure physical, physical, virtual, hypervisor
        self.assertEqual(tree.cells("/timer", "interrupts"), (1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4))
        self.assertEqual(sorted(tree.properties("/timer")), ["compatible", "interrupts"])

    def test_serial(self):
        for text, node, reg, spi in (
            (GENERATED, "/serial@9000000", (0, 0x9000000, 0, 0x1000), 1),
            (FULL, "/serial@1c090000", (0, 0x1C090000, 0, 0x1000), 8),
        ):
            tree = self.tree(text)
            self.assertEqual(tree.strings(node, "compatible"), ["arm,pl011", "arm,primecell"])
            self.assertEqual(tree.cells(node, "reg"), reg)
            self.assertEqual(tree.cells(node, "interrupts"), (0, spi, 4))
            self.assertEqual(tree.strings(node, "clock-names"), ["uartclk", "apb_pclk"])
            clock = tree.cells("/clock", "phandle")
            self.assertEqual(tree.cells(node, "clocks"), clock + clock)

    def test_clock(self):
        tree = self.tree(GENERATED)
        self.assertEqual(tree.strings("/clock", "compatible"), ["fixed-clock"])
        self.assertEqual(tree.cells("/clock", "#clock-cells"), (0,))
        self.assertNotEqual(tree.cells("/clock", "phandle"), tree.cells("/", "interrupt-parent"))
        self.assertGreater(tree.cells("/clock", "clock-frequency")[0], 0)

    def test_when_there_is_one(self):
        """A kernel has one by itself, and who has arguments for one; not who says none."""
        linux = VM.replace("raw.bin", "linux.bin")
        for text, wanted in (
            (linux, True),
            (VM + "bootargs = quiet\n", True),
            (linux + "tree = none\n", False),
        ):
            made = self.made(text)
            self.assertEqual(".tree = " in made, wanted, text)


class BroughtAlong(Workshop):
    def own(self, method="smc", initrd=None, trailing=0):
        sw = libfdt.FdtSw()
        sw.finish_reservemap()
        with sw.add_node(""):
            with sw.add_node("psci"):
                sw.property_string("method", method)
            with sw.add_node("chosen"):
                if initrd is not None:
                    sw.property_u32("linux,initrd-start", initrd)
        tree = sw.as_fdt()
        tree.pack()
        self.put("own.dtb", bytes(tree.as_bytearray()) + bytes(trailing))

    def test_as_it_is(self):
        self.own()
        (vm,) = self.make(VM + "tree = own.dtb\n").vms
        self.assertEqual(vm.files["tree"].content, (self.folder / "own.dtb").read_bytes())
        self.assertIn(str(self.folder / "own.dtb"), (self.out / "files.d").read_text())
        self.assertIn("own.dtb", (self.out / "table.c").read_text())

    def test_ramdisk_where_the_tree_says(self):
        self.own(initrd=0x40400000)
        text = VM + "tree = own.dtb\nramdisk = disk.cpio\n"
        (vm,) = self.make(text).vms
        self.assertEqual(vm.files["ramdisk"].address, 0x40400000)
        self.make(text + "ramdisk-address = 0x40400000\n")
        self.assert_refused(
            text + "ramdisk-address = 0x40401000\n",
            "[vm one] tree: own.dtb has the ramdisk at 0x40400000, not at 0x40401000",
        )

    def test_ramdisk_that_it_does_not_know(self):
        self.own()
        self.assert_refused(
            VM + "tree = own.dtb\nramdisk = disk.cpio\n",
            "[vm one] tree: own.dtb has no linux,initrd-start in /chosen, so nobody would find the ramdisk",
        )

    def test_other_conduit(self):
        self.own(method="hvc")
        self.assert_refused(
            VM + "tree = own.dtb\n",
            "[vm one] tree: own.dtb names hvc in /psci, and the conduit is smc",
        )
        self.make(VM + "tree = own.dtb\nconduit = hvc\n")

    def test_what_is_no_tree(self):
        self.put("own.dtb", bytes(100))
        self.assert_refused(VM + "tree = own.dtb\n", "[vm one] tree: own.dtb is no device tree")
        self.own()
        content = (self.folder / "own.dtb").read_bytes()
        self.put("own.dtb", content[:-8])
        self.assert_refused(VM + "tree = own.dtb\n", "[vm one] tree: own.dtb is cut short")

    def test_size(self):
        """Linux maps 2 MiB, and no more."""
        self.own()
        tree = libfdt.Fdt((self.folder / "own.dtb").read_bytes())
        for size, refused in ((1 << 21, False), ((1 << 21) + 1, True)):
            tree.resize(size)
            self.put("own.dtb", bytes(tree.as_bytearray()))
            if refused:
                complaint = "[vm one] tree: own.dtb is larger than 2 MiB"
                self.assert_refused(VM + "tree = own.dtb\n", complaint)
            else:
                self.make(VM + "tree = own.dtb\n")

    def test_bootargs(self):
        self.own()
        self.assert_refused(
            VM + "tree = own.dtb\nbootargs = quiet\n",
            "[vm one] bootargs: only a generated tree can tell them",
        )


if __name__ == "__main__":
    unittest.main()
