// Loaded code of many callables, of which only the recently used is in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "platform/code_object.h"

namespace tilewright {

/// Loads objects when they are asked for and unloads the least recently used ones beyond a limit: each loaded object
/// takes about five of the process's 65530 memory mappings (vm.max_map_count), so 8192 callables cannot all be loaded.
/// An object that was unloaded and loaded again starts with fresh statics. Thread safe.
class CodeCache {
 private:
  struct Entry;

 public:
  /// Chosen by the owner, for example slot << 32 | kernel.
  using Key = uint64_t;
  static constexpr size_t kDefaultLimit = 512;

  explicit CodeCache(size_t limit = kDefaultLimit, std::filesystem::path debug_directory = {});
  ~CodeCache();

  /// Keeps an object loaded. Must not outlive the cache.
  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept;
    Pin& operator=(Pin&& other) noexcept;
    ~Pin() { reset(); }
    void reset();
    explicit operator bool() const { return entry_ != nullptr; }
    const CodeObject& operator*() const;
    const CodeObject* operator->() const { return &**this; }

   private:
    friend class CodeCache;
    Pin(CodeCache* cache, std::shared_ptr<Entry> entry) : cache_(cache), entry_(std::move(entry)) {}
    CodeCache* cache_ = nullptr;
    std::shared_ptr<Entry> entry_;
  };

  /// The object under `key`, loaded from `bytes` if it is not in memory. `bytes` must be the same for the same key
  /// until erase(key). Pinned objects may exceed the limit. Throws as CodeObject.
  Pin acquire(Key key, std::span<const uint8_t> bytes, const std::string& name);
  /// Forgets the object under `key`, if any; it is unloaded now, or when its last pin goes.
  void erase(Key key);

  size_t loaded() const;
  uint64_t loads() const;  ///< times an object was loaded, reloads included

 private:
  struct Entry {
    Key key = 0;
    uint32_t pins = 0;
    std::unique_ptr<CodeObject> object;
    std::list<Key>::iterator place;
  };
  void unpin(Entry& entry);
  std::list<std::shared_ptr<Entry>> take_excess();

  const size_t limit_;
  const std::filesystem::path debug_directory_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, std::shared_ptr<Entry>> entries_;
  std::list<Key> recent_;  ///< most recently used first
  uint64_t loads_ = 0;
};

}  // namespace tilewright
