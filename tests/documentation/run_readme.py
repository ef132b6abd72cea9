"""Runs the shell block of README.md in a directory that looks like a clone with a build.

usage: run_readme.py ROOT TW      exit code: the block's
"""

import pathlib
import re
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
        return subprocess.run(["bash", "-e", "-c", blocks[0]], cwd=clone, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
