// Many compiled programs as C++ that is compiled at once, without optimisation, so that tests can run hundreds of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "toolchain/artifact.h"
#include "toolchain/callable_spec.h"

namespace tilewright {

class Store;

/// What the compiler made of a program, and its callable.json.
struct BatchProgram {
  const ArtifactContent& content;
  const CallableSpec& spec;
};

/// The image of each program's callable. All are for the platform of the first. One compilation for the kernels of each kind of core and one for
/// the orchestrations: kernels stand in namespaces, and one entry calls the kernel whose number is written into a copy of the object.
/// `alter` changes the source of each kernel before. Throws Error(kCompileFailed) with the C++ compiler's messages; TW_RANDOM_KEEP is the
/// name of a file that then gets the source.
std::vector<std::vector<uint8_t>> build_batch(const std::vector<BatchProgram>& programs, Store& store,
                                              const std::function<void(std::string& kernel)>& alter = {});

}  // namespace tilewright
