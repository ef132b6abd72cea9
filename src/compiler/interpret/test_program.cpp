#include "compiler/interpret/test_program.h"

#include <limits>

#include "compiler/interpret/number.h"
#include "compiler/ir/register.h"
#include "data/element.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"

namespace tilewright::interpret {

using namespace mlir;

HostTensor tensor_of(const std::string& dtype, std::vector<uint32_t> shape, const std::vector<double>& values) {
  HostTensor tensor(parse_dtype(dtype), std::move(shape));
  EXPECT_EQ(tensor.element_count(), values.size()) << tensor.description();
  visit_element_type(tensor.dtype(), [&](auto type) {
    using Type = decltype(type);
    size_t next = 0;
    for (auto& element : tensor.elements<typename Type::Storage>()) {
      if constexpr (requires { Type::store(typename Type::Value()); }) {
        element = Type::store(static_cast<typename Type::Value>(values[next++]));
      } else {
        for (unsigned bits = 0; bits < 256; ++bits) {
          if (Type::load(static_cast<uint8_t>(bits)) == values[next]) element = static_cast<uint8_t>(bits);
        }
        ++next;
      }
    }
  });
  return tensor;
}

std::vector<double> values_of(const HostTensor& tensor) {
  std::vector<double> values;
  visit_element_type(tensor.dtype(), [&](auto type) {
    for (const auto bits : tensor.elements<typename decltype(type)::Storage>()) values.push_back(static_cast<double>(type.load(bits)));
  });
  return values;
}

ScalarSpec scalar_of(const std::string& text) { return parse_scalar_spec(text); }

TestProgram::TestProgram(const std::string& text) {
  DialectRegistry registry;
  register_dialects(registry);
  context_.appendDialectRegistry(registry);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "test.mlir"), llvm::SMLoc());
  std::string messages;
  ScopedDiagnosticHandler handler(&context_, [&](Diagnostic& diagnostic) {
    messages += diagnostic.str() + "\n";
    return success();
  });
  module_ = parseSourceFile<ModuleOp>(sources, ParserConfig(&context_));
  if (!module_) throw Error(ErrorCode::kParseError, messages + "\n" + text);
}

Outcome TestProgram::run(std::vector<Argument>& arguments, const Options& options, const std::string& orchestration) {
  return interpret(*module_, orchestration, arguments, options);
}

Error TestProgram::error(std::vector<Argument> arguments, const Options& options, const std::string& orchestration) {
  try {
    run(arguments, options, orchestration);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorCode::kOk, ""};
}

std::vector<double> result_of(const std::string& program, std::vector<Argument> arguments, size_t i) {
  TestProgram test(program);
  const Outcome outcome = test.run(arguments);
  std::vector<double> values = values_of(std::get<HostTensor>(arguments[i]));
  for (size_t k = 0; k < values.size(); ++k) {
    if (outcome.tensors[i].undefined[k] != 0) values[k] = std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

}  // namespace tilewright::interpret
