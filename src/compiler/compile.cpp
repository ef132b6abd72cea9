#include "compiler/compile.h"

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/emit/cpp_text.h"
#include "compiler/emit/program.h"
#include "compiler/ir/tile_dialect.h"
#include "compiler/passes/passes.h"
#include "compiler/pipeline.h"
#include "compiler/source_program.h"
#include "compiler/target.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

namespace tilewright {

using namespace mlir;

namespace {

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
  SourceProgram program(request.text, request.name);
  const ModuleOp module = program.module();

  ArtifactContent content;
  content.platform = target->name;
  content.files["program.mlir"] = text_of(module);

  PassManager passes(&program.context());
  if (is_planned(module)) {
    if (request.derive_dependencies) passes.addPass(create_derive_dependencies());
    passes.addPass(create_verify_plan(target->name));
  } else {
    add_lowering(passes, *target, request.derive_dependencies);
  }
  if (failed(passes.run(module))) throw program.error(ErrorCode::kInvalidArgument);
  const FailureOr<emit::ProgramSources> emitted = emit::program_sources(module, request.runtime, *target);
  if (failed(emitted)) throw program.error(ErrorCode::kInvalidArgument);
  for (const auto& [name, text] : emitted->files) content.files[name] = text;
  content.files["callable.json"] = format_callable_spec(emitted->spec);
  content.files["memory_map.txt"] = memory_map(*emitted, *target);
  if (request.derive_dependencies || emitted->tensor_orders)
    content.files[kTensorOrdersFile] = format_tensor_orders(emitted->tensor_orders.value_or(std::vector<TensorOrder>()));
  return content;
}

}  // namespace tilewright
