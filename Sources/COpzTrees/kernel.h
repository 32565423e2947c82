// The kernel of one instruction set: included by plain.c, avx2.c, avx512.c and neon.c, which define OPZ_NAME and may
// define faster forms of the primitives below (OPZ_HAS_...).

#include <math.h>
#include <string.h>

#include "block.h"

#define OPZ_PASTE(a, b) a##b
#define OPZ_JOIN(a, b) OPZ_PASTE(a, b)

#define OPZ_WORDS 1
#define OPZ_SIZED(name) OPZ_NAME(name##_1)
#include "logic.h"
#define OPZ_WORDS 2
#define OPZ_SIZED(name) OPZ_NAME(name##_2)
#include "logic.h"
#define OPZ_WORDS 4
#define OPZ_SIZED(name) OPZ_NAME(name##_4)
#include "logic.h"
#define OPZ_WORDS 8
#define OPZ_SIZED(name) OPZ_NAME(name##_8)
#include "logic.h"

// ---- Primitives

// Columns [0, columns) of `rows` rows, turned around: tile[column * lanes + row].
#ifndef OPZ_HAS_TILES
static void OPZ_NAME(tile_float)(
  const float *matrix, size_t stride, unsigned rows, unsigned columns, float *tile, unsigned lanes
) {
  for (unsigned row = 0; row < rows; row++) {
    for (unsigned column = 0; column < columns; column++) tile[column * lanes + row] = matrix[row * stride + column];
  }
}

static void OPZ_NAME(tile_narrow)(
  const double *matrix, size_t stride, unsigned rows, unsigned columns, float *tile, unsigned lanes
) {
  for (unsigned row = 0; row < rows; row++) {
    for (unsigned column = 0; column < columns; column++) {
      tile[column * lanes + row] = (float)matrix[row * stride + column];
    }
  }
}

static void OPZ_NAME(tile_double)(
  const double *matrix, size_t stride, unsigned rows, unsigned columns, double *tile, unsigned lanes
) {
  for (unsigned row = 0; row < rows; row++) {
    for (unsigned column = 0; column < columns; column++) tile[column * lanes + row] = matrix[row * stride + column];
  }
}
#endif

// The rank of each value as bits, least first, then the rows with NaN and those with zero.
#ifndef OPZ_HAS_RANKS
#define OPZ_RANK(name, type)                                                                             \
  static void OPZ_NAME(name)(                                                                            \
    const type *values, unsigned words, const type *cuts, unsigned levels, bool zeros, uint64_t *planes  \
  ) {                                                                                                    \
    for (unsigned word = 0; word < words; word++, values += 64) {                                        \
      uint32_t node[64];                                                                                 \
      uint64_t nan = 0, zero = 0;                                                                        \
      for (unsigned row = 0; row < 64; row++) {                                                          \
        node[row] = 1;                                                                                   \
        nan |= (uint64_t)(values[row] != values[row]) << row;                                            \
      }                                                                                                  \
      if (zeros) {                                                                                       \
        for (unsigned row = 0; row < 64; row++) zero |= (uint64_t)opz_is_zero(values[row]) << row;       \
      }                                                                                                  \
      for (unsigned level = levels; level-- > 0;) {                                                      \
        uint64_t bits = 0;                                                                               \
        for (unsigned row = 0; row < 64; row++) {                                                        \
          uint32_t right = values[row] >= cuts[node[row]];                                               \
          node[row] = 2 * node[row] + right;                                                             \
          bits |= (uint64_t)right << row;                                                                \
        }                                                                                                \
        planes[level * words + word] = bits;                                                             \
      }                                                                                                  \
      planes[levels * words + word] = nan;                                                               \
      planes[(levels + 1) * words + word] = zero;                                                        \
    }                                                                                                    \
  }
OPZ_RANK(rank_float, float)
OPZ_RANK(rank_double, double)
#undef OPZ_RANK
#endif

// Bits of leaves' numbers to numbers. `planes` has at most 8 slots for bytes.
#ifndef OPZ_HAS_NUMBERS
static void OPZ_NAME(numbers_byte)(
  const uint64_t *slots, const uint16_t *planes, unsigned count, unsigned words, uint8_t *numbers
) {
  for (unsigned word = 0; word < words; word++) {
    for (unsigned byte = 0; byte < 8; byte++) {
      uint64_t sum = 0;
      for (unsigned plane = 0; plane < count; plane++) {
        uint64_t bits = slots[planes[plane] * (size_t)words + word] >> (8 * byte) & 0xff;
        bits = (bits * 0x0101010101010101) & 0x8040201008040201;
        sum |= ((bits + 0x7f7f7f7f7f7f7f7f) >> 7 & 0x0101010101010101) << plane;
      }
      for (unsigned row = 0; row < 8; row++) numbers[64 * word + 8 * byte + row] = (uint8_t)(sum >> (8 * row));
    }
  }
}
#endif

static void OPZ_NAME(numbers_word)(
  const uint64_t *slots, const uint16_t *planes, unsigned count, unsigned words, uint32_t *numbers
) {
  for (unsigned word = 0; word < words; word++) {
    uint32_t *const part = numbers + 64 * word;
    memset(part, 0, 64 * sizeof(uint32_t));
    for (unsigned plane = 0; plane < count; plane++) {
      const uint64_t bits = slots[planes[plane] * (size_t)words + word];
      for (unsigned row = 0; row < 64; row++) part[row] |= (uint32_t)(bits >> row & 1) << plane;
    }
  }
}

// sums[row] += values[numbers[row]] for `lanes` rows, a multiple of 64. All numbers are below `leaves`.
#ifndef OPZ_HAS_SUMS
#define OPZ_SUM(name, type, number)                                                                         \
  static void OPZ_NAME(name)(type *sums, const type *values, const number *numbers, unsigned lanes, uint32_t leaves) { \
    (void)leaves;                                                                                           \
    for (unsigned row = 0; row < lanes; row++) sums[row] += values[numbers[row]];                           \
  }
OPZ_SUM(sum_float_byte, float, uint8_t)
OPZ_SUM(sum_float_word, float, uint32_t)
OPZ_SUM(sum_double_byte, double, uint8_t)
OPZ_SUM(sum_double_word, double, uint32_t)
#undef OPZ_SUM
#endif

// ---- Columns

static void OPZ_NAME(load_tile)(const opz_block *block, uint32_t column, unsigned columns) {
  const unsigned lanes = block->words * 64;
  const size_t stride = block->trees->columns;
  if (!block->is_double) {
    OPZ_NAME(tile_float)((const float *)block->matrix + column, stride, block->rows, columns, block->tile, lanes);
  } else if (block->is_wide) {
    OPZ_NAME(tile_double)((const double *)block->matrix + column, stride, block->rows, columns, block->tile, lanes);
  } else {
    OPZ_NAME(tile_narrow)((const double *)block->matrix + column, stride, block->rows, columns, block->tile, lanes);
  }
}

// Sets the rows of each code, and of the missing.
static void OPZ_NAME(code)(const opz_block *block, const opz_column *column, const void *values, uint64_t *codes) {
  const uint16_t *table = block->trees->code_tables + column->table;
  memset(codes, 0, (size_t)(column->codes + 1) * block->words * sizeof(uint64_t));
  for (unsigned row = 0; row < block->rows; row++) {
    double value = block->is_wide ? ((const double *)values)[row] : ((const float *)values)[row];
    uint64_t *const word = codes + row / 64;
    const uint64_t bit = (uint64_t)1 << (row % 64);
    if (opz_is_missing(&value, column->missing)) {
      *word |= bit;
      continue;
    }
    const int64_t category = opz_category(value, block->trees->category_rule);
    if (category < 0 || category >= column->table_size || table[category] == 0) continue;
    word[(size_t)table[category] * block->words] |= bit;
  }
}

static void OPZ_NAME(read_columns)(const opz_block *block) {
  const opz_trees *trees = block->trees;
  const unsigned words = block->words, lanes = words * 64, size = block->is_wide ? sizeof(double) : sizeof(float);
  uint32_t first = 0, columns = 0;
  for (size_t index = 0; index < trees->tested_count; index++) {
    const opz_column *column = &trees->tested[index];
    if (column->column - first >= columns) {
      first = column->column;
      columns = trees->columns - first < OPZ_TILE ? (uint32_t)(trees->columns - first) : OPZ_TILE;
      OPZ_NAME(load_tile)(block, first, columns);
    }
    const void *values = (const char *)block->tile + (size_t)(column->column - first) * lanes * size;
    uint64_t *planes = block->planes + (size_t)column->plane * words;
    if (column->levels == 0) {
      OPZ_NAME(code)(block, column, values, planes);
    } else if (block->is_wide) {
      const double *cuts = trees->double_cuts + column->cuts;
      OPZ_NAME(rank_double)(values, words, cuts, column->levels, column->has_zeros, planes);
    } else {
      const float *cuts = trees->float_cuts + column->cuts;
      OPZ_NAME(rank_float)(values, words, cuts, column->levels, column->has_zeros, planes);
    }
  }
}

// ---- Tests of a part, in the order of their slots

static void OPZ_NAME(test)(const opz_block *block, const opz_part *part) {
  const opz_trees *trees = block->trees;
  uint64_t *slot = block->slots + (size_t)OPZ_SLOT_TESTS * block->words;
  const opz_question *question = trees->questions + part->question;
  for (const opz_question *end = question + part->questions; question < end; question++) {
    const opz_column *column = &trees->tested[question->column];
    const uint64_t *planes = block->planes + (size_t)column->plane * block->words;
#define OPZ_CASE(W)                                                                                         \
  case W:                                                                                                   \
    slot = column->levels == 0                                                                              \
             ? (uint64_t *)OPZ_NAME(test_codes_##W)(                                                        \
                 trees, question, (const OPZ_NAME(bits_##W) *)planes, (OPZ_NAME(bits_##W) *)slot)           \
             : (uint64_t *)OPZ_NAME(test_ranks_##W)(                                                        \
                 trees, question, (const OPZ_NAME(bits_##W) *)planes, (OPZ_NAME(bits_##W) *)block->changed, \
                 (OPZ_NAME(bits_##W) *)block->masks, (OPZ_NAME(bits_##W) *)slot);                           \
    break;
    switch (block->words) {
      OPZ_CASE(1) OPZ_CASE(2) OPZ_CASE(4)
      default: OPZ_CASE(8)
    }
#undef OPZ_CASE
  }
}

// ---- Trees

static void OPZ_NAME(slice)(const opz_block *block, const opz_tree *tree) {
  const opz_choice *choice = block->trees->choices + tree->choice;
  switch (block->words) {
#define OPZ_CASE(W)                                                                               \
  case W:                                                                                         \
    OPZ_NAME(choose_##W)(choice, tree->choices, (OPZ_NAME(bits_##W) *)block->slots); \
    break;
    OPZ_CASE(1) OPZ_CASE(2) OPZ_CASE(4)
    default: OPZ_CASE(8)
#undef OPZ_CASE
  }
  const uint16_t *planes = block->trees->planes + tree->plane;
  if (tree->planes <= 8) {
    OPZ_NAME(numbers_byte)(block->slots, planes, tree->planes, block->words, block->bytes);
  } else {
    OPZ_NAME(numbers_word)(block->slots, planes, tree->planes, block->words, block->numbers);
  }
}

#define OPZ_NODE opz_node_short
#define OPZ_VALUE float
#define OPZ_WALK(name) OPZ_NAME(name##_short)
#include "walk.h"
#define OPZ_NODE opz_node_float
#define OPZ_VALUE float
#define OPZ_WALK(name) OPZ_NAME(name##_float)
#include "walk.h"
#define OPZ_NODE opz_node_double
#define OPZ_VALUE double
#define OPZ_WALK(name) OPZ_NAME(name##_double)
#include "walk.h"

static void OPZ_NAME(walk)(const opz_block *block, const opz_tree *tree) {
  if (block->is_wide) {
    OPZ_NAME(walk_rows_double)(block, tree, block->trees->double_nodes);
  } else if (block->trees->is_short) {
    OPZ_NAME(walk_rows_short)(block, tree, block->trees->short_nodes);
  } else {
    OPZ_NAME(walk_rows_float)(block, tree, block->trees->float_nodes);
  }
  // Sums take all lanes.
  memset(block->numbers + block->rows, 0, (block->words * 64 - block->rows) * sizeof(uint32_t));
}

static void OPZ_NAME(expand)(const opz_block *block) {
  if (block->is_wide) {
    OPZ_NAME(expand_rows_double)(block);
  } else {
    OPZ_NAME(expand_rows_float)(block);
  }
}

static void OPZ_NAME(add)(const opz_block *block, const opz_tree *tree) {
  const opz_trees *trees = block->trees;
  const bool is_byte = tree->is_sliced && tree->planes <= 8;
  const unsigned lanes = block->words * 64;
  if (!opz_is_simple(trees)) {
    if (is_byte) {
      for (unsigned row = 0; row < block->rows; row++) block->numbers[row] = block->bytes[row];
    }
    opz_add(block, tree, block->numbers);
  } else if (trees->float_sums) {
    float *sums = (float *)block->sums + (size_t)tree->group * lanes;
    const float *values = trees->float_values + tree->leaf;
    if (is_byte) {
      OPZ_NAME(sum_float_byte)(sums, values, block->bytes, lanes, tree->leaves);
    } else {
      OPZ_NAME(sum_float_word)(sums, values, block->numbers, lanes, tree->leaves);
    }
  } else {
    double *sums = (double *)block->sums + (size_t)tree->group * lanes;
    const double *values = trees->double_values + tree->leaf;
    if (is_byte) {
      OPZ_NAME(sum_double_byte)(sums, values, block->bytes, lanes, tree->leaves);
    } else {
      OPZ_NAME(sum_double_word)(sums, values, block->numbers, lanes, tree->leaves);
    }
  }
}

// Scores a block of rows.
static void OPZ_NAME(score_block)(opz_block *block) {
  const opz_trees *trees = block->trees;
  opz_begin(block);
  memset(block->slots, 0, block->words * sizeof(uint64_t));
  memset(block->slots + block->words, 0xff, block->words * sizeof(uint64_t));
  memset(block->tile, 0, OPZ_TILE * block->words * 64 * (block->is_wide ? sizeof(double) : sizeof(float)));
  OPZ_NAME(read_columns)(block);
  if (trees->has_walks) OPZ_NAME(expand)(block);
  for (size_t index = 0; index < trees->part_count; index++) {
    const opz_part *part = &trees->parts[index];
    OPZ_NAME(test)(block, part);
    for (uint32_t number = part->tree; number < part->tree + part->trees; number++) {
      const opz_tree *tree = &trees->trees[number];
      if (tree->is_sliced) {
        OPZ_NAME(slice)(block, tree);
      } else {
        OPZ_NAME(walk)(block, tree);
      }
      if (block->leaves) {
        opz_write_leaves(block, tree, number);
      } else {
        OPZ_NAME(add)(block, tree);
      }
    }
  }
  if (!block->leaves) opz_finish(block);
}

// Scores rows one by one.
static void OPZ_NAME(score_rows)(opz_block *block) {
  if (block->is_wide) {
    OPZ_NAME(score_each_double)(block, block->trees->double_nodes);
  } else if (block->trees->is_short) {
    OPZ_NAME(score_each_short)(block, block->trees->short_nodes);
  } else {
    OPZ_NAME(score_each_float)(block, block->trees->float_nodes);
  }
}

const opz_kernel OPZ_NAME(opz_kernel) = {OPZ_NAME(score_block), OPZ_NAME(score_rows)};
