"""Compiles the plug-in of docs/reference/platform-plugin.md, word for word, and runs a program on it.

usage: run_platform_plugin.py ROOT TW LIBRARY CC
"""

import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile


def main(root, tw, library, compiler):
    root = pathlib.Path(root)
    page = (root / "docs/reference/platform-plugin.md").read_text()
    blocks = re.findall(r"^```c\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        print(f"platform-plugin.md has {len(blocks)} blocks marked c; the plug-in is the only one", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / "minisim.c"
        source.write_text(blocks[0])
        libraries = pathlib.Path(library).parent
        subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{root / 'include'}", str(source), "-o",
                        f"{directory}/libtw_platform_minisim.so", f"-L{libraries}", "-ltilewright", f"-Wl,-rpath,{libraries}"], check=True)
        environment = dict(os.environ, TW_PLATFORM_PATH=directory)
        output = f"{directory}/c.npy"
        run = [tw, "run", str(root / "examples/hello/callable.json"), "--platform", "minisim", "--arg", "a=f32[100]=arange", "--arg",
               "b=f32[100]=arange", "--arg", "c=f32[100]"]
        result = subprocess.run(run + ["--output", f"c={output}"], env=environment)
        if result.returncode != 0:
            return result.returncode
        values = struct.unpack("<100f", pathlib.Path(output).read_bytes()[-400:])
        if values != tuple(2.0 * i for i in range(100)):
            print(f"c is not 0, 2, 4, ... but {values[:8]} ...", file=sys.stderr)
            return 1
        refused = subprocess.run(run + ["--device", "1"], env=environment, capture_output=True, text=True)
        if refused.returncode != 2 or "minisim has one device, 0" not in refused.stderr:
            print(f"device 1: exit code {refused.returncode}, {refused.stderr}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
