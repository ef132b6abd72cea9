// What only the text of a C++ program says of a recorded loop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tilewright::recording {

struct TextPosition {
  unsigned line, column;
  bool operator==(const TextPosition&) const = default;
};

/// Where `continue` stands in the body of the `for` whose head, from "for" to its closing parenthesis, covers `line` of a C++ source; the
/// innermost one if several do. Loops inside the body have their own. Reads tokens, no macros: nothing is found in what it cannot follow.
std::vector<TextPosition> find_continue(std::string_view source, unsigned line);

}  // namespace tilewright::recording
