// Programs as text, run by the interpreter, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/interpret/interpreter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace tilewright::interpret {

/// A tensor with these elements, row-major; values are rounded to the type.
HostTensor tensor_of(const std::string& dtype, std::vector<uint32_t> shape, const std::vector<double>& values);
/// The elements, as doubles.
std::vector<double> values_of(const HostTensor& tensor);
/// "i32:5".
ScalarSpec scalar_of(const std::string& text);
template <typename... Arguments>
std::vector<Argument> arguments_of(Arguments&&... arguments) {
  std::vector<Argument> list;
  (list.emplace_back(std::forward<Arguments>(arguments)), ...);
  return list;
}

class TestProgram {
 public:
  /// Fails the test if the text is no program. Its lines count from 1 and its name is test.mlir.
  explicit TestProgram(const std::string& text);

  Outcome run(std::vector<Argument>& arguments, const Options& options = {}, const std::string& orchestration = "");
  /// The error that running it throws; fails the test if it throws none.
  Error error(std::vector<Argument> arguments, const Options& options = {}, const std::string& orchestration = "");

  mlir::MLIRContext& context() { return context_; }
  mlir::ModuleOp module() { return *module_; }

 private:
  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

/// The elements of tensor `i` after the program has run on these arguments; those that are undefined are NaN.
std::vector<double> result_of(const std::string& program, std::vector<Argument> arguments, size_t i);

}  // namespace tilewright::interpret
