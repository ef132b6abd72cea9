// The half of crash_report.h that runs inside signal handlers. Nothing here allocates, locks or formats with libc.
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "base/error.h"
#include "base/process.h"
#include "platform/crash_report.h"

namespace tilewright {
namespace {

thread_local CrashContext t_context;

/// A thread with a crash stack, for what reports say of the others.
struct ThreadSlot {
  std::atomic<const CrashContext*> context{nullptr};  ///< null: free
  std::atomic<int> thread{0};
};
ThreadSlot g_threads[1024];
CrashSink g_sink = nullptr;
/// The thread that writes the report; later crashes of other threads wait for it to end the process.
std::atomic<int> g_reporter{0};
/// The thread whose stack the reporter wants now, and how many have written theirs.
std::atomic<int> g_asked{0};
std::atomic<uint32_t> g_answers{0};
uint64_t g_page_bytes = 4096;

/// The deadline that is armed (CpuDeadline).
std::atomic<uint64_t> g_deadline_ms{0};
std::atomic<bool> g_waived_if_traced{false};

int own_thread() { return static_cast<int>(::syscall(SYS_gettid)); }

void arm_cpu_timer(uint64_t ms) {
  const itimerval timer{{0, 0}, {static_cast<time_t>(ms / 1000), static_cast<suseconds_t>(ms % 1000 * 1000)}};
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

/// The calling thread's signal stack: room for the unwinder and a full vector state, and a guard page.
class CrashStack {
 public:
  CrashStack() {
    memory_ = ::mmap(nullptr, kBytes + g_page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw Error(ErrorCode::kDeviceMemory, "no memory for the signal stack of a thread");
    ::mprotect(memory_, g_page_bytes, PROT_NONE);
    stack_t stack{};
    stack.ss_sp = static_cast<char*>(memory_) + g_page_bytes;
    stack.ss_size = kBytes;
    ::sigaltstack(&stack, &previous_);
    for (ThreadSlot& slot : g_threads) {
      const CrashContext* empty = nullptr;
      if (slot.context.compare_exchange_strong(empty, &t_context)) {
        slot.thread.store(own_thread());
        slot_ = &slot;
        break;
      }
    }
  }
  ~CrashStack() {
    if (slot_ != nullptr) {
      slot_->thread.store(0);
      slot_->context.store(nullptr);
    }
    ::sigaltstack(&previous_, nullptr);
    ::munmap(memory_, kBytes + g_page_bytes);
  }
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  static constexpr size_t kBytes = 128 << 10;
  void* memory_;
  stack_t previous_{};
  ThreadSlot* slot_ = nullptr;
};

/// Collects pieces of text and hands full buffers to a sink: that of the process, or `sink(data, ...)`.
class ReportWriter {
 public:
  using Sink = void (*)(void* data, const char* text, size_t size);
  ReportWriter() = default;
  ReportWriter(Sink sink, void* data) : sink_(sink), data_(data) {}
  ReportWriter(const ReportWriter&) = delete;
  ReportWriter& operator=(const ReportWriter&) = delete;
  ~ReportWriter() { flush(); }
  ReportWriter& text(const char* characters) { return text(characters, strlen(characters)); }
  ReportWriter& text(const char* characters, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      if (used_ == sizeof buffer_) flush();
      buffer_[used_++] = characters[i];
    }
    return *this;
  }
  ReportWriter& hex(uint64_t value) {
    char digits[16];
    int count = 0;
    do {
      digits[count++] = "0123456789abcdef"[value & 15];
      value >>= 4;
    } while (value != 0);
    while (count > 0) text(&digits[--count], 1);
    return *this;
  }
  void flush() {
    if (used_ > 0) sink_(data_, buffer_, used_);
    used_ = 0;
  }

 private:
  Sink sink_ = [](void*, const char* text, size_t size) { g_sink(text, size); };
  void* data_ = nullptr;
  char buffer_[512];
  size_t used_ = 0;
};

/// Number of entries of a dynamic symbol table, from its GNU hash table (there is no other record of it in memory).
uint32_t symbol_count(const uint32_t* gnu_hash) {
  const uint32_t buckets = gnu_hash[0];
  const uint32_t first = gnu_hash[1];
  const uint32_t bloom_words = gnu_hash[2];
  const uint32_t* const bucket = gnu_hash + 4 + bloom_words * 2;
  const uint32_t* const chain = bucket + buckets;
  uint32_t last = 0;
  for (uint32_t i = 0; i < buckets; ++i) last = bucket[i] > last ? bucket[i] : last;
  if (last < first) return first;
  while ((chain[last - first] & 1) == 0) ++last;
  return last + 1;
}

/// The exported function that covers `offset` in a loaded object. dladdr would do, but takes the loader's lock.
const char* find_symbol(const link_map* object, uint64_t offset, uint64_t* symbol_offset) {
  const Elf64_Sym* symbols = nullptr;
  const char* strings = nullptr;
  const uint32_t* gnu_hash = nullptr;
  for (const Elf64_Dyn* entry = object->l_ld; entry->d_tag != DT_NULL; ++entry) {
    const uint64_t value = entry->d_un.d_ptr;
    const uint64_t address = value < object->l_addr ? value + object->l_addr : value;  // the vDSO is not relocated
    if (entry->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const Elf64_Sym*>(address);
    if (entry->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(address);
    if (entry->d_tag == DT_GNU_HASH) gnu_hash = reinterpret_cast<const uint32_t*>(address);
  }
  if (symbols == nullptr || strings == nullptr || gnu_hash == nullptr) return nullptr;
  const uint32_t count = symbol_count(gnu_hash);
  for (uint32_t i = 0; i < count; ++i) {
    const Elf64_Sym& symbol = symbols[i];
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
    if (offset < symbol.st_value || offset - symbol.st_value >= symbol.st_size) continue;
    *symbol_offset = offset - symbol.st_value;
    return strings + symbol.st_name;
  }
  return nullptr;
}

/// Writes the file name that /proc/self/maps shows for an address.
void write_module(ReportWriter& out, uint64_t address) {
  const int file = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  char buffer[1024];
  ssize_t got = 0;
  // A line is "from-to rwxp offset dev inode   path". 0: from, 1: to, 2: the rest up to the path, 3: path, 4: skip.
  int state = 0;
  uint64_t from = 0;
  uint64_t to = 0;
  while ((got = ::read(file, buffer, sizeof buffer)) > 0) {
    for (ssize_t i = 0; i < got; ++i) {
      const char c = buffer[i];
      if (c == '\n') {
        if (state == 3) {
          ::close(file);
          return;
        }
        state = 0;
        from = to = 0;
      } else if (state == 0 || state == 1) {
        uint64_t& value = state == 0 ? from : to;
        if (c == '-') {
          state = 1;
        } else if (c == ' ') {
          state = address >= from && address < to ? 2 : 4;
        } else {
          value = value << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
        }
      } else if (state == 2 && (c == '/' || c == '[')) {
        state = 3;
        out.text(&c, 1);
      } else if (state == 3) {
        out.text(&c, 1);
      }
    }
  }
  ::close(file);
}

void write_frame(ReportWriter& out, uint64_t address, bool return_address) {
  // A return address may lie behind the function's last instruction: look one byte earlier.
  const uint64_t inside = return_address ? address - 1 : address;
  struct dl_find_object found;
  const char* symbol = nullptr;
  uint64_t symbol_offset = 0;
  uint64_t module_offset = address;
  if (_dl_find_object(reinterpret_cast<void*>(inside), &found) == 0) {
    module_offset = address - found.dlfo_link_map->l_addr;
    symbol = find_symbol(found.dlfo_link_map, inside - found.dlfo_link_map->l_addr, &symbol_offset);
    if (symbol != nullptr && return_address) ++symbol_offset;
  }
  out.text("frame\t").hex(symbol_offset).text("\t").hex(module_offset).text("\t");
  if (symbol != nullptr) out.text(symbol);
  out.text("\t");
  write_module(out, inside);
  out.text("\n");
}

bool is_code(uint64_t address) {
  struct dl_find_object found;
  return _dl_find_object(reinterpret_cast<void*>(address), &found) == 0;
}

/// The frames from the interrupted one on.
void write_stack(ReportWriter& out, const ucontext_t& interrupted) {
  const auto counter = static_cast<uint64_t>(interrupted.uc_mcontext.gregs[REG_RIP]);
  write_frame(out, counter, false);
  out.flush();
  if (!is_code(counter)) {
    // A call to a wild address. The unwinder would read there; the caller's address is on top of the stack.
    const uint64_t caller = *reinterpret_cast<const uint64_t*>(interrupted.uc_mcontext.gregs[REG_RSP]);
    if (is_code(caller)) write_frame(out, caller, true);
    return;
  }
  void* frames[128];
  const int count = ::backtrace(frames, 128);
  int next = 0;
  while (next < count && reinterpret_cast<uint64_t>(frames[next]) != counter) ++next;  // the handler's own come first
  for (++next; next < count; ++next) write_frame(out, reinterpret_cast<uint64_t>(frames[next]), true);
}

/// Has another thread write its stack here. Gives up on one that does not come to it: it may have blocked the signal.
void ask_for_stack(int thread) {
  const uint32_t before = g_answers.load();
  g_asked.store(thread);
  if (::syscall(SYS_tgkill, ::getpid(), thread, SIGPROF) != 0) return;
  const timespec patience{2, 0};
  while (g_answers.load() == before) {
    const long woken = ::syscall(SYS_futex, &g_answers, FUTEX_WAIT_PRIVATE, before, &patience, nullptr, 0);
    if (woken != 0 && errno == ETIMEDOUT) break;
  }
  g_asked.store(0);
}

void answer_with_stack(const ucontext_t& interrupted) {
  {
    ReportWriter out;
    write_stack(out, interrupted);
  }
  g_answers.fetch_add(1);
  ::syscall(SYS_futex, &g_answers, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// What the threads run: after a deadline all of them, with their stacks; after a crash those beside `self`.
void write_running(ReportWriter& out, bool deadline, int self, const ucontext_t& interrupted) {
  for (const ThreadSlot& slot : g_threads) {
    const CrashContext* const context = slot.context.load();
    const int thread = slot.thread.load();
    if (context == nullptr || (thread == self && !deadline)) continue;
    const CrashContext there = *context;
    if (there.kernel == nullptr) continue;
    out.text("running\t").text(there.core != nullptr ? there.core : "").text("\t").text(there.kernel).text("\n");
    out.flush();
    if (!deadline) continue;
    if (thread == self) {
      write_stack(out, interrupted);
      out.flush();
    } else if (thread != 0) {
      ask_for_stack(thread);
    }
  }
}

void handle_signal(int signal, siginfo_t* info, void* context) {
  const ucontext_t& interrupted = *static_cast<const ucontext_t*>(context);
  const int self = own_thread();
  const bool sent = info->si_code <= 0;  // by a process, this one (abort) included
  const bool deadline = signal == SIGPROF && !sent;
  if (deadline && g_waived_if_traced.load() && traced_by_debugger()) return arm_cpu_timer(g_deadline_ms.load());
  int nobody = 0;
  if (!g_reporter.compare_exchange_strong(nobody, self)) {
    if (nobody == self) ::_exit(128 + signal);  // the report itself crashed; what it said so far was sent
    if (g_asked.load() == self) answer_with_stack(interrupted);
    for (;;) ::pause();
  }
  {
    ReportWriter out;
    const CrashContext here = *crash_context();
    out.text("signal\t").hex(static_cast<uint64_t>(signal)).text("\n");
    if (sent) {
      if (info->si_pid != ::getpid()) out.text("sender\t").hex(static_cast<uint64_t>(info->si_pid)).text("\n");
    } else {
      out.text("address\t").hex(reinterpret_cast<uint64_t>(info->si_addr)).text("\n");
    }
    if (here.kernel != nullptr) out.text("kernel\t").text(here.kernel).text("\n");
    if (here.core != nullptr) out.text("core\t").text(here.core).text("\n");
    if (const CrashWait* const wait = crash_wait().load(); deadline && wait != nullptr) {
      out.text("waits\t").hex(static_cast<uint64_t>(wait->status)).text("\t").text(wait->what).text("\n");
    }
    write_running(out, deadline, self, interrupted);
    out.text("stack\n").flush();  // what follows may be broken
    if (!deadline) write_stack(out, interrupted);
  }
  ::_exit(128 + signal);
}

}  // namespace

CrashContext* crash_context() {
  CrashContext* context = &t_context;
  asm volatile("" : "+r"(context));  // the result depends on the thread, whatever the optimiser knows
  return context;
}

std::atomic<const CrashWait*>& crash_wait() {
  static constinit std::atomic<const CrashWait*> wait{nullptr};
  return wait;
}

void install_crash_stack() { static thread_local const CrashStack stack; }

void install_crash_handlers(CrashSink sink) {
  g_sink = sink;
  g_page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  void* frame = nullptr;
  ::backtrace(&frame, 1);  // the first call loads the unwinder, which a handler must not do
  install_crash_stack();
  struct sigaction action{};
  action.sa_sigaction = &handle_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) ::sigaction(signal, &action, nullptr);
}

std::string describe_own_stack() {
  std::string text;
  {
    ReportWriter out([](void* data, const char* piece, size_t size) { static_cast<std::string*>(data)->append(piece, size); }, &text);
    void* frames[128];
    const int count = ::backtrace(frames, 128);
    for (int i = 1; i < count; ++i) write_frame(out, reinterpret_cast<uint64_t>(frames[i]), true);
  }
  return describe_frames(parse_crash_report(text));
}

CpuDeadline::CpuDeadline(const Deadline& deadline) : armed_(deadline.cpu_ms != 0) {
  if (!armed_) return;
  g_deadline_ms.store(deadline.cpu_ms);
  g_waived_if_traced.store(deadline.waived_if_traced);
  arm_cpu_timer(deadline.cpu_ms);
}

CpuDeadline::~CpuDeadline() {
  if (armed_) arm_cpu_timer(0);
}

}  // namespace tilewright
