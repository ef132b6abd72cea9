// tw-opt: reads a module, runs passes on it, prints it. See tw-opt --help. Exit codes as everywhere: 2 for a module, a pass or an option that
// is wrong.
#include <cstdlib>

#include "compiler/emit/register.h"
#include "compiler/ir/register.h"
#include "compiler/passes/register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char** argv) {
  // LLVM ends the process with 1 for an option that it does not know.
  ::on_exit(
      [](int status, void*) {
        if (status == 1) std::_Exit(2);
      },
      nullptr);
  mlir::DialectRegistry registry;
  tilewright::register_dialects(registry);
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerSymbolDCEPass();
  tilewright::register_passes();
  tilewright::emit::register_emitters();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Tilewright's passes on .mlir text\n", registry));
}
