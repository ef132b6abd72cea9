// pipe_sync(): the drain a kernel ends with, so that its stores are done when its task counts as finished.
#pragma once

#include "pto/common/intrinsics.hpp"

/// Waits for the output pipe: FIX on a cube core, MTE3 on a vector core. Uses EVENT_ID7.
PTO_FN static void pipe_sync() {
#if defined(__DAV_CUBE__)
  set_flag(PIPE_FIX, PIPE_S, EVENT_ID7);
  wait_flag(PIPE_FIX, PIPE_S, EVENT_ID7);
#endif
#if defined(__DAV_VEC__)
  set_flag(PIPE_MTE3, PIPE_S, EVENT_ID7);
  wait_flag(PIPE_MTE3, PIPE_S, EVENT_ID7);
#endif
}
