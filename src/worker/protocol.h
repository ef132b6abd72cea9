// What a worker and its device process say to each other (docs/design/worker.md). Both ends are of one build: the hello
// message refuses anything else, so the layout may change at will.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "task_args.h"
#include "tilewright/call_config.h"
#include "tilewright/run_options.h"

namespace tilewright {

/// Incremented with every change of a message, so that a device program of another build is recognised.
constexpr uint32_t kProtocolVersion = 8;

enum class MessageKind : uint32_t {
  kHello = 1,   ///< device: version
  kLoad = 2,    ///< worker: slot, image
  kUnload = 3,  ///< worker: slot
  kRun = 4,     ///< worker: RunRequest
  kDone = 5,    ///< device: answers load and unload
  kReport = 6,  ///< device: RunReport, answers run
  kError = 7,   ///< device: Error, answers anything, and says hello when the device cannot be made
  kCrash = 8,   ///< device: a piece of a crash report; the process ends after the last
  kFailed = 9,  ///< device: Error, answers anything; the device cannot go on and its process ends
};

/// Bytes of a message's payload being written. Fields have no tags: reader and writer agree by version.
class PayloadWriter {
 public:
  explicit PayloadWriter(std::vector<uint8_t>& out) : out_(out) { out_.clear(); }
  template <typename T>
  PayloadWriter& put(const T& value) {
    return raw(&value, sizeof value);
  }
  PayloadWriter& bytes(const void* data, size_t size) { return put<uint64_t>(size).raw(data, size); }
  PayloadWriter& text(std::string_view text) { return bytes(text.data(), text.size()); }
  template <typename T>
  PayloadWriter& array(const T* items, size_t count) {
    return put<uint64_t>(count).raw(items, count * sizeof(T));
  }

 private:
  PayloadWriter& raw(const void* data, size_t size);
  std::vector<uint8_t>& out_;
};

/// The same fields read back. Throws Error(kInternal) if the payload ends early or a count is absurd.
class PayloadReader {
 public:
  explicit PayloadReader(std::span<const uint8_t> payload) : rest_(payload) {}
  template <typename T>
  T get() {
    T value;
    __builtin_memcpy(&value, raw(sizeof(T)), sizeof(T));
    return value;
  }
  std::span<const uint8_t> bytes();
  std::string text();
  template <typename T>
  std::vector<T> array() {
    const std::span<const uint8_t> content = items(sizeof(T));
    std::vector<T> result(content.size() / sizeof(T));
    if (!result.empty()) __builtin_memcpy(result.data(), content.data(), content.size());
    return result;
  }
  std::span<const uint8_t> items(size_t item_bytes);
  /// Throws if something is left.
  void finish() const;

 private:
  const uint8_t* raw(size_t size);
  std::span<const uint8_t> rest_;
};

/// A run as it is sent; large, so that it is kept and reused.
struct RunRequest {
  uint32_t slot = 0;
  ChipStorageTaskArgs args;
  CallConfig config;
  RunOptions options;
};

void encode_hello(std::vector<uint8_t>& out);
/// Throws Error(kDeviceLost) if the device program is of another build.
void check_hello(std::span<const uint8_t> payload);

/// Only the arguments in use are sent.
void encode_run(std::vector<uint8_t>& out, uint32_t slot, const ChipStorageTaskArgs& args, const CallConfig& config,
                const RunOptions& options);
void decode_run(std::span<const uint8_t> payload, RunRequest& request);

void encode_report(std::vector<uint8_t>& out, const RunReport& report);
RunReport decode_report(std::span<const uint8_t> payload);

void encode_error(std::vector<uint8_t>& out, const Error& error);
Error decode_error(std::span<const uint8_t> payload);

}  // namespace tilewright
