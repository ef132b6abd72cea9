// Diagnostics as text.
#pragma once

#include <string>

#include "mlir/IR/Diagnostics.h"

namespace tilewright {

/// "softmax.cpp:12:5: " of the first file and line that a location names; "" if it names none.
std::string position_of(mlir::Location location);

/// "softmax.cpp:12:5: error: ...", without the position if there is none; its notes behind it, a line each. Messages that begin with an
/// operation ("'tile.add' op first operand ...") read "add: first operand ..." if `by_operation` is false: for people who wrote none.
std::string text_of(const mlir::Diagnostic& diagnostic, bool by_operation);

}  // namespace tilewright
