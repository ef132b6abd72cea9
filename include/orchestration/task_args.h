// Arguments of tasks and callables, and what a submit is told about its task (spec/api.md, A.5).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <type_traits>

#include "tensor.h"

enum class TensorArgType : int32_t { INPUT = 0, OUTPUT = 1, INOUT = 2, OUTPUT_EXISTING = 3, NO_DEP = 4 };
enum class ArgDirection : int32_t { SCALAR = 0, IN = 1, OUT = 2, INOUT = 3 };

constexpr size_t CORE_MAX_TENSOR_ARGS = 32;
constexpr size_t CORE_MAX_SCALAR_ARGS = 16;
constexpr size_t CHIP_MAX_TENSOR_ARGS = 256;
constexpr size_t CHIP_MAX_SCALAR_ARGS = 128;
constexpr size_t GRAPH_MAX_TENSOR_ARGS = 128;
constexpr size_t GRAPH_MAX_SCALAR_ARGS = 64;
#define MAX_TENSOR_ARGS CORE_MAX_TENSOR_ARGS
#define MAX_SCALAR_ARGS CORE_MAX_SCALAR_ARGS

// ---- kernels and launch ---------------------------------------------------------------------------------

constexpr int32_t INVALID_KERNEL_ID = -1;
constexpr uint32_t PTO2_SUBTASK_SLOT_COUNT = 3;
enum class PTO2SubtaskSlot : uint8_t { AIC = 0, AIV0 = 1, AIV1 = 2 };
constexpr uint8_t PTO2_SUBTASK_MASK_AIC = 0x1;
constexpr uint8_t PTO2_SUBTASK_MASK_AIV0 = 0x2;
constexpr uint8_t PTO2_SUBTASK_MASK_AIV1 = 0x4;
enum class PTO2ResourceShape : uint8_t { AIC = 0, AIV = 1, MIX = 2, DUMMY = 3 };
constexpr uint32_t PTO2_NUM_RESOURCE_SHAPES = 3;

/// The set of lanes (AIC, AIV0, AIV1) a task uses. One byte.
class ActiveMask {
 public:
  constexpr ActiveMask() = default;
  constexpr explicit ActiveMask(uint8_t raw) : raw_(raw) {}
  constexpr uint8_t raw() const { return raw_; }
  constexpr bool subtask_active(PTO2SubtaskSlot slot) const { return (raw_ >> static_cast<uint8_t>(slot) & 1) != 0; }
  constexpr uint8_t core_mask() const { return raw_ & 7; }
  /// DUMMY for no lane, AIC or AIV for one, MIX for more.
  constexpr PTO2ResourceShape to_shape() const {
    switch (core_mask()) {
      case 0: return PTO2ResourceShape::DUMMY;
      case PTO2_SUBTASK_MASK_AIC: return PTO2ResourceShape::AIC;
      case PTO2_SUBTASK_MASK_AIV0:
      case PTO2_SUBTASK_MASK_AIV1: return PTO2ResourceShape::AIV;
      default: return PTO2ResourceShape::MIX;
    }
  }
  constexpr bool has_mask(uint8_t mask) const { return (raw_ & mask) == mask; }
  constexpr explicit operator bool() const { return raw_ != 0; }
  constexpr ActiveMask &operator|=(ActiveMask other) {
    raw_ |= other.raw_;
    return *this;
  }
  friend constexpr ActiveMask operator|(ActiveMask a, ActiveMask b) { return ActiveMask(static_cast<uint8_t>(a.raw_ | b.raw_)); }
  friend constexpr ActiveMask operator&(ActiveMask a, ActiveMask b) { return ActiveMask(static_cast<uint8_t>(a.raw_ & b.raw_)); }
  friend constexpr bool operator==(ActiveMask a, ActiveMask b) { return a.raw_ == b.raw_; }
  friend constexpr bool operator!=(ActiveMask a, ActiveMask b) { return a.raw_ != b.raw_; }

 private:
  uint8_t raw_ = 0;
};

/// The kernels (func_ids of the callable) that a task runs, one per lane.
struct MixedKernels {
  int32_t aic_kernel_id = INVALID_KERNEL_ID;
  int32_t aiv0_kernel_id = INVALID_KERNEL_ID;
  int32_t aiv1_kernel_id = INVALID_KERNEL_ID;

  ActiveMask to_active_mask() const {
    return ActiveMask(static_cast<uint8_t>((aic_kernel_id != INVALID_KERNEL_ID ? PTO2_SUBTASK_MASK_AIC : 0) |
                                           (aiv0_kernel_id != INVALID_KERNEL_ID ? PTO2_SUBTASK_MASK_AIV0 : 0) |
                                           (aiv1_kernel_id != INVALID_KERNEL_ID ? PTO2_SUBTASK_MASK_AIV1 : 0)));
  }
};

/// Hints of one task in one byte: bit 0 early resolve, 1 sync start, 2 predicate, 3 timed, 4-7 timing slot.
class TaskAttrs {
 public:
  constexpr bool allow_early_resolve() const { return bit(0); }
  constexpr void set_early_resolve(bool v) { set_bit(0, v); }
  constexpr bool requires_sync_start() const { return bit(1); }
  constexpr void set_sync_start(bool v) { set_bit(1, v); }
  constexpr bool has_predicate() const { return bit(2); }
  constexpr void set_predicate(bool v) { set_bit(2, v); }
  constexpr bool is_timed() const { return bit(3); }
  constexpr int32_t timing_slot() const { return is_timed() ? raw_ >> 4 : -1; }
  constexpr void set_timing_slot(int32_t slot) { raw_ = static_cast<uint8_t>((raw_ & 7) | 8 | (slot & 15) << 4); }
  constexpr uint8_t raw() const { return raw_; }

 private:
  constexpr bool bit(int n) const { return (raw_ >> n & 1) != 0; }
  constexpr void set_bit(int n, bool v) { raw_ = static_cast<uint8_t>(v ? raw_ | 1 << n : raw_ & ~(1 << n)); }
  uint8_t raw_ = 0;
};

/// How many blocks a task has and whether they must start together. Both spellings (block_num on a2a3,
/// core_num on a5) work everywhere.
class PTO2LaunchSpec {
 public:
  int16_t block_num() const { return block_num_; }
  void set_block_num(int16_t n) { block_num_ = n; }
  int16_t core_num() const { return block_num_; }
  void set_core_num(int16_t n) { block_num_ = n; }
  bool require_sync_start() const { return sync_start_; }
  void set_require_sync_start(bool v) { sync_start_ = v; }

 private:
  int16_t block_num_ = 1;
  bool sync_start_ = false;
};

// ---- dependencies and predicates ------------------------------------------------------------------------

/// WAIT orders the consumer after the producer; RETAIN keeps the producer's outputs until the consumer is done.
enum DepFlags : uint8_t { DEP_NONE = 0, DEP_WAIT = 1, DEP_RETAIN = 2 };
constexpr DepFlags operator|(DepFlags a, DepFlags b) { return static_cast<DepFlags>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b)); }
constexpr bool dep_has_wait(DepFlags f) { return (f & DEP_WAIT) != 0; }
constexpr bool dep_has_retain(DepFlags f) { return (f & DEP_RETAIN) != 0; }

enum class PredicateOp : uint8_t { NONE = 0, EQ, NE, GT, LT, GE, LE };

struct CorePredicateOperand {
  const ChipTensor *tensor{nullptr};
  uint32_t ndims{0};
  uint32_t indices[MAX_TENSOR_DIMS]{};
};

/// Run the task only if `element op target`, the element read when the task becomes ready.
struct CoreTaskPredicate {
  CorePredicateOperand operand;
  PredicateOp op{PredicateOp::NONE};
  int64_t target{0};
};

/// A resolved predicate. Elements of 1, 2, 4 or 8 bytes are sign-extended before the comparison.
struct DispatchPredicate {
  uint64_t addr;
  int64_t target;
  uint8_t elem_size;
  PredicateOp op;

  bool pass() const {
    int64_t value = 0;
    const void *at = reinterpret_cast<const void *>(addr);
    switch (elem_size) {
      case 1: value = load<int8_t>(at); break;
      case 2: value = load<int16_t>(at); break;
      case 4: value = load<int32_t>(at); break;
      default: value = load<int64_t>(at); break;
    }
    switch (op) {
      case PredicateOp::EQ: return value == target;
      case PredicateOp::NE: return value != target;
      case PredicateOp::GT: return value > target;
      case PredicateOp::LT: return value < target;
      case PredicateOp::GE: return value >= target;
      case PredicateOp::LE: return value <= target;
      case PredicateOp::NONE: break;
    }
    return true;
  }

 private:
  template <typename T>
  static int64_t load(const void *at) {
    T value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
  }
};

// ---- outputs that the runtime allocates -----------------------------------------------------------------

/// Describes a contiguous output that the runtime allocates at submit.
class TensorCreateInfo {
 public:
  TensorCreateInfo(const uint32_t shapes_in[], uint32_t ndims_in, DataType dtype_in = DataType::FLOAT32, bool manual_dep_in = false) {
    line_.init_external(nullptr, 0, shapes_in, ndims_in, dtype_in, 0, manual_dep_in, AddressSpace::DEVICE);
    line_.buffer.size = line_.nbytes();
  }

  /// Fills the whole buffer with `value` when the task is submitted. tensormap_and_ringbuffer only.
  template <typename T = uint64_t>
  void set_initial_value(T value) {
    initial_bits_ = to_u64(value);
    initial_size_ = sizeof(T);
  }

  uint64_t buffer_size_bytes() const { return line_.buffer.size; }
  void copy(const TensorCreateInfo &other) { *this = other; }

  /// The descriptor of the output, without an address.
  const ChipTensor &descriptor() const { return line_; }
  bool has_initial_value() const { return initial_size_ != 0; }
  uint64_t initial_bits() const { return initial_bits_; }
  uint8_t initial_size() const { return initial_size_; }

 private:
  ChipTensor line_;
  uint64_t initial_bits_ = 0;
  uint8_t initial_size_ = 0;
};

// ---- argument containers --------------------------------------------------------------------------------

/// A tensor argument by reference: an existing tensor, or the description of one to allocate.
class TensorRef {
 public:
  TensorRef() = default;
  explicit TensorRef(const ChipTensor *tensor) : pointer_(tensor) {}
  explicit TensorRef(const TensorCreateInfo *info) : pointer_(info) {}
  const ChipTensor &ref() const { return *static_cast<const ChipTensor *>(pointer_); }
  const TensorCreateInfo &create_info() const { return *static_cast<const TensorCreateInfo *>(pointer_); }
  bool refers_to(const ChipTensor *tensor) const { return pointer_ == tensor; }
  bool refers_to(const TensorCreateInfo *info) const { return pointer_ == info; }

 private:
  const void *pointer_;
};

/// Tensors, then scalars, in the order added; Tag (void for none) says how each tensor is used. Trivially
/// copyable if its elements are. Capacity is the template's; MaxT == 0 (growing) is declared in tilewright/task_args.h.
template <typename TensorT, typename ScalarT, size_t MaxT, size_t MaxS, typename TagT = void>
class TaskArgsTpl {
 public:
  const TensorT &tensor(int32_t i) const { return tensors_[i]; }
  TensorT &tensor(int32_t i) { return tensors_[i]; }
  const ScalarT &scalar(int32_t i) const { return scalars_[i]; }
  ScalarT &scalar(int32_t i) { return scalars_[i]; }
  TagT tag(int32_t i) const { return tags_[i]; }
  int32_t tensor_count() const { return tensor_count_; }
  int32_t scalar_count() const { return scalar_count_; }
  const TensorT *tensor_data() const { return tensors_; }
  const ScalarT *scalar_data() const { return scalars_; }
  const ScalarT *scalars() const { return scalars_; }
  const TagT *tag_data() const { return tags_; }

 protected:
  int32_t tensor_count_ = 0;
  int32_t scalar_count_ = 0;
  TensorT tensors_[MaxT];
  ScalarT scalars_[MaxS];
  TagT tags_[MaxT];
};

template <typename TensorT, typename ScalarT, size_t MaxT, size_t MaxS>
class TaskArgsTpl<TensorT, ScalarT, MaxT, MaxS, void> {
 public:
  const TensorT &tensor(int32_t i) const { return tensors_[i]; }
  TensorT &tensor(int32_t i) { return tensors_[i]; }
  const ScalarT &scalar(int32_t i) const { return scalars_[i]; }
  ScalarT &scalar(int32_t i) { return scalars_[i]; }
  int32_t tensor_count() const { return tensor_count_; }
  int32_t scalar_count() const { return scalar_count_; }
  const TensorT *tensor_data() const { return tensors_; }
  const ScalarT *scalar_data() const { return scalars_; }
  const ScalarT *scalars() const { return scalars_; }

  void clear() { tensor_count_ = scalar_count_ = 0; }
  /// Both return false, and add nothing, when the container is full.
  bool add_tensor(const TensorT &tensor) {
    if (static_cast<size_t>(tensor_count_) == MaxT) return false;
    tensors_[tensor_count_++] = tensor;
    return true;
  }
  bool add_scalar(ScalarT value) {
    if (static_cast<size_t>(scalar_count_) == MaxS) return false;
    scalars_[scalar_count_++] = value;
    return true;
  }

 private:
  int32_t tensor_count_ = 0;
  int32_t scalar_count_ = 0;
  TensorT tensors_[MaxT];
  ScalarT scalars_[MaxS];
};

/// What the host hands to a callable: the L2 ABI.
using ChipStorageTaskArgs = TaskArgsTpl<ChipTensor, uint64_t, CHIP_MAX_TENSOR_ARGS, CHIP_MAX_SCALAR_ARGS>;

/// Counts how often scalars are looked at. Only the arguments of a recorded graph need that: a value that its body looks at, rather
/// than hands on to a task, may decide what the body does.
template <size_t MaxS, bool Counted>
class ScalarLooks {
 public:
  uint32_t scalar_looks(int32_t) const { return 0; }

 protected:
  void count_look(int32_t) const {}
  void count_looks() const {}
  void clear_looks() {}
};
template <size_t MaxS>
class ScalarLooks<MaxS, true> {
 public:
  uint32_t scalar_looks(int32_t i) const { return looks_[i]; }

 protected:
  void count_look(int32_t i) const { ++looks_[i]; }
  void count_looks() const {
    for (uint32_t &looks : looks_) ++looks;
  }
  void clear_looks() {
    for (uint32_t &looks : looks_) looks = 0;
  }

 private:
  mutable uint32_t looks_[MaxS] = {};
};

/// Arguments and hints of one task. It stores pointers to the tensors given, which must stay alive and unchanged
/// until submit. A rule broken while it is filled sticks as error_msg and becomes INVALID_ARGS (5) at submit.
/// Not thread safe.
template <size_t MaxT, size_t MaxS>
struct Arg : TaskArgsTpl<TensorRef, uint64_t, MaxT, MaxS, TensorArgType>,
             ScalarLooks<MaxS, MaxT == GRAPH_MAX_TENSOR_ARGS && MaxS == GRAPH_MAX_SCALAR_ARGS> {
  bool has_error = false;
  const char *error_msg = nullptr;
  PTO2LaunchSpec launch_spec;

  Arg() = default;
  Arg(const Arg &) = delete;
  Arg &operator=(const Arg &) = delete;

  /// Whether the task has nothing but existing tensors and scalars: no outputs to allocate, dependencies, predicate or hints other
  /// than those of launch_spec. May be false for a task that had some.
  bool is_plain() const { return !(unusual_ || has_error); }

  void set_allow_early_resolve(bool v = true) {
    allow_early_resolve_ = v;
    unusual_ = true;
  }
  bool allow_early_resolve() const { return allow_early_resolve_; }
  void set_predicate(const CoreTaskPredicate &pred) {
    predicate_ = pred;
    has_predicate_ = pred.op != PredicateOp::NONE;
    unusual_ = true;
  }
  /// Whether a predicate other than NONE is set; and whether an argument is a TensorCreateInfo.
  bool has_predicate() const { return has_predicate_; }
  bool has_created() const { return has_created_; }
  const CoreTaskPredicate &predicate() const { return predicate_; }
  void set_task_timing_slot(int32_t slot) {
    if (slot < 0 || slot > 15) return set_error("task timing slot must be in 0..15");
    timing_slot_ = slot;
    unusual_ = true;
  }
  int32_t task_timing_slot() const { return timing_slot_; }

  const uint64_t &scalar(int32_t i) const {
    this->count_look(i);
    return this->scalars_[i];
  }
  /// For changing it: where the value came from does not count any more.
  uint64_t &scalar(int32_t i) {
    changed_scalars_[i / 64] |= uint64_t{1} << (i % 64);
    unusual_ = true;
    return this->scalars_[i];
  }
  const uint64_t *scalars() const {
    this->count_looks();
    return this->scalars_;
  }
  const uint64_t *scalar_data() const { return scalars(); }
  /// All scalars, for the runtime: does not count as a look.
  const uint64_t *scalar_bits() const { return this->scalars_; }
  /// The variable that scalar i was given as; null for a temporary, and after the scalar was changed in place.
  const void *scalar_source(int32_t i) const { return scalar_changed(i) ? nullptr : scalar_sources_[i]; }
  /// The same if it was changed in place, else null.
  const void *invalidated_scalar_source(int32_t i) const { return scalar_changed(i) ? scalar_sources_[i] : nullptr; }

  /// Forgets arguments, dependencies, hints and the error; launch_spec stays as it is.
  void clear() {
    this->tensor_count_ = 0;
    this->scalar_count_ = 0;
    if (unusual_ || has_error) clear_unusual();
    this->clear_looks();
  }
  void reset() { clear(); }
  /// The first error sticks.
  void set_error(const char *msg) {
    if (has_error) return;
    has_error = true;
    error_msg = msg;
  }

  template <typename... A>
  void add_input(A &&...tensors) {
    (add_existing(TensorArgType::INPUT, static_cast<A &&>(tensors)), ...);
  }
  /// TensorCreateInfo: allocated by the runtime (OUTPUT). ChipTensor: overwritten in place (OUTPUT_EXISTING).
  template <typename... A>
  void add_output(A &&...outputs) {
    constexpr bool kAllCreate = (std::is_same_v<std::remove_cv_t<std::remove_reference_t<A>>, TensorCreateInfo> && ...);
    constexpr bool kAllExisting = (std::is_same_v<std::remove_cv_t<std::remove_reference_t<A>>, ChipTensor> && ...);
    static_assert(sizeof...(A) >= 1 && (kAllCreate || kAllExisting), "add_output takes TensorCreateInfo only or ChipTensor only");
    if constexpr (kAllCreate) {
      (add_created(static_cast<A &&>(outputs)), ...);
    } else {
      (add_existing(TensorArgType::OUTPUT_EXISTING, static_cast<A &&>(outputs)), ...);
    }
  }
  template <typename... A>
  void add_inout(A &&...tensors) {
    (add_existing(TensorArgType::INOUT, static_cast<A &&>(tensors)), ...);
  }
  template <typename... A>
  void add_no_dep(A &&...tensors) {
    (add_existing(TensorArgType::NO_DEP, static_cast<A &&>(tensors)), ...);
  }

  /// Arithmetic and enum values, by their bytes, zero-extended to 64 bits.
  template <typename... A>
  void add_scalar(A &&...values) {
    static_assert(sizeof...(A) >= 1, "add_scalar needs a value");
    (add_one_scalar(static_cast<A &&>(values)), ...);
  }
  void add_scalars(const uint64_t *values, int count) {
    for (int i = 0; i < count; ++i) push_scalar(values[i], DataType::UINT64, values + i);
  }
  void add_scalars_i32(const int32_t *values, int count) {
    for (int i = 0; i < count; ++i) push_scalar(to_u64(values[i]), DataType::INT32, values + i);
  }
  void copy_scalars_from(const Arg &src, int src_offset, int count) {
    if (src_offset < 0 || count < 0 || src_offset + count > src.scalar_count_) {
      return set_error("copy_scalars_from: range leaves the source's scalars");
    }
    for (int i = src_offset; i < src_offset + count; ++i) {
      const int32_t index = this->scalar_count_;
      push_scalar(src.scalars_[i], static_cast<DataType>(src.scalar_dtypes_[i]), src.scalar_sources_[i]);
      if (!src.scalar_changed(i) || this->scalar_count_ == index) continue;
      changed_scalars_[index / 64] |= uint64_t{1} << (index % 64);
      unusual_ = true;
    }
  }

  /// Explicit dependencies. The pointers are kept, not the values. A count of zero clears them. The last `derived` of them were found
  /// by the compiler, which orders tasks as the others do: only reports tell them apart.
  void set_dependencies(const PTO2TaskId *deps, uint32_t count, uint32_t derived = 0) {
    set_dependencies_with_kinds(deps, nullptr, count, derived);
  }
  void set_dependencies_with_kinds(const PTO2TaskId *deps, const DepFlags *kinds, uint32_t count, uint32_t derived = 0) {
    if (derived > count) return set_error("set_dependencies: more derived ids than ids");
    if (count == 0) {
      deps_ = nullptr;
      dep_kinds_ = nullptr;
      dep_count_ = 0;
      derived_count_ = 0;
      return;
    }
    if (deps == nullptr) return set_error("set_dependencies: null pointer with a non-zero count");
    if (dep_count_ != 0) return set_error("set_dependencies: already set; gather all ids and set them once");
    deps_ = deps;
    dep_kinds_ = kinds;
    dep_count_ = count;
    derived_count_ = derived;
    unusual_ = true;
  }
  uint32_t explicit_dep_count() const { return dep_count_; }
  PTO2TaskId explicit_dep(uint32_t i) const { return deps_[i]; }
  DepFlags explicit_dep_kind(uint32_t i) const { return dep_kinds_ != nullptr ? dep_kinds_[i] : DEP_WAIT | DEP_RETAIN; }
  bool explicit_dep_is_derived(uint32_t i) const { return i >= dep_count_ - derived_count_; }
  const PTO2TaskId *explicit_deps_data() const { return deps_; }

  /// Marks arguments (lvalues given to this Arg) for the argument dump; without arguments, all of them.
  template <typename... A>
  void dump(A &&...arguments) {
    unusual_ = true;
    if constexpr (sizeof...(A) == 0) {
      dump_mask_ = UINT64_MAX;
    } else {
      static_assert((std::is_lvalue_reference_v<A> && ...), "dump takes the lvalues that were added");
      (mark_for_dump(&arguments), ...);
    }
  }
  uint64_t dump_arg_mask() const { return dump_mask_; }
  uint64_t dump_arg_index_ambiguous_mask() const { return dump_ambiguous_mask_; }
  const uint8_t *scalar_dtypes() const { return scalar_dtypes_; }

 private:
  __attribute__((noinline)) void clear_unusual() {
    has_error = false;
    error_msg = nullptr;
    deps_ = nullptr;
    dep_kinds_ = nullptr;
    dep_count_ = 0;
    derived_count_ = 0;
    allow_early_resolve_ = false;
    has_created_ = false;
    if (has_predicate_) set_predicate(CoreTaskPredicate{});
    timing_slot_ = -1;
    dump_mask_ = 0;
    dump_ambiguous_mask_ = 0;
    for (uint64_t &word : changed_scalars_) word = 0;
    unusual_ = false;
  }
  bool room_for_tensor() {
    if (this->scalar_count_ != 0) {
      set_error("tensors must be added before scalars");
      return false;
    }
    if (static_cast<size_t>(this->tensor_count_) == MaxT) {
      set_error(MaxT == CORE_MAX_TENSOR_ARGS ? "too many tensors (max 32)" : "too many tensors");
      return false;
    }
    return true;
  }
  template <typename T>
  void add_existing(TensorArgType tag, T &&tensor) {
    static_assert(std::is_lvalue_reference_v<T> && std::is_same_v<std::remove_cv_t<std::remove_reference_t<T>>, ChipTensor>,
                  "tensor arguments are kept by pointer: pass a ChipTensor lvalue");
    if (!room_for_tensor()) return;
    this->tensors_[this->tensor_count_] = TensorRef(&tensor);
    this->tags_[this->tensor_count_++] = tag;
  }
  template <typename T>
  void add_created(T &&info) {
    static_assert(std::is_lvalue_reference_v<T>, "create-infos are kept by pointer: pass a TensorCreateInfo lvalue");
    if (!room_for_tensor()) return;
    this->tensors_[this->tensor_count_] = TensorRef(&info);
    this->tags_[this->tensor_count_++] = TensorArgType::OUTPUT;
    has_created_ = true;
    unusual_ = true;
  }
  template <typename T>
  void add_one_scalar(T &&value) {
    using U = std::remove_cv_t<std::remove_reference_t<T>>;
    static_assert(std::is_arithmetic_v<U> || std::is_enum_v<U>, "scalars are arithmetic or enum values");
    const void *source = nullptr;
    if constexpr (std::is_lvalue_reference_v<T>) source = &value;
    push_scalar(to_u64<U>(value), static_cast<DataType>(dtype_of<U>()), source);
  }
  void push_scalar(uint64_t bits, DataType dtype, const void *source) {
    if (static_cast<size_t>(this->scalar_count_) == MaxS) {
      return set_error(MaxS == CORE_MAX_SCALAR_ARGS ? "too many scalars (max 16)" : "too many scalars");
    }
    scalar_dtypes_[this->scalar_count_] = static_cast<uint8_t>(dtype);
    scalar_sources_[this->scalar_count_] = source;
    this->scalars_[this->scalar_count_++] = bits;
  }
  void mark_for_dump(const void *address) {
    uint64_t hits = 0;
    for (int32_t i = 0; i < this->tensor_count_; ++i) {
      if (this->tensors_[i].refers_to(static_cast<const ChipTensor *>(address))) hits |= uint64_t{1} << i;
    }
    for (int32_t i = 0; i < this->scalar_count_; ++i) {
      if (scalar_sources_[i] == address) hits |= uint64_t{1} << (this->tensor_count_ + i);
    }
    if (hits == 0) return set_error("dump: an argument that was not added to this Arg");
    if ((hits & (hits - 1)) != 0) dump_ambiguous_mask_ |= hits;
    dump_mask_ |= hits;
  }

  bool unusual_ = false;  ///< something below, or one of the fields above that clear() resets, may not have its initial value
  const PTO2TaskId *deps_ = nullptr;
  const DepFlags *dep_kinds_ = nullptr;
  uint32_t dep_count_ = 0;
  int32_t timing_slot_ = -1;
  bool allow_early_resolve_ = false;
  bool has_predicate_ = false;
  bool has_created_ = false;
  uint32_t derived_count_ = 0;
  CoreTaskPredicate predicate_;
  uint64_t dump_mask_ = 0;
  uint64_t dump_ambiguous_mask_ = 0;
  bool scalar_changed(int32_t i) const { return (changed_scalars_[i / 64] >> (i % 64) & 1) != 0; }

  uint64_t changed_scalars_[(MaxS + 63) / 64] = {};
  uint8_t scalar_dtypes_[MaxS];
  const void *scalar_sources_[MaxS];
};

using CoreTaskArgs = Arg<MAX_TENSOR_ARGS, MAX_SCALAR_ARGS>;
using GraphTaskArgs = Arg<GRAPH_MAX_TENSOR_ARGS, GRAPH_MAX_SCALAR_ARGS>;

/// The arguments of a whole callable, as its orchestration reads them.
struct ChipTaskArgs : Arg<CHIP_MAX_TENSOR_ARGS, CHIP_MAX_SCALAR_ARGS> {
  /// Refers to the tensors of `src`, which must outlive this object.
  void create_from_chip_args(const ChipStorageTaskArgs &src) {
    clear();
    for (int32_t i = 0; i < src.tensor_count(); ++i) add_inout(src.tensor(i));
    add_scalars(src.scalars(), src.scalar_count());
  }
};
