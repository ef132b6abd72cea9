// All dialects that a Tilewright module consists of.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace tilewright {

/// tw and tile, and those of MLIR that go with them: func-free control flow (scf), arithmetic (arith).
void register_dialects(mlir::DialectRegistry& registry);

}  // namespace tilewright
