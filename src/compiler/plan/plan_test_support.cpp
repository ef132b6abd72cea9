#include "compiler/plan/plan_test_support.h"

#include <functional>

#include <fmt/format.h>

namespace tilewright::plan {
namespace {

size_t index(int i) { return static_cast<size_t>(i); }

std::string instruction_text(const Program& program, int number) {
  constexpr const char* kUses[] = {"reads", "writes", "updates"};
  const Instruction& instruction = program.instructions[index(number)];
  std::string line = fmt::format("{}: {}", number, pipe_name(instruction.pipe));
  for (const Access& access : instruction.accesses) line += fmt::format(" {} {}", kUses[static_cast<size_t>(access.use)], access.buffer);
  return line + "\n";
}

void put(const Program& program, const Region& region, const std::string& indent, std::string& out) {
  for (const Node& node : region) {
    switch (node.kind) {
      case Node::Kind::kInstruction: out += indent + instruction_text(program, node.instruction); continue;
      case Node::Kind::kLoop: out += fmt::format("{}loop {} to {}\n", indent, node.min_trips, node.max_trips); break;
      case Node::Kind::kWhile: out += indent + "while\n"; break;
      case Node::Kind::kBranch: out += indent + "branch\n"; break;
    }
    put(program, node.first, indent + "  ", out);
    if (node.kind == Node::Kind::kLoop) continue;
    out += indent + "and\n";
    put(program, node.second, indent + "  ", out);
  }
}

class Lister {
 public:
  Lister(const Program& program, const Plan& plan) : program_(program), plan_(plan), structure_(program), steps_(structure_, plan.flags) {}

  Listing region(int number) const {
    Listing listing;
    const auto& nodes = *structure_.regions()[index(number)].nodes;
    for (int child = 0; child < static_cast<int>(nodes.size()); ++child) {
      flags(steps_.before[index(number)][index(child)], listing);
      listing.push_back(node({number, child}));
      flags(steps_.after[index(number)][index(child)], listing);
    }
    flags(steps_.before[index(number)].back(), listing);
    return listing;
  }

 private:
  Listed node(Place place) const {
    const Node& node = structure_.node(place);
    if (node.kind == Node::Kind::kInstruction) return instruction(node.instruction);
    Listed listed;
    listed.kind = node.kind == Node::Kind::kLoop    ? Listed::Kind::kLoop
                  : node.kind == Node::Kind::kWhile ? Listed::Kind::kWhile
                                                    : Listed::Kind::kBranch;
    listed.min_trips = node.min_trips;
    listed.max_trips = node.max_trips;
    listed.first = region(structure_.inner(place, 0));
    if (structure_.inner(place, 1) >= 0) listed.second = region(structure_.inner(place, 1));
    return listed;
  }

  Listed instruction(int number) const {
    const Instruction& instruction = program_.instructions[index(number)];
    Listed listed;
    listed.id = number;
    listed.kind = instruction.pipe == Pipe::kNone ? Listed::Kind::kDefine : Listed::Kind::kInstruction;
    listed.pipe = static_cast<int>(instruction.pipe);
    for (const bool write : {false, true}) {
      for (const plan::Access& access : instruction.accesses) {
        if (write ? access.use == Use::kRead : access.use == Use::kWrite) continue;
        const Buffer& buffer = program_.buffers[index(access.buffer)];
        const bool device = buffer.memory == Buffer::kDevice;
        const int64_t begin = device ? access.buffer : plan_.addresses[index(access.buffer)];
        listed.accesses.push_back({buffer.memory, begin, begin + buffer.bytes, device ? -1 : access.buffer, write});
      }
    }
    return listed;
  }

  void flags(const std::vector<FlagStep>& steps, Listing& listing) const {
    for (const FlagStep& step : steps) {
      const Flag& flag = plan_.flags[index(step.flag)];
      Listed listed;
      listed.kind = step.set ? Listed::Kind::kSetFlag : Listed::Kind::kWaitFlag;
      listed.pipe = static_cast<int>(flag.from);
      listed.to_pipe = static_cast<int>(flag.to);
      listed.event = flag.event;
      listing.push_back(std::move(listed));
    }
  }

  const Program& program_;
  const Plan& plan_;
  const Structure structure_;
  const FlagSteps steps_;
};

void put(const Listing& listing, const std::string& indent, std::string& out) {
  for (const Listed& listed : listing) {
    switch (listed.kind) {
      case Listed::Kind::kSetFlag:
      case Listed::Kind::kWaitFlag:
        out += fmt::format("{}{} {} to {} {}\n", indent, listed.kind == Listed::Kind::kSetFlag ? "set" : "wait",
                           pipe_name(static_cast<Pipe>(listed.pipe)), pipe_name(static_cast<Pipe>(listed.to_pipe)), listed.event);
        break;
      case Listed::Kind::kInstruction:
      case Listed::Kind::kDefine:
        out += fmt::format("{}{}: {}", indent, listed.id,
                           listed.kind == Listed::Kind::kDefine ? "none" : pipe_name(static_cast<Pipe>(listed.pipe)));
        for (const Listed::Access& access : listed.accesses) {
          out += fmt::format(" {} {}:{}-{}", access.write ? "writes" : "reads", access.memory, access.begin, access.end);
        }
        out += "\n";
        break;
      case Listed::Kind::kAssign:
      case Listed::Kind::kBarrier: break;
      case Listed::Kind::kLoop:
      case Listed::Kind::kWhile:
      case Listed::Kind::kBranch:
        out += indent + (listed.kind == Listed::Kind::kLoop ? "loop\n" : listed.kind == Listed::Kind::kWhile ? "while\n" : "branch\n");
        put(listed.first, indent + "  ", out);
        if (listed.kind == Listed::Kind::kLoop) break;
        out += indent + "and\n";
        put(listed.second, indent + "  ", out);
        break;
    }
  }
}

}  // namespace

std::string text(const Program& program) {
  std::string out;
  for (size_t i = 0; i < program.memories.size(); ++i) out += fmt::format("memory {}: {} bytes\n", i, program.memories[i].bytes);
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    out += fmt::format("buffer {}: {} bytes in {}", i, program.buffers[i].bytes, program.buffers[i].memory);
    for (const int onto : program.buffers[i].onto) out += fmt::format(" onto {}", onto);
    out += "\n";
  }
  put(program, program.body, "", out);
  return out;
}

std::string text(const Program& program, const Plan& plan) {
  std::string out;
  put(listing_of(program, plan), "", out);
  return out;
}

std::string text(const std::vector<PlanFault>& faults) {
  std::string out;
  for (const PlanFault& fault : faults) out += fmt::format("{} and {}: {}\n", fault.first, fault.second, fault.text);
  return out;
}

Listing listing_of(const Program& program, const Plan& plan) { return Lister(program, plan).region(0); }

}  // namespace tilewright::plan
