// TensorMap: the accesses of unfinished tasks to memory, and what a new access must wait for. Private to the submitter.
#pragma once

#include <cstdint>
#include <span>

#include "graph/region_classes.h"
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
  /// The same, with the place of the descriptor that stays: it is there when another owner's access comes.
  std::span<const RegionHit> access(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag,
                                    RegionOwner owner);

  /// The same for a caller who wants no more than to know the tasks: either one of them, or none, or, if it is unknown, hits().
  OneHit access_one(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag, RegionOwner owner);
  std::span<const RegionHit> hits() const { return hits_.all(); }

  /// The unfinished writers that touch `view`. Valid until the next call.
  std::span<const RegionHit> writers_of(const ChipTensor& view);

 private:
  void access_bytes(ByteRange range, TensorArgType tag, RegionOwner owner);
  [[gnu::noinline]] OneHit access_bytes_anyhow(ByteRange range, TensorArgType tag, RegionOwner owner);
  [[gnu::noinline]] OneHit update_bytes(ByteRange range, RegionOwner owner);
  [[gnu::noinline]] OneHit find_gapped(const ChipTensor& view, ByteRange range, RegionOwner owner);
  [[gnu::noinline]] OneHit update_gapped(const ChipTensor& view, ByteRange range, RegionOwner owner);
  [[gnu::noinline]] OneHit find_other_shape(const ChipTensor& view, ByteRange range, RegionOwner owner);
  [[gnu::noinline]] OneHit update_other_shape(const ChipTensor& view, ByteRange range, RegionOwner owner);
  [[gnu::noinline]] OneHit access_gapped_anyhow(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag,
                                                RegionOwner owner);
  void access_region(const ShapedRegion& region, const ChipTensor& lasting, TensorArgType tag, RegionOwner owner);

  RegionShapes shapes_;
  RegionIndex writers_;
  RegionIndex readers_;  ///< empty unless track_war_ is set
  bool track_war_ = false;
  RegionHits hits_;
};

inline std::span<const RegionHit> TensorMap::access(const ChipTensor& view, const ChipTensor& lasting, ByteRange range, TensorArgType tag,
                                                    RegionOwner owner) {
  const OneHit hit = access_one(view, lasting, range, tag, owner);
  if (!hit.is_unknown()) {
    hits_.clear();
    if (hit.is_one()) hits_.add({range, hit.task(), hit.ring()});
  }
  return hits_.all();
}

[[gnu::always_inline]] inline OneHit TensorMap::access_one(const ChipTensor& view, const ChipTensor& lasting, ByteRange range,
                                                           TensorArgType tag, RegionOwner owner) {
  if (range.begin == range.end) [[unlikely]]
    return OneHit::none();
  const bool reads = tag == TensorArgType::INPUT && !track_war_, updates = tag == TensorArgType::INOUT && !track_war_;
  if (!view.is_contiguous) {
    const OneHit hit = reads ? find_gapped(view, range, owner) : updates ? update_gapped(view, range, owner) : OneHit::unknown();
    return hit.is_unknown() ? access_gapped_anyhow(view, lasting, range, tag, owner) : hit;
  }
  if (updates) return update_bytes(range, owner);
  if (reads) [[likely]] {
    if (const OneHit hit = writers_.find_one(range, owner); !hit.is_unknown()) [[likely]]
      return hit;
  }
  return access_bytes_anyhow(range, tag, owner);
}

}  // namespace tilewright
