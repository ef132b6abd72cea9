#pragma once

#include "data_type.h"
#include "tilewright/builder.h"

namespace tilewright {

/// What the runtime calls an element type; an index is INT64. Throws Error(kUnsupported) for TWB_F8E5M2, which it has no tensors of.
DataType data_type_of(twb_dtype dtype);

}  // namespace tilewright
