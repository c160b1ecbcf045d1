# SPDX-License-Identifier: BSD-3-Clause
"""Runs the tests of tools/guests, and counts them as tools/check wants it."""
import sys
import unittest
from pathlib import Path


def main():
    tests = unittest.defaultTestLoader.discover(str(Path(__file__).parent))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(tests)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - min(failed, result.testsRun)} passed, {failed} failed")
    return failed != 0 or result.testsRun == 0


if __name__ == "__main__":
    sys.exit(main())
