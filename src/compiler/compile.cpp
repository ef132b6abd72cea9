#include "compiler/compile.h"

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/emit/cpp_text.h"
#include "compiler/emit/program.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/register.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "compiler/target.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

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

/// Whether kernels have addresses already, as a person who plans them writes: then they are checked and stay as they are.
bool is_planned(ModuleOp module) {
  const WalkResult found = module.walk([](Operation* op) {
    const bool placed = llvm::any_of(op->getResultTypes(), [](Type type) {
      auto tile = dyn_cast<tile::TileType>(type);
      return tile && tile.has_address();
    });
    return placed || isa<tile::SetFlagOp, tile::WaitFlagOp, tile::BarrierOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found.wasInterrupted();
}

/// One text, whatever directory the program lies in.
std::string base_name(StringRef path) { return path.substr(path.find_last_of('/') + 1).str(); }

/// The module with its lines, but not with the directories of its files: the same program elsewhere gives the same text.
std::string text_of(ModuleOp module) {
  const OwningOpRef<ModuleOp> copy(module.clone());
  AttrTypeReplacer replacer;
  replacer.addReplacement([](FileLineColLoc location) -> std::optional<Attribute> {
    return FileLineColLoc::get(location.getContext(), base_name(location.getFilename().getValue()), location.getLine(),
                               location.getColumn());
  });
  replacer.recursivelyReplaceElementsIn(copy.get(), /*replaceAttrs=*/false, /*replaceLocs=*/true, /*replaceTypes=*/false);
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.enableDebugInfo(true, false);
  copy.get()->print(stream, flags);
  return text;
}

std::string memory_map(const emit::ProgramSources& sources, const Target& target) {
  std::string text = fmt::format("Memory of each kernel on {}: first and last byte, tile, what it holds, where it is made.\n", target.name);
  for (const emit::KernelMemory& kernel : sources.memory) {
    text += fmt::format("\n{}\n", kernel.name);
    for (const SpaceInfo& space : target.spaces) {
      int64_t used = 0;
      std::string lines;
      for (const emit::TilePlace& tile : kernel.tiles) {
        if (tile.space != space.space) continue;
        used = std::max(used, tile.address + tile.bytes);
        lines +=
            fmt::format("    {:#08x} {:#08x}  {}  {}  {}\n", tile.address, tile.address + tile.bytes - 1, tile.name, tile.shape, tile.line);
      }
      if (!lines.empty())
        text += fmt::format("  {}: {} of {} bytes\n{}", tile::stringifySpace(space.space).str(), used, space.bytes, lines);
    }
  }
  return text;
}

}  // namespace

ArtifactContent compile_program(const CompileRequest& request) {
  const Target* target = find_target(request.platform);
  if (target == nullptr) {
    throw Error(ErrorCode::kUnknownPlatform, fmt::format("cannot compile for platform '{}'", request.platform),
                fmt::format("there are {}", kPlatforms));
  }
  DialectRegistry registry;
  register_dialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);  // the line says which operation
  Messages messages(context);
  const auto failed_with = [&](ErrorCode code) {
    return Error(code, messages.text().empty() ? fmt::format("{}: the program cannot be compiled", request.name) : messages.text());
  };

  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(request.text, base_name(request.name)), llvm::SMLoc());
  AsmParserState state;
  Block parsed;
  const LocationAttr top = FileLineColLoc::get(&context, base_name(request.name), 1, 1);
  if (failed(parseAsmSourceFile(sources, &parsed, ParserConfig(&context), &state))) throw failed_with(ErrorCode::kParseError);
  OwningOpRef<ModuleOp> module = mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(&parsed, &context, top);
  if (!module) throw failed_with(ErrorCode::kParseError);
  name_values(state);

  ArtifactContent content;
  content.platform = target->name;
  content.files["program.mlir"] = text_of(*module);

  PassManager passes(&context);
  if (is_planned(*module)) {
    passes.addPass(create_verify_plan(target->name));
  } else {
    add_lowering(passes, *target);
  }
  if (failed(passes.run(*module))) throw failed_with(ErrorCode::kInvalidArgument);
  const FailureOr<emit::ProgramSources> emitted = emit::program_sources(*module, request.runtime);
  if (failed(emitted)) throw failed_with(ErrorCode::kInvalidArgument);
  for (const auto& [name, text] : emitted->files) content.files[name] = text;
  content.files["callable.json"] = format_callable_spec(emitted->spec);
  content.files["memory_map.txt"] = memory_map(*emitted, *target);
  return content;
}

}  // namespace tilewright
