#include "generate.h"

#include <cstddef>
#include <random>

namespace tilewright::oracle {

namespace {

/// What choice[0] of a kFor is for each form.
uint32_t choice_of(LoopForm form) {
  constexpr LoopForm kForms[] = {LoopForm::kStatic,   LoopForm::kDynamic,    LoopForm::kDescending, LoopForm::kParallel,
                                 LoopForm::kUnrolled, LoopForm::kSingleTurn, LoopForm::kZeroTurns};
  for (uint32_t i = 0; i < std::size(kForms); ++i) {
    if (kForms[i] == form) return i;
  }
  return 0;
}

constexpr uint64_t kPlainEach = 3;  ///< of so many programs one is plain

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed * 0x9e3779b97f4a7c15ULL + 1) {
    program_.seed = seed;
    plain_ = seed % kPlainEach == 0;
    goal_ = all_cells()[(seed - seed / kPlainEach) % all_cells().size()];
  }

  Program make() {
    makes_own_ = goal_.alias == AliasForm::kCreated || goal_.alias == AliasForm::kCarried || goal_.op == Op::kUntracked ||
                 goal_.op == Op::kManual || goal_.op == Op::kNoDep || goal_.loop == LoopForm::kParallel;
    integers_ = goal_.op == Op::kPredicate || ((goal_.op == Op::kHostRead || goal_.op == Op::kHostWrite) && chance(2));
    constexpr int kSizes[] = {4, 8, 8, 16};
    program_.rows = kSizes[between(0, 3)];
    program_.columns = kSizes[between(1, 3)];
    if (plain_) goal_ = {Op::kRead, LoopForm::kStraight, AliasForm::kWhole};
    program_.whole = plain_ || (!chance(4) && goal_.op != Op::kPartial);
    copied_ = plain_ && !chance(4);
    program_.names_manual_tasks = chance(2);
    if (by_rows()) program_.rows = program_.columns = 16;
    if (goal_.op == Op::kMixed) program_.rows = program_.columns = chance(2) ? 8 : 16;
    parameters();
    left_ = between(3, 14);
    for (int count = between(0, 2); count > 0; --count) program_.body.push_back(statement(Kind::kCreate));
    std::vector<Statement> rest = block(0);
    const auto place = static_cast<ptrdiff_t>(between(0, static_cast<int>(rest.size())));
    const std::vector<Statement> goal = with_goal();
    rest.insert(rest.begin() + place, goal.begin(), goal.end());
    program_.body.insert(program_.body.end(), rest.begin(), rest.end());
    // Somebody sees what was done last.
    if (chance(2)) program_.body.push_back(task());
    return std::move(program_);
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int of) { return between(1, of) == 1; }

  Statement statement(Kind kind) {
    Statement made;
    made.kind = kind;
    for (uint32_t& choice : made.choice) choice = static_cast<uint32_t>(between(0, 9999));
    if (plain_) make_plain(made);
    return made;
  }

  /// Leaves out what no compiler can know exactly: tensors that branches and loops choose, memory that may be shared, products of
  /// numbers; and where loops are copied those that are not.
  void make_plain(Statement& s) {
    auto& c = s.choice;
    constexpr LoopForm kCopied[] = {LoopForm::kUnrolled, LoopForm::kUnrolled, LoopForm::kSingleTurn, LoopForm::kZeroTurns};
    switch (s.kind) {
      case Kind::kTensor: c[5] = 0; break;
      case Kind::kCalculate: c[0] %= 5; break;
      case Kind::kFor:
      case Kind::kWhile:
        if (copied_) s.kind = Kind::kFor;
        if (copied_) c[0] = choice_of(kCopied[c[0] % 4]);
        if (c[4] % 4 == 1) c[4] = 2;
        break;
      case Kind::kIf:
        if (c[1] % 4 == 1) c[1] = 2;
        break;
      case Kind::kAccess: c[0] %= 3; [[fallthrough]];
      case Kind::kView:
      case Kind::kHostRead:
      case Kind::kHostWrite:
      case Kind::kAssemble: c[1] = c[1] % (kAliasForms - 1) % static_cast<uint32_t>(AliasForm::kBranchResult); break;
      case Kind::kTask:
        if (c[4] % (kAliasForms - 1) >= static_cast<uint32_t>(AliasForm::kBranchResult)) c[4] = 0;
        break;
      default: break;
    }
  }

  Statement parameter(uint32_t type, uint32_t direction, uint32_t role, uint32_t shared) {
    Statement made = statement(Kind::kTensor);
    made.choice[0] = type;
    made.choice[3] = direction;
    made.choice[4] = role;
    made.choice[5] = shared;
    if (chance(2)) made.choice[2] = 0;
    return made;
  }

  void parameters() {
    constexpr uint32_t kReal = 0, kInteger = 3, kIn = 1, kInOut = 0, kOpen = 0, kTasks = 3, kUser = 4, kUnmarked = 0, kShares = 2,
                       kMarked = 3;
    std::vector<Statement>& made = program_.parameters;
    made.push_back(parameter(kReal, kInOut, kOpen, kUnmarked));
    made.push_back(parameter(kReal, chance(2) ? 2 : kInOut, kOpen, kUnmarked));
    for (Statement& each : made) each.choice[1] = 0;
    if (chance(2)) made.push_back(parameter(kReal, kIn, kOpen, kUnmarked));
    made.push_back(parameter(kInteger, chance(3) ? kIn : kInOut, kOpen, kUnmarked));
    const bool named = goal_.op == Op::kManual || goal_.op == Op::kNoDep;
    const bool aliases = goal_.alias == AliasForm::kMayAlias;
    if (chance(3) || named) {
      for (int count = 2; count > 0; --count) {
        made.push_back(parameter(kReal, kInOut, goal_.op == Op::kManual || chance(2) ? kTasks : kUser, kUnmarked));
        if (goal_.op == Op::kNoDep) made.back().choice[4] = kUser;
        made.back().choice[1] = 0;
      }
    }
    if (aliases || (!plain_ && chance(4))) {
      const uint32_t role = goal_.op == Op::kManual ? kTasks : goal_.op == Op::kNoDep ? kUser : kOpen;
      const uint32_t type = integers_ ? kInteger : kReal;
      const uint32_t direction = goal_.loop == LoopForm::kParallel && named ? kIn : kInOut;
      made.push_back(parameter(type, direction, role, kMarked));
      made.back().choice[1] = integers_ ? 1 : 0;
      if (direction == kIn) made.back().choice[6] = 0;
      made.push_back(parameter(type, direction, role, chance(4) ? kMarked : kShares));
      if (direction == kIn) made.back().choice[6] = 0;
    }
    if (goal_.op == Op::kPredicate || goal_.op == Op::kGather || goal_.op == Op::kScatter) {
      for (int count = 2; count > 0; --count) {
        made.push_back(parameter(kInteger, kInOut, kOpen, kUnmarked));
        made.back().choice[1] = 1;
      }
    }
    for (int count = between(0, 2); count > 0; --count) made.push_back(statement(Kind::kTensor));
    for (int count = between(2, 4); count > 0; --count) made.push_back(statement(Kind::kNumber));
  }

  Statement access() {
    Statement made = statement(Kind::kAccess);
    constexpr Mode kLikely[] = {Mode::kRead, Mode::kRead, Mode::kRead, Mode::kWrite, Mode::kWrite, Mode::kReadWrite};
    if (plain_ || !chance(12)) made.choice[0] = static_cast<uint32_t>(kLikely[between(0, 5)]);
    constexpr AliasForm kForms[] = {AliasForm::kWhole, AliasForm::kSlice, AliasForm::kSlice, AliasForm::kSymbolicOffset, AliasForm::kTurn};
    if (chance(2)) made.choice[1] = static_cast<uint32_t>(kForms[between(0, 4)]);
    return made;
  }

  Statement task() {
    --left_;
    Statement made = statement(Kind::kTask);
    if (!chance(6)) made.choice[0] = 0;
    if (!chance(4)) made.choice[1] = 0;
    if (!chance(6)) made.choice[3] = 0;
    for (int count = between(1, 3); count > 0; --count) made.body.push_back(access());
    return made;
  }

  Statement mixed() {
    --left_;
    Statement made = statement(Kind::kMixed);
    if (!chance(4)) made.choice[3] = 0;
    for (int count = between(0, 2); count > 0; --count) made.body.push_back(access());
    return made;
  }

  std::vector<Statement> block(int depth) {
    std::vector<Statement> statements;
    for (int count = between(depth == 0 ? 2 : 1, depth == 0 ? 7 : 3); count > 0 && left_ > 0; --count) {
      const int what = between(0, 99);
      Statement made;
      if (what < 46) {
        made = task();
      } else if (what < 50) {
        made = mixed();
      } else if (what < 68 && depth < 3) {
        made = statement(what < 64 ? Kind::kFor : Kind::kWhile);
        if (chance(2)) made.choice[4] = 0;
        made.body = block(depth + 1);
      } else if (what < 74 && depth < 3) {
        made = statement(Kind::kIf);
        made.body = block(depth + 1);
        if (chance(2)) made.otherwise = block(depth + 1);
      } else if (what < 80 && depth < 3) {
        made = statement(Kind::kScope);
        if (!chance(3)) made.choice[0] = 0;
        if (chance(2)) made.body.push_back(statement(Kind::kCreate));
        const std::vector<Statement> inner = block(depth + 1);
        made.body.insert(made.body.end(), inner.begin(), inner.end());
      } else if (what < 84) {
        made = statement(Kind::kAssemble);
        if (chance(3)) made.body = block(depth + 1);
      } else {
        constexpr Kind kOthers[] = {Kind::kView,     Kind::kView,      Kind::kView,  Kind::kCreate, Kind::kCalculate,
                                    Kind::kHostRead, Kind::kHostWrite, Kind::kDummy, Kind::kArray};
        made = statement(kOthers[between(0, 8)]);
      }
      statements.push_back(std::move(made));
    }
    return statements;
  }

  // ---- the cell that the program is to have

  bool by_rows() const { return goal_.op == Op::kGather || goal_.op == Op::kScatter; }

  /// Choices of views that leave a matrix with rows of many elements, where the operation needs one.
  void keep_matrix(uint32_t* view) const {
    const bool assembles = goal_.op == Op::kAssembleView || goal_.op == Op::kAssembleCopy;
    if (!by_rows() && goal_.op != Op::kMixed && !assembles) return;
    view[0] = goal_.alias == AliasForm::kReshaped ? 1 : 0;
    view[1] = goal_.alias == AliasForm::kSlice || goal_.alias == AliasForm::kSliceOfSlice ? 0 : view[1];
  }

  Statement goal_access(Mode mode) {
    Statement made = access();
    made.choice[0] = static_cast<uint32_t>(mode);
    made.choice[1] = static_cast<uint32_t>(goal_.alias) % (kAliasForms - 1);
    made.choice[6] = 0;
    keep_matrix(&made.choice[3]);
    if (makes_own_) made.choice[2] = 0;
    if (goal_.op == Op::kPartial) made.choice[6] = 2;
    if (goal_.op == Op::kNoDep) made.choice[6] = 1;
    if (goal_.op == Op::kBlocks || goal_.op == Op::kTuple) {
      made.choice[3] = goal_.alias == AliasForm::kSlice || goal_.alias == AliasForm::kSliceOfSlice ? 0 : made.choice[3];
    }
    return made;
  }

  Statement goal_task() {
    Statement made = statement(Kind::kTask);
    made.choice[0] = goal_.op == Op::kBlocks ? 1 : 0;
    made.choice[1] = goal_.op == Op::kUserDependency ? static_cast<uint32_t>(between(1, 2)) : 0;
    made.choice[3] = goal_.op == Op::kPredicate ? 1 : 0;
    if (goal_.op == Op::kPredicate) made.choice[4] = static_cast<uint32_t>(goal_.alias) + 13 * 16 * static_cast<uint32_t>(between(0, 20));
    made.choice[7] = goal_.op == Op::kFireAndForget ? 1 : 0;
    constexpr Mode kModes_[] = {Mode::kRead, Mode::kWrite, Mode::kReadWrite, Mode::kAtomic, Mode::kGather, Mode::kScatter};
    if (goal_.op <= Op::kScatter) {
      made.body.push_back(goal_access(kModes_[static_cast<int>(goal_.op)]));
    } else if (goal_.op == Op::kTuple) {
      made.body = {goal_access(Mode::kWrite), goal_access(Mode::kReadWrite)};
      made.body[0].choice[2] = 0;
      made.body[1].choice[2] = 1;
    } else if (goal_.op != Op::kPredicate) {
      made.body.push_back(goal_access(chance(2) ? Mode::kWrite : Mode::kReadWrite));
      if (chance(2) || goal_.op == Op::kNoDep || goal_.op == Op::kManual) made.body.push_back(goal_access(Mode::kRead));
    }
    return made;
  }

  Statement goal_statement() {
    switch (goal_.op) {
      case Op::kHostRead:
      case Op::kHostWrite: {
        Statement made = statement(goal_.op == Op::kHostRead ? Kind::kHostRead : Kind::kHostWrite);
        made.choice[0] = integers_ ? 0 : 2;
        made.choice[1] = static_cast<uint32_t>(goal_.alias);
        if (makes_own_) made.choice[2] = 0;
        return made;
      }
      case Op::kAssembleView:
      case Op::kAssembleCopy: {
        Statement made = statement(Kind::kAssemble);
        made.choice[0] = goal_.op == Op::kAssembleView ? 0 : 1;
        made.choice[1] = static_cast<uint32_t>(goal_.alias);
        keep_matrix(&made.choice[3]);
        return made;
      }
      case Op::kMixed: {
        Statement made = statement(Kind::kMixed);
        made.body = {goal_access(Mode::kWrite)};
        return made;
      }
      case Op::kDummy: return statement(Kind::kDummy);
      case Op::kArray: return statement(Kind::kArray);
      default: return goal_task();
    }
  }

  Statement created(bool real) {
    Statement made = statement(Kind::kCreate);
    made.choice[0] = real ? 0 : 3;
    made.choice[1] = 0;
    made.choice[4] = 0;
    if (goal_.op == Op::kManual) made.choice[4] = 4;
    if (goal_.op == Op::kNoDep || goal_.op == Op::kUntracked) made.choice[4] = 5;
    made.choice[5] = goal_.op == Op::kUntracked ? 0 : 1;
    return made;
  }

  Statement carrying(std::vector<Statement> body) {
    Statement made = statement(Kind::kFor);
    made.choice[0] = choice_of(LoopForm::kStatic);
    made.choice[4] = 1;
    made.choice[5] = 0;
    made.body = std::move(body);
    return made;
  }

  std::vector<Statement> with_goal() {
    std::vector<Statement> inner;
    if (goal_.op == Op::kUserDependency) inner.push_back(task());
    // In a loop that does not carry, or that may not, an inner one does, whose result it is.
    const bool outer_carries = goal_.alias == AliasForm::kCarried && goal_.loop != LoopForm::kStraight &&
                               goal_.loop != LoopForm::kParallel && goal_.loop != LoopForm::kBranch && goal_.loop != LoopForm::kZeroTurns;
    std::vector<Statement> outside;
    if (integers_ && goal_.loop == LoopForm::kParallel) inner.push_back(created(true));  // for what its tasks write
    for (int count = makes_own_ ? 2 : 0; count > 0; --count) (outer_carries ? outside : inner).push_back(created(!integers_));
    if (goal_.alias == AliasForm::kCarried && !outer_carries) inner.push_back(carrying({}));
    Statement goal = goal_statement();
    if (goal_.op == Op::kManual) {
      Statement scope = statement(Kind::kScope);
      scope.choice[0] = 1;
      scope.body = {goal};
      goal = scope;
    }
    inner.push_back(goal);
    if (goal_.op == Op::kHostRead) {  // somebody takes what it read
      Statement taker = task();
      taker.body.resize(1);
      taker.body[0].choice[0] = static_cast<uint32_t>(Mode::kWrite);
      taker.body[0].choice[1] = 0;
      taker.body[0].choice[2] = 0;
      inner.push_back(taker);
    }
    const auto loop = [&](LoopForm form, std::vector<Statement> body) {
      Statement made = statement(form == LoopForm::kWhile ? Kind::kWhile : Kind::kFor);
      made.choice[0] = form == LoopForm::kWhile ? made.choice[0] : choice_of(form);
      if (form != LoopForm::kWhile) made.choice[1] %= 2;
      made.choice[4] = outer_carries ? 1 : 0;
      if (makes_own_) made.choice[5] = 0;
      made.body = std::move(body);
      return made;
    };
    switch (goal_.loop) {
      case LoopForm::kStraight: return inner;
      case LoopForm::kBranch: {
        Statement made = statement(Kind::kIf);
        made.body = inner;
        // A turn needs a loop.
        if (goal_.alias == AliasForm::kTurn) return {loop(LoopForm::kStatic, {made})};
        return {made};
      }
      case LoopForm::kNested: {
        const Statement nested = loop(LoopForm::kStatic, inner);
        outside.push_back(loop(chance(2) ? LoopForm::kStatic : LoopForm::kWhile, {nested}));
        return outside;
      }
      default: outside.push_back(loop(goal_.loop, inner)); return outside;
    }
  }

  std::mt19937_64 random_;
  Program program_;
  Cell goal_{};
  bool plain_ = false;  ///< a compiler can know all of it exactly
  bool copied_ = false;  ///< and no loop is left
  bool makes_own_ = false;  ///< tensors for the cell
  bool integers_ = false;  ///< of its tensors
  int left_ = 0;
};

}  // namespace

Program generate(uint64_t seed) { return Generator(seed).make(); }

}  // namespace tilewright::oracle
