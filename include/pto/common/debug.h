// PTO_ASSERT(condition, message): ends the kernel with an error unless the condition holds.
#pragma once

#include "pto/common/sim.hpp"

#define PTO_ASSERT(condition, message) PTO_CPU_ASSERT(condition, message)
