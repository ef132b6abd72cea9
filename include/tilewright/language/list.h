// Part of tilewright/language.h: lists of arguments. std::vector and std::string are what half of a program's compile time would go to.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <new>
#include <utility>

namespace tilewright::detail {

/// A list that grows at its end. `{a, b}` makes one, and so does every range whose elements convert.
template <typename T>
class List {
 public:
  List() = default;
  List(std::initializer_list<T> items) { append(items.begin(), items.end()); }
  template <typename Range>
    requires requires(const Range& range) { T(*range.begin()), range.end(); }
  List(const Range& items) {
    append(items.begin(), items.end());
  }
  List(const List& other) { append(other.begin(), other.end()); }
  List(List&& other) noexcept { swap(other); }
  List& operator=(List other) noexcept {
    swap(other);
    return *this;
  }
  ~List() {
    for (T& item : *this) item.~T();
    ::operator delete(items_);
  }

  void push_back(const T& item) {
    if (size_ == capacity_) grow();
    new (items_ + size_) T(item);
    ++size_;
  }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  const T* data() const { return items_; }
  T& operator[](size_t index) { return items_[index]; }
  const T& operator[](size_t index) const { return items_[index]; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  template <typename Iterator>
  void append(Iterator item, Iterator end) {
    for (; item != end; ++item) push_back(T(*item));
  }
  void swap(List& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  void grow() {
    capacity_ = capacity_ == 0 ? 4 : 2 * capacity_;
    T* const larger = static_cast<T*>(::operator new(capacity_ * sizeof(T)));
    for (size_t i = 0; i < size_; ++i) {
      new (larger + i) T(items_[i]);
      items_[i].~T();
    }
    ::operator delete(items_);
    items_ = larger;
  }

  T* items_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tilewright::detail
