#include "compiler/source_program.h"

#include <fmt/format.h>

#include "compiler/ir/diagnostics.h"
#include "compiler/ir/register.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"

namespace tilewright {

using namespace mlir;

namespace {

/// The errors of a context as text, a line each, notes behind them.
class Messages {
 public:
  explicit Messages(MLIRContext& context)
      : handler_(&context, [this](Diagnostic& diagnostic) {
          if (!text_.empty()) text_ += "\n";
          text_ += text_of(diagnostic, true);
          return success();
        }) {}

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  ScopedDiagnosticHandler handler_;
};

/// MLIR's parser and passes call themselves for what is nested, on a stack of 8 MB.
constexpr int kDeepest = 500;

/// The line where brackets nest deeper than that; 0 if none does. Comments and strings hold no brackets.
size_t too_deep_line(StringRef text) {
  int depth = 0;
  size_t line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const StringRef rest = text.substr(i);
    if (rest.front() == '\n') ++line;
    if (rest.starts_with("//")) {
      i += rest.take_until([](char c) { return c == '\n'; }).size() - 1;
    } else if (rest.front() == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i) i += text[i] == '\\' ? 1 : 0;
      if (i < text.size() && text[i] == '\n') ++line;
    } else if (rest.starts_with("->")) {
      ++i;
    } else if (StringRef("({[<").contains(rest.front())) {
      if (++depth > kDeepest) return line;
    } else if (StringRef(")}]>").contains(rest.front()) && depth > 0) {
      --depth;
    }
  }
  return 0;
}

/// Gives each value the name that it has in the text: "%rows" becomes "rows" in what is generated. Numbers are no names, and nor is "%arg3"
/// of a loop, which is how MLIR prints what has none.
void name_values(const AsmParserState& state) {
  const auto named = [](Location location, llvm::SMRange range) -> Location {
    if (!range.isValid() || isa<NameLoc>(location)) return location;
    StringRef word(range.Start.getPointer(), static_cast<size_t>(range.End.getPointer() - range.Start.getPointer()));
    word.consume_front("%");
    word = word.take_until([](char c) { return c == ':' || c == '#'; });
    if (word.empty() || llvm::isDigit(word.front())) return location;
    return NameLoc::get(StringAttr::get(location.getContext(), word), location);
  };
  for (const AsmParserState::OperationDefinition& definition : state.getOpDefs()) {
    if (definition.resultGroups.size() != 1 || definition.op->getNumResults() != 1) continue;
    definition.op->setLoc(named(definition.op->getLoc(), definition.resultGroups.front().definition.loc));
  }
  for (const AsmParserState::BlockDefinition& definition : state.getBlockDefs()) {
    const bool of_function = isa_and_present<FunctionOpInterface>(definition.block->getParentOp());
    for (const auto& [argument, described] : llvm::zip(definition.block->getArguments(), definition.arguments)) {
      if (!of_function && StringRef(described.loc.Start.getPointer()).starts_with("%arg")) continue;
      BlockArgument(argument).setLoc(named(argument.getLoc(), described.loc));
    }
  }
}

DialectRegistry all_dialects() {
  DialectRegistry registry;
  register_dialects(registry);
  return registry;
}

}  // namespace

std::string base_name(StringRef path) { return path.substr(path.find_last_of('/') + 1).str(); }

struct SourceProgram::State {
  explicit State(const std::string& file) : name(file), context(all_dialects(), MLIRContext::Threading::DISABLED), messages(context) {}

  std::string name;
  MLIRContext context;
  Messages messages;
  OwningOpRef<ModuleOp> module;
};

SourceProgram::SourceProgram(const std::string& text, const std::string& name) : state_(std::make_unique<State>(name)) {
  if (const size_t line = too_deep_line(text); line > 0) {
    throw Error(ErrorCode::kParseError, fmt::format("{}:{}: error: brackets nest deeper than {}", base_name(name), line, kDeepest));
  }
  MLIRContext& context = state_->context;
  context.printOpOnDiagnostic(false);  // the line says which operation
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, base_name(name)), llvm::SMLoc());
  AsmParserState positions;
  Block parsed;
  const LocationAttr top = FileLineColLoc::get(&context, base_name(name), 1, 1);
  if (failed(parseAsmSourceFile(sources, &parsed, ParserConfig(&context), &positions))) throw error(ErrorCode::kParseError);
  state_->module = mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(&parsed, &context, top);
  if (!state_->module) throw error(ErrorCode::kParseError);
  name_values(positions);
}

SourceProgram::~SourceProgram() = default;

MLIRContext& SourceProgram::context() { return state_->context; }
ModuleOp SourceProgram::module() { return *state_->module; }

Error SourceProgram::error(ErrorCode code) const {
  const std::string& text = state_->messages.text();
  return Error(code, text.empty() ? fmt::format("{}: the program cannot be compiled", state_->name) : text);
}

}  // namespace tilewright
