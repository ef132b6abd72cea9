// The processes that hold a job's devices: the supervisor, which waits in the queue, and its runner. See docs/design/queue.md.
#pragma once

#include <signal.h>

#include "queue/config.h"
#include "queue/job.h"

namespace tilewright::queue {

/// What client and supervisor tell each other, one datagram each: a letter, then text.
enum ClientMessage : char {
  kPublished = 'i',   ///< to the client: the job is in the queue
  kWaiting = 'w',     ///< to the client: text for people
  kGranted = 'g',     ///< to the client: devices
  kFinished = 'f',    ///< to the client: JobRecord as JSON
  kFailed = 'e',      ///< to the client: "CODE text": the job never was in the queue
  kCancel = 'c',      ///< to the supervisor: cancel; text: the signal that the client got, or 0
  kPassSignal = 's',  ///< to the supervisor: for the command; text: the signal
};

/// Runs the job to its end. For a child of the client, with all signals blocked; `signal_mask` is what the command gets.
/// `client` is a SOCK_SEQPACKET socket; where it closes, a job that is not detached is cancelled.
[[noreturn]] void run_supervisor(const JobSpec& spec, const QueueConfig& config, int client, const sigset_t& signal_mask);

}  // namespace tilewright::queue
