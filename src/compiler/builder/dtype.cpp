#include "compiler/builder/dtype.h"

#include "base/error.h"

namespace tilewright {

DataType data_type_of(twb_dtype dtype) {
  switch (dtype) {
    case TWB_F32: return DataType::FLOAT32;
    case TWB_F16: return DataType::FLOAT16;
    case TWB_BF16: return DataType::BFLOAT16;
    case TWB_F8E4M3: return DataType::FP8E4M3FN;
    case TWB_I8: return DataType::INT8;
    case TWB_I16: return DataType::INT16;
    case TWB_I32: return DataType::INT32;
    case TWB_I64:
    case TWB_INDEX: return DataType::INT64;
    case TWB_U8: return DataType::UINT8;
    case TWB_U16: return DataType::UINT16;
    case TWB_U32: return DataType::UINT32;
    case TWB_U64: return DataType::UINT64;
    case TWB_BOOL: return DataType::BOOL;
    case TWB_F8E5M2: break;
  }
  throw Error(ErrorCode::kUnsupported, "the runtime has no tensors of this element type");
}

}  // namespace tilewright
