#include "compiler/interpret/interpreter.h"
#include "mlir/IR/BuiltinOps.h"
namespace tilewright::interpret {
Outcome interpret(mlir::ModuleOp, llvm::StringRef, std::span<Argument>, const Options&) { return {}; }
std::optional<std::string> first_disagreement(const HostTensor&, const HostTensor&, const TensorOutcome&) { return {}; }
}
