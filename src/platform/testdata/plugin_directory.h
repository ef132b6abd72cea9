// Where tests put plug-ins.
#pragma once

#include <deque>

#include "base/file.h"

namespace tilewright {

/// A new directory that stays until the process ends. The loader knows files by device and inode, and plug-ins stay loaded: a file
/// that takes the inode of one that was removed would be taken for it.
inline const TemporaryDirectory& directory_of_the_process() {
  static std::deque<TemporaryDirectory> directories;
  return directories.emplace_back();
}

}  // namespace tilewright
