#include "compiler/builder/loop_text.h"

#include <cctype>

namespace tilewright::recording {

namespace {

struct Token {
  std::string_view text;  ///< a word, or one character of punctuation
  TextPosition at;
};

/// The words and signs of a source, without comments, strings and what stands behind a #.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> tokens() {
    std::vector<Token> tokens;
    bool line_begins = true;
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == '\n') line_begins = true;
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        skip(1);
      } else if (starts("//") || (c == '#' && line_begins)) {
        skip_line();
      } else if (starts("/*")) {
        skip_past("*/", 2);
      } else if (c == '"' || c == '\'') {
        skip_quoted(c);
      } else if (starts("R\"")) {
        const size_t open = source_.find('(', at_);
        if (open == std::string_view::npos) return tokens;
        const std::string closing = ")" + std::string(source_.substr(at_ + 2, open - at_ - 2)) + "\"";
        skip_past(closing, 2);
      } else {
        line_begins = false;
        size_t length = 1;
        if (is_word(c)) {
          while (at_ + length < source_.size() &&
                 (is_word(source_[at_ + length]) || (std::isdigit(static_cast<unsigned char>(c)) != 0 && source_[at_ + length] == '\'')))
            ++length;
        }
        tokens.push_back({source_.substr(at_, length), position_});
        skip(length);
      }
    }
    return tokens;
  }

 private:
  static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
  bool starts(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  void skip(size_t count) {
    for (; count != 0 && at_ < source_.size(); --count, ++at_) {
      position_ = source_[at_] == '\n' ? TextPosition{position_.line + 1, 1} : TextPosition{position_.line, position_.column + 1};
    }
  }
  void skip_past(std::string_view text, size_t from) {
    const size_t found = source_.find(text, at_ + from);
    skip(found == std::string_view::npos ? source_.size() - at_ : found + text.size() - at_);
  }
  void skip_line() {
    while (at_ < source_.size() && source_[at_] != '\n') skip(source_[at_] == '\\' ? 2 : 1);
  }
  void skip_quoted(char quote) {
    for (skip(1); at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n';) skip(source_[at_] == '\\' ? 2 : 1);
    skip(1);
  }

  std::string_view source_;
  size_t at_ = 0;
  TextPosition position_ = {1, 1};
};

/// Statements among tokens, as far as brackets and the words of loops and branches tell them.
class Statements {
 public:
  explicit Statements(const std::vector<Token>& tokens) : tokens_(tokens) {}

  std::string_view word(size_t i) const { return i < tokens_.size() ? tokens_[i].text : std::string_view(); }

  /// Behind the bracket that closes the one at `i`.
  size_t behind_brackets(size_t i) const {
    int depth = 0;
    for (; i < tokens_.size(); ++i) {
      if (word(i) == "(" || word(i) == "{" || word(i) == "[") ++depth;
      if (word(i) == ")" || word(i) == "}" || word(i) == "]") --depth;
      if (depth == 0) return i + 1;
    }
    return i;
  }

  /// Behind the statement that begins at `i`.
  size_t behind_statement(size_t i) const {
    if (word(i) == "{") return behind_brackets(i);
    if (word(i) == "do") return behind_statement(behind_statement(i + 1));  // the statement `while (...);` ends it
    if (word(i) == "for" || word(i) == "while" || word(i) == "if" || word(i) == "switch") {
      size_t head = i + 1;
      while (word(head) != "(" && head < tokens_.size()) ++head;  // if constexpr
      const size_t end = behind_statement(behind_brackets(head));
      return word(i) == "if" && word(end) == "else" ? behind_statement(end + 1) : end;
    }
    while (i < tokens_.size() && word(i) != ";") {
      const bool bracket = word(i) == "(" || word(i) == "{" || word(i) == "[";
      i = bracket ? behind_brackets(i) : i + 1;
    }
    return i + 1;
  }

 private:
  const std::vector<Token>& tokens_;
};

}  // namespace

std::vector<TextPosition> find_continue(std::string_view source, unsigned line) {
  const std::vector<Token> tokens = Lexer(source).tokens();
  const Statements statements(tokens);
  size_t loop = tokens.size();
  for (size_t i = 0; i < tokens.size() && tokens[i].at.line <= line; ++i) {
    if (tokens[i].text != "for" || statements.word(i + 1) != "(") continue;
    const size_t behind = statements.behind_brackets(i + 1);
    if (tokens[behind - 1].at.line >= line) loop = i;
  }
  std::vector<TextPosition> found;
  if (loop == tokens.size()) return found;
  const size_t body = statements.behind_brackets(loop + 1), end = statements.behind_statement(body);
  for (size_t i = body; i < end && i < tokens.size();) {
    if (tokens[i].text == "continue") found.push_back(tokens[i].at);
    const bool inner = tokens[i].text == "for" || tokens[i].text == "while" || tokens[i].text == "do";
    i = inner ? statements.behind_statement(i) : i + 1;
  }
  return found;
}

}  // namespace tilewright::recording
