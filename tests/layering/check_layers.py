"""Checks what docs/design/layers.md says about which code may use which. Prints one line a violation.

usage: check_layers.py ROOT      exit code 0: none; 1: violations; 2: layers.txt itself is wrong
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from include_graph import IncludeGraph, sources, without_comments  # noqa: E402

SIMD_LAYER = "isa"
COMPILER_LAYER = "compiler"
COMPILER_TOOLS = ("tools/tw-opt/", "tools/tw-lsp-server/")

# Headers that cost every kernel its compile time (architecture: an empty kernel compiles in a fraction of a second).
HEAVY_STD_HEADERS = set(
    "algorithm any array atomic bitset chrono cmath complex condition_variable deque exception filesystem format forward_list "
    "fstream functional future iomanip ios iostream istream iterator latch list locale map memory mutex numeric optional ostream "
    "queue random ranges regex set shared_mutex span sstream stack stdexcept stop_token streambuf string string_view thread tuple "
    "unordered_map unordered_set valarray variant vector".split()
)
# Headers outside include/pto that kernels include (spec/api.md, section B).
KERNEL_HEADERS = ("tensor.h", "intrinsic.h", "pipe_sync.h", "pto_async_kernel_api.h")

INTRINSIC_HEADER = re.compile(r"^(\w*intrin|arm_neon|arm_sve|arm_bf16|arm_fp16|arm_acle)\.h$")
INTRINSIC_CALL = re.compile(r"\b(__builtin_ia32_\w+|__builtin_neon_\w+|_mm(?:256|512)?_\w+)")
LLVM_HEADER = re.compile(r"^(llvm|llvm-c|mlir|mlir-c|clang|lld)/")
TW_LAYER = re.compile(r"\btw_layer\s*\(\s*(\w+)([^)]*)\)")
CMAKE_KEYWORD = re.compile(r"\b(SOURCES|USES|LIBS|LABELS)\b")


class LayersFileError(Exception):
    pass


def read_layers(path):
    """{layer: every layer it may include, itself included} of layers.txt."""
    rows = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, used = (part.strip() for part in line.partition(":"))
        if not colon or not name:
            raise LayersFileError(f"{path}:{number}: a row is 'layer: layers it may include', not '{line}'")
        if name in rows:
            raise LayersFileError(f"{path}:{number}: '{name}' has a row already")
        for layer in used.split():
            if layer not in rows:  # rows name lower layers only, so there is no cycle
                raise LayersFileError(f"{path}:{number}: '{name}' uses '{layer}', which has no row above")
        rows[name] = {name}.union(*(rows[layer] for layer in used.split()))
    return rows


class Check:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.graph = IncludeGraph(self.root)
        self.layers = read_layers(self.root / "docs/design/layers.txt")
        self.violations = []

    def run(self):
        self.directories_have_rows()
        self.cmake_uses()
        for path in sources(self.root, "src"):
            self.layer_includes(path)
        for path in sources(self.root, "include"):
            self.public_header_stands_alone(path)
        for path in sources(self.root, "include", "src", "tools"):
            self.intrinsics(path)
            self.llvm(path)
            self.json_in_headers(path)
        self.kernel_headers_are_lean()
        return sorted(set(self.violations))

    def report(self, path, line, text):
        self.violations.append((self.name(path), line, text))

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    def layer_of(self, path):
        """The layer of a file below src/, None for files elsewhere and for those directly in src/."""
        parts = path.relative_to(self.root).parts
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def directories_have_rows(self):
        for directory in sorted((self.root / "src").iterdir()):
            if directory.is_dir() and directory.name not in self.layers:
                self.report(directory, 0, f"no layer '{directory.name}' in docs/design/layers.txt")

    def cmake_uses(self):
        for path in sorted((self.root / "src").rglob("CMakeLists.txt")):
            text = re.sub(r"#[^\n]*", "", path.read_text())
            for match in TW_LAYER.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                words = CMAKE_KEYWORD.split(match.group(2))
                sections = dict(zip(words[1::2], words[2::2]))
                self.check_use(path, line, match.group(1), sections.get("USES", "").split(), "links")

    def check_use(self, path, line, layer, used_layers, verb):
        allowed = self.layers.get(layer)
        if allowed is None:
            return self.report(path, line, f"no layer '{layer}' in docs/design/layers.txt")
        for used in used_layers:
            if used not in allowed:
                others = " ".join(sorted(allowed - {layer})) or "no other layer"
                self.report(path, line, f"layer '{layer}' {verb} '{used}'; it may use {others}")

    def layer_includes(self, path):
        layer = self.layer_of(path)
        if layer not in self.layers:
            return
        for line, _, target in self.graph.includes(path):
            used = self.layer_of(target) if target is not None else None
            if used is not None:
                self.check_use(path, line, layer, [used], f"includes {self.name(target)} of")

    def public_header_stands_alone(self, path):
        for line, name, target in self.graph.includes(path):
            if target is not None and self.name(target).startswith("src/"):
                self.report(path, line, f"a published header includes {name} of src/, which is not installed")

    def intrinsics(self, path):
        if self.layer_of(path) == SIMD_LAYER:
            return
        hint = f"processor intrinsics belong in src/{SIMD_LAYER}"
        for line, name, _ in self.graph.includes(path):
            if INTRINSIC_HEADER.match(name):
                self.report(path, line, f"{name}: {hint}")
        code = without_comments(path.read_text(), keep_strings=False)
        for match in INTRINSIC_CALL.finditer(code):
            self.report(path, code.count("\n", 0, match.start()) + 1, f"{match.group()}: {hint}")

    def llvm(self, path):
        if self.layer_of(path) == COMPILER_LAYER or self.name(path).startswith(COMPILER_TOOLS):
            return
        for line, name, _ in self.graph.includes(path):
            if LLVM_HEADER.match(name):
                self.report(path, line, f"{name}: only src/{COMPILER_LAYER} knows LLVM and MLIR")

    def json_in_headers(self, path):
        if path.suffix not in (".h", ".hpp"):
            return
        for line, name, _ in self.graph.includes(path):
            if name == "nlohmann/json.hpp":
                self.report(path, line, "nlohmann/json.hpp in a header; it is slow to compile and belongs in .cpp files")

    def kernel_headers_are_lean(self):
        headers = sources(self.root, "include/pto")
        headers += [path for path in (self.root / "include/orchestration" / name for name in KERNEL_HEADERS) if path.is_file()]
        reported = set()  # one way to a heavy header is enough
        for header in headers:
            reached = self.graph.closure(header)
            for path in reached:
                for line, name, target in self.graph.includes(path):
                    if target is None and name in HEAVY_STD_HEADERS and (path, line) not in reported:
                        reported.add((path, line))
                        self.report(path, line, f"<{name}> reaches every kernel that includes {self.name(header)}{self.chain(reached, path)}")

    def chain(self, reached, path):
        names = []
        while reached[path] is not None:
            names.append(self.name(path))
            path = reached[path]
        return f" (by way of {', '.join(reversed(names))})" if names else ""


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        violations = Check(arguments[0]).run()
    except LayersFileError as error:
        print(error, file=sys.stderr)
        return 2
    for name, line, text in violations:
        print(f"{name}:{line}: {text}" if line else f"{name}: {text}")
    print(f"{len(violations)} violations of the layering")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
