// A program as text, in the compiler's hands.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "mlir/IR/BuiltinOps.h"

namespace tilewright {

/// One module in a context of its own, which collects what is reported about it.
class SourceProgram {
 public:
  /// `name` is that of the file, for messages; its directories do not count. Throws Error(kParseError) with all messages.
  SourceProgram(const std::string& text, const std::string& name);
  ~SourceProgram();
  SourceProgram(const SourceProgram&) = delete;
  SourceProgram& operator=(const SourceProgram&) = delete;

  mlir::MLIRContext& context();
  /// Verified. Values have the names of the text as their locations: "%rows" is "rows" in what is made of it.
  mlir::ModuleOp module();
  /// What has been reported so far, a line each ("softmax.cpp:12: error: ...").
  Error error(ErrorCode code) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `path` without directories: one text, whatever directory the program lies in.
std::string base_name(llvm::StringRef path);

}  // namespace tilewright
