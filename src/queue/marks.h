// Devices taken out, and the failures that lead to it: small files in the queue directory, one owner each.
#pragma once

#include <string>
#include <vector>

#include "queue/host.h"
#include "queue/queue_directory.h"

namespace tilewright::queue {

/// Marks in force: of this boot and not expired.
std::vector<OutMark> read_out_marks(const QueueDirectory& directory);
/// Likewise, of these files only.
std::vector<OutMark> read_out_marks(const QueueDirectory& directory, const std::vector<std::string>& names);
/// Takes a device out for all users until `until` (boot clock, kNever: until put back).
void take_out(const QueueDirectory& directory, int device, int64_t until, const std::string& reason);
/// Removes the marks on a device that this user may remove; the ones that remain are returned.
std::vector<OutMark> put_back(const QueueDirectory& directory, int device);

/// Failures by infrastructure in a row on a device, of all users: one more, or (failed = false) this user's are forgotten.
/// Returns how many there are now.
int count_failure(const QueueDirectory& directory, int device, bool failed);

/// What a user used since the directory was made. Users write their own, so these are claims.
struct Account {
  unsigned uid = 0;
  double device_seconds = 0;
  long jobs = 0;
};
void add_to_account(const QueueDirectory& directory, double device_seconds);
std::vector<Account> read_accounts(const QueueDirectory& directory);

}  // namespace tilewright::queue
