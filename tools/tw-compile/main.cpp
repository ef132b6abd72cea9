// tw-compile: what tw asks of the compiler about one program as text. tw starts it; it is of no use on its own. The answer is written to
// --output as JSON: {"platform": ..., "files": {path: text}} of an artifact, or what interpret.h says of --signature and --interpret; or
// {"error": {"code", "message", "hint"}} with exit code 2.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "compiler/compile.h"
#include "interpret.h"

namespace {

/// Messages hold text of the program, which need not be UTF-8.
std::string dump(const nlohmann::json& object) { return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

nlohmann::json compiled(const tilewright::CompileRequest& request) {
  const tilewright::ArtifactContent content = compile_program(request);
  return {{"platform", content.platform}, {"files", content.files}};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tilewright;
  CLI::App app("The compiler of Tilewright. tw starts it; it is of no use on its own.", "tw-compile");
  CompileRequest request;
  std::string input, output, runtime, interpretation;
  bool signature = false;
  app.add_option("input", input)->required();
  app.add_option("--output", output)->required();
  app.add_option("--name", request.name)->required();
  app.add_option("--platform", request.platform);
  app.add_option("--runtime", runtime);
  app.add_flag("--derive-dependencies", request.derive_dependencies);
  app.add_flag("--signature", signature, "What the program is called with");
  app.add_option("--interpret", interpretation, "Run it as this request says");
  CLI11_PARSE(app, argc, argv);
  try {
    try {
      request.text = read_file(input);
      nlohmann::json answer;
      if (signature) {
        answer = signature_of_program(request.text, request.name);
      } else if (!interpretation.empty()) {
        answer = interpret_program(request.text, request.name, nlohmann::json::parse(read_file(interpretation)));
      } else {
        request.runtime = parse_runtime(runtime);
        answer = compiled(request);
      }
      write_file_atomically(output, dump(answer));
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
