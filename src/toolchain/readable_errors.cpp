#include "toolchain/readable_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>

namespace tilewright {
namespace {

/// "file:line" at the start of a line.
const std::regex kPlace(R"(^([^\s:][^:]*:\d+):(?:\d+:)?\s+(.*)$)");
/// A function or class of the instruction set, in any template instantiation.
const std::regex kInstruction(R"(pto::(?:comm::)?([A-Z][A-Za-z0-9_]*)\b\s*[(<])");
const std::regex kAssertion(R"(static assertion failed(?: due to requirement [^:]*(?:'.*')?)?: (.*)$)");

std::string instruction_in(const std::string& text) {
  std::smatch match;
  return std::regex_search(text, match, kInstruction) ? match[1].str() : "";
}

/// The rule without the compiler's own words. clang puts it in quotes.
std::string rule_of(const std::string& message) {
  std::smatch match;
  if (!std::regex_search(message, match, kAssertion)) return {};
  return match[1].str();
}

std::string line_for(const std::string& place, const std::string& instruction, const std::string& rule) {
  const bool named = instruction.empty() || rule.starts_with(instruction);
  return named ? fmt::format("{}: {}", place, rule) : fmt::format("{}: {}: {}", place, instruction, rule);
}

}  // namespace

std::vector<std::string> readable_errors(const std::string& compiler_output) {
  std::vector<std::string> errors;
  const auto add = [&](std::string error) {
    if (std::find(errors.begin(), errors.end(), error) == errors.end()) errors.push_back(std::move(error));
  };
  std::string caller, instruction;  // g++: before the error, from the innermost instantiation outwards
  std::string pending;              // clang: the rule of an error whose instantiations follow
  std::string pending_place;
  std::istringstream lines(compiler_output);
  std::smatch match;
  const auto finish = [&] {
    if (!pending.empty()) add(line_for(pending_place, instruction, pending));
    pending.clear();
    instruction.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    const bool instantiation = line.find("In instantiation of") != std::string::npos;
    if (instantiation || line.find("required from") != std::string::npos) {
      if (instantiation) instruction.clear(), caller.clear();
      if (const std::string name = instruction_in(line); !name.empty()) instruction = name;
      if (line.find("required from here") != std::string::npos && std::regex_match(line, match, kPlace)) caller = match[1];
      continue;
    }
    if (line.find(": In ") != std::string::npos || line.find(": At ") != std::string::npos) caller.clear();
    if (!std::regex_match(line, match, kPlace)) continue;
    const std::string place = match[1], message = match[2];
    if (message.starts_with("note: in instantiation of") && !pending.empty()) {
      if (const std::string name = instruction_in(message); !name.empty()) {
        instruction = name;
        pending_place = place;
      }
      continue;
    }
    const size_t at = message.find("error: ");
    if (at != 0 && !message.starts_with("fatal error: ")) continue;
    if (!pending.empty()) finish();
    const std::string rule = rule_of(message);
    if (rule.empty()) {
      add(fmt::format("{}: {}", caller.empty() ? place : caller, message.substr(message.find("error: ") + 7)));
    } else if (!caller.empty()) {
      add(line_for(caller, instruction, rule));  // g++ says the context once for all errors in it
    } else {
      pending = rule;
      pending_place = place;
    }
  }
  finish();
  return errors;
}

}  // namespace tilewright
