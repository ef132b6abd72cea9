// The emitters for tw-opt.
#pragma once

namespace tilewright::emit {

/// emit-kernel and emit-orchestration: print the C++ of each kernel, or orchestration, on standard output and leave the module as it is.
void register_emitters();

}  // namespace tilewright::emit
