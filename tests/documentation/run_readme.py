"""Runs the shell block of README.md in a directory that looks like a clone with a build, and checks what it computes.

usage: run_readme.py ROOT TW
"""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile


def main(root, tw):
    blocks = re.findall(r"^```sh\n(.*?)^```$", (pathlib.Path(root) / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        print(f"README.md has {len(blocks)} blocks marked sh; the first program is the only one", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as clone:
        programs = pathlib.Path(clone) / "build/bin"
        programs.mkdir(parents=True)
        # A script rather than a link: a program may look for its libraries and headers where it lies.
        wrapper = programs / "tw"
        wrapper.write_text(f'#!/bin/sh\nexec "{tw}" "$@"\n')
        wrapper.chmod(0o755)
        code = subprocess.run(["bash", "-e", "-c", blocks[0]], cwd=clone, stdin=subprocess.DEVNULL).returncode
        if code != 0:
            return code
        data = (pathlib.Path(clone) / "build/first/y.npy").read_bytes()[-4 * 1024 :]
        values = struct.unpack("<1024f", data)
        if values != tuple(2.0 * i for i in range(1024)):
            print(f"y.npy does not hold 0, 2, 4, ... but {values[:8]} ...", file=sys.stderr)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
