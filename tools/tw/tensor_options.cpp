#include "tensor_options.h"

namespace tilewright {

void add_tensor_options(CLI::App& command, RunWords& words) {
  command.add_option("--arg", words.tensors, "A tensor argument; repeat it for each")->type_name("NAME=SPEC");
  command.add_option("--scalar", words.scalars, "A scalar argument, such as n=i32:5 or s=f32:1.5; repeat it for each")
      ->type_name("NAME=DTYPE:VALUE");
  command.add_option("--output", words.outputs, "Write a tensor afterwards")->type_name("NAME=FILE.npy");
  command.add_option("--golden", words.goldens, "Compare a tensor with a file")->type_name("NAME=FILE.npy");
  command.add_option("--rtol", words.relative_tolerance, "Relative tolerance of all comparisons")->type_name("NUMBER");
  command.add_option("--atol", words.absolute_tolerance, "Absolute tolerance of all comparisons")->type_name("NUMBER");
  command
      .add_option("--nan", words.nan,
                  "How NaN compares. never: NaN is a mismatch (default); equal: NaN matches NaN; ignore: a golden NaN is not compared")
      ->type_name("RULE");
  for (CLI::Option* option : command.get_options()) {
    // One value each time, so that a file name that follows is not taken for another.
    if (option->get_items_expected_max() > 1) option->expected(1)->take_all();
  }
}

}  // namespace tilewright
