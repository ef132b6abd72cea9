"""Checks that reference pages say what the sources say. Prints one line a difference.

usage: check_docs.py ROOT      exit code 0: none; 1: differences

  docs/reference/errors.md        every ErrorCode with its number, name and exit code; every runtime status
  docs/reference/environment.md   every environment variable that the code reads, and no other
  docs/reference/instructions.md  every form of an instruction that testdata/forms.cpp spells, with tests that exist; what is missing is
                                  not declared
  docs/design/layers.md           every layer of layers.txt with what it may use
  docs/**/*.md                    every page can be reached from docs/README.md
  *.md                            relative links lead somewhere; make targets and scripts named in backquotes exist
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from include_graph import sources, without_comments  # noqa: E402

ENUMERATOR = re.compile(r"^\s*(k\w+) = (\d+),", re.MULTILINE)
ERROR_NAME = re.compile(r'case ErrorCode::(k\w+):\s*return "(\w+)";')
STATUS = re.compile(r'\{(\d+), "(\w+)", "')
# Variables are read by std::getenv or by a helper that is given the name; both spell it as a string of its own.
VARIABLE = re.compile(r'"((?:TW|PTO2?|PYPTO|TASK|SIMPLER|XDG)_[A-Z0-9_]+)"|getenv\("(\w+)"\)')
FORM = re.compile(r"// ((?:comm::)?[A-Z][A-Z0-9_]+) (\d+)$", re.MULTILINE)
TEST = re.compile(r"TEST(?:_F|_P)?\((\w+), *(\w+)\)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MAKE_TARGET = re.compile(r"`make ([a-z-]+)[^`]*`")
SCRIPT = re.compile(r"`(scripts/[a-z.-]+)[^`]*`")


def table_rows(text):
    """The cells of every table row, without backquotes and spaces around them."""
    rows = []
    for line in text.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip().strip("`") for cell in line.strip().strip("|").split("|")])
    return rows


def exit_code(number):
    """src/base/error.h: 1 the thing ran and is wrong, 2 misuse, 3 device or infrastructure."""
    if number == 0:
        return "0"
    if number == 4001:
        return "1"
    return {1: "2", 2: "1", 5: "1"}.get(number // 1000, "3")


class Check:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.differences = []

    def read(self, name):
        return (self.root / name).read_text()

    def compare(self, page, what, expected, found):
        for item in sorted(expected - found):
            self.differences.append(f"{page}: {what} is missing: {' | '.join(item)}")
        for item in sorted(found - expected):
            self.differences.append(f"{page}: {what} is not in the sources: {' | '.join(item)}")

    def errors(self):
        page = "docs/reference/errors.md"
        names = dict(ERROR_NAME.findall(self.read("src/base/error.cpp")))
        codes = {
            (number, names.get(enumerator, "?"), exit_code(int(number)))
            for enumerator, number in ENUMERATOR.findall(self.read("src/base/error.h"))
        }
        statuses = set(STATUS.findall(self.read("src/task/status.cpp")))
        documented = table_rows(self.read(page))
        found_codes = {tuple(row[:3]) for row in documented if len(row) == 4 and row[0].isdigit()}
        found_statuses = {tuple(row[:2]) for row in documented if len(row) == 3 and row[0].isdigit()}
        self.compare(page, "error code", codes, found_codes)
        self.compare(page, "runtime status", statuses, found_statuses)

    def environment(self):
        page = "docs/reference/environment.md"
        read = set()
        for path in sources(self.root, "src", "tools", "bench", "examples"):
            if path.name.endswith("_test.cpp"):
                continue
            for match in VARIABLE.finditer(without_comments(path.read_text())):
                read.add((match.group(1) or match.group(2),))
        found = {(row[0],) for row in table_rows(self.read(page)) if re.fullmatch(r"[A-Z][A-Z0-9_]+", row[0])}
        self.compare(page, "variable", read, found)

    def layers(self):
        page = "docs/design/layers.md"
        rows = set()
        for line in self.read("docs/design/layers.txt").splitlines():
            name, colon, used = line.split("#")[0].partition(":")
            if colon:
                rows.add((name.strip(), ", ".join(used.split()) or "-"))
        found = {(row[0], row[2]) for row in table_rows(self.read(page)) if len(row) == 3 and re.fullmatch(r"[a-z]+", row[0])}
        self.compare(page, "layer", rows, found - {("layer", "may use")})

    def instructions(self):
        page = "docs/reference/instructions.md"
        forms = set(FORM.findall(self.read("src/isa/testdata/forms.cpp")))
        # The list of numbers of operations and the table of legality reserve names that nothing else has.
        paths = [path for path in sorted((self.root / "include/pto").rglob("*.h*")) if path.name not in ("op.hpp", "legality.hpp")]
        everywhere = "".join(without_comments(path.read_text()) for path in paths)
        in_comm = "".join(without_comments(path.read_text()) for path in paths if path.parent.name == "comm")
        cmake = self.read("src/isa/CMakeLists.txt")
        tests = set()
        for path in sorted((self.root / "src/isa").glob("*_test.cpp")):
            tests.update(".".join(pair) for pair in TEST.findall(path.read_text()))
        done, states = set(), {}
        for row in table_rows(self.read(page)):
            if len(row) != 4 or row[2] not in ("done", "refused", "missing"):
                continue
            name, numbers, state, reason = row
            states.setdefault(name, set()).add(state)
            if state == "done":
                done.update((name, number) for number in numbers.split() if number != "-")
            if state != "missing":
                for test in reason.split(", "):
                    known = test in tests if "." in test and not test.startswith("isa_") else f"NAME {test}" in cmake
                    if not known:
                        self.differences.append(f"{page}: {name}: there is no test {test}")
        self.compare(page, "form", forms, done)
        for name, of_name in sorted(states.items()):
            base = re.sub("_(FP|ACC|BIAS)$", "", name.split("::")[-1])  # a macro makes these of the plain name
            declared = bool(re.search(rf"\b{base}\b", in_comm if name.startswith("comm::") else everywhere))
            if (of_name == {"missing"}) == declared:
                self.differences.append(f"{page}: {name} is {'declared' if declared else 'not declared'} in include/pto")

    def markdown(self):
        targets = set(re.findall(r"^([a-z-]+):", self.read("Makefile"), re.MULTILINE))
        pages = [path for path in self.root.rglob("*.md") if not any(part.startswith(("build", ".")) for part in path.relative_to(self.root).parts)]
        for path in sorted(pages):
            name = path.relative_to(self.root).as_posix()
            text = path.read_text()
            for link in LINK.findall(text):
                target = link.split("#")[0]
                if target and "://" not in target and not (path.parent / target).exists():
                    self.differences.append(f"{name}: link to {link}, which does not exist")
            for target in MAKE_TARGET.findall(text):
                if target not in targets:
                    self.differences.append(f"{name}: `make {target}`, which is no target")
            for script in SCRIPT.findall(text):
                if not (self.root / script).exists():
                    self.differences.append(f"{name}: `{script}`, which does not exist")

    def reachable(self):
        start = self.root / "docs/README.md"
        reached, pending = {start}, [start]
        while pending:
            page = pending.pop()
            for link in LINK.findall(page.read_text()):
                target = (page.parent / link.split("#")[0]).resolve()
                if target.suffix == ".md" and target.is_file() and target not in reached:
                    reached.add(target)
                    pending.append(target)
        for page in sorted(set((self.root / "docs").rglob("*.md")) - reached):
            self.differences.append(f"{page.relative_to(self.root)}: no way leads here from docs/README.md")

    def run(self):
        self.reachable()
        self.errors()
        self.instructions()
        self.environment()
        self.layers()
        self.markdown()
        return self.differences


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    differences = Check(arguments[0]).run()
    for line in differences:
        print(line)
    print(f"{len(differences)} differences between documentation and sources")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
