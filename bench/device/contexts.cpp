#include <ucontext.h>

#include <boost/context/detail/fcontext.hpp>
#include <vector>

#include "systems.h"

namespace tilewright::bench {
namespace {

namespace context = boost::context::detail;

constexpr size_t kStackBytes = 64 << 10;

// makecontext hands over integers only.
ucontext_t g_caller;
ucontext_t g_coroutine;
void ucontext_body() {
  for (;;) ::swapcontext(&g_coroutine, &g_caller);
}

void fcontext_body(context::transfer_t from) {
  for (;;) from = context::jump_fcontext(from.fctx, nullptr);
}

}  // namespace

std::vector<Row> measure_contexts(const Sizes& sizes) {
  const auto per_switch = [&](double seconds) { return seconds * 1e9 / sizes.switches; };
  std::vector<Row> rows;
  {
    std::vector<char> stack(kStackBytes);
    ::getcontext(&g_coroutine);
    g_coroutine.uc_stack.ss_sp = stack.data();
    g_coroutine.uc_stack.ss_size = stack.size();
    ::makecontext(&g_coroutine, &ucontext_body, 0);
    const auto work = [&] {
      for (int i = 0; i < sizes.switches; ++i) ::swapcontext(&g_caller, &g_coroutine);
    };
    rows.push_back(make_row("ucontext", kSwitch, "time", "ns"));
    rows.back().set_samples(in_bulk(sizes.repeats, work, per_switch));
  }
  {
    std::vector<char> stack(kStackBytes);
    context::fcontext_t other = context::make_fcontext(stack.data() + stack.size(), stack.size(), &fcontext_body);
    const auto work = [&] {
      for (int i = 0; i < sizes.switches; ++i) other = context::jump_fcontext(other, nullptr).fctx;
    };
    rows.push_back(make_row("Boost.Context alone", kSwitch, "time", "ns"));
    rows.back().set_samples(in_bulk(sizes.repeats, work, per_switch));
  }
  return rows;
}

}  // namespace tilewright::bench
