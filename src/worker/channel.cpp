#include "worker/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace tilewright {
namespace {

struct FrameHeader {
  uint32_t kind;
  uint32_t reserved;
  uint64_t bytes;
};

/// Sends all of `parts`. Async-signal-safe. False if the other side is gone.
bool send_all(int socket, iovec* parts, size_t count) {
  while (count > 0) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    while (count > 0 && static_cast<size_t>(sent) >= parts->iov_len) {
      sent -= static_cast<ssize_t>(parts->iov_len);
      ++parts;
      --count;
    }
    if (count > 0) {
      parts->iov_base = static_cast<char*>(parts->iov_base) + sent;
      parts->iov_len -= static_cast<size_t>(sent);
    }
  }
  return true;
}

}  // namespace

Channel::Channel(FileDescriptor socket) : socket_(std::move(socket)), buffer_(16 << 10) {}

bool Channel::send(MessageKind kind, std::span<const uint8_t> payload, std::span<const uint8_t> tail) {
  FrameHeader header{static_cast<uint32_t>(kind), 0, payload.size() + tail.size()};
  iovec parts[] = {
      {&header, sizeof header}, {const_cast<uint8_t*>(payload.data()), payload.size()}, {const_cast<uint8_t*>(tail.data()), tail.size()}};
  return send_all(socket_.get(), parts, 3);
}

std::optional<Channel::Message> Channel::receive(int process) {
  if (!fill(sizeof(FrameHeader), process)) return std::nullopt;
  FrameHeader header;
  std::memcpy(&header, buffer_.data() + begin_, sizeof header);
  const size_t frame = sizeof header + header.bytes;
  if (!fill(frame, process)) return std::nullopt;
  const Message message{static_cast<MessageKind>(header.kind), {buffer_.data() + begin_ + sizeof header, header.bytes}};
  begin_ += frame;
  return message;
}

bool Channel::fill(size_t bytes, int process) {
  if (end_ == begin_) begin_ = end_ = 0;
  if (begin_ + bytes > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (bytes > buffer_.size()) buffer_.resize(bytes);
  }
  while (end_ - begin_ < bytes) {
    if (process >= 0) {
      pollfd events[] = {{socket_.get(), POLLIN, 0}, {process, POLLIN, 0}};
      if (::poll(events, 2, -1) < 0) continue;  // EINTR
      if (events[0].revents == 0) return false;  // dead, and all it sent was read
    }
    const ssize_t got = ::recv(socket_.get(), buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    end_ += static_cast<size_t>(got);
  }
  return true;
}

void Channel::shut_down() { ::shutdown(socket_.get(), SHUT_RDWR); }

void send_from_signal_handler(int socket, MessageKind kind, const char* data, size_t size) {
  FrameHeader header{static_cast<uint32_t>(kind), 0, size};
  iovec parts[] = {{&header, sizeof header}, {const_cast<char*>(data), size}};
  send_all(socket, parts, 2);
}

}  // namespace tilewright
