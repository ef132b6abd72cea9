#include "queue/marks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <sstream>

#include "queue/device_ids.h"
#include "queue/posix_host.h"

namespace tilewright::queue {

namespace {

const std::string& boot_id() {
  static const std::string id = [] {
    std::string text = read_file("/proc/sys/kernel/random/boot_id");
    return text.substr(0, text.find('\n'));
  }();
  return id;
}

/// "PREFIX.DEVICE.UID" or "PREFIX.UID": the numbers behind the prefix.
std::vector<long> numbers_behind(std::string_view name, std::string_view prefix) {
  std::vector<long> numbers;
  if (!name.starts_with(prefix)) return numbers;
  name.remove_prefix(prefix.size());
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    long value = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + dot, value);
    if (failure != std::errc() || end != name.data() + dot || dot == 0 || value < 0) return {};
    numbers.push_back(value);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return numbers;
}

/// Calls body(numbers, text) for every file of that prefix whose uid in the name is its owner.
template <typename Body>
void for_each_file(const QueueDirectory& directory, const std::vector<std::string>& names, std::string_view prefix, size_t count,
                   Body body) {
  for (const std::string& name : names) {
    const std::vector<long> numbers = numbers_behind(name, prefix);
    QueueDirectory::Content content;
    if (numbers.size() == count && directory.read(name, content) && content.uid == static_cast<unsigned long>(numbers.back()))
      body(numbers, content.text);
  }
}

}  // namespace

std::vector<OutMark> read_out_marks(const QueueDirectory& directory) { return read_out_marks(directory, directory.names()); }

std::vector<OutMark> read_out_marks(const QueueDirectory& directory, const std::vector<std::string>& names) {
  std::vector<OutMark> marks;
  const int64_t now = boot_clock();
  for_each_file(directory, names, "out.", 2, [&](const std::vector<long>& numbers, const std::string& text) {
    std::istringstream lines(text);
    OutMark mark{static_cast<int>(numbers[0]), static_cast<uint32_t>(numbers[1]), 0, {}};
    std::string boot;
    if (!(lines >> mark.until >> boot) || boot != boot_id() || mark.until <= now) return;
    lines.ignore();
    std::getline(lines, mark.reason);
    marks.push_back(std::move(mark));
  });
  return marks;
}

void take_out(const QueueDirectory& directory, int device, int64_t until, const std::string& reason) {
  const std::string line = reason.substr(0, std::min(reason.find('\n'), size_t{500}));
  directory.write(fmt::format("out.{}.{}", device, ::geteuid()),
                  fmt::format("{} {}\n{}\n", until, boot_id(), line.empty() ? "taken out" : line));
}

std::vector<OutMark> put_back(const QueueDirectory& directory, int device) {
  for (const OutMark& mark : read_out_marks(directory)) {
    if (mark.device == device) directory.remove(fmt::format("out.{}.{}", device, mark.uid));
  }
  std::vector<OutMark> left;
  for (OutMark& mark : read_out_marks(directory)) {
    if (mark.device == device) left.push_back(std::move(mark));
  }
  return left;
}

int count_failure(const QueueDirectory& directory, int device, bool failed) {
  const std::string own = fmt::format("fail.{}.{}", device, ::geteuid());
  int total = 0, mine = 0;
  for_each_file(directory, directory.names(), "fail.", 2, [&](const std::vector<long>& numbers, const std::string& text) {
    if (numbers[0] != device) return;
    int count = 0;
    std::istringstream(text) >> count;
    total += count;
    if (numbers[1] == static_cast<long>(::geteuid())) mine = count;
  });
  if (failed) {
    directory.write(own, fmt::format("{}\n", mine + 1));
    return total + 1;
  }
  if (mine > 0) directory.remove(own);
  return total - mine;
}

void add_to_account(const QueueDirectory& directory, double device_seconds) {
  Account account;
  for (const Account& other : read_accounts(directory)) {
    if (other.uid == ::geteuid()) account = other;
  }
  directory.write(fmt::format("acct.{}", ::geteuid()), fmt::format("{} {}\n", account.device_seconds + device_seconds, account.jobs + 1));
}

std::vector<Account> read_accounts(const QueueDirectory& directory) {
  std::vector<Account> accounts;
  for_each_file(directory, directory.names(), "acct.", 1, [&](const std::vector<long>& numbers, const std::string& text) {
    Account account;
    account.uid = static_cast<unsigned>(numbers[0]);
    if (std::istringstream(text) >> account.device_seconds >> account.jobs) accounts.push_back(account);
  });
  return accounts;
}

}  // namespace tilewright::queue
