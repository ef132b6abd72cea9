// The tile instruction set. What an instruction does is documented where it is declared, in pto/inst/.
//
// Not in this version, and refused by the compiler as unknown names: cross-core flags and SYNCALL (common/intrinsics.hpp and
// inst/sync.hpp will hold them), TPUSH/TPOP (common/fifo.hpp, inst/fifo.hpp), compare and select, gather, scatter and sort,
// quantisation (common/fixpipe.hpp), convolution tiles, and namespace pto::comm.
#pragma once

#include "pto/common/constants.hpp"
#include "pto/common/debug.h"
#include "pto/common/event.hpp"
#include "pto/common/pto_tile.hpp"
#include "pto/common/type.hpp"
#include "pto/inst/elementwise.hpp"
#include "pto/inst/matmul.hpp"
#include "pto/inst/move.hpp"
#include "pto/inst/reduce.hpp"
