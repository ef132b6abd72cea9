// One shared object (a kernel or an orchestration) loaded from bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>

namespace tilewright {

/// Code that shares nothing with any other loaded object, whatever the two have in common: names, bytes, statics,
/// inline functions (architecture decision 8). How: the bytes go to a file of their own in memory, the loader is given
/// a path it never saw, symbols that would be unique in the whole process become ordinary ones, and the object prefers
/// its own symbols. Constructors run at load, destructors at unload. Thread safe once constructed.
class CodeObject {
 public:
  /// `name` ("add.so") appears in errors, crash reports and /proc/self/maps. With a `debug_directory` the bytes are
  /// written to a file there, which stays, so that gdb finds them. Throws Error: kInvalidArgument if the bytes are no
  /// shared object for this machine, kSymbolMissing if it needs a symbol that nothing defines, kIoError.
  CodeObject(std::span<const uint8_t> bytes, std::string name, const std::filesystem::path& debug_directory = {});
  ~CodeObject();
  CodeObject(const CodeObject&) = delete;
  CodeObject& operator=(const CodeObject&) = delete;

  const std::string& name() const { return name_; }
  /// The address of an exported symbol, or null.
  void* find(const char* symbol) const;
  /// The address of an exported symbol. Throws Error(kSymbolMissing) naming object and symbol.
  void* get(const char* symbol) const;
  /// get() as a function: object.function<void(int64_t*)>("kernel_entry").
  template <typename F>
  F* function(const char* symbol) const {
    static_assert(std::is_function_v<F>);
    return reinterpret_cast<F*>(get(symbol));
  }

 private:
  std::string name_;
  void* handle_ = nullptr;
};

}  // namespace tilewright
