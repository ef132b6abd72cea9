// TensorMap: the accesses of unfinished tasks to memory, and what a new access must wait for. Private to the submitter.
#pragma once

#include <cstdint>
#include <span>

#include "graph/region_index.h"
#include "task_args.h"

namespace tilewright {

/// The rules of spec/l2-runtime.md, 1.3 and 3.4, for one access at a time:
///
///     tag              waits for writers   and, with track_war,   registers as      removes what it covers
///     INPUT            yes                                        with it: reader
///     INOUT            yes                 readers                writer            writers, readers
///     OUTPUT_EXISTING  no                  writers and readers    writer            with it: writers, readers
///
/// Regions overlap if they share a byte (regions_overlap). Not thread safe.
class TensorMap {
 public:
  /// Tasks of ring r with an id below completed[r] are complete. The array must outlive the map.
  void set_watermarks(const uint32_t* completed);

  /// Starts a run: whether writers also wait for earlier readers, and OUTPUT_EXISTING for earlier writers. Costs nothing that
  /// depends on what ran before.
  void begin_run(bool track_war) {
    track_war_ = track_war;
    writers_.close_dead_classes();
    readers_.close_dead_classes();
  }

  /// Registers an access by task `owner` and returns the accesses of other unfinished tasks it must wait for, each access
  /// once, in no order. Valid until the next call. `view` stays where it is while the task is unfinished; `range` is its
  /// byte_range. Other tags than the three above find and register nothing.
  std::span<const RegionHit> access(const ChipTensor& view, ByteRange range, TensorArgType tag, RegionOwner owner) {
    return access(view, view, range, tag, owner);
  }
  /// The same, with another descriptor of the view that stays where it is. It may just have been written: then it is not read.
  std::span<const RegionHit> access(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag,
                                    RegionOwner owner);

  /// The unfinished writers that touch `view`. Valid until the next call.
  std::span<const RegionHit> writers_of(const ChipTensor& view);

 private:
  void access_bytes(ByteRange range, TensorArgType tag, RegionOwner owner);
  void access_region(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag, RegionOwner owner);

  RegionShapes shapes_;
  RegionIndex writers_;
  RegionIndex readers_;  ///< empty unless track_war_ is set
  bool track_war_ = false;
  RegionHits hits_;
};

inline std::span<const RegionHit> TensorMap::access(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag,
                                                    RegionOwner owner) {
  hits_.clear();
  if (range.begin == range.end) [[unlikely]]
    return {};
  if (view.is_contiguous) [[likely]] {
    access_bytes(range, tag, owner);
  } else {
    access_region(view, lasting, range, tag, owner);
  }
  return hits_.all();
}

inline void TensorMap::access_bytes(ByteRange range, TensorArgType tag, RegionOwner owner) {
  if (tag == TensorArgType::INPUT) {
    writers_.find_bytes(range, owner, false, hits_);
    if (track_war_) readers_.insert_bytes(range, owner);
  } else if (tag == TensorArgType::INOUT || (tag == TensorArgType::OUTPUT_EXISTING && track_war_)) {
    writers_.update_bytes(range, owner, hits_);
    if (readers_.maybe_occupied()) readers_.find_bytes(range, owner, true, hits_);
  } else if (tag == TensorArgType::OUTPUT_EXISTING) {
    writers_.insert_bytes(range, owner);
  }
}

}  // namespace tilewright
