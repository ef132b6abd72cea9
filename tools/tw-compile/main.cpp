// tw-compile: one program as text to the files of an artifact, as JSON. tw starts it; it is of no use on its own. The result is written to
// --output: {"platform": ..., "files": {path: text}}, or {"error": {"code", "message", "hint"}} with exit code 2.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "compiler/compile.h"

namespace {

/// Messages hold text of the program, which need not be UTF-8.
std::string dump(const nlohmann::json& object) { return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

}  // namespace

int main(int argc, char** argv) {
  using namespace tilewright;
  CLI::App app("The compiler of Tilewright. tw starts it; it is of no use on its own.", "tw-compile");
  CompileRequest request;
  std::string input, output, runtime;
  app.add_option("input", input)->required();
  app.add_option("--output", output)->required();
  app.add_option("--name", request.name)->required();
  app.add_option("--platform", request.platform)->required();
  app.add_option("--runtime", runtime)->required();
  CLI11_PARSE(app, argc, argv);
  try {
    try {
      request.text = read_file(input);
      request.runtime = parse_runtime(runtime);
      const ArtifactContent content = compile_program(request);
      write_file_atomically(output, dump({{"platform", content.platform}, {"files", content.files}}));
      return 0;
    } catch (const Error& error) {
      write_file_atomically(
          output, dump({{"error", {{"code", static_cast<int>(error.code())}, {"message", error.message()}, {"hint", error.hint()}}}}));
      return exit_code(error.code());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tw-compile: %s\n", error.what());
    return 3;
  }
}
