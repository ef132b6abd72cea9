#include "compiler/ir/register.h"

#include "compiler/ir/tile_dialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"

namespace tilewright {

void register_dialects(mlir::DialectRegistry& registry) {
  registry.insert<tw::TwDialect, tile::TileDialect, mlir::arith::ArithDialect, mlir::scf::SCFDialect>();
}

}  // namespace tilewright
