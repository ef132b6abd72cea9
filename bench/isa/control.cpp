// Instructions that place, order and hand over: what they cost by themselves. Only those that move bytes have a plain loop.
#include <cstring>

#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

template <class State, class Do>
void add_alone(Forms& f, const char* name, Do instruction) {
  f.push_back({name, "-", "-", 0, [=] {
                 auto s = std::make_shared<State>();
                 Prepared p;
                 p.tile = [s, instruction] { instruction(*s); };
                 p.state = s;
                 return p;
               }});
}

struct Nothing {};

struct Places {
  VecTile<float, 16, 16> tile, alias;
  VecTile<float, 4, 64> reshaped;
  int32_t signal_memory = 0;
  GlobalTensor<int32_t, Shape<1, 1, 1, 1, 1>, Stride<1, 1, 1, 1, 1>> signal{&signal_memory};
  Event<Op::TADD, Op::TSTORE_VEC> event;
  Places() { TASSIGN(tile, 0); }
};

/// A pipe from cube to vector with tiles of R x C on both sides.
template <int R, int C>
struct Channel {
  using Pipe = TPipe<0, DIR_C2V, R * C * 4, 2, 2, true>;
  using Acc = TileAcc<float, R, C>;
  using Vec = VecTile<float, R, C>;
  Pipe pipe{nullptr, 0, 0};
  Acc acc;
  Vec vec;
  std::shared_ptr<float[]> slot = page_aligned<float>(int64_t{R} * C), expected = page_aligned<float>(int64_t{R} * C);
  int64_t rows = R, cols = C;
  Channel() {
    TASSIGN(acc, 0);
    fill(acc.data(), rows * cols);
  }
};

template <int R, int C>
void add_pipe(Forms& f) {
  using S = Channel<R, C>;
  f.push_back({"TPUSH and TPOP Acc to Vec", "f32", shape_name(R, C), 0, [] {
                 auto s = std::make_shared<S>();
                 Prepared p;
                 p.tile = [s] {
                   TPUSH(s->acc, s->pipe);
                   TPOP(s->vec, s->pipe);
                   TFREE(s->pipe);
                 };
                 p.plain = [s] {  // into the slot row by row, and out of it
                   const float* in = s->acc.data();
                   float *slot = s->slot.get(), *out = s->expected.get();
                   for (int64_t r = 0, n = s->rows; r < n; ++r) {
                     for (int64_t c = 0, m = s->cols; c < m; ++c) slot[r * m + c] = in[c / 16 * n * 16 + r * 16 + c % 16];
                   }
                   for (int64_t i = 0, n = s->rows * s->cols; i < n; ++i) out[i] = slot[i];
                 };
                 p.error = [s] { return largest_difference(s->vec.data(), s->expected.get(), s->rows * s->cols); };
                 p.state = s;
                 return p;
               }});
}

/// Tensors in memory that another chip sees.
template <int R, int C>
void add_remote(Forms& f) {
  using Global = GlobalTensor<float, TileShape2D<float, R, C>, BaseShape2D<float, R, C>>;
  struct Copy {
    std::shared_ptr<float[]> from = page_aligned<float>(int64_t{R} * C), to = page_aligned<float>(int64_t{R} * C);
    std::shared_ptr<float[]> expected = page_aligned<float>(int64_t{R} * C);
    Global src{from.get()}, dst{to.get()};
    VecTile<float, R, C> staging;
    int64_t count = int64_t{R} * C;
    Copy() {
      TASSIGN(staging, 0);
      fill(from.get(), count);
    }
  };
  const auto form = [&](const char* name, auto tile) {
    f.push_back({name, "f32", shape_name(R, C), 0, [=] {
                   auto s = std::make_shared<Copy>();
                   Prepared p;
                   p.tile = [s, tile] { tile(*s); };
                   p.plain = [s] { std::memcpy(s->expected.get(), s->from.get(), static_cast<size_t>(s->count) * sizeof(float)); };
                   p.error = [s] { return largest_difference(s->to.get(), s->expected.get(), s->count); };
                   p.state = s;
                   return p;
                 }});
  };
  form("TPUT", [](Copy& s) { comm::TPUT(s.dst, s.src, s.staging); });
  form("TGET", [](Copy& s) { comm::TGET(s.dst, s.src, s.staging); });
}

}  // namespace

void add_control(Forms& f) {
  add_alone<Places>(f, "TASSIGN", [](Places& s) { TASSIGN(s.tile, 0x400); });
  add_alone<Places>(f, "TRESHAPE", [](Places& s) { TRESHAPE(s.reshaped, s.tile); });
  add_alone<Places>(f, "TSUBVIEW", [](Places& s) { TSUBVIEW(s.alias, s.tile, 0, 0); });
  add_alone<Nothing>(f, "set_flag and wait_flag", [](Nothing&) {
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  });
  add_alone<Nothing>(f, "pipe_barrier", [](Nothing&) { pipe_barrier(PIPE_ALL); });
  add_alone<Places>(f, "dcci", [](Places& s) { dcci(s.tile.data(), SINGLE_CACHE_LINE); });
  add_alone<Nothing>(f, "dsb", [](Nothing&) { dsb(DSB_ALL); });
  add_alone<Places>(f, "TNOTIFY", [](Places& s) { comm::TNOTIFY(s.signal, 1, comm::NotifyOp::Set); });
  add_alone<Places>(f, "TTEST", [](Places& s) { (void)comm::TTEST(s.signal, 0, comm::WaitCmp::GE); });
  add_pipe<16, 16>(f);
  add_pipe<64, 64>(f);
  add_pipe<128, 128>(f);
  add_remote<16, 16>(f);
  add_remote<64, 64>(f);
  add_remote<128, 128>(f);
}

}  // namespace tilewright::bench
