// Commands of a CompileRecipe made ready to run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "task/compile_recipe.h"

namespace tilewright {

/// What the placeholders of one compile stand for.
struct RecipePlaces {
  std::filesystem::path source;
  std::filesystem::path output;
  std::filesystem::path depfile;
  std::filesystem::path scratch;
  std::vector<std::string> includes;  ///< "-I...", in search order
  bool debug = false;
  bool line_tables = false;
};

/// `command` with every placeholder replaced. Words without one stay as they are.
CompileRecipe::Command expand_command(const CompileRecipe::Command& command, const RecipePlaces& places);

}  // namespace tilewright
