"""Compares what libtilewright.so exports with the committed list: the C interface only grows, and nothing else leaks."""
import subprocess
import sys


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout.splitlines()
    symbols = (line.split() for line in lines)
    return {name.split("@")[0] for _, kind, name in symbols if kind != "A"}


def main(library, list_file):
    with open(list_file, encoding="utf-8") as file:
        wanted = set(file.read().split())
    found = exported(library)
    for name in sorted(wanted - found):
        print(f"{name}: no longer exported. Programs use it; bring it back.")
    for name in sorted(found - wanted):
        print(f"{name}: exported but not in {list_file}. Add it there if it is meant to stay for ever, else hide it.")
    return 0 if wanted == found and wanted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
