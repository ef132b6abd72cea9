#include <tilewright/call_config.h>

#include <cstdio>

#include "pto_orchestration_api.h"

int main() {
  CallConfig config;
  std::printf("%zu %zu\n", sizeof config, sizeof(ChipTensor));
  return sizeof config == 1144 && sizeof(ChipTensor) == 128 ? 0 : 1;
}
