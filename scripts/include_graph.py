"""The include graph of the project's sources, read from the text: no compiler, no build directory."""

import functools
import pathlib
import re

SUFFIXES = {".h", ".hpp", ".c", ".cpp"}
# Where an #include is looked for, besides the directory of the file that holds it.
INCLUDE_DIRECTORIES = ("src", "include", "include/orchestration")

_RAW_STRING = re.compile(r'R"([^\s()\\]{0,16})\(.*?\)\1"', re.DOTALL)
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|/\*.*?\*/|//[^\n]*', re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def _blank(text):
    """As many lines, and nothing on them."""
    return "\n" * text.count("\n")


def without_comments(text, keep_strings=True):
    """The text without comments and raw strings, line numbers unchanged; strings too unless they are kept."""
    text = _RAW_STRING.sub(lambda match: '""' + _blank(match.group()), text)

    def replace(match):
        if match.group().startswith("/"):
            return " " + _blank(match.group())
        return match.group() if keep_strings else '""'

    return _STRING_OR_COMMENT.sub(replace, text)


def sources(root, *directories):
    """Every source file below the given directories of the project, sorted."""
    found = []
    for directory in directories:
        found += [path for path in (root / directory).rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    return sorted(found)


class IncludeGraph:
    """Includes of files below `root`. Paths are absolute; unreadable names (system headers) have no target."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self._directories = [self.root / directory for directory in INCLUDE_DIRECTORIES]

    @functools.lru_cache(maxsize=None)
    def includes(self, path):
        """[(line, name as spelled, target path or None)] of one file."""
        text = without_comments(path.read_text())
        result = []
        for match in _INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            result.append((line, match.group(2), self._resolve(path, match.group(2))))
        return result

    def _resolve(self, path, name):
        for directory in [path.parent, *self._directories]:
            target = directory / name
            if target.is_file():
                return target.resolve()
        return None

    def closure(self, path):
        """{file: the file that includes it first} over everything `path` reaches, itself (None) included."""
        reached = {path: None}
        pending = [path]
        while pending:
            current = pending.pop()
            for _, _, target in self.includes(current):
                if target is not None and target not in reached:
                    reached[target] = current
                    pending.append(target)
        return reached
