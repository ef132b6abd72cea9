// The writer of a program's text: what is in reach where a statement stands, and what each statement makes of it.
#pragma once

#include <fmt/format.h>

#include <optional>

#include "text.h"

namespace tilewright::oracle {

constexpr int kMostTurns = 12;  ///< of all loops around a statement together
constexpr int kMostTasks = 48;  ///< in the text
constexpr int64_t kBlock = 8;   ///< elements of 4 bytes that a row of a tile has multiples of
constexpr int64_t kSmallNumbers = 8;  ///< every element of a tensor of i32 is below it, so that it can be an index or decide something

/// A number of the orchestration: every value that it takes lies from `low` to `high`.
struct Number {
  std::string value;
  int64_t low = 0, high = 0;
  bool affine = true;

  bool known_value() const { return low == high; }
};

struct Extent {
  int64_t low = 1, high = 1;
  std::string open = {};  ///< the number, where the type does not say it

  bool known() const { return low == high; }
};

/// Who orders the tasks that use a tensor.
enum class Role : uint8_t {
  kOpen,   ///< the runtime and the compiler; no task of a manual scope uses it
  kTasks,  ///< likewise, but tasks of manual scopes use it too; no access of the orchestration
  kUser,   ///< the program, by name
};

/// Memory of its own: a created tensor, or arguments that may share theirs.
struct Root {
  Role role = Role::kOpen;
  bool only_read = false;
  size_t depth = 0;  ///< of the block that it is made in
  /// Variables of task ids: a task behind all that used it in blocks that have ended, outside of and in manual scopes. Empty if nobody
  /// asks.
  std::string others_done = {}, manual_done = {};
};

/// Elements of one root from..to, the bounds of all that a view may be.
struct Box {
  size_t tensor;  ///< which argument or created tensor
  std::vector<std::pair<int64_t, int64_t>> ranges;
};

using Forms = uint32_t;
constexpr Forms form_bit(AliasForm form) { return Forms{1} << static_cast<int>(form); }

struct Tensor {
  std::string value;
  bool real = true;  ///< f32, else i32
  std::vector<Extent> extents;
  std::set<size_t> roots;
  Forms forms = 0;
  std::optional<Box> box;
  bool dense = true;
  bool writable = true;
  bool affine = true;
  bool untracked = false;

  size_t rank() const { return extents.size(); }
  bool has(AliasForm form) const { return (forms & form_bit(form)) != 0; }
  const char* element() const { return real ? "f32" : "i32"; }
  std::string type() const;
};

/// What one dimension of a view takes.
struct Range {
  std::string offset;
  int64_t low = 0, high = 0;  ///< of the offset
  Extent extent;
  bool affine = true;
};

/// One tensor of a task.
struct Operand {
  Tensor tensor;
  Mode mode = Mode::kRead;
  bool no_dep = false;
  bool partial = false;
  uint32_t choice = 0;
  std::string name = {};  ///< in the kernel

  bool writes() const { return mode != Mode::kRead && mode != Mode::kGather; }
  bool reads() const { return mode != Mode::kWrite && mode != Mode::kScatter; }
};

struct Use {
  size_t root;
  bool writes;
};

/// A task whose id is in reach.
struct Submitted {
  std::string id;
  std::vector<Use> uses;
  bool manual;
};

/// A block that is being written.
struct Frame {
  std::vector<Submitted> tasks = {};
  bool parallel = false;  ///< one turn of a parallel loop
};

struct Array {
  std::string variable;
  int64_t count;
  size_t depth;
};

/// An element that the orchestration has read and that a task is to take.
struct HostRead {
  std::string value;
  bool real;
  std::set<Cell> cells;
};

class Writer {
 public:
  explicit Writer(const Program& program);
  Text write();

 private:
  /// What is in reach in a block, for when it ends.
  struct Reach {
    std::vector<Number> numbers;
    std::vector<Tensor> tensors;
    std::vector<std::string> ids;
    std::vector<Array> arrays;
    std::vector<HostRead> host_reads;
    std::vector<Number> turns;  ///< of the loops around, the innermost last
  };

  // ---- text (writer.cpp)

  void line(const std::string& text) { out_ += std::string(2 * indent_, ' ') + text + "\n"; }
  std::string fresh(const char* stem = "v") { return fmt::format("%{}{}", stem, ++names_); }
  /// Constants stand at the head of the function that is being written.
  std::string index(int64_t number) { return constant(fmt::format("%c{}", number), fmt::format("{} : index", number)); }
  std::string integer(int64_t number) { return constant(fmt::format("%int{}", number), fmt::format("{} : i32", number)); }
  std::string real(int64_t number) { return constant(fmt::format("%real{}", number), fmt::format("{}.0 : f32", number)); }
  std::string constant(const std::string& name, const std::string& value);
  /// `name` = OP; gives the name.
  std::string define(const std::string& operation, const char* stem = "v");

  void parameter(const Statement& s);
  void number_parameter(const Statement& s);
  size_t new_root(Role role, bool only_read);

  // ---- blocks (writer.cpp)

  void block(const std::vector<Statement>& statements);
  void statement(const Statement& s);
  void open_block(bool parallel = false);
  /// What it made is out of reach, and its tasks are behind the variables of their roots.
  void close_block();
  /// Writes what `write` writes into a text of its own.
  template <typename Write>
  std::string captured(Write&& write) {
    std::string outer = std::exchange(out_, "");
    write();
    return std::exchange(out_, std::move(outer));
  }
  bool can_set(size_t depth) const;  ///< a variable of a block of this depth: not over the turns of a parallel loop
  bool has_fences(const Root& root) const { return root.role == Role::kUser || (root.role == Role::kTasks && has_manual_); }

  void note(Op op, Forms forms) { note(text_.cells, op, forms); }
  void note(std::set<Cell>& cells, Op op, Forms forms) const;

  // ---- numbers (writer_views.cpp)

  void calculate(const Statement& s);
  Number some_number(uint32_t choice);
  Number number_within(int64_t low, int64_t high, uint32_t choice);
  Number sum(const Number& a, int64_t b);
  Number product(const Number& a, int64_t b);
  std::string condition(uint32_t choice);

  // ---- views (writer_views.cpp)

  Range whole_range(const Tensor& tensor, size_t dimension);
  Range known_range(int64_t first, int64_t count);
  Range some_range(const Tensor& tensor, size_t dimension, uint32_t choice);
  Tensor view(const Tensor& tensor, const std::vector<Range>& ranges);
  Tensor view(const Tensor& tensor, size_t dimension, const Range& range);
  Tensor reshape(const Tensor& tensor, const std::vector<int64_t>& extents);
  Tensor transpose(const Tensor& tensor, size_t first, size_t second);
  std::optional<Tensor> strided(const Tensor& tensor, uint32_t choice);
  std::optional<Tensor> reshaped(const Tensor& tensor, uint32_t choice);
  std::optional<Tensor> symbolic_offset(const Tensor& tensor, uint32_t choice, uint32_t which);
  std::optional<Tensor> symbolic_extent(const Tensor& tensor, uint32_t choice, uint32_t which);
  std::optional<Tensor> by_turn(const Tensor& tensor, uint32_t choice);
  Tensor branch_result(const Tensor& tensor, uint32_t choice, uint32_t other);
  /// In the form that is asked for, or if that cannot be the nearest.
  Tensor derive(const Tensor& tensor, AliasForm form, const uint32_t* choices);
  /// Two dimensions at most that are larger than one, the last two.
  Tensor flat(Tensor tensor, uint32_t choice);
  void view_statement(const Statement& s);
  void create(const Statement& s);

  // ---- who may use what (writer_tasks.cpp)

  enum class User : uint8_t { kTask, kHost, kAssemble };
  bool may_use(const Tensor& tensor, User user, bool writes) const;
  static bool may_overlap(const Tensor& a, const Tensor& b);
  /// Tensors in reach that `accept` accepts, those of the form first.
  template <typename Accept>
  std::optional<Tensor> pick(AliasForm form, uint32_t choice, Accept&& accept) {
    std::vector<const Tensor*> fitting, others;
    for (const Tensor& tensor : reach_.tensors) {
      if (accept(tensor)) (fits(tensor, form) ? fitting : others).push_back(&tensor);
    }
    const std::vector<const Tensor*>& from = fitting.empty() ? others : fitting;
    if (from.empty()) return std::nullopt;
    return *from[from.size() - 1 - choice % from.size()];  // the newest first
  }
  static bool fits(const Tensor& tensor, AliasForm form);

  // ---- tasks (writer_tasks.cpp)

  /// `rank`: that it has to have; 0: any.
  std::optional<Operand> operand(const Statement& access, const std::vector<Operand>& others, std::optional<bool> real, size_t rank = 0);
  std::vector<Operand> operands(const Statement& s);
  std::vector<std::string> dependencies(const std::vector<Use>& uses, bool manual);
  std::vector<std::string> chosen_dependencies(uint32_t how, uint32_t which);
  std::vector<Use> uses_of(const std::vector<Operand>& operands) const;
  void task(const Statement& s);
  void mixed(const Statement& s);
  void dummy(const Statement& s);
  void array(const Statement& s);
  void submitted(const std::string& id, std::vector<Use> uses, bool kept);
  struct Predicate {
    std::string clause;
    Tensor tested;
  };
  std::optional<Predicate> predicate(const Statement& s, const std::vector<Operand>& operands);
  int64_t blocks_for(const std::vector<Operand>& operands, uint32_t choice);
  void note_task(const std::vector<Operand>& operands);

  // ---- kernels (writer_kernels.cpp)

  /// A rectangle of an operand in a kernel.
  struct Piece {
    std::vector<std::string> at;
    int64_t rows, columns;  ///< physical
    int64_t valid_rows, valid_columns;  ///< if known
    std::string open_rows, open_columns;
    std::string type;  ///< of the tile

    std::string full_type;  ///< with all of it valid
    std::string valid_clause() const;
  };
  Piece piece_of(const Operand& operand, const std::string& share, int64_t shares);
  std::string load(const Operand& operand, const Piece& piece);
  /// `share`: which of `shares` parts of each operand this core has; empty if there is one.
  void vector_kernel(const std::vector<Operand>& operands, const std::string& share, int64_t shares, uint32_t choice,
                     bool takes_host_reads);
  static int64_t shared_extent(const Tensor& tensor, size_t& dimension);
  void cube_kernel(const std::vector<Operand>& operands, int64_t size);

  // ---- the orchestration's own accesses (writer_control.cpp)

  std::vector<std::string> element_of(const Tensor& tensor, const uint32_t* choices);
  void host_read(const Statement& s);
  void host_write(const Statement& s);
  void assemble(const Statement& s);

  // ---- loops, branches, scopes (writer_control.cpp)

  /// What a loop carries from turn to turn.
  struct Carried {
    std::vector<std::string> tensors;  ///< variables
    Tensor tensor;  ///< what each of them may hold
    std::string id, number;
  };
  Carried begin_carrying(uint32_t choice, uint32_t which, bool parallel);
  /// What the variables hold comes into reach: in a turn, and behind the loop.
  void get_carried(const Carried& carried);
  void set_carried(const Carried& carried);
  void for_loop(const Statement& s);
  void while_loop(const Statement& s);
  void branch(const Statement& s);
  void scope(const Statement& s);
  void divide_among_turns(const Number& turn, uint32_t choice);

  const Program& program_;
  Text text_;
  std::string out_, kernels_;
  std::map<std::string, std::string> constants_;  ///< of the function
  size_t indent_ = 1;
  int names_ = 0;
  std::vector<std::string> signature_;
  std::vector<Root> roots_;
  size_t tensor_count_ = 0;
  Reach reach_;
  std::vector<Reach> saved_;
  std::vector<Frame> frames_;
  std::vector<LoopForm> loops_;
  int branches_ = 0;
  int turns_ = 1;
  bool manual_ = false;
  bool has_manual_ = false;
  bool names_manual_ = false;
};

/// The forms of loops that a kFor has, by choice[0].
LoopForm for_form(const Statement& s);

}  // namespace tilewright::oracle
