// What values of a program are while the interpreter runs it.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "compiler/interpret/number.h"
#include "llvm/ADT/SmallVector.h"

namespace tilewright::interpret {

/// Elements in device memory: of an argument, or of one tw.create.
struct Memory {
  Format format;
  std::vector<Number> elements;
  bool read_only = false;  ///< an argument that the orchestration does not write
};

/// A tensor or a view of one: two may name the same elements.
struct Tensor {
  std::shared_ptr<Memory> memory;
  int64_t first = 0;  ///< the element at indices 0
  llvm::SmallVector<int64_t, 5> shape, strides;

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

/// Tasks are complete when they are submitted; what is left of one is whether an id names it.
struct Task {
  bool named = false;
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
