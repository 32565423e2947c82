#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"

void opz_begin(const opz_block *block) {
  const opz_trees *trees = block->trees;
  const size_t lanes = block->words * 64;
  for (uint32_t group = 0; group < trees->groups; group++) {
    const double base = trees->base_first ? trees->base[group] : 0;
    for (size_t row = 0; row < block->rows; row++) {
      if (trees->float_sums) {
        ((float *)block->sums)[group * lanes + row] = (float)base;
      } else {
        ((double *)block->sums)[group * lanes + row] = base;
      }
    }
  }
  if (block->seen) memset(block->seen, 0, trees->groups);
}

static double opz_linear_value(const opz_block *block, const opz_linear *linear, unsigned row, double otherwise) {
  const opz_trees *trees = block->trees;
  double sum = linear->constant;
  for (size_t index = linear->first; index < linear->first + linear->count; index++) {
    const size_t at = (size_t)row * trees->columns + trees->linear_columns[index];
    double value = block->is_double ? ((const double *)block->matrix)[at] : ((const float *)block->matrix)[at];
    if (trees->float_inputs) value = (float)value;
    if (value != value) return otherwise;
    sum += trees->linear_coefficients[index] * value;
  }
  return sum;
}

static inline void opz_combine(const opz_block *block, uint32_t group, unsigned row, double value) {
  const opz_trees *trees = block->trees;
  const size_t at = (size_t)group * block->words * 64 + row;
  const uint8_t aggregate = trees->aggregate;
  if (trees->float_sums) {
    float *const sum = &((float *)block->sums)[at];
    const float term = (float)value;
    if (aggregate <= OPZ_AGGREGATE_AVERAGE) {
      *sum += term;
    } else if (!block->seen[group] || (aggregate == OPZ_AGGREGATE_MINIMUM ? term < *sum : term >= *sum)) {
      *sum = term;
    }
  } else {
    double *const sum = &((double *)block->sums)[at];
    if (aggregate <= OPZ_AGGREGATE_AVERAGE) {
      *sum += value;
    } else if (!block->seen[group] || (aggregate == OPZ_AGGREGATE_MINIMUM ? value < *sum : value >= *sum)) {
      *sum = value;
    }
  }
}

void opz_add(const opz_block *block, const opz_tree *tree, const uint32_t *numbers) {
  const opz_trees *trees = block->trees;
  if (opz_is_simple(trees) && block->rows == 1) {
    if (trees->float_sums) {
      ((float *)block->sums)[tree->group * block->words * 64] += trees->float_values[tree->leaf + *numbers];
    } else {
      ((double *)block->sums)[tree->group * block->words * 64] += trees->double_values[tree->leaf + *numbers];
    }
    return;
  }
  for (unsigned row = 0; row < block->rows; row++) {
    const size_t leaf = tree->leaf + numbers[row];
    if (trees->vector_starts) {
      const double *values = trees->vectors + trees->vector_starts[leaf];
      for (uint32_t group = 0; group < trees->groups; group++) opz_combine(block, group, row, values[group]);
      continue;
    }
    double value = trees->float_values ? trees->float_values[leaf] : trees->double_values[leaf];
    if (trees->linear_functions && trees->linear_functions[leaf] != UINT32_MAX) {
      value = opz_linear_value(block, &trees->linear[trees->linear_functions[leaf]], row, value);
    }
    opz_combine(block, tree->group, row, value);
  }
  if (!block->seen) return;
  if (trees->vector_starts) {
    memset(block->seen, 1, trees->groups);
  } else {
    block->seen[tree->group] = 1;
  }
}

void opz_write_leaves(const opz_block *block, const opz_tree *tree, uint32_t index) {
  const opz_trees *trees = block->trees;
  const bool is_byte = tree->is_sliced && tree->planes <= 8;
  int32_t *leaf = block->leaves + index;
  for (unsigned row = 0; row < block->rows; row++, leaf += trees->tree_count) {
    *leaf = trees->numbers[tree->leaf + (is_byte ? block->bytes[row] : block->numbers[row])];
  }
}

void opz_finish(const opz_block *block) {
  const opz_trees *trees = block->trees;
  const size_t lanes = block->words * 64;
  for (uint32_t group = 0; group < trees->groups; group++) {
    for (size_t row = 0; row < block->rows; row++) {
      double result;
      if (trees->float_sums) {
        float sum = ((const float *)block->sums)[group * lanes + row];
        if (trees->aggregate == OPZ_AGGREGATE_AVERAGE) sum /= (float)trees->divisor;
        if (!trees->base_first) sum += (float)trees->base[group];
        result = sum;
      } else {
        double sum = ((const double *)block->sums)[group * lanes + row];
        if (trees->aggregate == OPZ_AGGREGATE_AVERAGE) sum /= trees->divisor;
        if (!trees->base_first) sum += trees->base[group];
        result = sum;
      }
      if (block->output_is_double) {
        ((double *)block->output)[row * trees->groups + group] = result;
      } else {
        ((float *)block->output)[row * trees->groups + group] = (float)result;
      }
    }
  }
}

double opz_input_value(const opz_trees *trees, const opz_input *input, double value) {
  if (input->kind == OPZ_INPUT_LEAF) return INFINITY;
  if (trees->float_inputs) value = (float)value;
  const bool is_missing = opz_is_missing(&value, input->missing);
  if (input->kind == OPZ_INPUT_MISSING) return is_missing;
  if (is_missing) return input->fill == OPZ_FILL_RIGHT;
  if (input->kind == OPZ_INPUT_UNEQUAL) return value != input->threshold;
  const int64_t category = opz_category(value, trees->category_rule);
  const bool is_member = category >= 0 && (uint64_t)category >> 6 < input->words &&
                         (trees->set_words[input->set + (category >> 6)] >> (category & 63) & 1);
  return !is_member;
}

bool opz_trees_runs(int isa) {
  switch (isa) {
    case OPZ_ISA_PLAIN: return true;
#if defined(__x86_64__)
    case OPZ_ISA_AVX2:
      return __builtin_cpu_supports("avx2");
    case OPZ_ISA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#elif defined(__aarch64__)
    case OPZ_ISA_NEON: return true;
#endif
    default: return false;
  }
}

static const opz_kernel *opz_kernel_of(int isa) {
  switch (isa) {
#if defined(__x86_64__)
    case OPZ_ISA_AVX2: return &opz_kernel_avx2;
    case OPZ_ISA_AVX512: return &opz_kernel_avx512;
#elif defined(__aarch64__)
    case OPZ_ISA_NEON: return &opz_kernel_neon;
#endif
    default: return &opz_kernel_plain;
  }
}

// Cuts memory for a block into pieces of whole cache lines, or adds them up where there is no memory.
static void *opz_piece(char *memory, size_t *used, size_t size) {
  void *const piece = memory ? memory + *used : 0;
  *used += (size + 63) & ~(size_t)63;
  return piece;
}

// Slots for the masks of both halves of a rank: see test_ranks.
static size_t opz_mask_slots(uint32_t levels) {
  return levels <= 4 ? 18 : ((size_t)1 << (levels / 2)) + ((size_t)1 << (levels - levels / 2)) + 1;
}

static size_t opz_layout(opz_block *block, char *memory, bool by_rows) {
  const opz_trees *trees = block->trees;
  const size_t word = block->words * sizeof(uint64_t), lanes = block->words * 64;
  const size_t value = block->is_wide ? sizeof(double) : sizeof(float);
  const size_t sum = trees->float_sums ? sizeof(float) : sizeof(double);
  size_t used = 0;
  block->expanded = opz_piece(
    memory, &used,
    by_rows            ? trees->eager_inputs * value
    : trees->has_walks ? (lanes + OPZ_WALKS) * trees->eager_inputs * value
                       : 0);
  block->seen = trees->aggregate >= OPZ_AGGREGATE_MINIMUM ? opz_piece(memory, &used, trees->groups) : 0;
  block->sums = opz_piece(memory, &used, trees->groups * lanes * sum);
  if (by_rows) return used;
  block->tile = opz_piece(memory, &used, OPZ_TILE * lanes * value);
  block->planes = opz_piece(memory, &used, trees->plane_count * word);
  block->changed = opz_piece(memory, &used, trees->max_levels * word);
  block->masks = opz_piece(memory, &used, opz_mask_slots(trees->max_levels) * word);
  block->bytes = opz_piece(memory, &used, lanes);
  block->numbers = opz_piece(memory, &used, (lanes + OPZ_WALKS) * sizeof(uint32_t));
  block->slots = opz_piece(memory, &used, (OPZ_SLOT_TESTS + (size_t)trees->max_tests) * word);
  return used;
}

enum { OPZ_KEPT = 4 };
struct opz_scratch_pool {
  _Atomic(void *) blocks[OPZ_KEPT];
};

opz_scratch_pool *opz_scratch_pool_create(void) { return calloc(1, sizeof(opz_scratch_pool)); }

void opz_scratch_pool_destroy(opz_scratch_pool *pool) {
  if (!pool) return;
  for (int index = 0; index < OPZ_KEPT; index++) free(atomic_load(&pool->blocks[index]));
  free(pool);
}

// A block's size stands in its first cache line.
static char *opz_take(opz_scratch_pool *pool, size_t size) {
  for (int index = 0; index < OPZ_KEPT; index++) {
    char *const memory = atomic_exchange(&pool->blocks[index], 0);
    if (!memory) continue;
    if (*(size_t *)memory >= size) return memory;
    free(memory);
    break;
  }
  char *const memory = aligned_alloc(64, (size + 127) & ~(size_t)63);
  if (memory) *(size_t *)memory = size;
  return memory;
}

static void opz_give(opz_scratch_pool *pool, char *memory) {
  for (int index = 0; index < OPZ_KEPT; index++) {
    void *none = 0;
    if (atomic_compare_exchange_strong(&pool->blocks[index], &none, memory)) return;
  }
  free(memory);
}

bool opz_trees_score(
  const opz_trees *trees, int isa, size_t smallest, opz_scratch_pool *pool, const void *matrix, bool is_double,
  size_t rows, void *output, bool output_is_double, int32_t *leaves
) {
  if (rows == 0) return true;
  const opz_kernel *const kernel = opz_kernel_of(isa);
  opz_block block = {.trees = trees, .is_double = is_double, .is_wide = trees->is_wide};
  block.output_is_double = output_is_double;
  const size_t row_size = trees->columns * (is_double ? sizeof(double) : sizeof(float));
  const size_t result_size = trees->groups * (output_is_double ? sizeof(double) : sizeof(float));
  block.words = 1;
  size_t size = opz_layout(&block, 0, true);
  if (rows >= smallest) {
    while (block.words < trees->max_words && block.words * 64 < rows) block.words *= 2;
    const size_t blocks = opz_layout(&block, 0, false);
    size = size > blocks ? size : blocks;
  }
  char *const memory = opz_take(pool, size);
  if (!memory) return false;
  for (size_t row = 0; row < rows; row += block.rows) {
    const size_t left = rows - row;
    block.matrix = (const char *)matrix + row * row_size;
    block.output = output ? (char *)output + row * result_size : 0;
    block.leaves = leaves ? leaves + row * trees->tree_count : 0;
    block.words = 1;
    if (left < smallest) {
      block.rows = (unsigned)left;
      opz_layout(&block, memory + 64, true);
      kernel->score_rows(&block);
      break;
    }
    while (block.words < trees->max_words && block.words * 64 < left) block.words *= 2;
    block.rows = (unsigned)(left < block.words * 64 ? left : block.words * 64);
    opz_layout(&block, memory + 64, false);
    kernel->score_block(&block);
  }
  opz_give(pool, memory);
  return true;
}
