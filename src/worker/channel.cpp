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

/// Takes `sent` bytes off the front of `parts`.
void advance(iovec*& parts, size_t& count, size_t sent) {
  while (count > 0 && sent >= parts->iov_len) {
    sent -= parts->iov_len;
    ++parts;
    --count;
  }
  if (count > 0) {
    parts->iov_base = static_cast<char*>(parts->iov_base) + sent;
    parts->iov_len -= sent;
  }
}

/// Sends all of `parts`. Async-signal-safe. False if the other side is gone. `wait`, unless null, is called where it would block;
/// it returns false if that is in vain.
template <typename Wait>
bool send_all(int socket, iovec* parts, size_t count, Wait* wait) {
  while (count > 0) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | (wait != nullptr ? MSG_DONTWAIT : 0));
    if (sent >= 0) {
      advance(parts, count, static_cast<size_t>(sent));
    } else if (errno == EAGAIN && wait != nullptr) {
      if (!(*wait)()) return false;
    } else if (errno != EINTR) {
      return false;
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
  auto wait = [this] { return wait_for(POLLOUT); };
  return send_all(socket_.get(), parts, 3, process_ >= 0 || still_waiting_ ? &wait : nullptr);
}

std::optional<Channel::Message> Channel::receive() {
  if (!fill(sizeof(FrameHeader))) return std::nullopt;
  FrameHeader header;
  std::memcpy(&header, buffer_.data() + begin_, sizeof header);
  const size_t frame = sizeof header + header.bytes;
  if (!fill(frame)) return std::nullopt;
  const Message message{static_cast<MessageKind>(header.kind), {buffer_.data() + begin_ + sizeof header, header.bytes}};
  begin_ += frame;
  return message;
}

// False if the process has ended and the socket is not ready.
bool Channel::wait_for(short events) {
  pollfd watched[] = {{socket_.get(), events, 0}, {process_, POLLIN, 0}};  // poll ignores negative descriptors
  for (;;) {
    const int ready = ::poll(watched, 2, still_waiting_ ? 1000 : -1);
    if (ready > 0) return watched[0].revents != 0;
    if (ready == 0) {
      still_waiting_();
    } else if (errno != EINTR) {
      return false;
    }
  }
}

bool Channel::fill(size_t bytes) {
  if (end_ == begin_) begin_ = end_ = 0;
  if (begin_ + bytes > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (bytes > buffer_.size()) buffer_.resize(bytes);
  }
  while (end_ - begin_ < bytes) {
    if ((process_ >= 0 || still_waiting_) && !wait_for(POLLIN)) return false;  // dead, and all it sent was read
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
  send_all<bool()>(socket, parts, 2, nullptr);
}

}  // namespace tilewright
