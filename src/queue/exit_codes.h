// Exit codes that the queue itself uses. A job may use any code, so --result and --status say who ended it.
#pragma once

namespace tilewright::queue {

inline constexpr int kExitMisuse = 2;
inline constexpr int kExitWaitTimeout = 120;  ///< --timeout passed, or --no-wait and nothing free
inline constexpr int kExitCancelled = 121;
inline constexpr int kExitNoDevice = 122;  ///< no such device: the request could never be met here
inline constexpr int kExitRefused = 123;   ///< by a rule: nested submission, unsafe state directory, another user's job
inline constexpr int kExitTimeLimit = 124;  ///< --max-time passed while running, as timeout(1)
inline constexpr int kExitInfrastructure = 125;  ///< the queue failed: supervisor lost, disk full, controller down
inline constexpr int kExitCannotExecute = 126;   ///< as the shell and env(1)
inline constexpr int kExitNotFound = 127;        ///< as the shell and env(1)

}  // namespace tilewright::queue
