"""A planted difference of each kind must be found, and nothing else. Works on a copy of the real pages."""

import pathlib
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_docs  # noqa: E402


class CheckDocsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name) / "copy"
        for name in ("src", "include", "docs", "scripts"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("*.md") if name == "src" else None)
        shutil.copy(ROOT / "Makefile", self.root)
        self.before = set(check_docs.Check(self.root).run())

    def edit(self, name, old, new):
        path = self.root / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def expect(self, *complaints):
        """Exactly these new differences; links to what was not copied were there before."""
        found = sorted(set(check_docs.Check(self.root).run()) - self.before)
        self.assertEqual(len(found), len(complaints), found)
        for complaint in complaints:
            self.assertTrue(any(complaint in line for line in found), (complaint, found))

    def test_an_error_code_without_a_row(self):
        self.edit("src/base/error.h", "  kMismatch = 5001,", "  kMismatch = 5001,\n  kNew = 5002,")
        self.expect("error code is missing: 5002")

    def test_a_renamed_error(self):
        self.edit("src/base/error.cpp", '"mismatch"', '"differs"')
        self.expect("missing: 5001 | differs", "not in the sources: 5001 | mismatch")

    def test_a_wrong_exit_code(self):
        self.edit("docs/reference/errors.md", "| `mismatch` | 1 |", "| `mismatch` | 3 |")
        self.expect("missing: 5001 | mismatch | 1", "not in the sources: 5001 | mismatch | 3")

    def test_a_status_without_a_row(self):
        self.edit("docs/reference/errors.md", "| 7 | `REQUIRE_SYNC_START_INVALID`", "| 7 | `SYNC_START_INVALID`")
        self.expect("missing: 7 | REQUIRE", "not in the sources: 7 | SYNC")

    def test_an_undocumented_variable(self):
        self.edit("src/base/log.cpp", 'std::getenv("PTO_LOG_LEVEL")', 'std::getenv("TW_LOG_LEVEL")')
        self.expect("variable is missing: TW_LOG_LEVEL", "variable is not in the sources: PTO_LOG_LEVEL")

    def test_an_instruction_form_without_a_row(self):
        self.edit("docs/reference/instructions.md", "| `TSTORE` | 1 2 3 4 5 6 |", "| `TSTORE` | 1 2 3 4 5 |")
        self.expect("form is missing: TSTORE | 6")

    def test_a_test_of_an_instruction_that_is_gone(self):
        self.edit("docs/reference/instructions.md", "SortTest.EveryBlockOf32IsSortedWithItsIndices", "SortTest.Sorts")
        self.expect("TSORT32: there is no test SortTest.Sorts")

    def test_a_missing_instruction_that_is_there(self):
        self.edit("include/pto/inst/generate.hpp", "count_up(TD& dst", "TROWARGMAX(TD& dst")
        self.expect("TROWARGMAX is declared")

    def test_a_layer_that_changed(self):
        self.edit("docs/design/layers.txt", "exec: graph", "exec: graph isa")
        self.expect("layer is missing: exec | graph, isa", "layer is not in the sources: exec | graph")

    def test_a_dead_link(self):
        self.edit("docs/README.md", "(guide/install.md)", "(guide/instal.md)")
        self.expect("docs/README.md: link to guide/instal.md", "docs/guide/install.md: no way leads here")

    def test_a_page_that_nothing_links_to(self):
        (self.root / "docs/guide/lost.md").write_text("# Lost\n")
        self.expect("docs/guide/lost.md: no way leads here")

    def test_a_target_and_a_script_that_do_not_exist(self):
        self.edit("docs/guide/testing.md", "`make format`", "`make beautiful`")
        self.edit("docs/guide/install.md", "`scripts/install-packages`", "`scripts/setup`")
        self.expect("`make beautiful`, which is no target", "`scripts/setup`, which does not exist")


if __name__ == "__main__":
    unittest.main()
