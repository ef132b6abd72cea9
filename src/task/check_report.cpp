#include "tilewright/check_report.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/error.h"

namespace tilewright {
namespace {

std::string instruction_line(const char* label, const CheckedInstruction& i) {
  if (i.name.empty()) return {};
  std::string text = fmt::format("    {:<8}{}", label, i.place);
  text += fmt::format(": {} on {}, {}", i.name, i.pipe, i.core);
  if (!i.operand.empty()) text += fmt::format(", {} {}", i.access, i.operand);
  return text + "\n";
}

}  // namespace

bool environment_asks_for_check() {
  const char* const text = std::getenv("TW_CHECK");
  if (text == nullptr || *text == '\0' || std::string_view(text) == "0") return false;
  if (std::string_view(text) == "1") return true;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("TW_CHECK='{}' is neither 0 nor 1", text), "set it to 1 to check kernels");
}

std::string format_check_report(const CheckReport& report) {
  if (report.clean()) return {};
  const uint64_t all = report.faults.size() + report.unlisted;
  std::string text = fmt::format("check: {} fault{}\n", all, all == 1 ? "" : "s");
  for (size_t i = 0; i < report.faults.size(); ++i) {
    const CheckFault& fault = report.faults[i];
    text += fmt::format("[{}] {} in kernel {}: {}\n", i + 1, fault.kind, fault.kernel, fault.problem);
    text += instruction_line(fault.first.name.empty() ? "" : "first", fault.first);
    text += instruction_line(fault.first.name.empty() ? "at" : "then", fault.second);
    if (!fault.memory.empty()) {
      text += fmt::format("    bytes   {:#x} to {:#x} of {}", fault.begin, fault.end - 1, fault.memory);
      if (fault.bytes != fault.end - fault.begin) text += fmt::format(", {} bytes in all", fault.bytes);
      text += "\n";
    }
    if (!fault.remedy.empty()) text += fmt::format("    mend    {}\n", fault.remedy);
    if (fault.count > 1) text += fmt::format("    seen    {} times\n", fault.count);
  }
  if (report.unlisted != 0) text += fmt::format("and {} more fault{}\n", report.unlisted, report.unlisted == 1 ? "" : "s");
  return text;
}

}  // namespace tilewright
