// The two kinds of core a kernel is compiled for (spec/api.md, section B).
#pragma once

#include <stdint.h>

/// AIC: cube (matrix) core. AIV: vector core.
enum class CoreType : int32_t { AIC = 0, AIV = 1 };
