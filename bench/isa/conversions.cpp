// TCVT between element types, in the modes that programs use.
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using namespace pto;

template <typename From, typename To, int R, int C, RoundMode kMode, class Convert>
void add(Forms& forms, const char* mode, Convert convert, SaturationMode saturation = SaturationMode::OFF) {
  struct State {
    VecTile<From, R, C> src;
    VecTile<To, R, C> dst;
    std::shared_ptr<To[]> expected = page_aligned<To>(int64_t{R} * C);
    int64_t count = int64_t{R} * C;
    State() {
      TASSIGN(src, 0x10000);
      TASSIGN(dst, 0);
      for (int64_t i = 0; i < count; ++i) src.data()[i] = static_cast<From>(static_cast<float>(i % 251) * 0.75f - 90.0f);
    }
  };
  forms.push_back(
      {std::string("TCVT ") + mode, std::string(type_name<From>()) + " to " + type_name<To>(), shape_name(R, C), tolerance_of<To>(), [=] {
         auto s = std::make_shared<State>();
         Prepared p;
         p.tile = [s, saturation] { TCVT(s->dst, s->src, kMode, saturation); };
         p.plain = [s, convert] {
           using A = typename PlainType<From>::type;
           using B = typename PlainType<To>::type;
           const A* in = reinterpret_cast<const A*>(s->src.data());
           B* out = reinterpret_cast<B*>(s->expected.get());
           for (int64_t i = 0, n = s->count; i < n; ++i) out[i] = static_cast<B>(convert(in[i]));
         };
         p.error = [s] { return largest_difference(s->dst.data(), s->expected.get(), s->count); };
         p.state = s;
         return p;
       }});
}

template <int R, int C>
void add_all(Forms& f) {
  using enum RoundMode;
  const auto same = [](auto x) { return x; };
  const auto nearest = [](auto x) { return std::nearbyint(static_cast<float>(x)); };
  add<float, half, R, C, CAST_RINT>(f, "rint", same);
  add<half, float, R, C, CAST_NONE>(f, "none", same);
  add<float, bfloat16_t, R, C, CAST_RINT>(f, "rint", same);
  add<bfloat16_t, float, R, C, CAST_NONE>(f, "none", same);
  add<float, int32_t, R, C, CAST_RINT>(f, "rint", nearest);
  add<float, int32_t, R, C, CAST_TRUNC>(f, "trunc", same);
  add<float, int32_t, R, C, CAST_FLOOR>(f, "floor", [](float x) { return std::floor(x); });
  add<float, int32_t, R, C, CAST_ROUND>(f, "round", [](float x) { return std::round(x); });
  add<int32_t, float, R, C, CAST_RINT>(f, "rint", same);
  add<float, int8_t, R, C, CAST_RINT>(
      f, "rint saturating", [](float x) { return std::min(std::max(std::nearbyint(x), -128.0f), 127.0f); }, SaturationMode::ON);
  add<half, int8_t, R, C, CAST_RINT>(f, "rint", nearest);
  add<int8_t, half, R, C, CAST_NONE>(f, "none", same);
  add<float, int16_t, R, C, CAST_RINT>(f, "rint", nearest);
  add<int32_t, int16_t, R, C, CAST_NONE>(f, "none", same);
  add<int16_t, int32_t, R, C, CAST_NONE>(f, "none", same);
}

/// Modes that no loop has in one operation: the mantissa is rounded by hand.
template <int R, int C>
void add_directed(Forms& f) {
  add<float, half, R, C, RoundMode::CAST_TRUNC>(f, "trunc", [](float x) {
    // Normal halves only, which the operands are.
    return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, x) & 0xffffe000u);
  });
  add<float, bfloat16_t, R, C, RoundMode::CAST_TRUNC>(
      f, "trunc", [](float x) { return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, x) & 0xffff0000u); });
  add<float, half, R, C, RoundMode::CAST_ROUND>(
      f, "round", [](float x) { return __builtin_bit_cast(float, (__builtin_bit_cast(uint32_t, x) + 0x1000u) & 0xffffe000u); });
}

}  // namespace

void add_conversions(Forms& forms) {
  add_all<16, 32>(forms);
  add_all<64, 64>(forms);
  add_all<128, 128>(forms);
  add_directed<16, 32>(forms);
  add_directed<64, 64>(forms);
  add_directed<128, 128>(forms);
}

}  // namespace tilewright::bench
