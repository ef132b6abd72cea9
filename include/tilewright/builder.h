/* Recording tile programs, from C and from whatever can call C. A builder holds one module; each call adds to it, at the source
 * position that twb_locate gave last. tilewright/language.h is this interface for C++; docs/design/compiler.md says what the
 * operations mean.
 *
 * Values are numbers that the builder gives out. 0 is no value: what failed returns 0, and what is given 0 where it needs a value returns 0
 * without another error, so that one mistake is one message. Errors are collected (twb_error_text) and nothing is thrown.
 * Strings and arrays that go in are copied. A builder belongs to one thread at a time. */
#ifndef TILEWRIGHT_BUILDER_H
#define TILEWRIGHT_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWB_API __attribute__((visibility("default")))
/* An extent or size that is known at run time only. */
#define TWB_OPEN (-1)

typedef struct twb_builder twb_builder;
typedef uint32_t twb_value;

typedef enum twb_dtype {
  TWB_F32,
  TWB_F16,
  TWB_BF16,
  TWB_F8E4M3,
  TWB_F8E5M2,
  TWB_I8,
  TWB_I16,
  TWB_I32,
  TWB_I64,
  TWB_U8,
  TWB_U16,
  TWB_U32,
  TWB_U64,
  TWB_INDEX,
  TWB_BOOL /* of numbers, and TWB_BOOL of masks; not of tensors */
} twb_dtype;
typedef enum twb_kind { TWB_NONE, TWB_NUMBER, TWB_TENSOR, TWB_TILE, TWB_TASK, TWB_TASKS } twb_kind;
typedef enum twb_space { TWB_ANYWHERE, TWB_VEC, TWB_MAT, TWB_LEFT, TWB_RIGHT, TWB_ACC, TWB_BIAS } twb_space;
typedef enum twb_compare { TWB_EQ, TWB_NE, TWB_LT, TWB_GT, TWB_GE, TWB_LE } twb_compare;
typedef enum twb_arith { TWB_ADD, TWB_SUB, TWB_MUL, TWB_DIV, TWB_REM, TWB_MIN, TWB_MAX, TWB_AND, TWB_OR } twb_arith;
typedef enum twb_direction { TWB_IN, TWB_OUT, TWB_INOUT } twb_direction;
typedef enum twb_loop { TWB_SEQUENTIAL, TWB_PARALLEL, TWB_UNROLLED, TWB_PIPELINED } twb_loop;

/* ---- the module ---- */

TWB_API twb_builder* twb_create(void);
TWB_API void twb_destroy(twb_builder* b);
/* Where the program does what the next calls record. */
TWB_API void twb_locate(twb_builder* b, const char* file, uint32_t line, uint32_t column);
/* An error of the caller's own at that position. */
TWB_API void twb_error(twb_builder* b, const char* message);
/* Ends recording and verifies the module; whatever is open is an error. 1 if there is no error at all, else 0. */
TWB_API int twb_finish(twb_builder* b);
TWB_API size_t twb_error_count(const twb_builder* b);
/* "rope.cpp:41: error: ..." and notes, a line each; belongs to the builder. "" for an index outside. */
TWB_API const char* twb_error_text(const twb_builder* b, size_t index);
/* The module as text that tw-opt and tw compile read; belongs to the builder until the next call. */
TWB_API const char* twb_text(twb_builder* b, int with_locations);

/* ---- functions ---- */

typedef struct twb_parameter {
  twb_kind kind;           /* TWB_TENSOR, or TWB_NUMBER; numbers come behind tensors */
  twb_dtype dtype;
  twb_direction direction; /* of a tensor */
  const int64_t* extents;  /* of a tensor; TWB_OPEN where only the run knows */
  size_t rank;
  const char* name;        /* a word of C that no other parameter has, or null: "arg0", "arg1", ... by place */
  int may_alias;           /* 1 of an orchestration's tensor: the caller may give memory that another one so marked has as well; else 0 */
} twb_parameter;

/* What is recorded until twb_end_function is the function's body; values receives one value a parameter. A kernel may be recorded in the
 * middle of an orchestration; it is a function of its own. 1 for success. */
TWB_API int twb_begin_orchestration(twb_builder* b, const char* name, const twb_parameter* parameters, size_t count, twb_value* values);
TWB_API int twb_begin_kernel(twb_builder* b, const char* name, const twb_parameter* parameters, size_t count, twb_value* values);
/* The kernel that a function of the caller's is for arguments of these types. Returns its name in the module, which is `name`, with a number
 * if that is taken; it belongs to the builder. The first time *begun becomes 1, and the kernel is begun as by twb_begin_kernel. `function`
 * tells the caller's functions apart. */
TWB_API const char* twb_begin_kernel_for(twb_builder* b, int function, const char* name, const twb_value* arguments,
                                         const twb_direction* directions, size_t count, twb_value* values, int* begun);
TWB_API void twb_end_function(twb_builder* b);

/* ---- what a value is ---- */

TWB_API twb_kind twb_kind_of(const twb_builder* b, twb_value value);
TWB_API twb_dtype
twb_dtype_of(const twb_builder* b,
             twb_value value); /* of a number, the elements of a tensor or tile, or what a variable holds; TWB_F32 where there is nothing */
TWB_API size_t twb_rank(const twb_builder* b, twb_value tensor);
/* Extent of a tensor, or rows (0) and columns (1) of a tile; TWB_OPEN where only the run knows. */
TWB_API int64_t twb_extent(const twb_builder* b, twb_value value, size_t dimension);
/* 1 if the number is known now, an integer; stores it. */
TWB_API int twb_constant(const twb_builder* b, twb_value number, int64_t* constant);

/* ---- numbers ---- */

TWB_API twb_value twb_integer(twb_builder* b, twb_dtype dtype, int64_t number);
TWB_API twb_value twb_float(twb_builder* b, twb_dtype dtype, double number);
/* Both operands have one type. Division rounds towards zero. TWB_AND and TWB_OR are of integers and truth values. */
TWB_API twb_value twb_calculate(twb_builder* b, twb_arith how, twb_value left, twb_value right);
TWB_API twb_value twb_test(twb_builder* b, twb_compare how, twb_value left, twb_value right);
TWB_API twb_value twb_choose(twb_builder* b, twb_value condition, twb_value if_true, twb_value if_false);
TWB_API twb_value twb_convert(twb_builder* b, twb_dtype dtype, twb_value number);

/* ---- tensors; extents and offsets are numbers of type index ---- */

TWB_API twb_value twb_new_tensor(twb_builder* b, twb_dtype dtype, const twb_value* extents, size_t rank, twb_value initial, int untracked);
TWB_API twb_value twb_view(twb_builder* b, twb_value tensor, const twb_value* offsets, const twb_value* extents, size_t rank);
TWB_API twb_value twb_reshape(twb_builder* b, twb_value tensor, const twb_value* extents, size_t rank);
TWB_API twb_value twb_transpose(twb_builder* b, twb_value tensor, size_t first, size_t second);
TWB_API void twb_assemble(twb_builder* b, twb_value tensor, twb_value into, const twb_value* offsets, size_t rank);
TWB_API twb_value twb_dim(twb_builder* b, twb_value tensor, size_t dimension);
TWB_API twb_value twb_read(twb_builder* b, twb_value tensor, const twb_value* indices, size_t rank);
TWB_API void twb_write(twb_builder* b, twb_value number, twb_value tensor, const twb_value* indices, size_t rank);

/* ---- tiles ---- */

/* Rows and columns are known now; the sizes of the valid region need not be, and 0 makes everything valid. */
typedef struct twb_shape {
  twb_value rows, columns;
  twb_value valid_rows, valid_columns;
  twb_space space;
} twb_shape;

TWB_API twb_value twb_load(twb_builder* b, twb_value tensor, const twb_value* indices, size_t rank, const twb_shape* shape);
TWB_API void twb_store(twb_builder* b, twb_value tile, twb_value tensor, const twb_value* indices, size_t rank, int atomic_add);
TWB_API twb_value twb_gather_load(twb_builder* b, twb_value tensor, twb_value indices);
TWB_API void twb_scatter_store(twb_builder* b, twb_value tile, twb_value tensor, twb_value indices);
TWB_API twb_value twb_new_tile(twb_builder* b, twb_dtype dtype, const twb_shape* shape);
/* An operator of operators.td by its name, on tiles and then numbers. `shape` and `dtype` are of the result, for operators that leave
 * them open (fill, iota: both; row_expand, col_expand: shape; cast: dtype); `word` is the attribute of one that has one: compare and compares
 * "eq ne lt gt ge le", cast "none rint round floor ceil trunc odd", pad "zero min max"; else null. */
TWB_API twb_value twb_operator(twb_builder* b, const char* name, const twb_value* operands, size_t count, const twb_shape* shape,
                               twb_dtype dtype, const char* word);
/* sum + value; the product of a matmul that nobody else uses is accumulated in place of the sum (matmul_acc). */
TWB_API twb_value twb_accumulate(twb_builder* b, twb_value sum, twb_value value);
TWB_API twb_value twb_move(twb_builder* b, twb_value tile, twb_space space);
TWB_API twb_value twb_extract(twb_builder* b, twb_value tile, twb_value row, twb_value column, const twb_shape* shape);
TWB_API twb_value twb_insert(twb_builder* b, twb_value tile, twb_value into, twb_value row, twb_value column);
TWB_API twb_value twb_reshape_tile(twb_builder* b, twb_value tile, twb_value rows, twb_value columns);
TWB_API twb_value twb_set_valid(twb_builder* b, twb_value tile, twb_value rows, twb_value columns);
TWB_API twb_value twb_valid(twb_builder* b, twb_value tile, size_t dimension);
TWB_API twb_value twb_read_tile(twb_builder* b, twb_value tile, twb_value row, twb_value column);
TWB_API twb_value twb_write_tile(twb_builder* b, twb_value number, twb_value tile, twb_value row, twb_value column);
/* "block_index", "block_count", "subblock_index" in kernels; "cluster_count", "aiv_count" in orchestrations. */
TWB_API twb_value twb_query(twb_builder* b, const char* name);

/* ---- tasks ---- */

/* All zero is a task without options. */
typedef struct twb_task {
  const char* name;
  const twb_value* after;
  size_t after_count;
  const twb_value* no_dep;
  size_t no_dep_count;
  twb_value tested; /* runs only if the element at tested_indices compares so with target */
  const twb_value* tested_indices;
  size_t tested_count;
  twb_compare relation;
  int64_t target;
  twb_value blocks;
  int sync_start;
  int early_resolve;
} twb_task;

/* A task of what is recorded until twb_end_at, which returns its id. */
TWB_API int twb_begin_at(twb_builder* b, const twb_task* task);
TWB_API twb_value twb_end_at(twb_builder* b);
/* A task of kernels that have been or will be recorded under these names; `name` and `no_dep` of the task are not used: no_dep is by argument. */
TWB_API twb_value twb_submit(twb_builder* b, const char* const* kernels, size_t kernel_count, const twb_value* arguments,
                             size_t argument_count, const twb_task* task);
TWB_API twb_value twb_dummy(twb_builder* b, const twb_value* after, size_t count);
TWB_API twb_value twb_no_task(twb_builder* b);
TWB_API twb_value twb_is_task(twb_builder* b, twb_value task);
TWB_API twb_value twb_no_tasks(twb_builder* b, int64_t count);
TWB_API twb_value twb_get_task(twb_builder* b, twb_value tasks, twb_value index);
TWB_API twb_value twb_set_task(twb_builder* b, twb_value task, twb_value tasks, twb_value index);
TWB_API int twb_begin_scope(twb_builder* b, int manual);
TWB_API void twb_end_scope(twb_builder* b);

/* ---- variables: what loops and branches carry ---- */

/* A variable, with its first value, or with 0 and then without one until it is set. It is no value: only twb_get and twb_set take it. */
TWB_API twb_value twb_declare(twb_builder* b, twb_value initial);
TWB_API twb_value twb_get(twb_builder* b, twb_value variable);
TWB_API void twb_set(twb_builder* b, twb_value variable, twb_value value);

/* ---- control flow ---- */

/* Returns the loop's index. `stages` is of TWB_PIPELINED. */
TWB_API twb_value twb_begin_for(twb_builder* b, twb_value first, twb_value end, twb_value step, twb_loop kind, int64_t stages);
TWB_API void twb_end_for(twb_builder* b);
/* For loops that are a range-for of C++: `continue` would leave the rest of the body out for all turns, and nothing of the run shows it. An
 * error for each that stands in the body of the `for` at this line, if the file can be read. */
TWB_API void twb_check_loop_text(twb_builder* b, const char* file, uint32_t line);
TWB_API int twb_begin_if(twb_builder* b, twb_value condition);
TWB_API void twb_begin_else(twb_builder* b);
TWB_API void twb_end_if(twb_builder* b);
/* begin_while, what computes the condition, while_do, the body, end_while. */
TWB_API int twb_begin_while(twb_builder* b);
TWB_API void twb_while_do(twb_builder* b, twb_value condition);
TWB_API void twb_end_while(twb_builder* b);

#ifdef __cplusplus
}
#endif

#endif /* TILEWRIGHT_BUILDER_H */
