// The direct interpreter of programs: what a module of the dialects tw and tile means, before any pass or after any of them.
// docs/design/compiler.md, "How it is judged".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "data/host_tensor.h"
#include "data/tensor_spec.h"
#include "llvm/ADT/StringRef.h"

namespace mlir {
class ModuleOp;
}

namespace tilewright::interpret {

/// What an orchestration is called with: a tensor, which changes in place, or a number.
using Argument = std::variant<HostTensor, ScalarSpec>;

/// Argument `inner` lies in the memory of argument `outer`, from its element `first` on. What the caller gives for it is passed over,
/// unless the outer one is only written; both hold the same elements afterwards.
struct Alias {
  size_t outer = 0, inner = 0;
  int64_t first = 0;
};

struct Log;

struct Options {
  uint64_t max_while_turns = 1'000'000;  ///< of one scf.while; more are an error
  int64_t cluster_count = 24;            ///< what tw.cluster_count gives
  int64_t aiv_count = 48;                ///< what tw.aiv_count gives
  std::vector<Alias> aliases = {};       ///< arguments that share memory
  Log* log = nullptr;                    ///< emptied, and filled with what the orchestration does (log.h); may be null
};

/// What is known of the elements of one tensor beyond their values, in row-major order.
struct TensorOutcome {
  /// 1: the program does not say what the element holds: it was never set, or computed from what was not. In the tensor itself such an
  /// element is NaN, or for integers the bytes 0xa5.
  std::vector<uint8_t> undefined;
  /// How far what a device computes may lie from the value: 0 if it must be equal, infinity if it may be any number. A running error bound:
  /// it grows with every rounding on the way, so that a comparison needs no tolerance of its own. See docs/design/compiler.md.
  std::vector<double> error;
};

struct Outcome {
  std::vector<TensorOutcome> tensors;  ///< one for each argument, in order; empty for numbers
  /// Where the way of the program (a branch, an index, a number of turns) first hung on a number that lies closer to the other answer than
  /// its error: "softmax.cpp:12: ...". A device may rightly take the other way, so there is nothing to compare. Empty if nowhere.
  std::string unstable;
};

/// Runs an orchestration of `module`, which is verified; the name may be empty if there is one only. Tasks run where they are submitted,
/// one after another, and so do the blocks and kernels of a task: a program that is right in every order gives this. Tensors marked
/// `tw.out` hold nothing at first, whatever the caller put there. Arithmetic is in double, rounded to the element type after each
/// operation; integers are exact and wrap.
///
/// Throws Error with "FILE:LINE:COLUMN: error: " before what is wrong: kSignatureMismatch for arguments that do not fit (number, type,
/// shape) and aliases that are none; kInvalidArgument for aliases of which one is written without tw.may_alias on both, no such
/// orchestration, a variable that is read before it is set, integer division by zero, a number that decides something and is undefined;
/// kOutOfBounds for an access outside of a tensor or tile; kLimitExceeded for a while loop past its limit; kUnsupported for an operation of
/// another dialect. Tensors keep what they held. One call at a time on one context.
Outcome interpret(mlir::ModuleOp module, llvm::StringRef orchestration, std::span<Argument> arguments, const Options& options = {});

/// The first element in which a device's result and that of the interpreter differ by more than is allowed, as text
/// ("[3, 5]: 1.25, expected 1.5 within 0.01"), or that their types differ; nothing if they agree. Undefined elements are not compared; NaN
/// agrees with NaN.
std::optional<std::string> first_disagreement(const HostTensor& actual, const HostTensor& expected, const TensorOutcome& known);

}  // namespace tilewright::interpret
