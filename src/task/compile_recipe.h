// How a platform's code is compiled where the host compiler does not do (tilewright/platform_plugin.h).
#pragma once

#include <string>
#include <vector>

namespace tilewright {

/// Commands with placeholders, by what they compile. Commands run one after another, without a shell; the words are documented
/// at tw_platform_recipe. Plain data.
struct CompileRecipe {
  using Command = std::vector<std::string>;
  std::string identity;  ///< what decides the output besides the words: the compiler's version
  std::vector<Command> aic_kernel;
  std::vector<Command> aiv_kernel;
  std::vector<Command> orchestration;  ///< empty: the host compiler
};

}  // namespace tilewright
