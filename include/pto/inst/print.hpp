// TPRINT (spec/tile-isa.md, Appendix A): shows a tile's valid region, or a global tensor, on the standard output of the process that runs
// the kernel, a line for each row.
#pragma once

#include "pto/inst/issue.hpp"

#pragma GCC visibility push(hidden)

namespace pto {

template <PrintFormat Format = PrintFormat::Width8_Precision4, typename TD>
  requires(detail::TileArgument<TD> || detail::GlobalArgument<TD>)
PTO_FN RecordEvent TPRINT(TD& src) {
  PtoAttributes attributes = {};
  attributes.index[0] = static_cast<int32_t>(Format);
  return detail::issue<Op::TPRINT>(PIPE_S, attributes, src);
}
/// The same; `tmp` is device memory that only hardware needs.
template <PrintFormat Format = PrintFormat::Width8_Precision4, detail::TileArgument TD, detail::GlobalArgument GlobalData>
PTO_FN RecordEvent TPRINT(TD& src, GlobalData&) {
  return TPRINT<Format>(src);
}

}  // namespace pto

#pragma GCC visibility pop
