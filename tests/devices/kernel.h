// What the kernels of this suite do, by their first scalar. Shared by both cores' sources and the tests.
#pragma once

enum Verb : int {
  kScale = 0,        ///< y[i] = 2 x[i] + value
  kSignIn = 1,       ///< y[block] = block + value
  kCrash = 2,        ///< writes to address 16
  kWaitForEver = 3,  ///< waits for a flag that nobody sets
  kPollForEver = 4,  ///< polls memory that nobody changes
  kPlace = 5,        ///< assigns a tile of `space` to the byte address `value`
  kFatal = 6,        ///< the orchestration reports a fatal error
  kChain = 7,        ///< y = 2 (2 x + value) + value, as two tasks over a temporary
  kA5Only = 8,       ///< an instruction form of A5
  kA2A3Only = 9,     ///< one of A2A3
};
