"""Takes each flag of generated kernels away, one at a time, and sees that a checked run names the place.

usage: remove_flags.py --tw TW --platform NAME PROGRAM...

PROGRAM is a tile program with an example (docs/guide/tile-programs.md). A flag is what belongs together at run time: a set_flag and the
wait_flag that takes it; in a loop, the set before it, the wait and set inside, and the wait behind. All flags of a program go into one
build: each stands in an `if`, and an environment variable says which of them is left out, so that a kernel is compiled once for all of its
flags. The checker must then find an `unordered` pair of accesses in that kernel, by the two pipes of the flag or by pipes whose order went
through it.

Exit code: 0 if every flag was missed, else 1.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FLAG = re.compile(r"^\s*(set|wait)_flag\((PIPE_\w+), (PIPE_\w+), (EVENT_ID\d)\);")
SWITCH = """#include <cstdlib>
/// Whether a flag is there: all but the one that the test takes away.
static bool keep(int flag) {
  static const int removed = std::atoi(std::getenv("TW_REMOVED_FLAG"));
  return flag != removed;
}
"""


class Block:
    """A piece of C++ in braces: its lines by number, and the blocks in it, in order."""

    def __init__(self, is_loop):
        self.is_loop = is_loop
        self.parts = []


def blocks_of(lines):
    root = Block(False)
    open_blocks = [root]
    for number, line in enumerate(lines):
        code = line.split("//")[0].strip()
        if code.startswith("}"):
            open_blocks.pop()
        else:
            open_blocks[-1].parts.append(number)
        if code.endswith("{"):
            block = Block(re.match(r"(for|while|do)\b", code) is not None)
            open_blocks[-1].parts.append(block)
            open_blocks.append(block)
    assert open_blocks == [root], "the braces of the kernel do not match"
    return root


def flags_of(text):
    """Each flag of a kernel as (set pipe, wait pipe, numbers of its lines)."""
    lines = text.split("\n")
    group = {}  # a line with a flag -> the lines that belong to it, one list for all of them
    waiting = {}  # a flag's pipes and event -> lines that set it and were not waited for yet

    def walk(block):
        # Two turns of a loop show what goes around; ways of a branch are passed one after the other, as each has both halves of its flags.
        for _ in range(2 if block.is_loop else 1):
            for part in block.parts:
                if isinstance(part, Block):
                    walk(part)
                    continue
                found = FLAG.match(lines[part])
                if not found:
                    continue
                group.setdefault(part, [part])
                pending = waiting.setdefault(found.groups()[1:], [])
                if found[1] == "set":
                    pending.append(part)
                    continue
                one, other = group[pending.pop(0)], group[part]
                if one is not other:
                    one += other
                    for line in other:
                        group[line] = one

    walk(blocks_of(lines))
    assert not any(waiting.values()), "a flag is left set"
    flags = {min(members): members for members in group.values()}
    return [(*FLAG.match(lines[first]).groups()[1:3], sorted(members)) for first, members in sorted(flags.items())]


def put_switches(text, first_number):
    """The kernel with each of its flags in an `if`, numbered from `first_number` on, and what flags they are."""
    lines = text.split("\n")
    flags = flags_of(text)
    for number, (_, _, members) in enumerate(flags, first_number):
        for line in members:
            lines[line] = re.sub(r"(set|wait)_flag", rf"if (keep({number})) \1_flag", lines[line], count=1)
    return SWITCH + "\n".join(lines), flags


def run(argv, **environment):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment})


def must(argv, what, **environment):
    done = run(argv, **environment)
    if done.returncode != 0:
        sys.exit(f"{what}: {' '.join(map(str, argv))}\n{done.stdout}")


def try_program(program, arguments, directory):
    """(number of flags, what is wrong with them)."""
    artifact = directory / "artifact"
    must([program, "-o", artifact, "--platform", arguments.platform], "does not compile")
    flags = []  # kernel, set pipe, wait pipe, first line
    for kernel in sorted(artifact.glob("kernels/*/*.cpp")):
        text, found = put_switches(kernel.read_text(), len(flags))
        kernel.write_text(text)
        flags += [(kernel.stem, *pipes, members[0] + 1) for *pipes, members in found]
    must([arguments.tw, "rebuild", artifact], "does not compile with switches")
    checked = [program, "--artifact", artifact, "--check", "--platform", arguments.platform]
    must(checked, "is wrong before anything is taken away", TW_REMOVED_FLAG="-1")
    wrong = []
    for number, (kernel, setter, waiter, line) in enumerate(flags):
        done = run(checked, TW_REMOVED_FLAG=str(number))
        found = re.findall(r"unordered in kernel (\w+) .* by (PIPE_\w+) and (PIPE_\w+)", done.stdout)
        of_kernel = {(first, second) for name, first, second in found if name == kernel}
        what = f"{pathlib.Path(program).name}, kernel {kernel}: without the flag of line {line}, {setter} to {waiter}"
        if done.returncode != 1 or not any(setter == first or waiter == second for first, second in of_kernel):
            wrong.append(f"{what}, the check found {sorted(of_kernel) or 'nothing'} (exit code {done.returncode})\n{done.stdout}")
        elif (setter, waiter) not in of_kernel:
            print(f"  {what}, the check found {sorted(of_kernel)}: what was ordered through it")
    return len(flags), wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tw", required=True)
    parser.add_argument("--platform", required=True)
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    failures = []
    for program in arguments.programs:
        with tempfile.TemporaryDirectory() as directory:
            total, wrong = try_program(program, arguments, pathlib.Path(directory))
        print(f"{pathlib.Path(program).name}: {total} flags taken away, {len(wrong)} not missed", flush=True)
        failures += wrong
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
