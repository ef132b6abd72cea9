// Messages over a stream socket, of any length.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "worker/protocol.h"

namespace tilewright {

/// One end of a socket pair. A message is {kind, bytes} and its payload; nothing is ever cut off. Not thread safe.
class Channel {
 public:
  explicit Channel(FileDescriptor socket);

  int fd() const { return socket_.get(); }
  /// While send and receive wait they also watch `process`, a pidfd (the socket of a dead process can be held open by its
  /// children), and call `still_waiting` every second. Negative, empty: not.
  void watch(int process, std::function<void()> still_waiting) {
    process_ = process;
    still_waiting_ = std::move(still_waiting);
  }

  /// False if the other side is gone. `tail` is sent behind `payload` as part of it, without being copied.
  bool send(MessageKind kind, std::span<const uint8_t> payload, std::span<const uint8_t> tail = {});

  struct Message {
    MessageKind kind;
    std::span<const uint8_t> payload;  ///< valid until the next receive
  };
  /// Blocks until a message is complete; nothing if the other side is gone.
  std::optional<Message> receive();

  /// Ends the connection for both sides, even where other processes inherited the descriptor.
  void shut_down();

 private:
  bool fill(size_t bytes);
  bool wait_for(short events);

  FileDescriptor socket_;
  int process_ = -1;
  std::function<void()> still_waiting_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  ///< of what was received and not yet handed out
  size_t end_ = 0;
};

/// Sends one message with async-signal-safe means only.
void send_from_signal_handler(int socket, MessageKind kind, const char* data, size_t size);

}  // namespace tilewright
