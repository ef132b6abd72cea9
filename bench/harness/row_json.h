// The JSON object of a row. Apart from row.h because nlohmann-json is slow to compile.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/row.h"

namespace tilewright::bench {

nlohmann::ordered_json to_json(const Row& row);

}  // namespace tilewright::bench
