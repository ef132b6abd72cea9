// SYNCALL: the cores of a launch meet (spec/tile-isa.md, 2.8).
#pragma once

#include "pto/common/cross_core.hpp"
#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

/// Returns when every core of the kind, in all blocks of the task, has called it. A core of the other kind returns at once and does
/// not count, so that one source serves both. The blocks must be able to run together: submit the task with
/// set_require_sync_start(true), otherwise blocks without a core leave the others waiting, which is reported as a deadlock.
template <SyncCoreType CoreType = SyncCoreType::AIVOnly>
PTO_FN void SYNCALL() {
  detail::issue_control(Op::SYNCALL, PIPE_ALL, static_cast<int>(CoreType));
}

/// Hard: the same; workspace and count are not used. Soft: `usedCores` cores meet, all if that is 0, and the workspace of
/// SYNCALL_SOFT_WORKSPACE_INT32 words names the meeting: cores that pass different workspaces do not wait for each other. The
/// simulator does not write the workspace.
template <SyncAllMode Mode, SyncCoreType CoreType = SyncCoreType::AIVOnly, detail::GlobalArgument GlobalData>
PTO_FN void SYNCALL(GlobalData& gmWorkspace, int32_t usedCores = 0) {
  static_assert(std::is_same_v<std::remove_cv_t<typename GlobalData::RawDType>, int32_t>, "SYNCALL: the workspace holds int32_t");
  if constexpr (Mode == SyncAllMode::Hard) {
    SYNCALL<CoreType>();
  } else {
    PtoAttributes attributes = {};
    attributes.index[0] = static_cast<int>(CoreType);
    attributes.index[1] = usedCores;
    detail::issue<Op::SYNCALL>(PIPE_ALL, attributes, gmWorkspace);
  }
}

}  // namespace pto

#pragma GCC visibility pop
