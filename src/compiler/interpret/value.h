// What values of a program are while the interpreter runs it.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "compiler/interpret/number.h"
#include "llvm/ADT/SmallVector.h"

namespace tilewright::interpret {

/// Elements in device memory: of arguments, or of one tw.create.
struct Memory {
  Format format;
  std::vector<Number> elements;
  static constexpr uint32_t kNoNumber = UINT32_MAX;
  uint32_t number = kNoNumber;  ///< in the log
};

/// A tensor or a view of one: two may name the same elements.
struct Tensor {
  std::shared_ptr<Memory> memory;
  int64_t first = 0;  ///< the element at indices 0
  llvm::SmallVector<int64_t, 5> shape, strides;
  bool read_only = false;  ///< of an argument that the orchestration does not write
  uint32_t root = 0;       ///< number in the log of the argument or tw.create that it is a view of

  int64_t place(llvm::ArrayRef<int64_t> indices) const {
    int64_t at = first;
    for (size_t i = 0; i < indices.size(); ++i) at += indices[i] * strides[i];
    return at;
  }
  Number& at(llvm::ArrayRef<int64_t> indices) const { return memory->elements[static_cast<size_t>(place(indices))]; }
};

/// A tile is a value: what changes one makes another. Elements outside of the valid region are there, mostly undefined.
struct Tile {
  Format format;
  int64_t rows = 0, columns = 0;
  int64_t valid_rows = 0, valid_columns = 0;
  std::vector<Number> elements;  ///< row by row, whatever memory the tile is to lie in

  Number& at(int64_t row, int64_t column) { return elements[static_cast<size_t>(row * columns + column)]; }
  const Number& at(int64_t row, int64_t column) const { return elements[static_cast<size_t>(row * columns + column)]; }
  bool has(int64_t row, int64_t column) const { return row >= 0 && row < rows && column >= 0 && column < columns; }
};
using TilePointer = std::shared_ptr<const Tile>;

/// The id of a task. Tasks are complete when they are submitted.
struct Task {
  std::optional<uint32_t> event;  ///< its number among the events of the run (log.h); nothing if the id names no task

  bool named() const { return event.has_value(); }
};
using Tasks = std::vector<Task>;

struct Variable;
using VariablePointer = std::shared_ptr<Variable>;

/// std::monostate: nothing yet.
using Datum = std::variant<std::monostate, Number, Tensor, TilePointer, Task, Tasks, VariablePointer>;

struct Variable {
  Datum value;
};

}  // namespace tilewright::interpret
