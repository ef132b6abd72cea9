// Convolution tiles: dense arrays of up to six sizes in a layout of feature maps or filters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "isa/execution.h"

namespace tilewright::isa {
namespace {

using Sizes = std::array<int64_t, 6>;

Sizes sizes_of(const PtoOperand& operand) {
  Sizes sizes;
  std::copy_n(operand.shape, sizes.size(), sizes.begin());
  return sizes;
}

std::string text_of(const Sizes& s) { return fmt::format("{}x{}x{}x{}x{}x{}", s[0], s[1], s[2], s[3], s[4], s[5]); }

[[noreturn]] void refuse_sizes(const Execution& execution, const Sizes& sizes, const Sizes& needed) {
  fail(execution, kPtoFailInvalidArgument,
       fmt::format("the destination's sizes are {}, and {} are needed", text_of(sizes), text_of(needed)),
       "give the convolution tile the sizes that go with its layout");
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A feature map with its channels in one piece, (group, batch, channel, depth, height, width), whatever its layout.
struct FeatureMap {
  int64_t groups = 1, batch = 1, channels = 1, depth = 1, height = 1, width = 1;
  bool blocked = false;  ///< channels in blocks of c0 that lie innermost
  int64_t c0 = 1;

  /// Number of an element.
  int64_t at(int64_t g, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w) const {
    if (!blocked) return ((((g * batch + n) * channels + c) * depth + d) * height + h) * width + w;
    return ((((g * batch + n) * (channels / c0) + c / c0) * height + h) * width + w) * c0 + c % c0;
  }
};

FeatureMap feature_map(const PtoOperand& operand) {
  const int64_t* s = operand.shape;
  switch (static_cast<pto::Layout>(operand.global->layout)) {
    case pto::Layout::NCDHW: return {.batch = s[1], .channels = s[2], .depth = s[3], .height = s[4], .width = s[5]};
    case pto::Layout::NC1HWC0:
    case pto::Layout::GNC1HWC0:
      return {.groups = s[0], .batch = s[1], .channels = s[2] * s[5], .height = s[3], .width = s[4], .blocked = true, .c0 = s[5]};
    default: return {.groups = s[1], .batch = s[2], .channels = s[3], .height = s[4], .width = s[5]};  // NCHW, GNCHW
  }
}

void put(const PtoOperand& dst, int64_t at, const PtoOperand& src, int64_t from) {
  const size_t bytes = dst.tile->element_bytes;
  std::memcpy(static_cast<uint8_t*>(dst.data) + static_cast<size_t>(at) * bytes,
              static_cast<const uint8_t*>(src.data) + static_cast<size_t>(from) * bytes, bytes);
}

/// Between two feature maps. Channels that only the destination has are 0; it may lack only those that fill the source's last block.
void map_to_map(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const FeatureMap to = feature_map(dst), from = feature_map(src);
  const int64_t block = to.blocked ? to.c0 : from.c0;
  const int64_t blocks = ceil_div(to.blocked ? from.channels : to.channels, block);
  const bool fits = to.groups == from.groups && to.batch == from.batch && to.height == from.height && to.width == from.width &&
                    blocks * block == (to.blocked ? to.channels : from.channels);
  if (!fits) refuse_sizes(execution, sizes_of(dst), sizes_of(src));
  std::memset(
      dst.data, 0,
      static_cast<size_t>(to.groups * to.batch * to.channels * to.height * to.width) * static_cast<size_t>(dst.tile->element_bytes));
  for (int64_t g = 0; g < to.groups; ++g) {
    for (int64_t n = 0; n < to.batch; ++n) {
      for (int64_t c = 0; c < std::min(to.channels, from.channels); ++c) {
        for (int64_t h = 0; h < to.height; ++h) {
          for (int64_t w = 0; w < to.width; ++w) put(dst, to.at(g, n, c, 0, h, w), src, from.at(g, n, c, 0, h, w));
        }
      }
    }
  }
}

/// To FRACTAL_Z (C1*H*W, N1, 16, C0) or FRACTAL_Z_3D (D*C1*H*W, N1, 16, C0); the batch counts filters.
void map_to_fractal(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const FeatureMap from = feature_map(src);
  constexpr int64_t kFilters = 16;
  const int64_t c0 = from.blocked ? from.c0 : 32 / dst.tile->element_bytes;
  const int64_t c1 = ceil_div(from.channels, c0), n1 = ceil_div(from.batch, kFilters);
  const int64_t pixels = from.groups * from.depth * c1 * from.height * from.width;
  const Sizes needed{1, 1, pixels, n1, kFilters, c0};
  if (sizes_of(dst) != needed) refuse_sizes(execution, sizes_of(dst), needed);
  std::memset(dst.data, 0, static_cast<size_t>(pixels * n1 * kFilters * c0) * static_cast<size_t>(dst.tile->element_bytes));
  for (int64_t g = 0; g < from.groups; ++g) {
    for (int64_t n = 0; n < from.batch; ++n) {
      for (int64_t c = 0; c < from.channels; ++c) {
        for (int64_t d = 0; d < from.depth; ++d) {
          for (int64_t h = 0; h < from.height; ++h) {
            for (int64_t w = 0; w < from.width; ++w) {
              const int64_t pixel = (((g * from.depth + d) * c1 + c / c0) * from.height + h) * from.width + w;
              put(dst, (pixel * n1 * kFilters + n) * c0 + c % c0, src, from.at(g, n, c, d, h, w));
            }
          }
        }
      }
    }
  }
}

}  // namespace

void load_conv(const Execution& execution) {
  const PtoOperand& dst = execution.operand(0);
  const PtoOperand& src = execution.operand(1);
  const bool grouped = static_cast<pto::Layout>(src.global->layout) == pto::Layout::NDC1HWC0;  // C0 is in no size of the tensor
  const int64_t c0 = grouped ? 32 / src.global->element_bytes : 1;
  Sizes sizes = {1, 1, 1, 1, 1, c0};
  std::array<int64_t, 6> strides = {0, 0, 0, 0, 0, 1};
  const size_t first = grouped ? 0 : 1;
  for (size_t d = 0; d < 5; ++d) sizes[first + d] = src.shape[d], strides[first + d] = src.stride[d];
  if (sizes != sizes_of(dst)) refuse_sizes(execution, sizes_of(dst), sizes);
  int64_t at = 0;
  Sizes i = {};
  for (i[0] = 0; i[0] < sizes[0]; ++i[0]) {
    for (i[1] = 0; i[1] < sizes[1]; ++i[1]) {
      for (i[2] = 0; i[2] < sizes[2]; ++i[2]) {
        for (i[3] = 0; i[3] < sizes[3]; ++i[3]) {
          for (i[4] = 0; i[4] < sizes[4]; ++i[4]) {
            for (i[5] = 0; i[5] < sizes[5]; ++i[5]) {
              int64_t from = 0;
              for (size_t d = 0; d < 6; ++d) from += i[d] * strides[d];
              put(dst, at++, src, from);
            }
          }
        }
      }
    }
  }
}

void transpose_conv(const Execution& execution) {
  const auto to = static_cast<pto::Layout>(execution.operand(0).global->layout);
  to == pto::Layout::FRACTAL_Z || to == pto::Layout::FRACTAL_Z_3D ? map_to_fractal(execution) : map_to_map(execution);
}

}  // namespace tilewright::isa
