// The recorder: what is in reach while a program is recorded, and what each statement makes of it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>

#include "base/error.h"
#include "record.h"

namespace tilewright::random_programs {

constexpr int kMostTurns = 24;      ///< of all loops around a statement of a task together
constexpr int kMostCopies = 6;      ///< of a statement that unrolled loops make
constexpr int kMostTaskTurns = 6;   ///< of all loops around a task
constexpr int kMeasuredRows = 1 << 15;

/// Which part of a tile is valid, of rows or columns: all, or the program's valid rows or columns.
enum class Part : uint8_t { kWhole, kRows, kColumns };

struct Form {
  twb_dtype dtype;  ///< TWB_BOOL: a mask
  int rows, columns;
  Part valid_rows = Part::kWhole, valid_columns = Part::kWhole;
  bool operator==(const Form&) const = default;
};

struct Tile {
  twb_value value;
  Form form;
  Bounds bounds;
  size_t companion = 0;  ///< of a mask: a tile of the shape that it selects of
  bool used = false;
  int place = 0;  ///< of a sum of products: those that are added to one after the other lie in one place
};

struct Tensor {
  twb_value value;
  twb_dtype dtype;
  std::vector<int64_t> extents;
  Bounds bounds;
  int root = 0;       ///< 0: only read; else which created tensor it is part of
  bool dense = true;
  bool open = false;  ///< an extent is known at run time only
};

struct Number {
  twb_value value;
  twb_dtype dtype;
  Bounds bounds;
};

/// What the first recording finds out for the second: how much room results need, and what is used.
struct Layout {
  struct Task {
    std::map<twb_dtype, int> rows;
    std::set<Input> inputs;
  };
  std::vector<Task> tasks;
  std::map<twb_dtype, int> rows;
  std::set<Input> inputs;
};

class Recorder {
 public:
  /// `layout` is null in the first recording.
  Recorder(const Program& program, const Layout* layout)
      : program_(program), vocabulary_(vocabulary_of(program.platform)), known_(layout), b_(twb_create()) {}
  Layout run();
  Recorded finish();

 private:
  // ---- parameters
  std::vector<twb_parameter> declare_parameters();

  /// Numbers that only the run knows: two, three, the valid rows and columns, and one to compute with.
  std::vector<std::pair<twb_dtype, double>> number_arguments() const;
  std::vector<Input> used_inputs() const;
  static std::vector<Input> all_inputs();
  Tensor input_tensor(const Input& input, twb_value value) const;
  void take_parameters(const twb_value* values);
  const Tensor& input(const Input& wanted);

  // ---- numbers
  twb_builder* b() { return b_.get(); }
  twb_value index(int64_t value) { return twb_integer(b(), TWB_INDEX, value); }
  twb_value sum(twb_value a, twb_value c) { return twb_calculate(b(), TWB_ADD, a, c); }
  twb_value product(twb_value a, twb_value c) { return twb_calculate(b(), TWB_MUL, a, c); }
  static int choose(uint32_t choice, size_t ways) { return ways == 0 ? 0 : static_cast<int>(choice % ways); }
  void check(int good) const;
  int valid_size(Part part) const;
  bool is_open(Part part) const;

  /// 0 where everything is valid.
  twb_value valid_value(Part part);
  twb_shape shape_of(const Form& form);
  static int valid_extent(int size, Part part, const Recorder& self) { return part == Part::kWhole ? size : self.valid_size(part); }

  /// A number of a type in `bounds`.
  Number number_in(twb_dtype dtype, const Bounds& bounds, uint32_t choice);

  /// An index from 0 to `most`, known or not.
  twb_value offset(int64_t most, uint32_t choice);
  twb_value condition(uint32_t choice);

  // ---- blocks

  struct Mark {
    size_t tiles, tensors, numbers, tasks;
  };
  Mark mark() const { return {tiles_.size(), tensors_.size(), numbers_.size(), task_ids_.size()}; }
  void leave(const Mark& at);
  void block(const std::vector<Statement>& statements);
  void statement(const Statement& s);

  // ---- tiles
  Form base_form(twb_dtype dtype, uint32_t choice) const;
  bool legal(const Form& form) const;
  size_t add_tile(twb_value value, const Form& form, const Bounds& bounds, size_t companion = 0);
  twb_value use(size_t tile);

  /// A tile that is there and has this form and numbers in `bounds`; nothing for one that is to be loaded.
  std::optional<size_t> pick(const Form& form, const Bounds& bounds, bool exact, uint32_t choice) const;
  static constexpr Bounds kAnything = {-0x1p60, 0x1p60, Bounds::kNoUnit};
  size_t load_from(const Tensor& from, const Form& form, twb_value row, twb_value column, uint32_t choice);
  bool holds(const Tensor& tensor, const Form& form) const;

  /// Whether tensors have elements of a type; f8e5m2 is unknown to the run time.
  bool has_tensors(twb_dtype dtype) const;

  /// Tiles of types without tensors are converted.
  size_t load_tile(const Form& form, Domain domain, uint32_t choice);

  /// Rows of `modulus`, each once in a column.
  size_t load_rows(const Form& form, int modulus);
  twb_value apply(const char* name, std::initializer_list<twb_value> operands);

  /// A tile with the numbers of this one where they are in `bounds`, and others that are in it elsewhere; nothing if there is no way.
  std::optional<size_t> bring_within(size_t tile, const Bounds& bounds);

  // ---- results

  /// Rows for a tile in the task's tensor of results, for every turn of the loops around: where the first begins.
  int take_rows(twb_dtype dtype, int rows);
  twb_value result_row(int first, int rows) { return turns_ == 1 ? index(first) : sum(index(first), product(iteration_, index(rows))); }

  /// Stores a tile that nothing has used, so that every result is seen.
  void keep(size_t which);
  void store_result(size_t which, bool add);

  // ---- operators
  void vector_operator(const Statement& s);

  /// The result's form; nothing where the operator does not take such a tile.
  std::optional<Form> result_form(const tile::OperatorInfo& info, const Statement& s, const Form& from) const;

  struct Operand {
    OperandForm::Kind kind;
    std::optional<size_t> tile;  ///< that is there
    Form form;                   ///< of one that is to be made
    Domain domain = Domain::kGeneral;
    Number number = {};
    Bounds bounds;
  };
  bool try_operator(const Statement& s, const tile::OperatorInfo& info, const Form& principal, const std::vector<Domain>& domains,
                    bool fresh);
  Form form_of(const OperandForm& operand, const Form& principal) const;
  twb_value make_mask(const Statement& s, const Form& form);
  const char* word_of(const Statement& s, const tile::OperatorInfo& info) const;

  // ---- the cube

  /// Products and sums of them. What a sum is added to is gone: it lies in the same place.
  void cube_operator(const Statement& s);

  /// Of the innermost block alone: each is used once.
  std::vector<size_t> accumulators(std::optional<twb_dtype> dtype = {}) const;
  size_t load_cube(const Statement& s, const Form& form, Domain domain);
  std::optional<size_t> make_product(const Statement& s, int m, int k, int n);

  // ---- other operations of tiles
  void load(const Statement& s);

  /// A tile of this type that is there, or one that is loaded; nothing if the platform has none.
  std::optional<size_t> some_tile(const Statement& s, bool whole, bool exact);
  void store(const Statement& s);
  void read_tile(const Statement& s);
  void write_tile(const Statement& s);
  void extract(const Statement& s);
  void insert(const Statement& s);
  void reshape_tile(const Statement& s);
  void set_valid(const Statement& s);
  void move(const Statement& s);

  /// A row whose elements are all written, one by one.
  void create_tile(const Statement& s);

  /// A table with as many columns as a tile: a view, made here.
  twb_value table(const Tensor& from, int rows, int columns);
  void gather_rows(const Statement& s);
  void scatter_rows(const Statement& s);

  // ---- numbers and tensors
  /// Whether the orchestration may read and write elements of tensors that tasks write: not where they run when the graph is complete.
  bool knows_elements() const { return program_.runtime != RuntimeVariant::kHostBuildGraph || (next_task_ == 0 && task_turns_ == 1); }
  void read_tensor(const Statement& s);
  void calculate(const Statement& s);
  void tensor(const Statement& s);
  void create_tensor(const Statement& s);
  void write_tensor(const Statement& s);

  // ---- control

  /// What a loop carries or a branch gives: a variable and the tile that it holds.
  struct Variable {
    twb_value value;
    Form form;
    Bounds bounds;
  };
  std::vector<Variable> declare_variables(const Statement& s, int count);
  std::vector<size_t> get_variables(const std::vector<Variable>& variables);

  /// Gives each variable a tile of the block that ends, if there is one; `own` are what the variables held in it.
  void set_variables(const std::vector<Variable>& variables, const std::vector<size_t>& own, const Mark& begin);
  void for_loop(const Statement& s);
  void finish_variables(const std::vector<Variable>& variables) { get_variables(variables); }

  /// The body of a loop that has `trips` turns at most, of which this is number `turn`.
  template <typename Body>
  void inside(const Mark& begin, twb_value turn, int trips, int copies, bool independent, Body&& body) {
    const auto saved = std::tuple(iteration_, turns_, task_turns_, copies_, block_tiles_);
    if (trips > 1 || (in_task_ ? turns_ : task_turns_) > 1) iteration_ = sum(product(iteration_, index(trips)), turn);
    (in_task_ ? turns_ : task_turns_) *= trips;
    copies_ *= copies;
    independent_ += independent ? 1 : 0;
    block_tiles_ = begin.tiles;
    body();
    leave(begin);
    independent_ -= independent ? 1 : 0;
    std::tie(iteration_, turns_, task_turns_, copies_, block_tiles_) = saved;
  }
  void while_loop(const Statement& s);
  void branch(const Statement& s);
  void way(const std::vector<Statement>& statements, const std::vector<Variable>& variables);

  // ---- tasks

  /// Records a task's body with what it may use, and where its results go.
  template <typename Body>
  void in_task(bool cube, int blocks, Body&& body) {
    const Mark begin = mark();
    const std::vector<Tensor> outside = tensors_;
    one_alias_each();
    in_task_ = true;
    cube_ = cube;
    const auto saved = std::tuple(iteration_, turns_, copies_, independent_, block_tiles_);
    iteration_ = blocks > 1 ? twb_query(b(), "block_index") : index(0);
    if (blocks > 1) numbers_.push_back({iteration_, TWB_INDEX, {0, static_cast<double>(blocks - 1), 0}});
    turns_ = blocks;
    copies_ = 1;
    independent_ += blocks > 1 ? 1 : 0;
    block_tiles_ = begin.tiles;
    body();
    for (size_t i = begin.tiles; i < tiles_.size(); ++i) keep(i);
    tiles_.resize(begin.tiles);
    numbers_.resize(begin.numbers);
    tensors_ = outside;
    in_task_ = cube_ = false;
    std::tie(iteration_, turns_, copies_, independent_, block_tiles_) = saved;
  }

  /// A kernel takes its tensors for memories of their own.
  void one_alias_each();

  /// Views of the tensors of results for one task: all types while measuring, then those that are used, as large as they are used.
  void begin_results();
  void end_results();

  struct Options {
    twb_task task = {};
    std::vector<twb_value> after;
    twb_value tested_at[2] = {};
    int blocks = 1;
  };
  void choose_options(const Statement& s, Options& options);
  void submitted(twb_value id);
  void at_task(const Statement& s, bool cube);
  void vector_task(const Statement& s) { at_task(s, false); }
  void cube_task(const Statement& s) { at_task(s, true); }

  /// Two kernels with the same arguments: what they read, where their results go, and the numbers.
  void mixed_task(const Statement& s);

  /// In a manual scope each task waits for the one before it, and uses what was created there.
  void scope(const Statement& s);
  const Program& program_;
  const Vocabulary& vocabulary_;
  const Layout* known_;
  std::unique_ptr<twb_builder, BuilderDeleter> b_;
  Layout layout_;
  std::vector<Parameter> parameters_;
  std::deque<std::array<int64_t, 2>> result_extents_;
  std::map<Input, Tensor> inputs_;
  std::map<twb_dtype, twb_value> results_;
  size_t argument_count_ = 0;
  std::vector<Tile> tiles_;
  std::vector<Tensor> tensors_;
  std::vector<Number> numbers_;
  std::vector<twb_value> task_ids_;
  twb_value iteration_ = 0;  ///< the number of this turn among those of all loops around, in the task or around it
  int turns_ = 1;            ///< of the loops in the task
  int task_turns_ = 1;       ///< of those around it
  int copies_ = 1;
  int independent_ = 0;      ///< loops around whose turns do not know of each other
  size_t block_tiles_ = 0;   ///< where the tiles of the innermost block begin
  bool in_task_ = false, cube_ = false, manual_ = false;
  twb_value chain_ = 0;  ///< variable: the last task of a manual scope
  int roots_ = 0, places_ = 0;
  size_t next_task_ = 0;
  std::map<twb_dtype, int> task_rows_;
  std::set<Input> task_inputs_;
  std::map<twb_dtype, twb_value> task_results_;
};

}  // namespace tilewright::random_programs
