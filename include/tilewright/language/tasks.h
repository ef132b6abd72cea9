// Part of tilewright/language.h: tasks and scopes.
#pragma once

#include <concepts>
#include <utility>

#include "tilewright/language/values.h"

namespace tilewright {

namespace detail {

template <typename Self>
TaskValue Methods<TasksKind, Self>::operator[](IndexArg index) const {
  twb_builder* b = at(index.where());
  const twb_value tasks = TasksArg(static_cast<const Self&>(*this), index.where()).read(b);
  return TaskValue(twb_get_task(b, tasks, index.read(b)));
}

/// One task to wait for, or an array of them.
class Dependency {
 public:
  Dependency(const TaskValue& task, Where where = Where::current()) : argument_(task.value(), false, where) {}
  Dependency(const TaskId& task, Where where = Where::current()) : argument_(task.slot(), true, where) {}
  Dependency(const TasksValue& tasks, Where where = Where::current()) : argument_(tasks.value(), false, where) {}
  Dependency(const TaskIds& tasks, Where where = Where::current()) : argument_(tasks.slot(), true, where) {}
  twb_value read(twb_builder* b) const { return argument_.read(b); }

 private:
  ArgumentBase<TaskKind> argument_;
};

inline List<twb_value> read_all(twb_builder* b, const auto& list) {
  List<twb_value> values;
  for (const auto& item : list) values.push_back(item.read(b));
  return values;
}

}  // namespace detail

/// Runs a task only if an element of a tensor of integers, read when the task becomes ready, compares so with a number.
struct When {
  detail::List<TensorArg> tensor;  ///< one
  Indices indices;
  twb_compare relation;
  int64_t target;
};
inline When when(TensorArg tensor, Indices indices, twb_compare relation, int64_t target) { return {{tensor}, indices, relation, target}; }

struct TaskOptions {
  const char* name = nullptr;
  detail::List<detail::Dependency> after = {};  ///< besides what the runtime finds
  detail::List<TensorArg> no_dep = {};  ///< tensors that the runtime does not look at
  detail::List<IndexArg> blocks = {};  ///< one number: an SPMD task
  bool sync_start = false;  ///< all blocks start together
  detail::List<When> only = {};  ///< one predicate
  bool early_resolve = false;
};

namespace detail {

/// The options as the builder takes them, for the length of one call.
class ReadTask {
 public:
  ReadTask(twb_builder* b, const TaskOptions& options) : after_(read_all(b, options.after)), no_dep_(read_all(b, options.no_dep)) {
    task_ = {};
    task_.name = options.name;
    task_.after = after_.data();
    task_.after_count = after_.size();
    task_.no_dep = no_dep_.data();
    task_.no_dep_count = no_dep_.size();
    if (options.blocks.size() > 1 || options.only.size() > 1) twb_error(b, "a task has one number of blocks and one predicate");
    if (!options.blocks.empty()) task_.blocks = options.blocks[0].read(b);
    if (!options.only.empty()) {
      const When& when = options.only[0];
      task_.tested = when.tensor[0].read(b);
      indices_ = when.indices.read(b);
      task_.tested_indices = indices_.data();
      task_.tested_count = indices_.size();
      task_.relation = when.relation;
      task_.target = when.target;
    }
    task_.sync_start = options.sync_start;
    task_.early_resolve = options.early_resolve;
  }
  ReadTask(const ReadTask&) = delete;
  ReadTask& operator=(const ReadTask&) = delete;
  const twb_task* get() const { return &task_; }

 private:
  List<twb_value> after_, no_dep_, indices_;
  twb_task task_;
};

}  // namespace detail

/// A task of what `body` records.
template <std::invocable<> Body>
TaskValue at(const TaskOptions& options, Body&& body, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  {
    const detail::ReadTask task(b, options);
    twb_begin_at(b, task.get());
  }
  body();
  return TaskValue(twb_end_at(detail::at(where)));
}
template <std::invocable<> Body>
TaskValue at(Body&& body, Where where = Where::current()) {
  return at(TaskOptions(), std::forward<Body>(body), where);
}
/// A task of so many blocks; the body is given the block's number.
template <std::invocable<IndexValue> Body>
TaskValue spmd(IndexArg blocks, TaskOptions options, Body&& body) {
  options.blocks = {blocks};
  return at(options, [&] { body(IndexValue(twb_query(detail::at(blocks.where()), "block_index"))); }, blocks.where());
}
template <std::invocable<IndexValue> Body>
TaskValue spmd(IndexArg blocks, Body&& body) {
  return spmd(blocks, TaskOptions(), std::forward<Body>(body));
}
/// A task that does nothing, complete when all these are.
inline TaskValue dummy(detail::List<detail::Dependency> after, Where where = Where::current()) {
  twb_builder* b = detail::at(where);
  const detail::List<twb_value> tasks = detail::read_all(b, after);
  return TaskValue(twb_dummy(b, tasks.data(), tasks.size()));
}
inline TaskValue no_task(Where where = Where::current()) { return TaskValue(twb_no_task(detail::at(where))); }
inline TasksValue no_tasks(int64_t count, Where where = Where::current()) { return TasksValue(twb_no_tasks(detail::at(where), count)); }
inline ConditionValue is_task(TaskArg task) {
  twb_builder* b = detail::at(task.where());
  return ConditionValue(twb_is_task(b, task.read(b)));
}
/// The array with this task at an index.
inline TasksValue set_task(TasksArg tasks, IndexArg index, TaskArg task) {
  twb_builder* b = detail::at(tasks.where());
  const twb_value into = tasks.read(b), position = index.read(b);
  return TasksValue(twb_set_task(b, task.read(b), into, position));
}
template <std::invocable<> Body>
void scope(Body&& body, Where where = Where::current()) {
  twb_begin_scope(detail::at(where), 0);
  body();
  twb_end_scope(detail::at(where));
}
/// A scope in which tasks are ordered by `after` alone.
template <std::invocable<> Body>
void manual_scope(Body&& body, Where where = Where::current()) {
  twb_begin_scope(detail::at(where), 1);
  body();
  twb_end_scope(detail::at(where));
}
inline IndexValue block_count(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "block_count")); }
inline IndexValue subblock_index(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "subblock_index")); }
inline IndexValue cluster_count(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "cluster_count")); }
inline IndexValue aiv_count(Where where = Where::current()) { return IndexValue(twb_query(detail::at(where), "aiv_count")); }

}  // namespace tilewright
