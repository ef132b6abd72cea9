// Runtime status codes (spec/api.md, section F): names, descriptions and what to do.
#pragma once

#include <cstdint>
#include <string>

namespace tilewright {

/// "HEAP_RING_DEADLOCK"; "UNKNOWN" for a number that is no code. `code` is positive.
const char* status_name(int32_t code);
/// One sentence: what happened.
const char* status_description(int32_t code);
/// One sentence: what to do.
const char* status_hint(int32_t code);

/// The negative status of a run; the orchestrator's code has priority. 0 if both are 0.
int32_t runtime_status_from_error_codes(int32_t orchestration_code, int32_t scheduler_code);

/// Sub-class of SCHEDULER_TIMEOUT: RUNNING_STALLED 1, READY_IDLE 3, DEP_DEADLOCK 4, ORCH_STARVATION 5, UNKNOWN 99.
int32_t classify_stall_detail(int32_t running, int32_t ready, int32_t waiting, bool orchestration_done);
const char* stall_detail_name(int32_t detail);

}  // namespace tilewright
