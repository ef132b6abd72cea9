// A queue of its own for each test, and task-submit run against it.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace tilewright::queue {

/// A process that a test started, with its output on pipes. It is killed, if it still runs, when this goes out of scope.
class Child {
 public:
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& assignments = {}, int uid = -1);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  /// Blocks until a line came on stdout (stderr); without the newline. Empty at the end.
  std::string line() { return read_line(out_, out_text_); }
  std::string error_line() { return read_line(err_, err_text_); }
  void write(const std::string& text);
  void kill(int signal);
  /// Blocks until it ended: 0 to 255, or 128 + n. stdout and stderr are complete after this.
  int wait();
  const std::string& out() const { return out_text_; }
  const std::string& err() const { return err_text_; }

 private:
  static std::string read_line(FileDescriptor& fd, std::string& buffer);
  static void read_rest(FileDescriptor& fd, std::string& buffer);
  pid_t pid_ = -1;
  int code_ = -1;
  FileDescriptor in_, out_, err_;
  std::string out_text_, err_text_;
};

struct Ran {
  int code = 0;
  std::string out, err;
};

class QueueTest : public ::testing::Test {
 protected:
  void SetUp() override;
  /// Nobody may be left: no process that knows this queue's directory, no entry, no socket.
  void TearDown() override;

  /// task-submit with these arguments, to its end.
  Ran submit(const std::vector<std::string>& arguments, const std::vector<std::string>& assignments = {}, int uid = -1);
  /// The same in the background.
  std::unique_ptr<Child> start(const std::vector<std::string>& arguments, const std::vector<std::string>& assignments = {}, int uid = -1);
  std::vector<std::string> argv(const std::vector<std::string>& arguments) const;
  void write_config(const std::string& text);
  /// Whether a job with this --isolation is accepted here.
  bool offers_isolation(const std::string& isolation) { return submit({"--isolation", isolation, "--", "true"}).code == 0; }
  void set_devices(const std::string& ids) { devices_ = ids; }

  /// A job that holds `device` until release(): returns when it runs. `command` is run before it says so.
  struct Holder {
    std::unique_ptr<Child> child;
    std::string id;
    void release() { child->write("go\n"); }
  };
  Holder hold(const std::string& device, const std::vector<std::string>& more = {}, int uid = -1, const std::string& command = "true");
  /// Returns when the waiting job has said that it waits, with its id.
  std::string wait_until_queued(Child& child);

  pid_t supervisor_of(const std::string& id);
  pid_t child_of(pid_t pid);  ///< the first; 0: none
  /// Blocks until the process ended, as its pidfd says.
  void wait_for_end(pid_t pid);
  /// Blocks until no process has the queue's directory in its environment.
  void wait_until_idle();
  std::vector<std::string> queue_files() const;

  std::filesystem::path root_, queue_, state_, config_;
  std::string devices_ = "0-1";
  std::string program_ = TW_TASK_SUBMIT;
};

}  // namespace tilewright::queue
