# SPDX-License-Identifier: BSD-3-Clause
"""Texts that are refused, with what is said of them, and what each key turns into."""
import re
import unittest

from workshop import ROOT, VM, Workshop, linux_image

from guest_table import description, limits

# What is appended to VM, and the complaint about it.
BAD_VALUES = (
    ("id = 0", "id: 0 is not between 1 and 64"),
    ("id = 65", "id: 65 is not between 1 and 64"),
    ("id = one", "id: 'one' is no number, such as 12 or 0x1f"),
    ("id = -1", "id: '-1' is no number, such as 12 or 0x1f"),
    ("id =", "id: it has no value"),
    ("vcpus = 9", "vcpus: 9 is not between 1 and 8"),
    ("vcpus = 0", "vcpus: 0 is not between 1 and 8"),
    ("width = 16", "width: '16' is none of 64, 32"),
    ("conduit = SMC", "conduit: 'SMC' is none of smc, hvc"),
    ("fp = maybe", "fp: 'maybe' is neither yes nor no"),
    ("faults = ignored", "faults: 'ignored' is none of reported, stop"),
    ("ends = well", "ends: 'well' is none of off, fault, quarantine"),
    ("rights = message, sing", "rights: 'sing' is none of message, notify, share, all and none"),
    ("rights = share share", "rights: share is named twice"),
    (
        "properties = direct",
        "properties: 'direct' is none of direct-receive, direct-send, direct2-receive, "
        "direct2-send, indirect, notifications, all and none",
    ),
    ("rxtx-pages = 17", "rxtx-pages: 17 is not between 1 and 16"),
    ("window = 2M", "window: '2M' is not 'SIZE at ADDRESS', such as 256M at 0x80000000"),
    ("window = 2M at 0x123", "window: 0x123 is not the start of a page of 4 KiB"),
    ("offset = 0x123", "offset: 0x123 is not a number of pages of 4 KiB"),
    ("gicd = 0x8001000", "gicd: 0x8001000 is not a multiple of 64 KiB, and more than 0"),
    ("gicr = 0x8001000", "gicr: 0x8001000 is not a multiple of 64 KiB, and more than 0"),
    ("uart = 0x123", "uart: 0x123 is not a multiple of 4 KiB, and more than 0"),
    ("uart = 0", "uart: 0 is not a multiple of 4 KiB, and more than 0"),
    ("fp = yes\nwidth = 32", "fp: VMs of width 32 have no FP/SIMD registers here"),
    ("uart-intid = 64", "uart-intid: 64 is not between 32 and 63"),
    ("uart-intid = 31", "uart-intid: 31 is not between 32 and 63"),
    ("uuids = 1234", "uuids: '1234' is no UUID"),
    (
        "uuids = 00000000-0000-0000-0000-000000000000",
        "uuids: the nil UUID stands for all, and for nobody",
    ),
    ("sees = one", "sees: a VM does not see itself"),
    ("sees = two", "sees: there is no [vm two]"),
    ("comes-and-goes = yes", "comes-and-goes: one VM at least must stay"),
    ("uart = 0x8000000", "uart: at 0x8000000 it overlaps gicd at 0x8000000"),
    ("uart = 0x80a0000", "uart: at 0x80a0000 it overlaps gicr at 0x80a0000"),
    ("gicr = 0x8ff0000", "uart: at 0x9000000 it overlaps gicr at 0x8ff0000"),
    ("window = 4K at 0x40fff000", "window: at 0x40fff000 it overlaps memory at 0x40000000"),
    ("window = 8K at 0x7ffffff000", "window: 0x7ffffff000 to 0x8000001000 reaches beyond 0x8000000000"),
    ("width = 32\nwindow = 8K at 0xfffff000", "window: 0xfffff000 to 0x100001000 reaches beyond 0x100000000"),
    ("bootargs = quiet\ntree = none", "bootargs: only a generated tree can tell them"),
    ("tree-address = 0x40000000", "tree-address: it has no tree"),
    ("ramdisk-address = 0x40800000", "ramdisk-address: it has no ramdisk"),
    (
        "ramdisk = disk.cpio",
        "ramdisk: without a tree nobody tells the VM where; give a ramdisk-address",
    ),
)

# Whole texts.
BAD_TEXTS = (
    ("", "there is no [vm NAME] in it"),
    ("image = x\n", "line 1 stands before the first [SECTION]"),
    ("[vm one]\nimage\n", "line 2 is neither [SECTION] nor KEY = VALUE: image"),
    (VM + VM.replace("vm one", "vm  one"), "[vm  one] is the second VM of this name"),
    (VM + VM, "[vm one] line 4 begins this section once more"),
    (VM + "memory = 1M\n", "[vm one] line 4 says memory once more"),
    (VM + "[guest two]\n", "[guest two] is neither [table] nor [vm NAME]"),
    (VM + "[DEFAULT]\nvcpus = 2\n", "[DEFAULT] is neither [table] nor [vm NAME]"),
    (VM + "[table]\nchapters = 1\n", "[table] chapters is no key; they are name, seconds"),
    (VM + "[table]\nseconds = -1\n", "[table] seconds: '-1' is no number, such as 12 or 0x1f"),
    (VM + '[table]\nname = a"b\n', "[table] name: only letters, digits, blanks and . _ - are allowed"),
    ("[vm one]\nimage = raw.bin\n", "[vm one] memory is missing"),
    ("[vm one]\nmemory = 1M\n", "[vm one] image is missing"),
    (VM.replace("16M", "1T"), "[vm one] memory: '1T' is no size, such as 256M, 64K or 0x200000"),
    (VM.replace("16M", "6000"), "[vm one] memory: 6000 is not a number of pages of 4 KiB"),
    (VM.replace("16M", "0"), "[vm one] memory: 0 is not a number of pages of 4 KiB"),
    (VM.replace("16M", "1M to 2M"), "[vm one] memory: '1M to 2M' is not 'SIZE at ADDRESS', such as 256M at 0x80000000"),
    (VM.replace("one", "thirteenchars"), "[vm thirteenchars] the name has more than 12 characters"),
    (VM.replace("one", "a]b"), "[vm a]b] the name has other characters than letters, digits, - and _"),
    (VM.replace("one", "a:b"), "[vm a:b] the name has other characters than letters, digits, - and _"),
    (VM.replace("one", "hyp"), "[vm hyp] lines of the hypervisor's own begin with this name"),
    (VM + "id = 2\n" + VM.replace("one", "two") + "id = 2\n", "[vm two] id: 0x2 is the ID of one, too"),
    (VM + "input = yes\n" + VM.replace("one", "two") + "input = yes\n",
     "[vm two] input: one gets what is typed, and only one VM can"),
    (VM + "comes-and-goes = yes\nends = fault\n" + VM.replace("one", "two"),
     "[vm one] ends: one that comes and goes cannot be expected to end with fault"),
    (VM.replace("16M", "1G") + VM.replace("one", "two").replace("16M", "1G"),
     "its VMs need 2048 MiB of memory, and there are 1808 MiB"),
)

# What is appended to VM, and a line of the table that it makes.
FIELDS = (
    ("", ".id = 0x1,"),
    ("", '.name = "one",'),
    ("", ".vcpus = 1,"),
    ("", ".aarch64 = true,"),
    ("", ".ipa = 0x40000000,"),
    ("", ".pages = 0x1000,"),
    ("", ".image_offset = 0x0,"),
    ("", ".rxtx_pages_max = 4,"),
    ("", ".may = WORLD_MAY_MESSAGE | WORLD_MAY_NOTIFY | WORLD_MAY_SHARE,"),
    ("", ".sees_secure = false,"),
    ("", ".has_fp = true,"),
    ("", ".takes_faults = true,"),
    ("", ".scattered = false,"),
    ("", ".ends_at_once = false,"),
    ("", ".comes_and_goes = false,"),
    ("", ".conduit = CONDUIT_SMC,"),
    ("", ".seconds_max = 0,"),
    ("", ".any_ipa = true,"),
    ("", '.name = "test",'),
    ("id = 0x2a", ".id = 0x2a,"),
    ("vcpus = 8", ".vcpus = 8,"),
    ("width = 32", ".aarch64 = false,"),
    ("width = 32", ".has_fp = false,"),
    ("offset = 512K", ".image_offset = 0x80000,"),
    ("conduit = hvc", ".conduit = CONDUIT_HVC,"),
    ("fp = no", ".has_fp = false,"),
    ("faults = stop", ".takes_faults = false,"),
    ("scattered = yes", ".scattered = true,"),
    ("ends = fault", ".fault_expected = true,"),
    ("ends = quarantine", ".quarantine_expected = true,"),
    ("ends-at-once = yes", ".ends_at_once = true,"),
    ("rxtx-pages = 16", ".rxtx_pages_max = 16,"),
    ("secure = yes", ".sees_secure = true,"),
    ("rights = none", ".may = 0,"),
    ("rights = notify", ".may = WORLD_MAY_NOTIFY,"),
    ("rights = share, message", ".may = WORLD_MAY_SHARE | WORLD_MAY_MESSAGE,"),
    ("properties = none", ".properties = 0,"),
    ("properties = direct-receive", ".properties = FFA_PARTITION_DIRECT_REQ_RECV,"),
    ("properties = direct-send", ".properties = FFA_PARTITION_DIRECT_REQ_SEND,"),
    ("properties = direct2-receive", ".properties = FFA_PARTITION_DIRECT_REQ2_RECV,"),
    ("properties = direct2-send", ".properties = FFA_PARTITION_DIRECT_REQ2_SEND,"),
    ("properties = indirect", ".properties = FFA_PARTITION_INDIRECT_MSG,"),
    ("properties = notifications", ".properties = FFA_PARTITION_NOTIFICATION_RECV,"),
    ("window = 2M at 0x200000000", ".window_ipa = 0x200000000,"),
    ("window = 2M at 0x200000000", ".window_pages = 0x200,"),
    ("gicd = 0x2f000000", ".devices.gicd_ipa = 0x2f000000,"),
    ("gicr = 0x2f100000", ".devices.gicr_ipa = 0x2f100000,"),
    ("uart = 0x1c090000", ".devices.uart_ipa = 0x1c090000,"),
    ("input = yes", ".has_input = true,"),
    ("uart-intid = 40", ".devices.uart_intid = 40,"),
    ("[table]\nname = my table", '.name = "my table",'),
    ("[table]\nseconds = 90", ".seconds_max = 90,"),
    ("fp = no # it has none", ".has_fp = false,"),
    (
        "uuids = 3cf1a2e7-5b0d-4c11-9e24-67d810a3b5c7",
        ".uuids = {WORLD_UUID(0x3cf1a2e7, 0x5b0d4c11, 0x9e2467d8, 0x10a3b5c7)},",
    ),
)


# What is appended to VM, and is just allowed.
AT_THE_LIMIT = (
    "window = 4K at 0x41000000",  # right behind RAM
    "window = 4K at 0x3ffff000",
    "window = 4K at 0x7ffffff000",
    "window = 4K at 0xfffff000\nwidth = 32",
    "gicr = 0x8010000\nvcpus = 8",
    "uart = 0x9ff0000\ngicr = 0x9ff1000".replace("0x9ff1000", "0xa000000"),
    "offset = 0",
    "uuids = " + " ".join(f"3cf1a2e7-5b0d-4c11-9e24-67d810a3b5c{i}" for i in range(3)),
    "\n[vm twelve-chars]\nimage = raw.bin\nmemory = 1792M",  # and so all RAM
)


class Refusals(Workshop):
    def test_values(self):
        for text, complaint in BAD_VALUES:
            with self.subTest(text=text):
                self.assert_refused(VM + text + "\n", f"[vm one] {complaint}")

    def test_texts(self):
        for text, complaint in BAD_TEXTS:
            with self.subTest(text=text):
                self.assert_refused(text, complaint)

    def test_unknown_key(self):
        (complaint,) = self.complaints(VM + "memorry = 1M\n")
        self.assertTrue(complaint.startswith("[vm one] memorry is no key; they are id, "), complaint)

    def test_all_at_once(self):
        said = self.complaints(VM + "vcpus = 9\nfp = x\n[vm two]\nid = 0\n[vm three]\nno = yes\n")
        self.assertEqual(len(said), 8, said)  # and image and memory of two and three are missing

    def test_too_many_peers(self):
        others = "".join(VM.replace("one", f"v{i}").replace("16M", "1M") for i in range(9))
        text = VM + "sees = " + " ".join(f"v{i}" for i in range(9)) + "\n" + others
        self.assert_refused(text, "[vm one] sees: it sees 9 VMs, more than 8")

    def test_too_many_vms(self):
        text = "".join(VM.replace("one", f"v{i}").replace("16M", "1M") for i in range(65))
        self.assert_refused(text, "[vm v64] there are more than 64 VMs")

    def test_too_many_uuids(self):
        some = " ".join(f"3cf1a2e7-5b0d-4c11-9e24-67d810a3b5c{i}" for i in range(4))
        self.assert_refused(VM + f"uuids = {some}\n", "[vm one] uuids: it has more than 3")

    def test_file_that_is_not_there(self):
        gone = self.folder / "none.guests"
        with self.assertRaisesRegex(Exception, "none.guests: cannot be read: No such file"):
            description.read(gone, {})


class Tables(Workshop):
    def test_fields(self):
        for text, line in FIELDS:
            with self.subTest(text=text):
                lines = [made.strip() for made in self.made(VM + text + "\n").splitlines()]
                self.assertIn(line, lines)

    def test_where_physical_ram_is(self):
        """From 0x40000000 to 0x80000000, and from 0xc6000000 to 0xff000000."""
        for memory, window, meets in (
            ("0x3fc00000", None, "false"),
            ("0x3fd00000", None, "true"),
            ("0x80000000", None, "false"),
            ("0xc5c00000", None, "false"),
            ("0xc5d00000", None, "true"),
            ("0x80000000", "0x7fc00000", "true"),
            ("0x80000000", "0xff000000", "false"),
        ):
            with self.subTest(memory=memory, window=window):
                text = VM.replace("16M", f"4M at {memory}")
                text += f"window = 4M at {window}\n" if window else ""
                self.assertIn(f".any_ipa = {meets},", self.made(text))

    def test_at_the_limit(self):
        for text in AT_THE_LIMIT:
            with self.subTest(text=text):
                made = self.made(VM + text + "\n")
                self.assertIn(".image_offset = 0x0,", made)

    def test_most_peers(self):
        others = "".join(VM.replace("one", f"v{i}").replace("16M", "1M") for i in range(8))
        text = VM + "sees = " + " ".join(f"v{i}" for i in range(8)) + "\n" + others
        self.assertIn(".peer_count = 8,", self.made(text))

    def test_blank_line_ends_a_value(self):
        self.assertEqual(len(self.complaints(VM + "sees = two\n\n  three\n")), 1)

    def test_ids_and_peers(self):
        """IDs in the order of the text around those that are given; peers in the order of IDs."""
        text = (
            VM + "sees = four, two three\n"
            "[vm two]\nimage = raw.bin\nmemory = 1M\nid = 1\n"
            "[vm three]\nimage = raw.bin\nmemory = 1M\n"
            "[vm four]\nimage = raw.bin\nmemory = 1M\nid = 0x40\nsees = one\n"
        )
        table = self.make(text)
        self.assertEqual([vm.id for vm in table.vms], [2, 1, 3, 0x40])
        self.assertIn(".peer_count = 3,\n        .peers = {0x1, 0x3, 0x40},", self.made(text))
        self.assertIn(".peer_count = 1,\n        .peers = {0x2},", self.made(text))

    def test_comes_and_goes(self):
        text = VM + "comes-and-goes = yes\n" + VM.replace("one", "two")
        self.assertIn(".comes_and_goes = true,", self.made(text))

    def test_folder_names(self):
        self.put("built/raw.bin", b"other")
        text = VM.replace("raw.bin", "$BUILD/raw.bin")
        self.assertIn("/built/raw.bin", self.made(text, BUILD=str(self.folder / "built")))
        self.assertEqual(
            self.complaints(text.replace("BUILD", "HOME"), BUILD="x"),
            ["[vm one] image: $HOME stands for no folder; those that do: $BUILD"],
        )


class Manual(Workshop):
    """docs/guests.md"""

    text = (ROOT / "docs/guests.md").read_text()

    def test_examples(self):
        for name in ("hello.bin", "initramfs.cpio"):
            self.put(name, b"\x5a" * 100)
        self.put("Image", linux_image())
        examples = re.findall("```ini\n(.*?)```", self.text, re.DOTALL)
        self.assertEqual([len(self.make(example).vms) for example in examples], [1, 2])

    def test_keys(self):
        """Each has a row, or a place in one; each row is of a key."""
        rows = re.findall(r"^\| (`[a-z].*?) \|", self.text, re.MULTILINE)
        named = [key for row in rows for key in re.findall("`([a-z-]+)`", row)]
        known = [*description.TABLE_KEYS, *description.VM_KEYS]
        self.assertEqual(sorted(named), sorted(known))


class Limits(unittest.TestCase):
    """The tool and the hypervisor have the same ones."""

    def test_against_headers(self):
        found = {}
        for name in ("hypervisor/table.h", "hypervisor/machine.h", "guests/scenarios/world.h"):
            text = (ROOT / name).read_text().replace("\\\n", " ")
            for define in re.finditer(r"^#define (\w+)\s+(0x\w+?|\d+)u?\s", text, re.MULTILINE):
                found[define[1]] = int(define[2], 0)
        compared = 0
        for name, value in vars(limits).items():
            if name in found:
                self.assertEqual(value, found[name], name)
                compared += 1
        self.assertGreaterEqual(compared, 17)


if __name__ == "__main__":
    unittest.main()
