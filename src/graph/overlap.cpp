#include "graph/overlap.h"

#include <algorithm>
#include <numeric>

namespace tilewright {
namespace {

using Wide = unsigned __int128;

// The smallest x >= 0 with low <= factor * x mod modulus <= high, or kNever; 0 < low <= high < modulus. Euclid's algorithm
// on the interval ("first value in range of an arithmetic progression modulo m"), so O(log modulus).
constexpr uint64_t kNever = UINT64_MAX;
uint64_t first_in_range(uint64_t factor, uint64_t modulus, uint64_t low, uint64_t high) {
  if (low == 0) return 0;
  factor %= modulus;
  if (factor == 0) return kNever;
  if (factor > modulus - factor) {  // count down instead
    std::swap(low, high);
    factor = modulus - factor;
    low = modulus - low;
    high = modulus - high;
  }
  const uint64_t steps = (low + factor - 1) / factor;
  if (steps * factor <= high) return steps;
  const uint64_t wraps = first_in_range(factor - modulus % factor, factor, low % factor, high % factor);
  if (wraps == kNever) return kNever;
  return static_cast<uint64_t>((low + Wide{modulus} * wraps + factor - 1) / factor);
}

// sum(u_k * stride_k) + z = target with 0 <= u_k <= most_k and 0 <= z <= slack: has it a solution? All values are byte
// counts below 2^63. Depth-first from the largest stride, bounded by what the smaller ones can reach and by their greatest
// common divisor; two strides are decided directly.
class Search {
 public:
  explicit Search(uint64_t slack) : slack_(slack) {}

  void add(uint64_t stride, uint64_t most) {
    uint32_t place = count_++;
    for (; place > 0 && terms_[place - 1].stride > stride; --place) terms_[place] = terms_[place - 1];
    terms_[place] = {stride, most, 0, 0};
  }

  bool solvable(uint64_t target) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count_; ++i) {
      const Term term = terms_[i];
      if (kept == 0 && term.stride <= slack_ + 1) {
        slack_ += term.stride * term.most;  // intervals that touch are one
      } else if (kept > 0 && terms_[kept - 1].stride == term.stride) {
        terms_[kept - 1].most += term.most;
      } else {
        terms_[kept++] = term;
      }
    }
    uint64_t reach = slack_, divisor = 0;
    for (uint32_t i = 0; i < kept; ++i) {
      terms_[i].reach_below = reach;
      terms_[i].divisor_below = divisor;
      reach += terms_[i].stride * terms_[i].most;
      divisor = std::gcd(divisor, terms_[i].stride);
    }
    if (target > reach) return false;
    if (divisor != 0 && target % divisor > slack_) return false;
    return search(kept, target);
  }

 private:
  struct Term {
    uint64_t stride;
    uint64_t most;
    uint64_t reach_below;    ///< largest value of the smaller terms and the slack together
    uint64_t divisor_below;  ///< of the smaller strides
  };

  bool search(uint32_t count, uint64_t target) {
    if (count == 0) return target <= slack_;
    const Term& term = terms_[count - 1];
    const uint64_t high = std::min(term.most, target / term.stride);
    if (count == 1) return target - high * term.stride <= slack_;
    const uint64_t low = target > term.reach_below ? (target - term.reach_below + term.stride - 1) / term.stride : 0;
    if (low > high) return false;
    if (count == 2) return some_remainder_fits(term.stride, terms_[0].stride, target - low * term.stride, high - low);
    for (uint64_t u = low; u <= high; ++u) {
      if (++work_ > kOverlapWorkLimit) return true;
      const uint64_t rest = target - u * term.stride;
      if (rest % term.divisor_below <= slack_ && search(count - 1, rest)) return true;
    }
    return false;
  }

  // Whether (target - u * stride) mod modulus <= slack for a u <= most; target >= most * stride. The caller has bounded u so
  // that what remains is in reach of the modulus's own count.
  bool some_remainder_fits(uint64_t stride, uint64_t modulus, uint64_t target, uint64_t most) const {
    const uint64_t high = target % modulus;
    if (high <= slack_) return true;
    return first_in_range(stride, modulus, high - slack_, high) <= most;
  }

  uint64_t slack_;
  uint32_t count_ = 0;
  uint32_t work_ = 0;
  Term terms_[2 * MAX_TENSOR_DIMS];
};

// Whether one of the runs of `rows`, which has one dimension, meets `range`; the ranges intersect.
bool some_run_meets(const Region& rows, ByteRange range) {
  if (range.begin < rows.range.begin + rows.run) return true;
  const Region::Dim& dim = rows.dims[0];
  const uint64_t first = (range.begin - rows.run - rows.range.begin) / dim.stride + 1;  // that ends after range.begin
  return first < dim.count && rows.range.begin + first * dim.stride < range.end;
}

}  // namespace

bool regions_overlap(const Region& a, const Region& b) {
  if (!intersects(a.range, b.range)) return false;
  if (a.rank + b.rank == 0) return true;
  if (a.rank + b.rank == 1) return a.rank == 1 ? some_run_meets(a, b.range) : some_run_meets(b, a.range);
  // A byte of a is a.begin + sum(i s) + x, one of b, counted from its end, b.end - 1 - sum(j t) - y.
  Search search(a.run + b.run - 2);
  for (uint32_t i = 0; i < a.rank; ++i) search.add(a.dims[i].stride, a.dims[i].count - 1);
  for (uint32_t i = 0; i < b.rank; ++i) search.add(b.dims[i].stride, b.dims[i].count - 1);
  return search.solvable(b.range.end - 1 - a.range.begin);
}

bool region_covers(const Region& outer, const Region& inner) {
  if (!contains(outer.range, inner.range)) return false;
  if (outer.rank == 0 || outer == inner) return true;
  if (!outer.nested()) return false;
  // inner's bounding box in outer's coordinates, dimension by dimension from the outside in.
  uint64_t offset = inner.range.begin - outer.range.begin;
  uint64_t extent = inner.range.end - inner.range.begin;
  bool taken[MAX_TENSOR_DIMS] = {};
  for (uint32_t i = outer.rank; i-- > 0;) {
    const Region::Dim& dim = outer.dims[i];
    uint64_t last = offset / dim.stride;
    offset %= dim.stride;
    for (uint32_t k = inner.rank; k-- > 0;) {
      if (taken[k] || inner.dims[k].stride % dim.stride != 0) continue;
      taken[k] = true;
      const uint64_t length = (inner.dims[k].count - 1) * inner.dims[k].stride;
      extent -= length;
      last += length / dim.stride;
    }
    if (last >= dim.count || extent > dim.stride - offset) return false;
  }
  return offset + extent <= outer.run;
}

}  // namespace tilewright
