#include "toolchain/build_record.h"

#include <algorithm>
#include <charconv>

namespace tilewright {
namespace {

// Lines: a title, source, kind, then for each result "result <object> <lookalikes> <files>" and its files as
// "<digest> <name>". No field but the last of a line may hold a blank, none a line break.
constexpr std::string_view kTitle = "tilewright build record 1";

std::optional<Digest> take_digest(std::string_view& line) {
  constexpr size_t kDigits = 2 * sizeof(Digest::bytes);
  const std::optional<Digest> digest = Digest::parse(line.substr(0, kDigits));
  if (!digest) return std::nullopt;
  line.remove_prefix(kDigits);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return digest;
}

std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

void BuildRecord::add(BuildResult result) {
  std::erase_if(results, [&](const BuildResult& old) { return old.files == result.files && old.lookalikes == result.lookalikes; });
  results.insert(results.begin(), std::move(result));
  if (results.size() > kMaxResults) results.resize(kMaxResults);
}

std::string BuildRecord::format() const {
  std::string text(kTitle);
  text += "\n" + source + "\n" + kind + "\n";
  for (const BuildResult& result : results) {
    text += result.object.hex() + " " + result.lookalikes.hex() + " " + std::to_string(result.files.size()) + "\n";
    for (const auto& [name, digest] : result.files) text += digest.hex() + " " + name + "\n";
  }
  return text;
}

std::optional<BuildRecord> BuildRecord::parse(std::string_view text) {
  const auto title = take_line(text), source = take_line(text), kind = take_line(text);
  if (title != kTitle || !source || !kind) return std::nullopt;
  BuildRecord record{std::string(*source), std::string(*kind), {}};
  while (auto line = take_line(text)) {
    const auto object = take_digest(*line), similar = take_digest(*line);
    size_t count = 0;
    if (!object || !similar || std::from_chars(line->data(), line->data() + line->size(), count).ec != std::errc()) return std::nullopt;
    BuildResult result{*object, *similar, {}};
    for (size_t i = 0; i < count; ++i) {
      auto file = take_line(text);
      const auto digest = file ? take_digest(*file) : std::nullopt;
      if (!digest) return std::nullopt;
      result.files.emplace_back(*file, *digest);
    }
    record.results.push_back(std::move(result));
  }
  return record;
}

}  // namespace tilewright
