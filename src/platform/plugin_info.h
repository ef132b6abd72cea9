// What a plug-in says about its platform, checked.
#pragma once

#include <string>

#include "task/compile_recipe.h"
#include "tilewright/platform_plugin.h"

namespace tilewright {

/// What is wrong with the description of platform `name`; empty if nothing is.
std::string info_problem(const tw_platform_info& info, const std::string& name);

/// Fills `out`; what is wrong with the recipe, or empty.
std::string read_recipe(const tw_platform_recipe& recipe, CompileRecipe& out);

}  // namespace tilewright
