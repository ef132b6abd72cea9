#include "platform/code_cache.h"

#include <utility>

namespace tilewright {

CodeCache::CodeCache(size_t limit, std::filesystem::path debug_directory) : limit_(limit), debug_directory_(std::move(debug_directory)) {}

CodeCache::~CodeCache() = default;

CodeCache::Pin::Pin(Pin&& other) noexcept : cache_(other.cache_), entry_(std::move(other.entry_)) {}

CodeCache::Pin& CodeCache::Pin::operator=(Pin&& other) noexcept {
  if (this != &other) {
    reset();
    cache_ = other.cache_;
    entry_ = std::move(other.entry_);
  }
  return *this;
}

void CodeCache::Pin::reset() {
  if (entry_ != nullptr) cache_->unpin(*entry_);
  entry_.reset();  // unloads if the entry was erased while it was pinned
}

const CodeObject& CodeCache::Pin::operator*() const { return *entry_->object; }

CodeCache::Pin CodeCache::acquire(Key key, std::span<const uint8_t> bytes, const std::string& name) {
  std::list<std::shared_ptr<Entry>> excess;  // unloaded after the lock is released: destructors are foreign code
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[key];
  if (entry == nullptr) {
    auto fresh = std::make_shared<Entry>();
    fresh->key = key;
    try {
      fresh->object = std::make_unique<CodeObject>(bytes, name, debug_directory_);
    } catch (...) {
      entries_.erase(key);
      throw;
    }
    ++loads_;
    recent_.push_front(key);
    fresh->place = recent_.begin();
    entry = std::move(fresh);
  } else {
    recent_.splice(recent_.begin(), recent_, entry->place);
  }
  ++entry->pins;
  Pin pin(this, entry);
  excess = take_excess();
  return pin;
}

void CodeCache::erase(Key key) {
  std::shared_ptr<Entry> gone;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  gone = std::move(found->second);
  recent_.erase(gone->place);
  entries_.erase(found);
}

void CodeCache::unpin(Entry& entry) {
  std::list<std::shared_ptr<Entry>> excess;
  const std::lock_guard lock(mutex_);
  --entry.pins;
  excess = take_excess();
}

std::list<std::shared_ptr<CodeCache::Entry>> CodeCache::take_excess() {
  std::list<std::shared_ptr<Entry>> excess;
  for (auto oldest = recent_.end(); entries_.size() > limit_ && oldest != recent_.begin();) {
    --oldest;
    const auto found = entries_.find(*oldest);
    if (found->second->pins != 0) continue;
    excess.push_back(std::move(found->second));
    entries_.erase(found);
    oldest = recent_.erase(oldest);
  }
  return excess;
}

size_t CodeCache::loaded() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

uint64_t CodeCache::loads() const {
  const std::lock_guard lock(mutex_);
  return loads_;
}

}  // namespace tilewright
