// Programs that are wrong: the message names file and line, the exit code is 2, and no file is made or changed.
#include <fmt/format.h>

#include <algorithm>

#include "workplace.h"

namespace tilewright {
namespace {

/// `text` with one word replaced, which must be there.
std::string with(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string nested_loops(int depth) {
  std::string text = "tw.orchestration @p(%n: index) {\n";
  for (int i = 0; i < depth; ++i) text += fmt::format("scf.for %i{} = %n to %n step %n {{\n", i);
  for (int i = 0; i < depth; ++i) text += "}\n";
  return text + "tw.return\n}\n";
}

struct WrongText {
  const char* what;
  std::string text;
  std::vector<std::string> says;
  const char* options = "";
};

std::vector<WrongText> wrong_texts() {
  const std::string submit = "  %s = tw.submit @k(inout %x : !tw.tensor<16x16xf32>)\n";
  const std::string kernel = "tile.func aiv @k(%x: !tw.tensor<16x16xf32> {tw.inout}) {\n";
  const std::string orchestration = "tw.orchestration @p(%x: !tw.tensor<16x16xf32> {tw.inout}) {\n";
  return {
      {"empty", "", {"bad.mlir:1:1: error: the program has no tw.orchestration"}},
      {"no text", std::string("\0\1\2\xff\xfe", 5), {"bad.mlir:1:"}},
      {"cut off", std::string(kGoodProgram).substr(0, 250), {"bad.mlir:5:17: error: "}},
      {"an operation that does not exist", with(kGoodProgram, "tile.load", "tile.lod"), {"bad.mlir:4:10: error: "}},
      {"a dialect that does not exist", with(kGoodProgram, "tw.return", "func.return"), {"bad.mlir:7:3: error: "}},
      {"a value that does not exist", with(kGoodProgram, "%a, %y", "%b, %y"), {"bad.mlir:5:", "undeclared SSA value"}},
      {"types that do not agree",
       with(kGoodProgram, "%zero] : !tw.tensor<64x128xf32>", "%zero] : !tw.tensor<64x64xf32>"),
       {"bad.mlir:4:", "expects different type"}},
      {"a tile of another element type", with(kGoodProgram, "-> !tile.tile<64x128xf32>", "-> !tile.tile<64x128xf16>"), {"bad.mlir:"}},
      {"a shape that does not fit its tensor",
       with(with(kGoodProgram, "-> !tile.tile<64x128xf32>", "-> !tile.tile<65x128xf32>"), "!tile.tile<64x128xf32>, !tw",
            "!tile.tile<65x128xf32>, !tw"),
       {"bad.mlir:4:10: error: ", "65"}},
      {"an element type that nobody has", with(kGoodProgram, "xf32>, %y", "xf64>, %y"), {"bad.mlir:1:", "'f64' is no element type"}},
      {"a tile that does not fit its memory",
       "tw.orchestration @p(%x: !tw.tensor<512x512xf32>, %y: !tw.tensor<512x512xf32> {tw.out}) {\n"
       "  %t = tw.at {\n    %zero = arith.constant 0 : index\n"
       "    %a = tile.load %x[%zero, %zero] : !tw.tensor<512x512xf32> -> !tile.tile<512x512xf32>\n"
       "    tile.store %a, %y[%zero, %zero] : !tile.tile<512x512xf32>, !tw.tensor<512x512xf32>\n  }\n  tw.return\n}\n",
       {"bad.mlir:4:10: error: kernel 'p_task' needs 1048576 bytes of vec at once, which has 196608", "alive at the peak: 512x512xf32"}},
      {"an operation that the target lacks",
       "tw.orchestration @p(%x: !tw.tensor<64x128xbf16>, %y: !tw.tensor<64x128xbf16> {tw.out}) {\n"
       "  %t = tw.at {\n    %zero = arith.constant 0 : index\n"
       "    %a = tile.load %x[%zero, %zero] : !tw.tensor<64x128xbf16> -> !tile.tile<64x128xbf16>\n"
       "    %b = tile.add %a, %a : !tile.tile<64x128xbf16>\n"
       "    tile.store %b, %y[%zero, %zero] : !tile.tile<64x128xbf16>, !tw.tensor<64x128xbf16>\n  }\n  tw.return\n}\n",
       {"bad.mlir:5:10: error: 'tile.add' op becomes TADD, which a2a3 does not have for elements bf16"}},
      {"an orchestration that submits itself",
       with(orchestration + submit + "  tw.return\n}\n", "@k", "@p"),
       {"bad.mlir:2:8: error: 'tw.submit' op names @p, and there is no such kernel"}},
      {"a kernel that submits itself",
       kernel + submit + "  tile.return\n}\n" + orchestration + submit + "  tw.return\n}\n",
       {"bad.mlir:2:8: error: 'tw.submit' op stands in a kernel"}},
      {"a kernel that does not exist", orchestration + submit + "  tw.return\n}\n", {"bad.mlir:2:8: error: 'tw.submit' op names @k"}},
      {"two functions of one name",
       kernel + "  tile.return\n}\n" + kernel + "  tile.return\n}\n",
       {"bad.mlir:4:", "redefinition of symbol"}},
      {"nested too deeply", nested_loops(600), {"bad.mlir:501: error: brackets nest deeper than 500"}},
      {"an unknown platform", kGoodProgram, {"unknown platform 'a9'", "a2a3sim"}, "--platform a9"},
      {"an unknown runtime", kGoodProgram, {"'ring'", "host_build_graph"}, "--runtime ring"},
  };
}

class WrongPrograms : public Workplace {};

TEST_F(WrongPrograms, TextsAreRefusedWhereTheyAreWrong) {
  file("good.mlir", kGoodProgram);
  succeeds("$tw compile good.mlir -o old.tw");
  for (const WrongText& wrong : wrong_texts()) {
    SCOPED_TRACE(wrong.what);
    file("bad.mlir", wrong.text);
    refused(fmt::format("$tw compile bad.mlir -o new.tw {}", wrong.options), wrong.says);
    refused(fmt::format("$tw compile bad.mlir -o old.tw {}", wrong.options), wrong.says);
    refused(fmt::format("$tw run bad.mlir {}", wrong.options), wrong.says);
  }
}

TEST_F(WrongPrograms, TwOptRefusesThemWithTheSameExitCode) {
  file("bad.mlir", with(kGoodProgram, "tile.load", "tile.lod"));
  refused("$opt bad.mlir", {"bad.mlir:4:10: error: "});
  refused("$opt bad.mlir -o out.mlir", {"bad.mlir:4:10: error: "});
  refused("$opt nothing.mlir -o out.mlir", {"nothing.mlir"});
  file("good.mlir", kGoodProgram);
  refused("$opt good.mlir --no-such-pass -o out.mlir", {"--no-such-pass"});
  refused("$opt good.mlir --tw-pipeline=platform=a9 -o out.mlir", {"a9"});
  refused("$opt good.mlir -o no/such/directory/out.mlir", {"no/such/directory"});
}

struct WrongSource {
  const char* what;
  std::string text;
  std::vector<std::string> says;
};

std::vector<WrongSource> wrong_sources() {
  return {
      {"no C++", "this is no C++\n", {"bad.cpp does not compile", "bad.cpp:1:1: error: "}},
      {"a name that does not exist", program_in_the_language("nonsense;"), {"bad.cpp:4:3: error: ", "nonsense"}},
      {"a C++ type mistake", program_in_the_language("Tile t = 3;"), {"bad.cpp:4:12: error: "}},
      {"an empty file", "", {"undefined reference to `main'"}},
      {"a header that does not exist", "#include <no_such_header.h>\n", {"bad.cpp:1:10: fatal error: no_such_header.h"}},
      {"shapes that do not fit",
       program_in_the_language("at([&] { store(load(x, {0, 0}, {64, 128}) + load(x, {0, 0}, {32, 128}), y, {0, 0}); });"),
       {"bad.cpp:4:", "add: first operand is 64x128xf32, second operand must be 64x128xf32, is 32x128xf32"}},
      {"an element type that the target lacks",
       program_in_the_language("at([&] { Tile t = cast(load(x, {0, 0}, {64, 128}), bf16); store(cast(t + t, f32), y, {0, 0}); });"),
       {"bad.cpp:4:", "becomes TADD, which a2a3 does not have for elements bf16"}},
      {"a function that calls itself",
       "#include <tilewright/language.h>\nusing namespace tilewright;\nvoid p(Tensor x, Out<Tensor> y) {\n"
       "  at([&] { store(load(x, {0, 0}, {64, 128}), y, {0, 0}); });\n  p(x, y);\n}\nint main(int argc, char** argv) {\n"
       "  return program(\"p\", p, tensor(f32, {64, 128}), tensor(f32, {64, 128})).main(argc, argv);\n}\n",
       {"error: the program's functions call themselves without end"}},
      {"a loop of C++ without end",
       program_in_the_language("for (volatile int i = 0;;) i = i + 1;"),
       {"bad.cpp had not ended after 1 s of processor time"}},
      {"a crash",
       program_in_the_language("*static_cast<volatile int*>(nullptr) = 1;"),
       {"bad.cpp was ended by signal 11", "while it was recorded"}},
      {"an exception", program_in_the_language("throw 1;"), {"bad.cpp was ended by signal 6", "terminate called"}},
      {"an end in the middle",
       program_in_the_language("std::exit(0);"),
       {"bad.cpp ended with exit code 0 and recorded nothing", "main() returns program("}},
      {"another exit code", "int main() { return 7; }\n", {"bad.cpp ended with exit code 7 and recorded nothing"}},
      {"garbage for a module",
       "#include <cstdio>\nint main(int, char** argv) {\n  std::FILE* f = std::fopen(argv[2], \"w\");\n"
       "  std::fputs(\"garbage\", f);\n  return std::fclose(f);\n}\n",
       {"bad.cpp recorded a text that is no module"}},
  };
}

TEST_F(WrongPrograms, SourcesAreRefusedWhereTheyAreWrong) {
  file("good.mlir", kGoodProgram);
  succeeds("$tw compile good.mlir -o old.tw");
  for (const WrongSource& wrong : wrong_sources()) {
    SCOPED_TRACE(wrong.what);
    file("bad.cpp", wrong.text);
    refused("$tw compile bad.cpp -o old.tw", wrong.says);
  }
  refused("$tw compile bad.cpp -o new.tw", wrong_sources().back().says);
  refused("$tw run bad.cpp", wrong_sources().back().says);
}

TEST_F(WrongPrograms, ExecutablesThatAreNoProgramsAreRefused) {
  refused("$tw compile /bin/true -o new.tw", {"/bin/true ended with exit code 0 and recorded nothing"});
  refused("$tw compile /bin/false -o new.tw", {"/bin/false ended with exit code 1 and recorded nothing"});
  file("bad.cpp", program_in_the_language("at([&] { store(load(x, {0, 0}, {64, 64}), y, {0, 64, 0}); });"));
  succeeds("'" TW_CXX "' -std=c++20 -I'" TW_INCLUDE "' bad.cpp -o built -L'" TW_LIBRARIES
           "' -ltilewright-compiler -Wl,-rpath,'" TW_LIBRARIES "'");
  refused("$tw compile ./built -o new.tw", {"bad.cpp:4:", "error: "});
  refused("$tw run ./built", {"bad.cpp:4:", "error: "});
}

TEST_F(WrongPrograms, WhatIsNoProgramIsRefused) {
  file("notes.txt", "text");
  fs::create_directory(work() / "directory.mlir");
  fs::create_directory(work() / "directory.cpp");
  for (const char* name : {"nothing.mlir", "nothing.cpp", "nothing", "''"}) {
    refused(fmt::format("$tw compile {} -o new.tw", name), {"there is no program"});
  }
  for (const char* name : {"notes.txt", "directory.mlir", "directory.cpp", "."}) {
    refused(fmt::format("$tw compile {} -o new.tw", name), {"is no program"});
  }
  refused("$tw compile", {"program is required"});
  refused("$tw compile notes.txt", {"--output is required"});
}

TEST_F(WrongPrograms, PlacesThatNoArtifactMayTakeStayAsTheyAre) {
  file("good.mlir", kGoodProgram);
  file("taken/notes.txt", "mine");
  file("extension/manifest.json", "{\"name\": \"an extension of a browser\"}");
  file("file", "mine");
  fs::create_directory_symlink("nowhere", work() / "dangling");
  for (const char* name : {"taken", "extension", "file", "dangling", "/"}) {
    refused(fmt::format("$tw compile good.mlir -o {}", name), {"exists and is no artifact"});
  }
  refused("$tw compile good.mlir -o no/such/place", {"there is no directory", "no/such"});
  refused("$tw compile good.mlir -o file/below", {"there is no directory"});
  refused("$tw compile good.mlir -o ''", {"its name is empty"});
}

/// A small disk, if this machine lets the test have one.
TEST_F(WrongPrograms, AFullDiskKeepsWhatItHad) {
  file("good.mlir", kGoodProgram);
  fs::create_directory(work() / "disk");
  const auto on_a_disk = [&](const std::string& options, const std::string& line) {
    return shell("export tw; unshare -m sh -c 'mount -t tmpfs -o " + options + " none disk && " + line + "'");
  };
  const std::string three_pages = "size=12k";
  if (on_a_disk(three_pages, "true").exit_code != 0) GTEST_SKIP() << "cannot mount";
  const std::string compile = "$tw compile good.mlir -o disk/new.tw; echo exit $?; ls -A disk";
  const ProcessResult full = on_a_disk(three_pages, compile);
  EXPECT_TRUE(full.output.ends_with("exit 3\n")) << full.output;
  EXPECT_NE(full.output.find("No space left on device"), std::string::npos) << full.output;
  const ProcessResult read_only = on_a_disk("ro", compile);
  EXPECT_TRUE(read_only.output.ends_with("exit 3\n")) << read_only.output;
  EXPECT_NE(read_only.output.find("Read-only file system"), std::string::npos) << read_only.output;
}

}  // namespace
}  // namespace tilewright
