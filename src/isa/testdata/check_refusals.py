"""Compiles a source once and compares the compiler's errors with the lines marked "// refused: PATTERN".

usage: check_refusals.py [--on NAME] SOURCE COMPILER ARG...      exit code 0: each marked line gives an error of one line that matches, and
no other line gives one; 1: not so. With --on the mark is "// NAME: PATTERN", up to the next " // ".
"""

import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True


def errors_by_line(text, name):
    """Line of the source -> texts of the errors that it causes, whether it is named directly or as the place of instantiation."""
    here = re.compile(re.escape(name) + r":(\d+):\d+:\s+(?:required from here|error: (.*))")
    clang_note = re.compile(re.escape(name) + r":(\d+):\d+: note: in instantiation of")
    result = {}
    line, pending = None, None
    for row in text.splitlines():
        match = here.search(row)
        if match:
            line = int(match.group(1))
            if match.group(2):
                result.setdefault(line, []).append(match.group(2))
            continue
        error = re.search(r": error: (.*)", row)
        if error and line is not None:  # gcc: the place comes first
            result.setdefault(line, []).append(error.group(1))
        elif error:
            pending = error.group(1)
        note = clang_note.search(row)
        if note and pending is not None:  # clang: the place comes last
            result.setdefault(int(note.group(1)), []).append(pending)
            pending = None
    return result


def main(mark, source, command):
    lines = pathlib.Path(source).read_text().splitlines()
    run = subprocess.run([*command, "-fsyntax-only", "-ferror-limit=0" if "clang" in command[0] else "-fmax-errors=0", source],
                         capture_output=True, text=True, check=False)
    found = errors_by_line(run.stderr, pathlib.Path(source).name)
    wrong = 0
    marked = set()
    for number, text in enumerate(lines, 1):
        match = mark.search(text)
        if not match:
            continue
        marked.add(number)
        given = found.get(number, [])
        if not any(re.search(match.group(1), error) for error in given):
            print(f"{source}:{number}: expected an error with '{match.group(1)}', got {given or 'none'}")
            wrong += 1
    for number in sorted(set(found) - marked):
        print(f"{source}:{number}: unexpected error {found[number]}")
        wrong += 1
    print(f"{len(marked)} refused forms, {wrong} wrong")
    return 1 if wrong or not marked else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    pattern = r"// refused: (.*)$"
    if arguments[0] == "--on":
        pattern = rf"// {re.escape(arguments[1])}: (.*?)(?: //|$)"
        arguments = arguments[2:]
    sys.exit(main(re.compile(pattern), arguments[0], arguments[1:]))
