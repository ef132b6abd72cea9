"""lit on .mlir text: RUN lines use the tools of the build and FileCheck. tests/lit/CMakeLists.txt makes the script that sets the paths."""
import os

import lit.formats

config.name = "tilewright"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.environ["TW_LIT_OUTPUT"]
config.environment["PATH"] = os.pathsep.join([os.environ["TW_TOOLS"], os.environ["TW_LLVM_TOOLS"], os.environ["PATH"]])
