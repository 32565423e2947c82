// Kernels that score compiled tree ensembles: how they work is in the README of OpzScoring, which compiles ensembles
// into these records. Everything here trusts its records; OpzScoring makes only valid ones.
//
// Rows are scored in blocks of up to 512, and a bit of each of them stands in a slot.
// 1. Each column is turned around, and each of its values is ranked among the ensemble's thresholds of that column.
// For each part of the ensemble (consecutive trees),
// 2. each distinct test of the part becomes a slot: set where the row goes right,
// 3. each tree is a program of bitwise choices over these, which yields the bits of the leaf's number,
// 4. the leaves' values are added row by row, in the order of the trees.
// Trees for which that is too much, and single rows, walk from node to node, with several walks in flight.
#ifndef OPZ_TREES_H
#define OPZ_TREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a column's value has to be to count as missing.
enum { OPZ_MISSING_NAN = 0, OPZ_MISSING_ZERO = 1, OPZ_MISSING_NONE = 2 };

// Where the missing go. As a rank: below all thresholds, above all, or where 0 is.
enum { OPZ_FILL_LEFT = 0, OPZ_FILL_RIGHT = 1, OPZ_FILL_ZERO = 2 };

// A column whose values are ranked, or looked up as categories.
typedef struct {
  uint32_t column;
  // The first of its slots: the bits of ranks, least first, then NaN, then zero; or one of each code, from 0.
  size_t plane;
  uint32_t levels;  // bits of a rank; 0 for categories
  size_t cuts;      // the first of 2^levels cuts, as a heap from index 1 on
  bool has_zeros;   // whether zero is looked for
  uint8_t missing;  // of categories
  uint32_t codes;   // how many categories are in a set, numbered from 1; 0 is what is missing
  size_t table;     // `table_size` codes by category, 0 for one that is in no set
  uint32_t table_size;
} opz_column;

// The tests of one column in one part.
typedef struct {
  uint32_t column;       // index of an opz_column
  uint32_t first, count; // views of ranks; tests of codes
} opz_question;

// How some tests of a ranked column see what is missing.
typedef struct {
  uint8_t missing, fill;
  uint32_t zero;  // the rank of 0
  uint32_t test, tests;
} opz_view;

// A test of a rank: goes right where the rank is at least `rank`, or is not equal to it.
enum { OPZ_TEST_AT_LEAST = 0, OPZ_TEST_NOT_EQUAL = 1, OPZ_TEST_NOT_EQUAL_MISSING_LEFT = 2 };
typedef struct {
  uint32_t rank, kind;
} opz_rank_test;

// A test of a category: goes left where the code is listed (or, if inverted, where there is one that is not listed).
typedef struct {
  size_t code;
  uint32_t codes;
  bool inverted, missing_left;
} opz_code_test;

// A choice between bits: `into` = `test` ? `right` : `left`. Operands are slots.
typedef struct {
  uint16_t test, left, right, into;
} opz_choice;

// More categories of a column than this are not coded.
enum { OPZ_MAX_CODES = 511 };

// Slots: all bits 0, all bits 1, intermediate results, then the tests of the part.
enum { OPZ_SLOT_ZEROS = 0, OPZ_SLOT_ONES = 1, OPZ_SLOT_TEMPORARY = 2, OPZ_SLOT_TESTS = 256, OPZ_SLOTS = 65536 };

// A node of a walk: right where input >= cut, to the node `right` further on; else to the next one. In a leaf, `right`
// is 0, the input is the constant +infinity, and the cut is the leaf's number.
typedef struct {
  float cut;
  uint16_t input, right;
} opz_node_short;
typedef struct {
  float cut;
  uint32_t input, right;
} opz_node_float;
typedef struct {
  double cut;
  uint32_t input, right;
} opz_node_double;

// A leaf's number as a cut: added to the bits of 1.0 in float32; the number itself in float64.
enum { OPZ_NUMBER_BIAS = 0x3f800000 };

// What walks compare: a column's value with the missing replaced, or 1 where a row goes right and 0 elsewhere.
enum { OPZ_INPUT_VALUE, OPZ_INPUT_MISSING, OPZ_INPUT_UNEQUAL, OPZ_INPUT_MEMBER, OPZ_INPUT_LEAF };
typedef struct {
  uint8_t kind, missing, fill;
  uint32_t column;
  size_t set;        // of a member: its first word
  uint32_t words;
  double threshold;  // of unequal
} opz_input;

typedef struct {
  uint32_t group;
  uint32_t steps;  // depth of the walk
  size_t leaf;     // the first of the tree's leaf slots
  uint32_t leaves; // their number, a bound of the leaf's number
  size_t choice;
  uint32_t choices;
  size_t plane;    // slots of the bits of the leaf's number, least first
  uint16_t planes;
  bool is_sliced;
  bool is_lazy;    // some inputs are computed when the walk is there
  size_t node;
} opz_tree;

typedef struct {
  uint32_t question, questions;
  uint32_t tree, trees;
  uint32_t tests;
} opz_part;

enum { OPZ_AGGREGATE_SUM = 0, OPZ_AGGREGATE_AVERAGE = 1, OPZ_AGGREGATE_MINIMUM = 2, OPZ_AGGREGATE_MAXIMUM = 3 };
// Which numbers are categories: TreeEnsemble.CategoryRule.
enum { OPZ_CATEGORY_NONNEGATIVE = 0, OPZ_CATEGORY_TRUNCATED = 1, OPZ_CATEGORY_WHOLE = 2 };

typedef struct {
  size_t first;
  uint32_t count;
  double constant;
} opz_linear;

typedef struct {
  size_t columns;
  uint32_t groups;
  bool is_wide;  // whether values are compared as double; then the matrix is double
  bool float_inputs, float_sums, base_first, is_short;
  uint8_t aggregate, category_rule;
  double divisor;
  const double *base;

  const opz_part *parts;
  size_t part_count;
  const opz_column *tested;  // in the order of their columns
  size_t tested_count;
  size_t plane_count;
  uint32_t max_words;        // of 64 rows in a block
  const opz_question *questions;
  const opz_view *views;
  const opz_rank_test *rank_tests;
  const opz_code_test *code_tests;
  const uint16_t *code_lists;
  const uint16_t *code_tables;
  const float *float_cuts;
  const double *double_cuts;
  const opz_choice *choices;
  const uint16_t *planes;
  uint32_t max_tests, max_levels;

  const opz_tree *trees;
  size_t tree_count;
  const opz_node_short *short_nodes;
  const opz_node_float *float_nodes;
  const opz_node_double *double_nodes;
  const opz_input *inputs;
  uint32_t input_count, eager_inputs;
  const uint64_t *set_words;
  bool has_walks, has_lazy;  // of trees that are not sliced; of any tree

  // By leaf slot. One of the values is null.
  const float *float_values;
  const double *double_values;
  const int32_t *numbers;
  // Null unless leaves are vectors: where they begin in vectors.
  const uint32_t *vector_starts;
  const double *vectors;
  // Null unless leaves are linear: the function, or UINT32_MAX.
  const uint32_t *linear_functions;
  const opz_linear *linear;
  const uint32_t *linear_columns;
  const double *linear_coefficients;
} opz_trees;

// The instruction sets that there are kernels for, from the slowest to the fastest.
enum { OPZ_ISA_PLAIN = 0, OPZ_ISA_NEON = 1, OPZ_ISA_AVX2 = 2, OPZ_ISA_AVX512 = 3 };

// Whether this CPU runs a kernel.
bool opz_trees_runs(int isa);

// Memory that calls borrow: at most a few blocks are kept.
typedef struct opz_scratch_pool opz_scratch_pool;
opz_scratch_pool *opz_scratch_pool_create(void);
void opz_scratch_pool_destroy(opz_scratch_pool *pool);

// Scores rows. `smallest` is the number of rows from which blocks are used.
// Either `output` (rows x groups, float or double) or `leaves` (rows x trees) is written.
// Returns false if there is no memory.
bool opz_trees_score(
  const opz_trees *trees, int isa, size_t smallest, opz_scratch_pool *pool, const void *matrix, bool is_double,
  size_t rows, void *output, bool output_is_double, int32_t *leaves);

#endif
