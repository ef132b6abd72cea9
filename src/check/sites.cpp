#include "check/sites.h"

#include <unwind.h>

namespace tilewright::check {
namespace {

struct Walk {
  const void* issued_from;
  Site& site;
  int skipped = 0;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* data) {
  Walk& walk = *static_cast<Walk*>(data);
  const void* const address = reinterpret_cast<const void*>(_Unwind_GetIP(context));
  if (walk.site.frame_count == 0 && address != walk.issued_from) {
    constexpr int kOwnFrames = 16;  // between the kernel and here
    return ++walk.skipped > kOwnFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
  }
  walk.site.frames[walk.site.frame_count++] = address;
  return walk.site.frame_count == Site::kFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
}

}  // namespace

uint32_t Sites::number(const PtoInstruction& instruction, const void* issued_from) {
  Site site{instruction.op, instruction.pipe, 0, {}};
  Walk walk{issued_from, site};
  _Unwind_Backtrace(visit, &walk);
  if (site.frame_count == 0) site.frames[site.frame_count++] = issued_from;
  const auto [entry, added] = numbers_.try_emplace(site, static_cast<uint32_t>(by_number_.size()));
  if (added) by_number_.push_back(&entry->first);
  return entry->second;
}

}  // namespace tilewright::check
