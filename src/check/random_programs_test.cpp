// Random programs over the pipes of two cores, against a model that knows nothing of clocks: it closes "happened before" over all
// pairs of instructions and looks at every pair of accesses to every byte.
#include <algorithm>
#include <bitset>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "check/check_test_support.h"
#include "isa/hook.h"
#include "pto/pto-inst.hpp"

namespace tilewright::check_test {
namespace {

constexpr size_t kLongest = 40;

// Instruction number n of a program is issued from a line of its own, by which reports name it.
#define ISSUE(n) \
  [[gnu::noinline]] void issue_##n(const PtoInstruction& instruction) { sim_table()->execute(&instruction); }
// clang-format off
constexpr int kFirstLine = __LINE__ + 1;
ISSUE(0)
ISSUE(1)
ISSUE(2)
ISSUE(3)
ISSUE(4)
ISSUE(5)
ISSUE(6)
ISSUE(7)
ISSUE(8)
ISSUE(9)
ISSUE(10)
ISSUE(11)
ISSUE(12)
ISSUE(13)
ISSUE(14)
ISSUE(15)
ISSUE(16)
ISSUE(17)
ISSUE(18)
ISSUE(19)
ISSUE(20)
ISSUE(21)
ISSUE(22)
ISSUE(23)
ISSUE(24)
ISSUE(25)
ISSUE(26)
ISSUE(27)
ISSUE(28)
ISSUE(29)
ISSUE(30)
ISSUE(31)
ISSUE(32)
ISSUE(33)
ISSUE(34)
ISSUE(35)
ISSUE(36)
ISSUE(37)
ISSUE(38)
ISSUE(39)
// clang-format on
#undef ISSUE
constexpr void (*kIssue[])(const PtoInstruction&) = {
    issue_0,  issue_1,  issue_2,  issue_3,  issue_4,  issue_5,  issue_6,  issue_7,  issue_8,  issue_9,
    issue_10, issue_11, issue_12, issue_13, issue_14, issue_15, issue_16, issue_17, issue_18, issue_19,
    issue_20, issue_21, issue_22, issue_23, issue_24, issue_25, issue_26, issue_27, issue_28, issue_29,
    issue_30, issue_31, issue_32, issue_33, issue_34, issue_35, issue_36, issue_37, issue_38, issue_39,
};

enum class Act : uint8_t { kLoad, kStore, kSetFlag, kWaitFlag, kBarrier, kSetCross, kWaitCross };

/// One instruction. Which pipe an instruction runs on is as random as the rest: the checker believes what it is told.
struct Instruction {
  Act act;
  int core;
  int pipe;         ///< of flags: the source
  int other = 0;    ///< of flags: the destination
  int id = 0;       ///< of flags
  int rows = 0, cols = 0, on_chip = 0, device = 0, pitch = 0;  ///< of accesses, bytes
};
using Program = std::vector<Instruction>;

constexpr int kPipeList[] = {PIPE_S, PIPE_V, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_M, PIPE_FIX};
constexpr int kTileCols = 64;
constexpr size_t kDeviceBytes = 1024;

bool is_access(const Instruction& i) { return i.act == Act::kLoad || i.act == Act::kStore; }

std::string text_of(const Program& program) {
  constexpr const char* kNames[] = {"load", "store", "set_flag", "wait_flag", "barrier", "set_cross", "wait_cross"};
  std::string text;
  for (size_t n = 0; n < program.size(); ++n) {
    const Instruction& i = program[n];
    text += "  " + std::to_string(n) + ": core " + std::to_string(i.core) + " pipe " + std::to_string(i.pipe) + " " +
            kNames[static_cast<int>(i.act)] + " to " + std::to_string(i.other) + " id " + std::to_string(i.id) + ", " +
            std::to_string(i.rows) + "x" + std::to_string(i.cols) + " chip " + std::to_string(i.on_chip) + " device " +
            std::to_string(i.device) + " pitch " + std::to_string(i.pitch) + "\n";
  }
  return text;
}

Program random_program(std::mt19937& random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const auto pipe = [&] { return kPipeList[pick(0, 6)]; };
  Program program;
  std::vector<Instruction> set;  // flags that nothing has waited for: most waits are for one of them
  const int length = pick(2, kLongest), few_pipes = pick(0, 1);
  for (int n = 0; n < length; ++n) {
    Instruction i{};
    i.core = pick(0, 1);
    i.pipe = few_pipes != 0 ? kPipeList[pick(1, 3)] : pipe();
    const int what = pick(0, 19);
    if (what < 8) {
      i.act = what % 2 == 0 ? Act::kLoad : Act::kStore;
      i.rows = pick(1, 3);
      i.cols = pick(1, 40);
      i.on_chip = 32 * pick(0, 8);
      i.pitch = pick(i.cols, 64);
      i.device = pick(0, 300);
    } else if (what == 8 && pick(0, 3) == 0) {
      i.act = Act::kBarrier;
    } else if (what < 15) {
      i.act = what % 2 == 0 ? Act::kSetFlag : Act::kWaitFlag;
      i.other = few_pipes != 0 ? kPipeList[pick(1, 3)] : pipe();
      i.id = pick(0, 1);
    } else {
      i.act = what % 2 == 0 ? Act::kSetCross : Act::kWaitCross;
      i.id = pick(0, 1);
    }
    const bool waits = i.act == Act::kWaitFlag || i.act == Act::kWaitCross;
    if (waits && !set.empty() && pick(0, 9) != 0) {
      const size_t which = static_cast<size_t>(pick(0, static_cast<int>(set.size()) - 1));
      const Instruction flag = set[which];
      set.erase(set.begin() + static_cast<ptrdiff_t>(which));
      const bool cross = flag.act == Act::kSetCross;
      i = {cross ? Act::kWaitCross : Act::kWaitFlag, cross ? 1 - flag.core : flag.core, cross ? i.pipe : flag.pipe, flag.other, flag.id};
    }
    if (i.act == Act::kSetFlag || i.act == Act::kSetCross) set.push_back(i);
    program.push_back(i);
  }
  return program;
}

/// Waits for flags between cores that nobody has set would not return: they are left out.
Program without_endless_waits(const Program& program) {
  std::map<std::pair<int, int>, int> set;  // by receiver and id
  Program kept;
  for (const Instruction& i : program) {
    if (i.act == Act::kSetCross) ++set[{1 - i.core, i.id}];
    if (i.act == Act::kWaitCross && --set[{i.core, i.id}] < 0) {
      set[{i.core, i.id}] = 0;
      continue;
    }
    kept.push_back(i);
  }
  return kept;
}

// ---- the model ------------------------------------------------------------------------------------------

struct Model {
  std::set<std::pair<size_t, size_t>> races;
  /// By byte: the first instruction with a race there.
  std::map<std::tuple<int, int64_t>, size_t> first_race;  ///< memory (core, or 2 for the device), byte
  std::set<std::pair<std::string, size_t>> flag_faults;
};

void for_each_byte(const Instruction& i, const std::function<void(int memory, int64_t byte, bool write)>& visit) {
  for (int r = 0; r < i.rows; ++r) {
    for (int c = 0; c < i.cols; ++c) {
      visit(i.core, i.on_chip + r * kTileCols + c, i.act == Act::kLoad);
      visit(2, i.device + r * i.pitch + c, i.act == Act::kStore);
    }
  }
}

Model model_of(const Program& program) {
  const size_t n = program.size();
  std::vector<std::bitset<kLongest>> before(n);  // before[j][i]: i happened before j
  /// The pipe that an instruction is given to.
  const auto pipe_of = [](const Instruction& i) { return i.act == Act::kWaitFlag ? i.other : i.pipe; };
  const auto barrier = [](const Instruction& i) { return i.act == Act::kBarrier; };
  Model model;
  std::map<std::tuple<int, int, int, int>, std::pair<bool, size_t>> flags;
  std::map<std::pair<int, int>, std::vector<size_t>> cross;
  for (size_t j = 0; j < n; ++j) {
    const Instruction& b = program[j];
    for (size_t i = 0; i < j; ++i) {
      const Instruction& a = program[i];
      if (a.core != b.core) continue;
      before[j][i] = before[j][i] || barrier(a) || barrier(b) || pipe_of(a) == pipe_of(b) || pipe_of(a) == PIPE_S;
    }
    auto& flag = flags[{b.core, b.pipe, b.other, b.id}];
    if (b.act == Act::kSetFlag) {
      if (flag.first) model.flag_faults.insert({"flag-set-twice", j});
      flag = {true, j};
    } else if (b.act == Act::kWaitFlag) {
      if (!flag.first) model.flag_faults.insert({"wait-without-set", j});
      if (flag.first) before[j][flag.second] = true;
      flag.first = false;
    } else if (b.act == Act::kSetCross) {
      cross[{1 - b.core, b.id}].push_back(j);
    } else if (b.act == Act::kWaitCross) {
      auto& set = cross[{b.core, b.id}];
      before[j][set.front()] = true;
      set.erase(set.begin());
    }
    for (size_t i = 0; i < j; ++i) {
      if (before[j][i]) before[j] |= before[i];
    }
  }
  for (const auto& [key, flag] : flags) {
    if (flag.first) model.flag_faults.insert({"flag-left-set", flag.second});
  }
  for (const auto& [key, set] : cross) {
    if (!set.empty()) model.flag_faults.insert({"flag-left-set", set.front()});
  }
  std::map<std::tuple<int, int64_t>, std::vector<std::pair<size_t, bool>>> touched;
  for (size_t j = 0; j < n; ++j) {
    if (!is_access(program[j])) continue;
    for_each_byte(program[j], [&](int memory, int64_t byte, bool write) {
      auto& accesses = touched[{memory, byte}];
      for (const auto& [i, earlier_writes] : accesses) {
        if (!(write || earlier_writes) || before[j][i] || i == j) continue;
        if (program[i].core == program[j].core && pipe_of(program[i]) == pipe_of(program[j])) continue;
        model.races.insert({i, j});
        model.first_race.try_emplace({memory, byte}, j);
      }
      accesses.emplace_back(j, write);
    });
  }
  return model;
}

// ---- the checker ----------------------------------------------------------------------------------------

struct Found {
  std::set<std::pair<size_t, size_t>> races;
  std::set<std::pair<std::string, size_t>> flag_faults;
};

size_t number_of(const CheckedInstruction& instruction) {
  return static_cast<size_t>(std::stoi(instruction.place.substr(instruction.place.rfind(':') + 1)) - kFirstLine);
}

Found check_program(const Program& program) {
  const CoreArch& arch = isa_test::compiled_arch();
  static CoreMemory memories[2] = {CoreMemory(arch), CoreMemory(arch)};
  static std::vector<uint8_t> device(kDeviceBytes);
  isa_test::ThrowingHost host;
  LaunchSlot launch;
  CoreContext cores[2];
  Checker checker({.limit = 100000});
  for (int c = 0; c < 2; ++c) {
    cores[c] = {.kind = c == 0 ? CoreKind::kAic : CoreKind::kAiv, .arch = &arch, .memory = &memories[c], .host = &host};
    cores[c].launch = &launch;
    cores[c].lane = c == 0 ? kLaneAic : kLaneAiv0;
    cores[c].lanes = 1 << kLaneAic | 1 << kLaneAiv0;
    checker.begin_kernel(cores[c], {.kernel = "random"});
  }
  constexpr PtoTileType kTile{kPtoU8, 1, static_cast<uint8_t>(pto::TileType::Vec), kPtoNd, 4, kTileCols, 1, 1, 0};
  constexpr PtoGlobalType kGlobal{kPtoU8, 1, static_cast<uint8_t>(pto::Layout::ND)};
  for (size_t n = 0; n < program.size(); ++n) {
    const Instruction& i = program[n];
    CoreContext& core = cores[i.core];
    set_current_core(&core);
    PtoInstruction instruction{};
    instruction.pipe = static_cast<uint8_t>(i.pipe);
    const int64_t shape[] = {1, 1, 1, i.rows, i.cols}, stride[] = {0, 0, 0, i.pitch, 1};
    const auto act = [&](pto::Op op) { instruction.op = static_cast<uint16_t>(op); };
    switch (i.act) {
      case Act::kLoad:
      case Act::kStore: {
        const PtoOperand tile{&kTile, nullptr, nullptr, nullptr, core.memory->base(0) + i.on_chip, i.rows, i.cols};
        const PtoOperand global{nullptr, &kGlobal, shape, stride, device.data() + i.device, 0, 0};
        act(i.act == Act::kLoad ? pto::Op::TLOAD : pto::Op::TSTORE_VEC);
        instruction.operand_count = 2;
        instruction.operands[0] = i.act == Act::kLoad ? tile : global;
        instruction.operands[1] = i.act == Act::kLoad ? global : tile;
        break;
      }
      case Act::kSetFlag:
      case Act::kWaitFlag:
        act(i.act == Act::kSetFlag ? pto::Op::SET_FLAG : pto::Op::WAIT_FLAG);
        instruction.pipe = static_cast<uint8_t>(i.act == Act::kSetFlag ? i.pipe : i.other);
        instruction.attributes.index[0] = i.pipe;
        instruction.attributes.index[1] = i.other;
        instruction.attributes.scalar = static_cast<uint64_t>(i.id);
        break;
      case Act::kBarrier:
        act(pto::Op::PIPE_BARRIER);
        instruction.pipe = PIPE_ALL;
        break;
      case Act::kSetCross:
      case Act::kWaitCross:
        act(i.act == Act::kSetCross ? pto::Op::SET_INTRA_BLOCK : pto::Op::WAIT_INTRA_BLOCK);
        instruction.attributes.scalar = static_cast<uint64_t>(i.id);
        break;
    }
    kIssue[n](instruction);
  }
  for (CoreContext& core : cores) checker.end_kernel(core);
  set_current_core(nullptr);
  Found found;
  for (const CheckFault& fault : checker.report().faults) {
    if (fault.kind == "never-written") continue;
    if (fault.kind == "unordered") {
      found.races.insert({number_of(fault.first), number_of(fault.second)});
    } else {
      found.flag_faults.insert({fault.kind, number_of(fault.second)});
    }
  }
  return found;
}

/// What is wrong with the checker's findings; empty if nothing is.
std::string difference(const Program& program) {
  const Model model = model_of(program);
  const Found found = check_program(program);
  for (const auto& [i, j] : found.races) {
    if (!model.races.contains({i, j})) return std::to_string(i) + " and " + std::to_string(j) + " are ordered or apart, and were reported";
  }
  for (const auto& [place, j] : model.first_race) {
    const auto reported = std::find_if(found.races.begin(), found.races.end(), [&, j = j](const auto& race) { return race.second == j; });
    if (reported == found.races.end()) return "the race of " + std::to_string(j) + " was missed";
  }
  if (found.flag_faults != model.flag_faults) {
    std::string text = "flags: the model has";
    for (const auto& [kind, n] : model.flag_faults) text += " " + kind + " " + std::to_string(n);
    text += ", the checker";
    for (const auto& [kind, n] : found.flag_faults) text += " " + kind + " " + std::to_string(n);
    return text;
  }
  return {};
}

/// The program without every instruction that the difference does not need.
Program shrunk(Program program) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (size_t n = 0; n < program.size(); ++n) {
      Program shorter = program;
      shorter.erase(shorter.begin() + static_cast<ptrdiff_t>(n));
      shorter = without_endless_waits(shorter);
      if (difference(shorter).empty()) continue;
      program = shorter;
      smaller = true;
      break;
    }
  }
  return program;
}

TEST(RandomPrograms, AgreeWithAModelOfAllPairs) {
  const char* const given = std::getenv("TW_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  std::mt19937 random(seed);
  size_t racy = 0, flagged = 0;
  for (int round = 0; round < 150; ++round) {
    const Program program = without_endless_waits(random_program(random));
    const Model model = model_of(program);
    racy += !model.races.empty();
    flagged += !model.flag_faults.empty();
    if (difference(program).empty()) continue;
    const Program small = shrunk(program);
    FAIL() << "TW_TEST_SEED=" << seed << ", round " << round << ": " << difference(small) << "\n" << text_of(small);
  }
  EXPECT_GT(racy, 15u) << "seed " << seed;
  EXPECT_LT(racy, 150u) << "seed " << seed;
  EXPECT_GT(flagged, 40u) << "seed " << seed;
}

}  // namespace
}  // namespace tilewright::check_test
