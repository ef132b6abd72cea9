// The tile instruction set. What an instruction does is documented where it is declared, in pto/inst/.
//
// docs/reference/instructions.md lists every form and its state. What is not in this version is refused by the compiler.
#pragma once

#include "pto/comm/pto_comm_inst.hpp"
#include "pto/common/constants.hpp"
#include "pto/common/cross_core.hpp"
#include "pto/common/debug.h"
#include "pto/common/event.hpp"
#include "pto/common/pto_tile.hpp"
#include "pto/common/type.hpp"
#include "pto/inst/bitwise.hpp"
#include "pto/inst/elementwise.hpp"
#include "pto/inst/fifo.hpp"
#include "pto/inst/fused.hpp"
#include "pto/inst/gather.hpp"
#include "pto/inst/generate.hpp"
#include "pto/inst/matmul.hpp"
#include "pto/inst/move.hpp"
#include "pto/inst/print.hpp"
#include "pto/inst/reduce.hpp"
#include "pto/inst/select.hpp"
#include "pto/inst/sort.hpp"
#include "pto/inst/sync.hpp"
