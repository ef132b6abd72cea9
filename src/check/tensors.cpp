#include "check/tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tilewright::check {

Tensors::Tensors(std::span<const ChipTensor> tensors, std::span<const ArgDirection> directions) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const ChipTensor& tensor = tensors[i];
    const uint64_t element = get_element_size(tensor.dtype);
    View view{};
    view.index = static_cast<int>(i);
    view.begin = tensor.buffer.addr + tensor.start_offset * element;
    view.end = view.begin + tensor.extent_elem() * element;
    view.writable = i >= directions.size() || directions[i] != ArgDirection::IN;
    view.run = element;
    view.nested = true;
    // From the innermost dimension outwards: what continues a run makes it longer, all else is a dimension of pieces.
    std::vector<View::Dim> dims;
    for (uint32_t d = tensor.ndims; d-- > 0;) {
      if (tensor.shapes[d] == 1) continue;
      const uint64_t count = tensor.shapes[d], step = tensor.strides[d] * element;
      if (dims.empty() && step == view.run) {
        view.run *= count;
      } else {
        dims.push_back({count, step});
      }
    }
    std::sort(dims.begin(), dims.end(), [](const View::Dim& a, const View::Dim& b) { return a.step < b.step; });
    uint64_t inside = view.run;
    for (const View::Dim& dim : dims) {
      view.nested = view.nested && dim.step >= inside;
      inside = dim.step * (dim.count - 1) + inside;
    }
    view.dims.assign(dims.rbegin(), dims.rend());
    const std::span<const uint32_t> shape(tensor.shapes, tensor.ndims);
    view.text = fmt::format("tensor {} ([{}], {} bytes)", i, fmt::join(shape, ", "), view.end - view.begin);
    views_.push_back(std::move(view));
  }
}

uint64_t Tensors::View::piece_end(uint64_t address) const {
  uint64_t offset = address - begin, at = begin;
  for (const Dim& dim : dims) {
    const uint64_t i = std::min(offset / dim.step, dim.count - 1);
    offset -= i * dim.step;
    at += i * dim.step;
  }
  return offset < run ? at + run : 0;
}

bool Tensors::View::holds(const ByteRange& range) const {
  if (range.begin < begin || range.end > end) return false;
  if (!nested) return true;
  for (uint64_t at = range.begin; at < range.end;) {
    const uint64_t next = piece_end(at);
    if (next == 0) return false;
    at = next;
  }
  return true;
}

std::optional<int> Tensors::holding(const ByteRange& range) const {
  std::optional<int> found;
  for (const View& view : views_) {
    if (!view.holds(range)) continue;
    if (view.writable) return view.index;
    if (!found) found = view.index;
  }
  return found;
}

std::string Tensors::describe_outside(const ByteRange& range) const {
  const View* nearest = nullptr;
  const auto distance = [&](const View& view) {
    return range.begin < view.begin ? view.begin - range.begin : range.begin >= view.end ? range.begin - view.end : 0;
  };
  for (const View& view : views_) {
    if (nearest == nullptr || distance(view) < distance(*nearest)) nearest = &view;
  }
  if (nearest == nullptr) return "the task has no tensor";
  if (range.begin < nearest->begin) return fmt::format("{} bytes before {}", nearest->begin - range.begin, nearest->text);
  if (range.begin >= nearest->end) return fmt::format("{} bytes behind the end of {}", range.begin - nearest->end, nearest->text);
  if (range.end > nearest->end) return fmt::format("the last {} bytes are behind the end of {}", range.end - nearest->end, nearest->text);
  return fmt::format("between the rows of {}", nearest->text);
}

}  // namespace tilewright::check
