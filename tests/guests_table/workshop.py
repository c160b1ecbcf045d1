# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of tools/guests share: tables made in folders of their own."""
import struct
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from guest_table import description, layout, source, tree  # noqa: E402
from guest_table.complaints import Refused  # noqa: E402

MIB = 1 << 20

# A VM that needs nothing else.
VM = "[vm one]\nimage = raw.bin\nmemory = 16M\n"


def linux_image(file_bytes=4096, text_offset=0, image_size=4 * MIB, flags=0xA):
    """As Documentation/arch/arm64/booting has its first 64 bytes."""
    header = struct.pack("<IIQQQQQQ4sI", 0, 0, text_offset, image_size, flags, 0, 0, 0, b"ARM\x64", 0)
    return header + b"\x5a" * (file_bytes - len(header))


class Workshop(unittest.TestCase):
    """Each test has a folder with some files in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"
        self.put("raw.bin", b"\x5a" * 10000)
        self.put("linux.bin", linux_image())
        self.put("disk.cpio", b"\xa5" * 5000)

    def put(self, name, content):
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)

    def make(self, text, **settings):
        self.put("test.guests", text.encode())
        table = description.read(self.folder / "test.guests", settings)
        layout.place_all(table)
        tree.make_all(table)
        source.write(table, self.out, ["the-tool"])
        return table

    def made(self, text, **settings):
        """The C file of a table."""
        self.make(text, **settings)
        return (self.out / "table.c").read_text()

    def complaints(self, text, **settings):
        """What is wrong with it, without the file's name. It must be refused."""
        with self.assertRaises(Refused) as caught:
            self.make(text, **settings)
        prefix = f"{self.folder / 'test.guests'}:"
        for line in caught.exception.lines:
            self.assertTrue(line.startswith(prefix), line)
            self.assertNotIn("\n", line)
        return [line[len(prefix) :].strip() for line in caught.exception.lines]

    def assert_refused(self, text, complaint):
        self.assertEqual(self.complaints(text), [complaint])
