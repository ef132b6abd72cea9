// Part of tilewright/language.h: tensors in device memory.
#pragma once

#include "tilewright/language/values.h"

namespace tilewright {

namespace detail {

template <typename Self>
IndexValue Methods<TensorKind, Self>::dim(size_t dimension, Where where) const {
  twb_builder* b = at(where);
  return IndexValue(twb_dim(b, self(where).read(b), dimension));
}
template <typename Self>
size_t Methods<TensorKind, Self>::rank() const {
  twb_builder* b = recording->builder;
  return twb_rank(b, self(Where()).read(b));
}
template <typename Self>
TensorValue Methods<TensorKind, Self>::view(Indices offsets, Indices extents, Where where) const {
  twb_builder* b = at(where);
  const twb_value tensor = self(where).read(b);
  if (offsets.size() != extents.size()) twb_error(b, "view: there are as many offsets as extents");
  const List<twb_value> first = offsets.read(b), size = extents.read(b);
  return TensorValue(first.size() == size.size() ? twb_view(b, tensor, first.data(), size.data(), first.size()) : 0);
}
template <typename Self>
ScalarValue Methods<TensorKind, Self>::read(Indices indices, Where where) const {
  twb_builder* b = at(where);
  const twb_value tensor = self(where).read(b);
  const List<twb_value> position = indices.read(b);
  return ScalarValue(twb_read(b, tensor, position.data(), position.size()));
}
template <typename Self>
void Methods<TensorKind, Self>::write(Indices indices, ScalarArg value) const {
  twb_builder* b = at(value.where());
  const twb_value tensor = self(value.where()).read(b);
  const List<twb_value> position = indices.read(b);
  twb_write(b, value.read(b, twb_dtype_of(b, tensor)), tensor, position.data(), position.size());
}
template <typename Self>
TensorArg Methods<TensorKind, Self>::self(Where where) const {
  return TensorArg(static_cast<const Self&>(*this), where);
}

}  // namespace detail

/// A new tensor in device memory, for the life of the scope; `untracked`: the runtime finds no dependencies of it.
struct CreateOptions {
  bool untracked = false;
};
inline TensorValue create(Indices extents, DType dtype, CreateOptions options = {}, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  const detail::List<twb_value> size = extents.read(b);
  return TensorValue(twb_new_tensor(b, static_cast<twb_dtype>(dtype), size.data(), size.size(), 0, options.untracked));
}
/// The same with a number in every element.
inline TensorValue create_filled(Indices extents, DType dtype, ScalarArg number, CreateOptions options = {}) {
  twb_builder* b = detail::at(number.where());
  const detail::List<twb_value> size = extents.read(b);
  const twb_value first = number.read(b, static_cast<twb_dtype>(dtype));
  return TensorValue(first == 0 ? 0 : twb_new_tensor(b, static_cast<twb_dtype>(dtype), size.data(), size.size(), first, options.untracked));
}
inline TensorValue reshape(TensorArg tensor, Indices extents) {
  twb_builder* b = detail::at(tensor.where());
  const twb_value from = tensor.read(b);
  const detail::List<twb_value> size = extents.read(b);
  return TensorValue(twb_reshape(b, from, size.data(), size.size()));
}
inline TensorValue transpose(TensorArg tensor, size_t first, size_t second) {
  twb_builder* b = detail::at(tensor.where());
  return TensorValue(twb_transpose(b, tensor.read(b), first, second));
}
/// Puts `tensor` into `into`, from these offsets on.
inline void assemble(TensorArg tensor, TensorArg into, Indices offsets) {
  twb_builder* b = detail::at(tensor.where());
  const twb_value from = tensor.read(b), to = into.read(b);
  const detail::List<twb_value> first = offsets.read(b);
  twb_assemble(b, from, to, first.data(), first.size());
}

}  // namespace tilewright
