// One shard of the generated definitions of tile's operations. src/compiler/CMakeLists.txt makes a source file of each, which
// says by a macro which shard it is.
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

#include "compiler/ir/tile_dialect.h"

#include "compiler/ir/tile_ops.cpp.inc"
