// What the kernels share: a block of rows with its memory, and the parts of scoring that are not worth SIMD.
#ifndef OPZ_BLOCK_H
#define OPZ_BLOCK_H

#include "COpzTrees.h"

enum { OPZ_TILE = 16, OPZ_MAX_WORDS = 8, OPZ_WALKS = 8 };

typedef struct {
  const opz_trees *trees;
  const void *matrix;   // the block's first row
  bool is_double;       // its type
  bool is_wide;         // whether values are compared as double
  unsigned rows, words; // rows <= words * 64
  void *output;         // of the block's first row
  bool output_is_double;
  int32_t *leaves;

  void *tile;           // OPZ_TILE columns
  uint64_t *planes;     // bits of ranks
  uint64_t *changed;
  uint64_t *masks;
  uint64_t *slots;
  uint8_t *bytes;       // leaves' numbers
  uint32_t *numbers;
  void *sums;           // groups x words * 64, float or double
  void *expanded;       // for each OPZ_WALKS rows, the inputs of walks, row by row within each
  uint8_t *seen;        // whether a group has a value, for minimum and maximum
} opz_block;

typedef struct {
  void (*score_block)(opz_block *);
  void (*score_rows)(opz_block *);
} opz_kernel;

extern const opz_kernel opz_kernel_plain, opz_kernel_avx2, opz_kernel_avx512, opz_kernel_neon;

// |x| <= 1e-35 in float32 (LightGBM's kZeroThreshold).
static inline bool opz_is_zero(double value) {
  return value <= (double)1e-35f && value >= -(double)1e-35f;
}

// Whether a value is missing; NaN becomes 0 where nothing is.
static inline bool opz_is_missing(double *value, uint32_t missing) {
  const bool is_nan = *value != *value;
  if (missing == OPZ_MISSING_NONE) {
    if (is_nan) *value = 0;
    return false;
  }
  return is_nan || (missing == OPZ_MISSING_ZERO && opz_is_zero(*value));
}

// The category of a value; -1 for none.
static inline int64_t opz_category(double value, uint8_t rule) {
  if (rule == OPZ_CATEGORY_TRUNCATED) return value > -1 && value < 2147483648.0 ? (int64_t)value : -1;
  if (!(value >= 0 && value < 16777216)) return -1;
  const int64_t category = (int64_t)value;
  return rule == OPZ_CATEGORY_WHOLE && (double)category != value ? -1 : category;
}

// Whether trees have one constant per leaf and are summed.
static inline bool opz_is_simple(const opz_trees *trees) {
  return !trees->vector_starts && !trees->linear_functions && trees->aggregate <= OPZ_AGGREGATE_AVERAGE;
}

void opz_begin(const opz_block *block);
void opz_add(const opz_block *block, const opz_tree *tree, const uint32_t *numbers);
void opz_write_leaves(const opz_block *block, const opz_tree *tree, uint32_t index);
void opz_finish(const opz_block *block);

// The input of a walk that is no plain value, for a row of the matrix.
double opz_input_value(const opz_trees *trees, const opz_input *input, double value);

#endif
