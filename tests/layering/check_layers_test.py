"""A planted violation of each rule must be found, and nothing else."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_layers  # noqa: E402

LAYERS = "base:\ntask: base\nisa: task\ngraph: task\nexec: graph\ncompiler: task\n"


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.write("docs/design/layers.txt", LAYERS)
        for layer in ("base", "task", "isa", "graph", "exec", "compiler"):
            self.write(f"src/{layer}/{layer}.h", "#pragma once\n#include <vector>\n")
        self.write("include/orchestration/tensor.h", "#pragma once\n#include <stdint.h>\n")
        self.write("include/pto/pto-inst.hpp", "#pragma once\n#include <stdint.h>\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def violations(self):
        return [f"{name}:{line}: {text}" for name, line, text in check_layers.Check(self.root).run()]

    def expect_one(self, *parts):
        found = self.violations()
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_a_tree_that_keeps_the_rules_is_clean(self):
        self.write("src/exec/a.cpp", '#include "graph/graph.h"\n#include "exec/exec.h"\n')
        self.assertEqual(self.violations(), [])

    def test_what_a_used_layer_uses_may_be_used(self):
        self.write("src/exec/a.cpp", '#include "base/base.h"\n#include "task/task.h"\n')
        self.assertEqual(self.violations(), [])

    def test_a_layer_above_is_out_of_reach(self):
        self.write("src/base/a.cpp", '// why\n#include "graph/graph.h"\n')
        self.expect_one("src/base/a.cpp:2:", "'base' includes src/graph/graph.h of 'graph'", "no other layer")

    def test_a_layer_beside_is_out_of_reach(self):
        self.write("src/graph/a.h", '#include "isa/isa.h"\n')
        self.expect_one("src/graph/a.h:1:", "it may use base task")

    def test_a_relative_path_is_no_way_round(self):
        self.write("src/graph/a.h", '#include "../isa/isa.h"\n')
        self.expect_one("src/graph/a.h:1:", "src/isa/isa.h")

    def test_tests_obey_too(self):
        self.write("src/graph/a_test.cpp", '#include "exec/exec.h"\n')
        self.expect_one("src/graph/a_test.cpp:1:")

    def test_comments_and_kernel_sources_in_raw_strings_are_not_includes(self):
        self.write(
            "src/base/a.cpp",
            '/*\n#include "graph/graph.h"\n*/\n// #include "graph/graph.h"\nauto s = R"(\n#include "graph/graph.h"\n)";\n',
        )
        self.assertEqual(self.violations(), [])

    def test_an_unknown_directory_is_reported(self):
        self.write("src/attic/a.h", "")
        self.expect_one("src/attic", "no layer 'attic'")

    def test_linking_a_layer_above_is_reported(self):
        self.write("src/task/CMakeLists.txt", "tw_layer(task\n  SOURCES a.cpp\n  USES base graph\n  LIBS fmt::fmt)\n")
        self.expect_one("src/task/CMakeLists.txt:1:", "'task' links 'graph'")

    def test_published_headers_do_not_reach_into_src(self):
        self.write("include/tilewright/a.h", '#include "base/base.h"\n')
        self.expect_one("include/tilewright/a.h:1:", "not installed")

    def test_intrinsics_belong_to_the_simd_layer(self):
        self.write("src/isa/a.cpp", "#include <immintrin.h>\nauto x = _mm256_setzero_ps();\n")
        self.assertEqual(self.violations(), [])
        for text in ("#include <immintrin.h>\n", "#include <arm_neon.h>\n", "int x = __builtin_ia32_rdtsc();\n", "_mm_pause();\n"):
            self.write("src/exec/a.cpp", text)
            self.expect_one("src/exec/a.cpp:1:", "src/isa")
        self.write("src/exec/a.cpp", 'auto s = "_mm_pause";  // not _mm_pause\n')
        self.assertEqual(self.violations(), [])

    def test_llvm_belongs_to_the_compiler(self):
        self.write("src/compiler/a.cpp", "#include <mlir/IR/Builders.h>\n")
        self.write("tools/tw-opt/main.cpp", '#include "mlir/IR/Builders.h"\n')
        self.assertEqual(self.violations(), [])
        self.write("include/tilewright/a.h", '#include "llvm/ADT/StringRef.h"\n')
        self.expect_one("include/tilewright/a.h:1:", "LLVM")

    def test_json_stays_out_of_headers(self):
        self.write("src/task/a.cpp", "#include <nlohmann/json.hpp>\n")
        self.write("src/task/a.h", "#include <nlohmann/json_fwd.hpp>\n")
        self.assertEqual(self.violations(), [])
        self.write("src/task/a.h", "#include <nlohmann/json.hpp>\n")
        self.expect_one("src/task/a.h:1:", "json")

    def test_kernel_headers_reach_no_heavy_header(self):
        self.write("src/isa/math.h", "#pragma once\n#include <cmath>\n")
        self.write("include/pto/common/type.hpp", '#include "isa/math.h"\n')
        self.write("include/pto/pto-inst.hpp", '#include "common/type.hpp"\n')
        found = [line for line in self.violations() if "<cmath>" in line]
        self.assertEqual(len(found), 1, found)
        self.assertIn("src/isa/math.h:2: <cmath> reaches every kernel", found[0])
        self.assertIn("include/pto/common/type.hpp (by way of src/isa/math.h)", found[0])

    def test_tensor_h_is_a_kernel_header(self):
        self.write("include/orchestration/tensor.h", "#include <string>\n")
        self.expect_one("include/orchestration/tensor.h:1: <string>")

    def run_main(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = check_layers.main([str(self.root)])
        return code, output.getvalue()

    def test_the_exit_code_tells(self):
        self.assertEqual(self.run_main(), (0, "0 violations of the layering\n"))
        self.write("src/base/a.cpp", '#include "graph/graph.h"\n')
        self.assertEqual(self.run_main()[0], 1)

    def test_a_bad_layers_file_is_named(self):
        for text, complaint in (("base\n", "a row is"), ("base:\nbase:\n", "has a row already"), ("base: task\ntask:\n", "no row above")):
            self.write("docs/design/layers.txt", text)
            code, output = self.run_main()
            self.assertEqual(code, 2)
            self.assertIn(complaint, output)
            self.assertIn("layers.txt:", output)


if __name__ == "__main__":
    unittest.main()
