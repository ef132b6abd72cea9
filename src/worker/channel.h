// Messages over a stream socket, of any length.
#pragma once

#include <cstdint>
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
  /// False if the other side is gone. `tail` is sent behind `payload` as part of it, without being copied.
  bool send(MessageKind kind, std::span<const uint8_t> payload, std::span<const uint8_t> tail = {});

  struct Message {
    MessageKind kind;
    std::span<const uint8_t> payload;  ///< valid until the next receive
  };
  /// Blocks until a message is complete; nothing if the other side is gone. While it waits it also watches
  /// `process`, a pidfd, if not negative: the socket of a dead process can be held open by its children.
  std::optional<Message> receive(int process = -1);

  /// Ends the connection for both sides, even where other processes inherited the descriptor.
  void shut_down();

 private:
  bool fill(size_t bytes, int process);

  FileDescriptor socket_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  ///< of what was received and not yet handed out
  size_t end_ = 0;
};

/// Sends one message with async-signal-safe means only.
void send_from_signal_handler(int socket, MessageKind kind, const char* data, size_t size);

}  // namespace tilewright
