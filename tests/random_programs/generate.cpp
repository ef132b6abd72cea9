#include "generate.h"

#include <algorithm>
#include <random>

namespace tilewright::random_programs {

const char* loop_form_name(LoopForm form) {
  constexpr const char* kNames[] = {"straight", "for", "open for", "parallel", "unrolled", "pipelined", "while", "if"};
  return kNames[static_cast<int>(form)];
}

std::vector<Cell> cells_of(const Vocabulary& vocabulary) {
  std::vector<Cell> cells;
  for (const std::string& name : vocabulary.operations()) {
    for (const twb_dtype dtype : kDtypes) {
      if (!vocabulary.has(name, dtype)) continue;
      for (int form = 0; form < kLoopForms; ++form) cells.push_back({{name, dtype}, static_cast<LoopForm>(form)});
    }
  }
  return cells;
}

namespace {

constexpr int kMostColumns = 64;  ///< of a tile

constexpr const char* kPlatforms[] = {"a2a3sim", "a5sim"};

/// How a word that is no operator is said.
Kind kind_of(const std::string& name) {
  constexpr std::pair<const char*, Kind> kKinds_[] = {{"load", Kind::kLoad},
                                                      {"store", Kind::kStore},
                                                      {"read", Kind::kReadTile},
                                                      {"write", Kind::kWriteTile},
                                                      {"extract", Kind::kExtract},
                                                      {"insert", Kind::kInsert},
                                                      {"reshape", Kind::kReshapeTile},
                                                      {"set_valid", Kind::kSetValid},
                                                      {"move", Kind::kMove},
                                                      {"create", Kind::kCreateTile},
                                                      {"gather_load", Kind::kGatherRows},
                                                      {"scatter_store", Kind::kScatterRows}};
  for (const auto& [word, kind] : kKinds_) {
    if (name == word) return kind;
  }
  return Kind::kOperator;
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed * 0x9e3779b97f4a7c15ULL + 1) {
    program_.seed = seed;
    program_.platform = kPlatforms[seed % 2];
    program_.runtime = seed / 2 % 2 == 0 ? RuntimeVariant::kTensormapAndRingbuffer : RuntimeVariant::kHostBuildGraph;
  }

  Program make() {
    const Vocabulary& vocabulary = vocabulary_of(program_.platform);
    vocabulary_ = &vocabulary;
    static std::map<std::string, std::vector<Cell>> cells;
    std::vector<Cell>& all = cells[program_.platform];
    if (all.empty()) all = cells_of(vocabulary);
    // Two cells for each program: neighbours are one operation on one type in two forms.
    const size_t first = program_.seed / 2 * 2 % all.size();
    const Cell& goal = all[first];
    dtype_ = goal.word.dtype;
    const bool tiny = dtype_ == TWB_F8E4M3 || dtype_ == TWB_F8E5M2;
    program_.dtype = tiny ? TWB_F32 : dtype_;
    choose_shape();
    if (goal.word.name == "set_valid" && program_.valid == ValidKind::kWhole) program_.valid = ValidKind::kKnown;
    if (goal.word.name == "concat") program_.columns = std::min(program_.columns, kMostColumns / 2);
    program_.open_tensors = chance(4);
    for (int count = between(0, 2); count > 0; --count) program_.body.push_back(statement(Kind::kCreateTensor));
    left_ = between(4, 24);
    std::vector<Statement> rest = orchestration(0);
    for (size_t i = 0; i < 2; ++i) {
      const auto place = static_cast<ptrdiff_t>(between(0, static_cast<int>(rest.size())));
      rest.insert(rest.begin() + place, goal_task(all[first + i]));
    }
    program_.body.insert(program_.body.end(), rest.begin(), rest.end());
    return std::move(program_);
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int of) { return between(1, of) == 1; }
  template <typename T>
  const T& one_of(const std::vector<T>& values) {
    return values[static_cast<size_t>(between(0, static_cast<int>(values.size()) - 1))];
  }

  /// One shape for as many programs as are compiled together, so that they share what the C++ compiler makes of their tiles; whole blocks of the
  /// type, or of all types, so that conversions have a place.
  void choose_shape() {
    std::mt19937_64 shared(program_.seed / kSharedShape);
    const auto exponent = [&](int most) { return std::uniform_int_distribution<int>(0, most)(shared); };
    const int block = exponent(1) == 0 ? 32 : 8;
    const auto size = [&] { return std::max(32 / dtype_bytes(dtype_), std::min(64, block << exponent(block == 32 ? 1 : 3))); };
    program_.rows = size();
    program_.columns = size();
    if (program_.rows * program_.columns * dtype_bytes(dtype_) > 8192) program_.rows = program_.columns = 32;
    if (chance(2)) program_.valid = static_cast<ValidKind>(between(1, 4));
  }

  Statement statement(Kind kind) {
    Statement made;
    made.kind = kind;
    made.dtype = dtype_;
    for (uint32_t& choice : made.choice) choice = static_cast<uint32_t>(between(0, 999));
    return made;
  }

  /// A statement in the form of a cell.
  Statement in_form(Statement inner, LoopForm form) {
    if (form == LoopForm::kStraight) return inner;
    Statement around = statement(form == LoopForm::kWhile ? Kind::kWhile : form == LoopForm::kIf ? Kind::kIf : Kind::kFor);
    constexpr uint32_t kKinds_[] = {0, 0, 0, 1, 2, 3};
    if (around.kind == Kind::kFor) {
      around.choice[0] = kKinds_[static_cast<int>(form)];
      around.choice[1] = form == LoopForm::kOpenFor ? 1 : 0;
      around.choice[2] = static_cast<uint32_t>(between(1, 2));  // one turn is no loop
    }
    around.body = {std::move(inner)};
    return around;
  }

  Statement goal_task(const Cell& goal) {
    const Kind kind = kind_of(goal.word.name);
    const tile::OperatorInfo* info = vocabulary_->find(goal.word.name);
    const bool cube = info != nullptr && info->place == tile::Place::kCube;
    Statement inner = statement(kind);
    inner.name = kind == Kind::kOperator ? goal.word.name : "";
    inner.dtype = goal.word.dtype;
    if (kind == Kind::kOperator && !cube) inner.choice[0] = inner.choice[1] = 0;  // on whole tiles of the program's shape
    if (kind == Kind::kReadTile) inner.choice[5] = 0;  // what is read is seen
    Statement task = statement(cube ? Kind::kCubeTask : Kind::kVectorTask);
    // The form stands in the task, or around it where it can.
    if (chance(2) || goal.form == LoopForm::kPipelined) {
      task.body = {in_form(inner, goal.form)};
      return task;
    }
    task.body = {inner};
    return in_form(task, goal.form);
  }

  std::vector<Statement> orchestration(int depth) {
    std::vector<Statement> statements;
    for (int count = between(depth == 0 ? 1 : 0, depth == 0 ? 4 : 2); count > 0 && left_ > 0; --count) {
      const int what = between(0, 99);
      Statement made;
      if (what < 48) {
        made = task(Kind::kVectorTask);
      } else if (what < 58) {
        made = task(Kind::kCubeTask);
      } else if (what < 64) {
        made = task(Kind::kMixedTask);
      } else if (what < 80 && depth < 2) {
        made = loop(what < 76 ? Kind::kFor : Kind::kWhile);
        made.body = orchestration(depth + 1);
      } else if (what < 84 && depth < 2) {
        made = statement(Kind::kIf);
        made.body = orchestration(depth + 1);
        if (chance(2)) made.otherwise = orchestration(depth + 1);
      } else if (what < 89) {
        made = statement(Kind::kScope);
        made.body = orchestration(depth + 1);
        if (chance(2)) made.body.insert(made.body.begin(), statement(Kind::kCreateTensor));
      } else {
        constexpr Kind kOthers[] = {Kind::kReadTensor, Kind::kWriteTensor, Kind::kTensor, Kind::kTensor, Kind::kCalculate};
        made = statement(kOthers[between(0, 4)]);
        if (made.kind == Kind::kReadTensor && chance(2)) made.dtype = TWB_I32;
      }
      statements.push_back(std::move(made));
    }
    return statements;
  }

  Statement loop(Kind kind) {
    Statement made = statement(kind);
    if (chance(3)) made.choice[1] = 0;
    return made;
  }

  /// The type of a task's elements: the program's, or any.
  twb_dtype some_dtype() { return chance(2) ? program_.dtype : kDtypes[between(0, static_cast<int>(std::size(kDtypes)) - 1)]; }

  Statement task(Kind kind) {
    Statement made = statement(kind);
    dtype_ = some_dtype();
    if (kind == Kind::kMixedTask) {
      made.body = cube_block(0);
      made.otherwise = vector_block(0);
    } else {
      made.body = kind == Kind::kCubeTask ? cube_block(0) : vector_block(0);
    }
    dtype_ = program_.dtype;
    return made;
  }

  std::vector<Statement> cube_block(int depth) {
    constexpr twb_dtype kCube[] = {TWB_F16, TWB_F32, TWB_BF16, TWB_I8};
    std::vector<Statement> statements;
    for (int count = between(1, 3); count > 0; --count) {
      --left_;
      const int what = between(0, 9);
      Statement made;
      if (what < 6 || depth > 1) {
        made = statement(Kind::kOperator);
        made.dtype = kCube[between(0, 3)];
        if (vocabulary_->operators(made.dtype, true).empty()) continue;
        made.name = one_of(vocabulary_->operators(made.dtype, true));
      } else {
        made = what < 8 ? loop(Kind::kFor) : what == 8 ? loop(Kind::kWhile) : statement(Kind::kIf);
        made.body = cube_block(depth + 1);
        if (made.kind == Kind::kIf && chance(2)) made.otherwise = cube_block(depth + 1);
      }
      statements.push_back(std::move(made));
    }
    return statements;
  }

  std::vector<Statement> vector_block(int depth) {
    std::vector<Statement> statements;
    for (int count = between(1, depth == 0 ? 8 : 5); count > 0 && left_ > 0; --count) {
      --left_;
      const int what = between(0, 99);
      Statement made;
      if (what < 58) {
        made = statement(Kind::kOperator);
        if (chance(12)) made.dtype = kDtypes[between(0, static_cast<int>(std::size(kDtypes)) - 1)];
        if (vocabulary_->operators(made.dtype, false).empty()) continue;
        made.name = one_of(vocabulary_->operators(made.dtype, false));
      } else if (what < 76 && depth < 3) {
        made = what < 67 ? loop(Kind::kFor) : what < 70 ? loop(Kind::kWhile) : statement(Kind::kIf);
        made.body = vector_block(depth + 1);
        if (made.kind == Kind::kIf && chance(2)) made.otherwise = vector_block(depth + 1);
      } else {
        constexpr Kind kOthers[] = {Kind::kLoad,      Kind::kStore,      Kind::kStore,      Kind::kStore,       Kind::kReadTile,
                                    Kind::kWriteTile, Kind::kExtract,    Kind::kInsert,     Kind::kReshapeTile, Kind::kSetValid,
                                    Kind::kMove,      Kind::kCreateTile, Kind::kGatherRows, Kind::kScatterRows, Kind::kReadTensor,
                                    Kind::kCalculate, Kind::kTensor,     Kind::kTensor};
        made = statement(kOthers[between(0, static_cast<int>(std::size(kOthers)) - 1)]);
        if (made.kind == Kind::kReadTensor && chance(2)) made.dtype = TWB_I32;
      }
      statements.push_back(std::move(made));
    }
    return statements;
  }

  std::mt19937_64 random_;
  Program program_;
  const Vocabulary* vocabulary_ = nullptr;
  twb_dtype dtype_ = TWB_F32;
  int left_ = 0;
};

}  // namespace

Program generate(uint64_t seed) { return Generator(seed).make(); }

}  // namespace tilewright::random_programs
