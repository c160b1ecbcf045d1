# SPDX-License-Identifier: BSD-3-Clause
"""How the values of a table's keys are written. Each function takes a text, and raises ValueError
with the rest of a sentence, which starts with the key, if that makes no sense."""
import re
import uuid

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
PAGE = 4 * KIB

UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB}


def number(text):
    if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", text):
        raise ValueError(f"'{text}' is no number, such as 12 or 0x1f")
    return int(text, 16) if text[:2] in ("0x", "0X") else int(text)


def number_between(low, high):
    def parse(text):
        value = number(text)
        if not low <= value <= high:
            raise ValueError(f"{text} is not between {low} and {high}")
        return value

    return parse


def size(text):
    """In bytes: whole pages, and some."""
    match = re.fullmatch(r"(.*?)([KMG]?)", text)
    try:
        value = number(match[1]) * UNITS[match[2]]
    except ValueError:
        raise ValueError(f"'{text}' is no size, such as 256M, 64K or 0x200000") from None
    if value == 0 or value % PAGE != 0:
        raise ValueError(f"{text} is not a number of pages of 4 KiB")
    return value


def offset(text):
    return 0 if text == "0" else size(text)


def address(text):
    value = number(text)
    if value % PAGE != 0:
        raise ValueError(f"{text} is not the start of a page of 4 KiB")
    return value


def device_address(unit):
    """A multiple of it; not zero, which is how the hypervisor is told nothing."""

    def parse(text):
        value = number(text)
        if value == 0 or value % unit != 0:
            raise ValueError(f"{text} is not a multiple of {unit // KIB} KiB, and more than 0")
        return value

    return parse


def stretch(default_address):
    """SIZE at ADDRESS, or SIZE alone if there is a default; as an address and a size."""

    def parse(text):
        words = text.split()
        if len(words) == 3 and words[1] == "at":
            return address(words[2]), size(words[0])
        if len(words) == 1 and default_address is not None:
            return default_address, size(words[0])
        raise ValueError(f"'{text}' is not 'SIZE at ADDRESS', such as 256M at 0x80000000")

    return parse


def yes_or_no(text):
    if text not in ("yes", "no"):
        raise ValueError(f"'{text}' is neither yes nor no")
    return text == "yes"


def one_of(*words):
    def parse(text):
        if text not in words:
            raise ValueError(f"'{text}' is none of {', '.join(words)}")
        return text

    return parse


def word_list(text):
    """Separated by blanks or commas, none of them twice."""
    words = re.split(r"[\s,]+", text.strip())
    for word in words:
        if words.count(word) > 1:
            raise ValueError(f"{word} is named twice")
    return [word for word in words if word]


def some_of(*words):
    """A set of the words: 'all', 'none', or a list."""

    def parse(text):
        named = word_list(text)
        if named == ["all"]:
            return list(words)
        if named == ["none"]:
            return []
        for word in named:
            if word not in words:
                raise ValueError(f"'{word}' is none of {', '.join(words)}, all and none")
        return named

    return parse


def names(text):
    return [] if text == "none" else word_list(text)


def uuids(text):
    made = []
    for word in word_list(text):
        try:
            made.append(uuid.UUID(word))
        except ValueError:
            raise ValueError(f"'{word}' is no UUID") from None
        if made[-1].int == 0:
            raise ValueError("the nil UUID stands for all, and for nobody")
        if made.count(made[-1]) > 1:
            raise ValueError(f"{word} is named twice")
    return made


def one_line(text):
    """A value over several lines is one of several words."""
    return " ".join(text.split())
