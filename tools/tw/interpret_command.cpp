// tw interpret: the command line. What it does is in interpret_execute.cpp.
#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "command.h"
#include "interpret_execute.h"
#include "tensor_options.h"

namespace tilewright {
namespace {

constexpr const char* kFooter =
    "Runs a program as it is written, without compiling it and without a device: one task after another, each operation in double "
    "precision\n"
    "and rounded to the element type. It says what the program means; 'tw run' says what a device makes of it. Tensors, scalars, golden "
    "and\n"
    "tolerances are given as for 'tw run'. Elements that the program never sets are NaN, or for integers the bytes 0xa5, in outputs, and "
    "are\n"
    "not compared. More: docs/guide/running.md.\n"
    "\n"
    "Example:\n"
    "  tw interpret softmax.cpp --arg x=f32[256,512]=randn:7 --arg y=f32[256,512] --output y=golden.npy\n"
    "  tw run softmax.cpp --arg x=f32[256,512]=randn:7 --arg y=f32[256,512] --golden y=golden.npy --nan ignore";

}  // namespace

CLI::App* add_interpret_command(CLI::App& parent, int& exit_code, bool& json) {
  CLI::App* command = parent.add_subcommand("interpret", "Run a tile program in the interpreter, as a reference");
  const auto words = std::make_shared<InterpretWords>();
  command->add_option("program", words->run.callable, "The program, as for 'tw compile'")->required()->type_name("PROGRAM");
  add_tensor_options(*command, words->run);
  command->add_option("--platform", words->run.platform, "Whose number of cores a program is told that asks for it; default a2a3sim")
      ->type_name("NAME");
  command
      ->add_option("--max-while-turns", words->max_while_turns, "End a while loop that has not ended after so many turns; default 1000000")
      ->type_name("N");
  add_json_flag(*command, json);
  command->footer(kFooter);
  command->callback([words, &exit_code, &json] {
    const InterpretResult result = interpret_program(*words);
    fmt::print("{}{}", json ? result_as_json(result) : format_result(result), json ? "\n" : "");
    exit_code = result.passed() ? 0 : tilewright::exit_code(ErrorCode::kMismatch);
  });
  return command;
}

}  // namespace tilewright
