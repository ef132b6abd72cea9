#include "toolchain/recipe.h"

#include <utility>

namespace tilewright {

CompileRecipe::Command expand_command(const CompileRecipe::Command& command, const RecipePlaces& places) {
  const std::pair<std::string_view, std::string> parts[] = {{"{source}", places.source.string()},
                                                            {"{output}", places.output.string()},
                                                            {"{depfile}", places.depfile.string()},
                                                            {"{scratch}", places.scratch.string()}};
  CompileRecipe::Command words;
  for (const std::string& word : command) {
    if (word == "{includes}") {
      words.insert(words.end(), places.includes.begin(), places.includes.end());
      continue;
    }
    if (word == "{flags}") {
      words.emplace_back(places.debug ? "-O0" : "-O2");
      words.emplace_back(places.debug ? "-g" : "-DNDEBUG");
      if (places.line_tables && !places.debug) words.emplace_back("-g1");
      continue;
    }
    std::string text;
    for (size_t at = 0; at < word.size();) {
      bool found = false;
      for (const auto& [name, value] : parts) {
        if (word.compare(at, name.size(), name) != 0) continue;
        text += value;
        at += name.size();
        found = true;
        break;
      }
      if (!found) text += word[at++];
    }
    words.push_back(std::move(text));
  }
  return words;
}

}  // namespace tilewright
