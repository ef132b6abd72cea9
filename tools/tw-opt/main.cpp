// tw-opt: reads a module, runs passes on it, prints it. See tw-opt --help.
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#include "compiler/emit/register.h"
#include "compiler/ir/register.h"
#include "compiler/passes/register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  tilewright::register_dialects(registry);
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerSymbolDCEPass();
  tilewright::register_passes();
  tilewright::emit::register_emitters();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Tilewright's passes on .mlir text\n", registry));
}
