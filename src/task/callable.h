// Callable images: from compiled objects to one buffer, and back with every field checked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "core_type.h"
#include "tilewright/callable.h"

namespace tilewright {

/// One kernel of a callable. `binary` is borrowed.
struct KernelImage {
  int32_t func_id = 0;
  /// The core it was compiled for; empty if the builder did not say, then it may run on either. The published layout has
  /// no field for it: it lies in the reserved bytes between a child's header and its kernel (docs/design/toolchain.md).
  std::optional<CoreType> core_type;
  std::vector<ArgDirection> signature;  ///< at most 32; may be empty
  std::span<const uint8_t> binary;
  /// For messages; at most 255 bytes, no control characters; empty: not said. No field of the published layout either.
  std::string name = {};
};

/// What a ChipCallable image holds. `orchestration` and the kernels' binaries are borrowed.
struct CallableParts {
  std::string entry_name;               ///< symbol of the orchestration function, 1 to 63 characters
  std::string config_name;              ///< symbol of its config function; empty if it has none
  std::vector<ArgDirection> signature;  ///< at most 256; may be empty
  std::span<const uint8_t> orchestration;
  std::vector<KernelImage> kernels;  ///< at most 1024, distinct func_ids
};

/// The image of `parts`. Kernels are laid out by func_id, so the order of `parts.kernels` does not change the bytes.
/// Throws Error: kInvalidArgument, kLimitExceeded; the message names the field.
std::vector<uint8_t> build_chip_callable(const CallableParts& parts);

/// What `image` holds; binaries point into it. The bytes may come from anyone: every size, offset, count and name is
/// checked, and the image must end where its content ends. Throws Error(kInvalidArgument) that says what is wrong.
/// Needs no alignment of `image`.
CallableParts parse_chip_callable(std::span<const uint8_t> image);

/// The content id of an image: SHA-256 of its bytes.
inline Digest callable_id(std::span<const uint8_t> image) { return sha256(image); }

}  // namespace tilewright
