// Numbers and tensors.
#include "recorder.h"

namespace tilewright::random_programs {

using tile::Rule;
using FormKind = OperandForm::Kind;

// ---- numbers

void Recorder::check(int good) const {
  if (good == 0)
    throw Error(ErrorCode::kInternal, fmt::format("cannot be recorded: {}\n{}", twb_error_text(b_.get(), 0), text_of(program_)));
}

int Recorder::valid_size(Part part) const {
  const int whole = part == Part::kRows ? program_.rows : program_.columns;
  return std::max(1, whole - (part == Part::kRows ? 1 : 3));
}

bool Recorder::is_open(Part part) const {
  if (part == Part::kWhole) return false;
  return program_.valid == ValidKind::kOpen || program_.valid == (part == Part::kRows ? ValidKind::kOpenRows : ValidKind::kOpenColumns);
}

twb_value Recorder::valid_value(Part part) {
  if (part == Part::kWhole) return 0;
  return is_open(part) ? numbers_[part == Part::kRows ? 2 : 3].value : index(valid_size(part));
}

twb_shape Recorder::shape_of(const Form& form) {
  twb_value rows = valid_value(form.valid_rows), columns = valid_value(form.valid_columns);
  if (rows != 0 && columns == 0) columns = index(form.columns);
  if (columns != 0 && rows == 0) rows = index(form.rows);
  return {index(form.rows), index(form.columns), rows, columns, TWB_ANYWHERE};
}

Number Recorder::number_in(twb_dtype dtype, const Bounds& bounds, uint32_t choice) {
  std::vector<Number> found;
  for (const double value : {1.0, 2.0, -1.0, 3.0, 0.5, 0.0}) {
    if (value < bounds.low || value > bounds.high || (value == 0.5 && bounds.unit > -1)) continue;
    found.push_back({0, dtype, number(value)});
  }
  for (const Number& each : numbers_) {
    const bool converts = each.dtype == TWB_INDEX && (dtype == TWB_I32 || dtype == TWB_F32 || dtype == TWB_I64 || dtype == TWB_I16);
    if ((each.dtype == dtype || converts) && each.bounds.fits(bounds) && each.bounds.exact) found.push_back(each);
  }
  Number picked = found[static_cast<size_t>(choose(choice, found.size()))];
  if (picked.value == 0) {
    picked.value =
        is_float(dtype) ? twb_float(b(), dtype, picked.bounds.low) : twb_integer(b(), dtype, static_cast<int64_t>(picked.bounds.low));
  } else if (picked.dtype != dtype) {
    picked.value = twb_convert(b(), dtype, picked.value);
  }
  picked.dtype = dtype;
  return picked;
}

twb_value Recorder::offset(int64_t most, uint32_t choice) {
  if (most <= 0 || choice % 5 == 0) return index(0);
  if (choice % 5 < 3) return index(choice / 5 * 8 % static_cast<uint32_t>(most + 1));
  std::vector<twb_value> open;
  for (const Number& each : numbers_) {
    if (each.dtype == TWB_INDEX && each.bounds.low >= 0) open.push_back(each.value);
  }
  const twb_value picked = open[static_cast<size_t>(choose(choice / 5, open.size()))];
  return twb_calculate(b(), TWB_MIN, choice % 5 == 3 ? picked : product(picked, index(4)), index(most));
}

twb_value Recorder::condition(uint32_t choice) {
  const Number& picked = numbers_[choice / 3 % numbers_.size()];
  const twb_value known = numbers_[0].value;
  const auto integer = [&](int64_t value) {
    return is_float(picked.dtype) ? twb_float(b(), picked.dtype, static_cast<double>(value)) : twb_integer(b(), picked.dtype, value);
  };
  const bool plain = picked.dtype == TWB_INDEX || picked.dtype == TWB_F32 || picked.dtype == TWB_I32 || picked.dtype == TWB_I64;
  if (!plain || !picked.bounds.exact) return twb_test(b(), TWB_GT, known, index(1));
  const twb_value test = twb_test(b(), static_cast<twb_compare>(choice / 7 % 6), picked.value, integer(1 + choice / 11 % 2));
  if (choice % 3 == 0) return test;
  return twb_calculate(b(), choice % 3 == 1 ? TWB_AND : TWB_OR, test, twb_test(b(), TWB_LE, known, index(choice / 5 % 2 == 0 ? 2 : 1)));
}

// ---- numbers and tensors

void Recorder::read_tensor(const Statement& s) {
  if (!has_tensors(s.dtype) || s.dtype == TWB_F8E4M3) return;
  std::vector<const Tensor*> found = {&input({s.dtype, Domain::kCount})};
  for (const Tensor& each : tensors_) {
    if (each.dtype == s.dtype && (each.root == 0 || in_task_ || knows_elements())) found.push_back(&each);
  }
  const Tensor from = *found[static_cast<size_t>(choose(s.choice[0], found.size()))];
  std::vector<twb_value> at;
  for (const int64_t extent : from.extents) at.push_back(offset(extent - 1, s.choice[1 + at.size() % 4]));
  const twb_value value = twb_read(b(), from.value, at.data(), at.size());
  numbers_.push_back({value, s.dtype, from.bounds});
  if (s.dtype == TWB_I32 && from.bounds.low >= 0) numbers_.push_back({twb_convert(b(), TWB_INDEX, value), TWB_INDEX, from.bounds});
}

void Recorder::calculate(const Statement& s) {
  const twb_dtype dtype = s.choice[0] % 3 == 0 ? TWB_INDEX : s.choice[0] % 3 == 1 ? TWB_I32 : TWB_F32;
  std::vector<Number> found;
  for (const Number& each : numbers_) {
    if (each.dtype == dtype && each.bounds.exact) found.push_back(each);
  }
  const Number left = found[static_cast<size_t>(choose(s.choice[1], found.size()))],
               right = found[static_cast<size_t>(choose(s.choice[2], found.size()))];
  const auto how = static_cast<twb_arith>(std::array{TWB_ADD, TWB_MUL, TWB_MIN, TWB_MAX, TWB_SUB}[s.choice[3] % 5]);
  const double a = left.bounds.low, c = left.bounds.high, d = right.bounds.low, e = right.bounds.high;
  Bounds bounds;
  switch (how) {
    case TWB_ADD: bounds = {a + d, c + e}; break;
    case TWB_SUB: bounds = {a - e, c - d}; break;
    case TWB_MUL: bounds = {std::min({a * d, a * e, c * d, c * e}), std::max({a * d, a * e, c * d, c * e})}; break;
    case TWB_MIN: bounds = {std::min(a, d), std::min(c, e)}; break;
    default: bounds = {std::max(a, d), std::max(c, e)}; break;
  }
  bounds.unit = how == TWB_MUL ? left.bounds.unit + right.bounds.unit : std::min(left.bounds.unit, right.bounds.unit);
  if (bounds.high > 200 || bounds.low < -200 || bounds.unit < -8) return;
  numbers_.push_back({twb_calculate(b(), how, left.value, right.value), dtype, bounds});
}

void Recorder::tensor(const Statement& s) {
  if (!has_tensors(s.dtype)) return;
  std::vector<Tensor> found = {input({s.dtype, s.choice[0] % 2 == 0 ? Domain::kGeneral : Domain::kPositive})};
  for (const Tensor& each : tensors_) {
    if (each.dtype == s.dtype) found.push_back(each);
  }
  Tensor made = found[static_cast<size_t>(choose(s.choice[1], found.size()))];
  const size_t rank = made.extents.size();
  switch (s.choice[2] % 3) {
    case 0: {  // a view
      std::vector<twb_value> at, extents;
      for (size_t i = 0; i < rank; ++i) {
        const int64_t most = made.extents[i],
                      size = std::max<int64_t>(1, i + 2 < rank ? most : std::min<int64_t>(most, most - s.choice[3] / (i + 1) % 16));
        at.push_back(offset(most - size, s.choice[4]));
        // Some sizes only the run knows: two more than what is known.
        const bool open = s.choice[5] % 4 == 3 && size > 2 && i + 2 >= rank;
        extents.push_back(open ? sum(numbers_[0].value, index(size - 2)) : index(size));
        if (size != most && i != 0) made.dense = false;
        made.open = made.open || open;
        made.extents[i] = size;
      }
      made.value = twb_view(b(), made.value, at.data(), extents.data(), rank);
      break;
    }
    case 1: {  // other dimensions
      if (!made.dense || made.open) return;
      int64_t count = 1;
      for (const int64_t extent : made.extents) count *= extent;
      std::vector<int64_t> extents;
      if (s.choice[3] % 3 == 0 && count % 2 == 0 && made.extents[0] % 2 == 0) {
        extents = {2, made.extents[0] / 2};
        extents.insert(extents.end(), made.extents.begin() + 1, made.extents.end());
      } else if (s.choice[3] % 3 == 1) {
        extents = {1};
        extents.insert(extents.end(), made.extents.begin(), made.extents.end());
      } else {
        extents = {count / made.extents.back(), made.extents.back()};
        if (rank == 2) std::swap(extents[0], extents[1]);
      }
      if (extents.size() > 4) return;
      std::vector<twb_value> values;
      for (const int64_t extent : extents) values.push_back(index(extent));
      made.value = twb_reshape(b(), made.value, values.data(), values.size());
      made.extents = extents;
      break;
    }
    default: {
      const size_t first = s.choice[3] % (rank - 1);
      made.value = twb_transpose(b(), made.value, first, first + 1);
      std::swap(made.extents[first], made.extents[first + 1]);
      made.dense = false;
    }
  }
  if (made.value == 0) check(0);
  tensors_.push_back(made);
}

void Recorder::create_tensor(const Statement& s) {
  const twb_dtype dtype = program_.dtype;
  if (dtype == TWB_F8E5M2 || dtype == TWB_F8E4M3) return;
  std::vector<int64_t> extents = {2 * program_.rows, std::max(program_.columns, 32)};
  if (s.choice[0] % 3 == 2) extents.insert(extents.begin(), 2);
  std::vector<twb_value> values;
  for (const int64_t extent : extents) values.push_back(index(extent));
  const twb_value zero = is_float(dtype) ? twb_float(b(), dtype, 1) : twb_integer(b(), dtype, 1);
  tensors_.push_back({twb_new_tensor(b(), dtype, values.data(), values.size(), zero, 0), dtype, extents, carried_bounds(dtype), ++roots_});
}

void Recorder::write_tensor(const Statement& s) {
  std::vector<Tensor> found;
  for (const Tensor& each : tensors_) {
    if (each.root != 0) found.push_back(each);
  }
  if (found.empty() || independent_ > 0 || manual_ || !knows_elements()) return;
  const Tensor to = found[static_cast<size_t>(choose(s.choice[0], found.size()))];
  const Number value = number_in(to.dtype, bounds_of(Domain::kCount, to.dtype), s.choice[1]);
  std::vector<twb_value> at;
  for (const int64_t extent : to.extents) at.push_back(offset(extent - 1, s.choice[2 + at.size() % 3]));
  twb_write(b(), value.value, to.value, at.data(), at.size());
}

}  // namespace tilewright::random_programs
