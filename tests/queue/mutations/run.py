"""Breaks the queue's guarantees one by one and sees that a test fails each time.

usage: run.py --scratch DIRECTORY [--only TEXT] [--from TEXT] [--jobs N]
       run.py --fit    (only sees that each mutation fits the code as it stands)

Works on a copy of this repository's files in DIRECTORY, built with TW_ONLY=queue; the first run configures and builds it. Run as root:
the tests of several users skip otherwise. Exit code: 0 if every mutation was noticed, else 1; 2 if the code as it is fails, or a
mutation does not fit the code any more.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import time

from mutations import ALL

ROOT = pathlib.Path(__file__).resolve().parents[3]
TIME_LIMIT = 120  # s for the tests of one mutation: a hang is noticed, too


def run(argv, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def build(scratch, jobs, targets=("queue_test", "queue_unit_test", "queue_protocol_test")):
    return run(["ninja", "-C", scratch / "build", f"-j{jobs}", *targets])


def test(scratch, mutation):
    """Whether all pass, and the names of those that failed."""
    program = [scratch / "build" / "tests" / mutation.program, f"--gtest_filter={mutation.tests}", "--gtest_brief=1"]
    try:
        done = run(["timeout", "-k", "1", str(TIME_LIMIT), *program])
    finally:
        # A hanging test leaves the jobs it started; they all have the scratch directory's program.
        for link in pathlib.Path("/proc").glob("[0-9]*/exe"):
            try:
                if str(link.readlink()).startswith(str(scratch / "build")):
                    run(["kill", "-9", link.parent.name])
            except OSError:
                pass
    failed = sorted({line.split("]")[1].split()[0].rstrip(",") for line in done.stdout.splitlines() if line.startswith("[  FAILED  ]") and "." in line})
    if done.returncode in (124, 137):
        failed.append("(hang)")
    return done.returncode == 0, failed, done.stdout


def places(root, mutation):
    return (root / "src" / "queue" / mutation.file).read_text().count(mutation.old)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", type=pathlib.Path)
    parser.add_argument("--fit", action="store_true", help="change and build nothing")
    parser.add_argument("--only", default="", help="those whose description contains this")
    parser.add_argument("--from", dest="first", default="", help="begin with the first whose description contains this")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    misfits = [mutation for mutation in ALL if places(ROOT, mutation) != 1]
    for mutation in misfits:
        print(f"{mutation.what}: does not fit {mutation.file} ({places(ROOT, mutation)} places)", file=sys.stderr)
    if misfits or arguments.fit:
        return 2 if misfits else 0
    if not arguments.scratch:
        parser.error("--scratch says where to build")
    scratch = arguments.scratch.resolve()
    source = scratch / "source"
    source.mkdir(parents=True, exist_ok=True)
    for name in run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout.split("\0"):
        here, there = ROOT / name, source / name
        if not here.is_file() or (there.exists() and there.read_bytes() == here.read_bytes()):
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, there)
    if not (scratch / "build" / "build.ninja").exists():
        run(["cmake", "-S", source, "-B", scratch / "build", "-G", "Ninja", "-DTW_ONLY=queue", "-DCMAKE_BUILD_TYPE=Debug"], check=True)
    built = build(scratch, arguments.jobs)
    if built.returncode != 0:
        print(built.stdout, file=sys.stderr)
        return 2
    begin = next(i for i, mutation in enumerate(ALL) if arguments.first in mutation.what)
    chosen = [mutation for mutation in ALL[begin:] if arguments.only in mutation.what]
    survivors = broken = 0
    for mutation in chosen:
        path = source / "src" / "queue" / mutation.file
        original = path.read_text()
        begin = time.monotonic()
        try:
            path.write_text(original.replace(mutation.old, mutation.new))
            built = build(scratch, arguments.jobs, [mutation.program])
            if built.returncode != 0:
                print(f"{mutation.what}: does not compile\n{built.stdout}", file=sys.stderr)
                broken += 1
                continue
            passed, failed, output = test(scratch, mutation)
        finally:
            path.write_text(original)
        survivors += passed
        print(f"{'SURVIVED' if passed else 'noticed '}  {mutation.what}: {', '.join(failed) or mutation.tests}  ({time.monotonic() - begin:.0f} s)", flush=True)
    build(scratch, arguments.jobs)
    if broken:
        return 2
    for mutation in {(mutation.program, mutation.tests): mutation for mutation in chosen}.values():
        passed, failed, output = test(scratch, mutation)
        if not passed:
            print(f"fails without any mutation: {failed}\n{output}", file=sys.stderr)
            return 2
    print(f"{len(chosen)} mutations, {survivors} not noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
