// The tensors that a task was given, to tell whether bytes of device memory belong to them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "check/shadow.h"
#include "task_args.h"

namespace tilewright::check {

class Tensors {
 public:
  /// `directions` has an entry for each argument of the kernel, tensors first, or is empty.
  Tensors(std::span<const ChipTensor> tensors, std::span<const ArgDirection> directions);

  bool empty() const { return views_.empty(); }

  /// The tensor whose elements make up all of the range; of several one that may be written, if there is one.
  std::optional<int> holding(const ByteRange& range) const;
  /// Whether the kernel may write it, as far as it says.
  bool writable(int tensor) const { return views_[static_cast<size_t>(tensor)].writable; }

  /// Where a range lies that no tensor holds: "past the end of tensor 2 ([64, 128], 32768 bytes)", ...
  std::string describe_outside(const ByteRange& range) const;
  /// The tensor's first byte.
  uint64_t begin(int tensor) const { return views_[static_cast<size_t>(tensor)].begin; }

 private:
  /// A view as nested runs: dims[0] is the innermost, of `length` bytes; each other one repeats what is inside it.
  struct View {
    struct Dim {
      uint64_t count, step;  ///< step in bytes
    };
    int index;
    uint64_t begin, end;  ///< from the first byte to behind the last
    uint64_t run;         ///< bytes in one piece
    std::vector<Dim> dims;  ///< outermost first
    bool nested;          ///< pieces do not overlap or interleave; otherwise only begin and end count
    bool writable;
    std::string text;

    bool holds(const ByteRange& range) const;
    /// The end of the piece that holds an address, 0 if none does.
    uint64_t piece_end(uint64_t address) const;
  };
  std::vector<View> views_;
};

}  // namespace tilewright::check
