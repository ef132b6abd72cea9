"""lit on .mlir text, and on programs in the language: RUN lines use the tools of the build and FileCheck. tests/lit/CMakeLists.txt makes
the script that sets the paths. `%gxx SOURCE -o PROGRAM %libraries`, or
%clangxx, compiles a program of the language; %examples is examples/tile_programs."""
import os

import lit.formats

config.name = "tilewright"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".cpp", ".c", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.environ["TW_LIT_OUTPUT"]
config.environment["PATH"] = os.pathsep.join([os.environ["TW_TOOLS"], os.environ["TW_LLVM_TOOLS"], os.environ["PATH"]])

root = os.path.dirname(os.path.dirname(config.test_source_root))
# Where libraries stand among the options matters to the linker, so that they are a word of their own, behind the source.
compile_options = " -std=c++20 -O0 -Wall -Wextra -Werror -Wno-unused-but-set-variable -Wno-unused-variable -I%s/include" % root
config.substitutions += [
    ("%gxx", os.environ["TW_GXX"] + compile_options),
    ("%cc", os.environ["TW_CC"] + " -std=c11 -Wall -Wextra -Werror -I%s/include" % root),
    ("%clangxx", os.environ["TW_CLANGXX"] + compile_options),
    ("%libraries", "-L{0} -ltilewright-compiler -Wl,-rpath,{0}".format(os.environ["TW_LIBRARIES"])),
    ("%examples", os.path.join(root, "examples", "tile_programs")),
]
