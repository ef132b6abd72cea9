#include "tensor_options.h"

namespace tilewright {
namespace {

void take_one_value_each_time(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    // One value each time, so that a file name that follows is not taken for another.
    if (option->get_items_expected_max() > 1) option->expected(1)->take_all();
  }
}

}  // namespace

void add_callable_options(CLI::App& command, RunWords& words) {
  command.add_option("callable", words.callable, "A callable.json, an artifact, or a tile program as for 'tw compile'")
      ->required()
      ->type_name("CALLABLE");
  command.add_option("--platform", words.platform, "Where to run; 'tw platforms' lists them; default a2a3sim")->type_name("NAME");
  command
      .add_option("--runtime", words.runtime, "tensormap_and_ringbuffer, host_build_graph or aicpu_build_graph; default: the callable's")
      ->type_name("NAME");
  command.add_flag("--derive-dependencies", words.derive_dependencies,
                   "Compile a program so that its tasks name those that they have to wait for; an artifact must have been compiled so");
  command.add_option("--device", words.device, "Number of the device; default 0")->type_name("N");
}

void add_argument_options(CLI::App& command, RunWords& words) {
  command.add_option("--arg", words.tensors, "A tensor argument; repeat it for each")->type_name("NAME=SPEC");
  command.add_option("--scalar", words.scalars, "A scalar argument, such as n=i32:5 or s=f32:1.5; repeat it for each")
      ->type_name("NAME=DTYPE:VALUE");
  take_one_value_each_time(command);
}

void add_tensor_options(CLI::App& command, RunWords& words) {
  add_argument_options(command, words);
  command.add_option("--output", words.outputs, "Write a tensor afterwards")->type_name("NAME=FILE.npy");
  command.add_option("--golden", words.goldens, "Compare a tensor with a file")->type_name("NAME=FILE.npy");
  command.add_option("--rtol", words.relative_tolerance, "Relative tolerance of all comparisons")->type_name("NUMBER");
  command.add_option("--atol", words.absolute_tolerance, "Absolute tolerance of all comparisons")->type_name("NUMBER");
  command
      .add_option("--nan", words.nan,
                  "How NaN compares. never: NaN is a mismatch (default); equal: NaN matches NaN; ignore: a golden NaN is not compared")
      ->type_name("RULE");
  take_one_value_each_time(command);
}

}  // namespace tilewright
