# SPDX-License-Identifier: BSD-3-Clause
"""Where files go in a VM's memory, and which files are refused."""
import re
import unittest

from workshop import MIB, VM, Workshop, linux_image

LINUX = VM.replace("raw.bin", "linux.bin").replace("16M", "256M at 0x80000000")

NOT_RAW = (
    (b"\x7fELF\x02\x01", "is an ELF file: objcopy -O binary makes a raw image of it"),
    (b"\x1f\x8b\x08", "is compressed with gzip: unpack it first"),
    (b"\xfd7zXZ\0", "is compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first"),
    (b"\x27\x05\x19\x56", "is a U-Boot image: give what is inside"),
    (b"MZ\0\0zimg", "is a compressed kernel (EFI zboot): give the Image inside"),
)


class Images(Workshop):
    def test_what_is_no_raw_image(self):
        for start, complaint in NOT_RAW:
            with self.subTest(start=start):
                self.put("raw.bin", start + bytes(100))
                self.assert_refused(VM, f"[vm one] image: raw.bin {complaint}")

    def test_no_file(self):
        path = self.folder / "none.bin"
        self.assert_refused(
            VM.replace("raw.bin", "none.bin"),
            f"[vm one] image: {path} cannot be read: No such file or directory",
        )

    def test_empty_file(self):
        self.put("raw.bin", b"")
        self.assert_refused(VM, f"[vm one] image: {self.folder / 'raw.bin'} is empty")

    def test_quote_in_name(self):
        self.put('a"b.bin', b"x")
        (complaint,) = self.complaints(VM.replace("raw.bin", 'a"b.bin'))
        self.assertIn("has a quote or a backslash in it, which C would not take", complaint)

    def test_raw_image_has_no_tree_by_itself(self):
        (vm,) = self.make(VM).vms
        self.assertEqual(list(vm.files), ["image"])

    def test_image_that_does_not_fit(self):
        text = VM.replace("16M", "8K")  # of 10000 bytes
        complaint = "[vm one] memory: the image needs 1 MiB, with all that is beside it, from 0x40000000 on"
        self.assert_refused(text, complaint)
        self.make(VM.replace("16M", "12K"))
        self.assert_refused(VM.replace("16M", "12K") + "offset = 4K\n", complaint)

    def test_exact_fit(self):
        self.put("raw.bin", bytes(8192))
        self.make(VM.replace("16M", "8K"))
        (vm,) = self.make(VM.replace("16M", "12K") + "tree = generated\n").vms
        self.assertEqual(vm.files["tree"].address, vm.files["image"].end)
        (complaint,) = self.complaints(VM.replace("16M", "8K") + "tree = generated\n")
        self.assertIn("the tree at 0x40001000 would lie on the image", complaint)

    def test_one_file_of_several_vms(self):
        made = self.made(VM + VM.replace("one", "two"))
        self.assertEqual(made.count("TABLE_FILE("), 1)
        self.assertEqual(made.count(".image = user_0,"), 2)
        self.assertEqual(made.count(".image_end = user_0_end,"), 2)

    def test_files_that_the_hypervisor_has_no_room_for(self):
        self.put("raw.bin", bytes(50 * MIB))
        self.put("more.bin", bytes(50 * MIB))
        big = VM.replace("16M", "64M")
        self.make(big)
        (complaint,) = self.complaints(big + big.replace("one", "two").replace("raw", "more"))
        self.assertRegex(
            complaint,
            "^its files have 100 MiB, each counted once, and the hypervisor's image has room for [0-9]+ MiB$",
        )


class Linux(Workshop):
    def test_image_in_memory(self):
        """At the start of RAM; clear of the bss behind its file come the ramdisk and the tree."""
        (vm,) = self.make(LINUX + "ramdisk = disk.cpio\n").vms
        image, ramdisk, tree = (vm.files[key] for key in ("image", "ramdisk", "tree"))
        self.assertEqual((image.address, image.end), (0x80000000, 0x80400000))
        self.assertGreaterEqual(ramdisk.address, image.end)
        self.assertGreaterEqual(tree.address, ramdisk.address + 5000)
        self.assertLessEqual(tree.address + len(tree.content), 0x80000000 + 128 * MIB)
        self.assertGreater(tree.address, 0x80000000 + 127 * MIB)
        self.assertEqual(tree.address % 8, 0)
        self.assertEqual((tree.address % 4096, ramdisk.address % 4096), (0, 0))

    def test_large_kernel(self):
        """Where the first 128 MiB are full, the rest of the memory serves."""
        self.put("linux.bin", linux_image(image_size=128 * MIB))
        (vm,) = self.make(LINUX + "ramdisk = disk.cpio\n").vms
        self.assertGreaterEqual(vm.files["ramdisk"].address, 0x80000000 + 128 * MIB)
        self.assertLessEqual(vm.files["tree"].end, 0x90000000)

    def test_no_room_beside_bss(self):
        self.put("linux.bin", linux_image(image_size=16 * MIB - 4096))
        (complaint,) = self.complaints(LINUX.replace("256M", "16M") + "ramdisk = disk.cpio\n")
        self.assertEqual(
            complaint,
            "[vm one] memory: the ramdisk at 0x80ffd000 would lie on the image, which reaches from "
            "0x80000000 to 0x80fff000",
        )

    def test_text_offset(self):
        self.put("linux.bin", linux_image(text_offset=0x80000))
        (vm,) = self.make(LINUX).vms
        self.assertEqual(vm.files["image"].address, 0x80080000)
        self.assertIn(".image_offset = 0x80000,", self.made(LINUX))

    def test_alignment(self):
        self.make(LINUX + "offset = 4M\n")
        for text, at in (
            (LINUX + "offset = 1M\n", "0x80100000"),
            (LINUX.replace("0x80000000", "0x80001000"), "0x80001000"),
        ):
            self.assert_refused(
                text,
                "[vm one] offset: the kernel wants to lie 0x0 behind a multiple of 2 MiB, "
                f"and {at} does not",
            )

    def test_kernels_that_are_refused(self):
        self.put("linux.bin", linux_image(image_size=0))
        text = "[vm one] image: this kernel does not tell its size; kernels since 3.17 do"
        self.assert_refused(LINUX, text)
        self.put("linux.bin", linux_image(flags=0xB))
        self.assert_refused(LINUX, "[vm one] image: this kernel is big-endian")

    def test_small_memory(self):
        self.assert_refused(
            LINUX.replace("256M", "2M"),
            "[vm one] memory: the image needs 4 MiB, with all that is beside it, from 0x80000000 on",
        )

    def test_given_addresses(self):
        text = LINUX + "ramdisk = disk.cpio\nramdisk-address = 0x88000000\ntree-address = 0x8f000000\n"
        made = self.made(text)
        self.assertRegex(made, r"\.tree = \{user_1, user_1_end, 0x8f000000\},")
        self.assertRegex(made, r"\.ramdisk = \{user_2, user_2_end, 0x88000000\},")
        self.assert_refused(
            text.replace("0x8f000000", "0x88001000"),
            "[vm one] memory: the tree at 0x88001000 would lie on the ramdisk, which reaches from "
            "0x88000000 to 0x88001388",
        )
        self.assert_refused(
            text.replace("0x88000000", "0x90000000"),
            "[vm one] memory: the ramdisk, 1 MiB at 0x90000000, does not fit in 0x80000000 to 0x90000000",
        )

    def test_ramdisk_of_a_raw_image(self):
        made = self.made(VM + "ramdisk = disk.cpio\nramdisk-address = 0x40800000\n")
        self.assertIn(".ramdisk = {user_1, user_1_end, 0x40800000},", made)


class Dependencies(Workshop):
    def test_what_make_is_told(self):
        self.put("own dtb", b"")
        self.make(LINUX + "ramdisk = disk.cpio\n" + VM.replace("one", "two"))
        rules = (self.out / "files.d").read_text()
        first = rules.splitlines()[0]
        target, needed = first.split(": ")
        self.assertEqual(target, str(self.out / "table.c"))
        self.assertEqual(
            set(needed.split()),
            {"the-tool"} | {str(self.folder / name) for name in ("test.guests", "linux.bin", "disk.cpio", "raw.bin")},
        )
        for name in needed.split():
            self.assertTrue(re.search(f"^{re.escape(name)}:$", rules, re.MULTILINE), name)

    def test_names_that_make_reads_otherwise(self):
        self.put("a b$c.bin", b"x")
        self.make(VM.replace("raw.bin", "a b$c.bin"))
        self.assertIn(r"a\ b$$c.bin", (self.out / "files.d").read_text())


if __name__ == "__main__":
    unittest.main()
