#include "platform/run_observer.h"

#include <dlfcn.h>
#include <unwind.h>

namespace tilewright {
namespace {

const void* object_of(const void* address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

/// The frames that lie in one object, of the callers.
struct Walk {
  static constexpr int kFramesBetween = 32;  // the runtime's own, between the orchestration and here
  static constexpr size_t kFrames = 8;

  const void* object;
  std::vector<const void*> frames{};
  int others = 0;

  static _Unwind_Reason_Code visit(_Unwind_Context* context, void* data) {
    Walk& walk = *static_cast<Walk*>(data);
    const void* const address = reinterpret_cast<const void*>(_Unwind_GetIP(context));
    if (object_of(address) != walk.object) {
      return !walk.frames.empty() || ++walk.others > kFramesBetween ? _URC_END_OF_STACK : _URC_NO_REASON;
    }
    walk.frames.push_back(address);
    return walk.frames.size() == kFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
  }
};

}  // namespace

RunObserver::RunObserver(RunReport* report, check::Races* races, const void* orchestration)
    : report_(report), races_(races), code_(object_of(orchestration)) {}

std::vector<const void*> RunObserver::stack_of_orchestration() const {
  Walk walk{code_};
  _Unwind_Backtrace(Walk::visit, &walk);
  return std::move(walk.frames);
}

void RunObserver::on_task(const TaskRecord& task) {
  if (report_ != nullptr) report_->tasks.push_back(task);
  if (races_ != nullptr) races_->add_task(task.id, task.kernel_ids, stack_of_orchestration());
}

void RunObserver::on_edge(const DependencyEdge& edge) {
  if (report_ != nullptr) report_->edges.push_back(edge);
  if (races_ != nullptr) races_->add_edge(edge.predecessor, edge.successor);
}

void RunObserver::on_arguments(PTO2TaskId task, std::span<const ChipTensor> tensors, uint64_t begin, uint64_t end,
                               const DispatchPredicate* predicate) {
  if (races_ == nullptr) return;
  races_->add_arguments(task, tensors, {begin, end});
  if (predicate == nullptr) return;
  const check::ByteRange element{predicate->addr, predicate->addr + predicate->elem_size};
  races_->touch(task, {&element, 1}, false, false, check::Races::kPredicate);
}

void RunObserver::on_host_access(uint64_t address, uint64_t bytes, bool write, std::span<const PTO2TaskId> after,
                                 std::span<const PTO2TaskId> pending) {
  if (races_ != nullptr) races_->add_host_access({address, address + bytes}, write, after, pending, stack_of_orchestration());
}

}  // namespace tilewright
