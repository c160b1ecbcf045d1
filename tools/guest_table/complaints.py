# SPDX-License-Identifier: BSD-3-Clause
"""What is wrong with a text: all of it is collected before anything is refused."""


class Refused(Exception):
    """The lines say why, each for itself."""

    def __init__(self, lines):
        super().__init__("\n".join(lines))
        self.lines = lines


class Complaints:
    def __init__(self, path):
        self.path = path
        self.lines = []

    def add(self, text, section=None):
        where = f" [{section}]" if section else ""
        self.lines.append(f"{self.path}:{where} {text}")

    def refuse_if_any(self):
        if self.lines:
            raise Refused(self.lines)
