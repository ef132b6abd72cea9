// Programs of tests: written, printed, made into what the validator executes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/plan/planner.h"
#include "compiler/plan/validator.h"

namespace tilewright::plan {

/// Writes a program down in the order in which it is executed.
class Writer {
 public:
  Writer() { regions_.push_back(&program.body); }

  int memory(int64_t bytes, int64_t alignment = 32) {
    program.memories.push_back({"memory " + std::to_string(program.memories.size()), bytes, alignment});
    return static_cast<int>(program.memories.size()) - 1;
  }
  int buffer(int memory, int64_t bytes, std::vector<int> onto = {}) {
    program.buffers.push_back({memory, bytes, std::move(onto)});
    return static_cast<int>(program.buffers.size()) - 1;
  }
  int tensor() { return buffer(Buffer::kDevice, 1); }
  int instruction(Pipe pipe, std::vector<Access> accesses) {
    const int number = static_cast<int>(program.instructions.size());
    program.instructions.push_back({pipe, std::move(accesses)});
    regions_.back()->push_back(instruction_node(number));
    return number;
  }
  int reads_writes(Pipe pipe, const std::vector<int>& reads, const std::vector<int>& writes) {
    std::vector<Access> accesses;
    for (const int read : reads) accesses.push_back({read, Use::kRead});
    for (const int write : writes) accesses.push_back({write, Use::kWrite});
    return instruction(pipe, std::move(accesses));
  }

  template <typename Body>
  void loop(const Body& body, int64_t min = 0, int64_t max = Node::kUnbounded) {
    Node node;
    node.kind = Node::Kind::kLoop;
    node.min_trips = min;
    node.max_trips = max;
    within(node.first, body);
    regions_.back()->push_back(std::move(node));
  }
  template <typename First, typename Second>
  void two(Node::Kind kind, const First& first, const Second& second) {
    Node node;
    node.kind = kind;
    within(node.first, first);
    within(node.second, second);
    regions_.back()->push_back(std::move(node));
  }

  Program program;

 private:
  template <typename Body>
  void within(Region& region, const Body& body) {
    regions_.push_back(&region);
    body();
    regions_.pop_back();
  }
  std::vector<Region*> regions_;
};

std::string text(const Program& program);
std::string text(const Program& program, const Plan& plan);
std::string text(const std::vector<PlanFault>& faults);

/// The program with its addresses and flags. Slots are buffers; instructions have their numbers as ids.
Listing listing_of(const Program& program, const Plan& plan);

}  // namespace tilewright::plan
