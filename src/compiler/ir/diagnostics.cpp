#include "compiler/ir/diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

namespace tilewright {

using namespace mlir;

namespace {

const char* kind_of(DiagnosticSeverity severity) {
  switch (severity) {
    case DiagnosticSeverity::Error: return "error: ";
    case DiagnosticSeverity::Warning: return "warning: ";
    case DiagnosticSeverity::Note:
    case DiagnosticSeverity::Remark: break;
  }
  return "note: ";
}

std::string without_operation(std::string message) {
  const size_t end = message.find("' op ");
  const size_t dot = message.find('.');
  if (message.starts_with("'") && end != std::string::npos && dot < end) {
    return message.substr(dot + 1, end - dot - 1) + ": " + message.substr(end + 5);
  }
  return message;
}

}  // namespace

std::string position_of(Location location) {
  auto file = location->findInstanceOf<FileLineColLoc>();
  if (!file) return "";
  return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" + Twine(file.getColumn()) + ": ").str();
}

std::string text_of(const Diagnostic& diagnostic, bool by_operation) {
  std::string message = diagnostic.str();
  if (!by_operation) message = without_operation(std::move(message));
  std::string text = position_of(diagnostic.getLocation()) + kind_of(diagnostic.getSeverity()) + message;
  for (const Diagnostic& note : diagnostic.getNotes()) text += "\n" + text_of(note, true);
  return text;
}

}  // namespace tilewright
