# SPDX-License-Identifier: BSD-3-Clause
"""Runs a command on a terminal of its own, shows what it prints, and types: terminal.py COMMAND...

Standard input is a list of WAIT=TYPE: what to wait for, and what to type then. Escapes are Python's.
The exit status is the command's, or 1 if something did not come in time."""
import os
import pty
import select
import sys
import time

SECONDS_MAX = 100


def read_some(terminal, until):
    """What has come, or nothing if the command has ended, or the time is over."""
    ready, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
    try:
        return os.read(terminal, 4096) if ready else b""
    except OSError:
        return b""


def converse(terminal, script, until):
    seen = b""
    while True:
        if script and script[0][0] in seen:
            wait, answer = script.pop(0)
            seen = seen[seen.index(wait) + len(wait) :]
            os.write(terminal, answer)
            continue
        some = read_some(terminal, until)
        if not some:
            return
        seen += some
        sys.stdout.write(some.decode("ascii", "replace").replace("\r\n", "\n"))


def main():
    lines = [line.rstrip("\n").encode().decode("unicode_escape") for line in sys.stdin]
    script = [[part.encode() for part in line.split("=", 1)] for line in lines]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    until = time.monotonic() + SECONDS_MAX
    converse(terminal, script, until)
    late = time.monotonic() >= until
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    for wait, _ in script:
        print(f"terminal.py: '{wait.decode()}' has not come")
    return late or bool(script) or os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
