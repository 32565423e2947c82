// For x86 with AVX2.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "block.h"

#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)

#define OPZ_NAME(name) name##_avx2
#define OPZ_HAS_TILES
#define OPZ_HAS_RANKS
#define OPZ_HAS_NUMBERS
#define OPZ_HAS_SUMS

// Turns 8 x 8 values around.
static inline void turn_float(__m256 row[8]) {
  __m256 pair[8];
  for (int i = 0; i < 8; i += 4) {
    const __m256d a = _mm256_castps_pd(_mm256_unpacklo_ps(row[i], row[i + 1]));
    const __m256d b = _mm256_castps_pd(_mm256_unpackhi_ps(row[i], row[i + 1]));
    const __m256d c = _mm256_castps_pd(_mm256_unpacklo_ps(row[i + 2], row[i + 3]));
    const __m256d d = _mm256_castps_pd(_mm256_unpackhi_ps(row[i + 2], row[i + 3]));
    pair[i] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
    pair[i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
    pair[i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
    pair[i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
  }
  for (int i = 0; i < 4; i++) {
    row[i] = _mm256_permute2f128_ps(pair[i], pair[i + 4], 0x20);
    row[i + 4] = _mm256_permute2f128_ps(pair[i], pair[i + 4], 0x31);
  }
}

static inline __m256i first_lanes(unsigned count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static void tile_float_avx2(
  const float *matrix, size_t stride, unsigned rows, unsigned columns, float *tile, unsigned lanes
) {
  for (unsigned column = 0; column < columns; column += 8) {
    const unsigned count = columns - column < 8 ? columns - column : 8;
    const __m256i mask = first_lanes(count);
    for (unsigned row = 0; row < rows; row += 8) {
      __m256 part[8];
      for (unsigned i = 0; i < 8; i++) {
        part[i] = row + i < rows ? _mm256_maskload_ps(matrix + (row + i) * stride + column, mask) : _mm256_setzero_ps();
      }
      turn_float(part);
      for (unsigned i = 0; i < count; i++) _mm256_store_ps(tile + (column + i) * lanes + row, part[i]);
    }
  }
}

static inline __m256d load_doubles(const double *values, unsigned count) {
  const __m256i mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
  return _mm256_maskload_pd(values, mask);
}

static void tile_narrow_avx2(
  const double *matrix, size_t stride, unsigned rows, unsigned columns, float *tile, unsigned lanes
) {
  for (unsigned column = 0; column < columns; column += 8) {
    const unsigned count = columns - column < 8 ? columns - column : 8;
    for (unsigned row = 0; row < rows; row += 8) {
      __m256 part[8];
      for (unsigned i = 0; i < 8; i++) {
        part[i] = _mm256_setzero_ps();
        if (row + i >= rows) continue;
        const double *const values = matrix + (row + i) * stride + column;
        const __m128 low = _mm256_cvtpd_ps(load_doubles(values, count));
        const __m128 high = count > 4 ? _mm256_cvtpd_ps(load_doubles(values + 4, count - 4)) : _mm_setzero_ps();
        part[i] = _mm256_set_m128(high, low);
      }
      turn_float(part);
      for (unsigned i = 0; i < count; i++) _mm256_store_ps(tile + (column + i) * lanes + row, part[i]);
    }
  }
}

static void tile_double_avx2(
  const double *matrix, size_t stride, unsigned rows, unsigned columns, double *tile, unsigned lanes
) {
  for (unsigned column = 0; column < columns; column += 4) {
    const unsigned count = columns - column < 4 ? columns - column : 4;
    for (unsigned row = 0; row < rows; row += 4) {
      __m256d part[4];
      for (unsigned i = 0; i < 4; i++) {
        part[i] = row + i < rows ? load_doubles(matrix + (row + i) * stride + column, count) : _mm256_setzero_pd();
      }
      const __m256d a = _mm256_unpacklo_pd(part[0], part[1]), b = _mm256_unpackhi_pd(part[0], part[1]);
      const __m256d c = _mm256_unpacklo_pd(part[2], part[3]), d = _mm256_unpackhi_pd(part[2], part[3]);
      part[0] = _mm256_permute2f128_pd(a, c, 0x20);
      part[1] = _mm256_permute2f128_pd(b, d, 0x20);
      part[2] = _mm256_permute2f128_pd(a, c, 0x31);
      part[3] = _mm256_permute2f128_pd(b, d, 0x31);
      for (unsigned i = 0; i < count; i++) _mm256_store_pd(tile + (column + i) * lanes + row, part[i]);
    }
  }
}

// One level of 8 searches: the bits of those that go right, which go down to the children.
#define OPZ_DOWN(threshold)                                                             \
  do {                                                                                  \
    const __m256 right = _mm256_cmp_ps(value, threshold, _CMP_GE_OQ);                   \
    level--;                                                                            \
    ((uint8_t *)(planes + level * words))[part] = (uint8_t)_mm256_movemask_ps(right);   \
    node = _mm256_sub_epi32(_mm256_add_epi32(node, node), _mm256_castps_si256(right));  \
  } while (0)

static inline __attribute__((always_inline)) void rank_float_levels(
  const float *values, unsigned words, const float *cuts, const unsigned levels, uint64_t *planes
) {
  const __m256 c0 = _mm256_loadu_ps(cuts), c1 = _mm256_loadu_ps(cuts + 8);
  const __m256 c2 = _mm256_loadu_ps(cuts + 16), c3 = _mm256_loadu_ps(cuts + 24);
  const __m256 c4 = _mm256_loadu_ps(cuts + 32), c5 = _mm256_loadu_ps(cuts + 40);
  const __m256 c6 = _mm256_loadu_ps(cuts + 48), c7 = _mm256_loadu_ps(cuts + 56);
  for (unsigned part = 0; part < words * 8; part++) {
    const __m256 value = _mm256_load_ps(values + 8 * part);
    __m256i node = _mm256_set1_epi32(1);
    unsigned level = levels;
    ((uint8_t *)(planes + levels * words))[part] =
      (uint8_t)_mm256_movemask_ps(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
    for (unsigned top = 0; top < 3 && level > 0; top++) OPZ_DOWN(_mm256_permutevar8x32_ps(c0, node));
    if (level > 0) OPZ_DOWN(_mm256_permutevar8x32_ps(c1, node));
    if (level > 0) {
      const __m256 half = _mm256_castsi256_ps(_mm256_slli_epi32(node, 28));
      OPZ_DOWN(_mm256_blendv_ps(_mm256_permutevar8x32_ps(c2, node), _mm256_permutevar8x32_ps(c3, node), half));
    }
    if (level > 0) {
      const __m256 half = _mm256_castsi256_ps(_mm256_slli_epi32(node, 27));
      const __m256 quarter = _mm256_castsi256_ps(_mm256_slli_epi32(node, 28));
      const __m256 low =
        _mm256_blendv_ps(_mm256_permutevar8x32_ps(c4, node), _mm256_permutevar8x32_ps(c5, node), quarter);
      const __m256 high =
        _mm256_blendv_ps(_mm256_permutevar8x32_ps(c6, node), _mm256_permutevar8x32_ps(c7, node), quarter);
      OPZ_DOWN(_mm256_blendv_ps(low, high, half));
    }
    while (level > 0) OPZ_DOWN(_mm256_i32gather_ps(cuts, node, 4));
  }
}
#undef OPZ_DOWN

static void rank_float_avx2(
  const float *values, unsigned words, const float *cuts, unsigned levels, bool zeros, uint64_t *planes
) {
  switch (levels) {
    case 1: rank_float_levels(values, words, cuts, 1, planes); break;
    case 2: rank_float_levels(values, words, cuts, 2, planes); break;
    case 3: rank_float_levels(values, words, cuts, 3, planes); break;
    case 4: rank_float_levels(values, words, cuts, 4, planes); break;
    case 5: rank_float_levels(values, words, cuts, 5, planes); break;
    case 6: rank_float_levels(values, words, cuts, 6, planes); break;
    case 7: rank_float_levels(values, words, cuts, 7, planes); break;
    case 8: rank_float_levels(values, words, cuts, 8, planes); break;
    default: rank_float_levels(values, words, cuts, levels, planes);
  }
  uint8_t *const zero = (uint8_t *)(planes + (levels + 1) * words);
  const __m256 least = _mm256_set1_ps(1e-35f), sign = _mm256_set1_ps(-0.0f);
  for (unsigned part = 0; part < words * 8; part++) {
    const __m256 size = _mm256_andnot_ps(sign, _mm256_load_ps(values + 8 * part));
    zero[part] = zeros ? (uint8_t)_mm256_movemask_ps(_mm256_cmp_ps(size, least, _CMP_LE_OQ)) : 0;
  }
}

// 8 searches as two times 4.
#define OPZ_DOWN(first, second)                                                                                \
  do {                                                                                                         \
    const __m256d right0 = _mm256_cmp_pd(value0, first, _CMP_GE_OQ);                                           \
    const __m256d right1 = _mm256_cmp_pd(value1, second, _CMP_GE_OQ);                                          \
    level--;                                                                                                   \
    ((uint8_t *)(planes + level * words))[part] =                                                              \
      (uint8_t)(_mm256_movemask_pd(right0) | _mm256_movemask_pd(right1) << 4);                                 \
    node0 = _mm256_sub_epi64(_mm256_add_epi64(node0, node0), _mm256_castpd_si256(right0));                     \
    node1 = _mm256_sub_epi64(_mm256_add_epi64(node1, node1), _mm256_castpd_si256(right1));                     \
  } while (0)

static void rank_double_avx2(
  const double *values, unsigned words, const double *cuts, unsigned levels, bool zeros, uint64_t *planes
) {
  const __m256d least = _mm256_set1_pd((double)1e-35f), sign = _mm256_set1_pd(-0.0);
  for (unsigned part = 0; part < words * 8; part++) {
    const __m256d value0 = _mm256_load_pd(values + 8 * part), value1 = _mm256_load_pd(values + 8 * part + 4);
    __m256i node0 = _mm256_set1_epi64x(1), node1 = node0;
    unsigned level = levels;
    ((uint8_t *)(planes + levels * words))[part] =
      (uint8_t)(_mm256_movemask_pd(_mm256_cmp_pd(value0, value0, _CMP_UNORD_Q)) |
                _mm256_movemask_pd(_mm256_cmp_pd(value1, value1, _CMP_UNORD_Q)) << 4);
    const __m256d root = _mm256_set1_pd(cuts[1]);
    OPZ_DOWN(root, root);
    while (level > 0) OPZ_DOWN(_mm256_i64gather_pd(cuts, node0, 8), _mm256_i64gather_pd(cuts, node1, 8));
    const __m256d size0 = _mm256_andnot_pd(sign, value0), size1 = _mm256_andnot_pd(sign, value1);
    ((uint8_t *)(planes + (levels + 1) * words))[part] =
      zeros ? (uint8_t)(_mm256_movemask_pd(_mm256_cmp_pd(size0, least, _CMP_LE_OQ)) |
                        _mm256_movemask_pd(_mm256_cmp_pd(size1, least, _CMP_LE_OQ)) << 4)
            : 0;
  }
}
#undef OPZ_DOWN

static void numbers_byte_avx2(
  const uint64_t *slots, const uint16_t *planes, unsigned count, unsigned words, uint8_t *numbers
) {
  const __m256i spread = _mm256_setr_epi8(
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
  for (unsigned half = 0; half < 2 * words; half++) {
    __m256i sum = _mm256_setzero_si256();
    for (unsigned plane = count; plane-- > 0;) {
      const int bits = ((const int *)(slots + planes[plane] * (size_t)words))[half];
      const __m256i spreaded = _mm256_shuffle_epi8(_mm256_set1_epi32(bits), spread);
      const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spreaded, bit), bit);
      sum = _mm256_sub_epi8(_mm256_add_epi8(sum, sum), set);
    }
    _mm256_store_si256((__m256i *)(numbers + 32 * half), sum);
  }
}

static void sum_float_byte_avx2(
  float *sums, const float *values, const uint8_t *numbers, unsigned lanes, uint32_t leaves
) {
  (void)leaves;
  for (unsigned row = 0; row < lanes; row += 8) {
    const __m256i number = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(numbers + row)));
    _mm256_store_ps(sums + row, _mm256_add_ps(_mm256_load_ps(sums + row), _mm256_i32gather_ps(values, number, 4)));
  }
}

static void sum_float_word_avx2(
  float *sums, const float *values, const uint32_t *numbers, unsigned lanes, uint32_t leaves
) {
  (void)leaves;
  for (unsigned row = 0; row < lanes; row += 8) {
    const __m256i number = _mm256_load_si256((const __m256i *)(numbers + row));
    _mm256_store_ps(sums + row, _mm256_add_ps(_mm256_load_ps(sums + row), _mm256_i32gather_ps(values, number, 4)));
  }
}

static void sum_double_byte_avx2(
  double *sums, const double *values, const uint8_t *numbers, unsigned lanes, uint32_t leaves
) {
  (void)leaves;
  for (unsigned row = 0; row < lanes; row += 4) {
    int bytes;
    memcpy(&bytes, numbers + row, sizeof bytes);
    const __m128i number = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
    _mm256_store_pd(sums + row, _mm256_add_pd(_mm256_load_pd(sums + row), _mm256_i32gather_pd(values, number, 8)));
  }
}

static void sum_double_word_avx2(
  double *sums, const double *values, const uint32_t *numbers, unsigned lanes, uint32_t leaves
) {
  (void)leaves;
  for (unsigned row = 0; row < lanes; row += 4) {
    const __m128i number = _mm_load_si128((const __m128i *)(numbers + row));
    _mm256_store_pd(sums + row, _mm256_add_pd(_mm256_load_pd(sums + row), _mm256_i32gather_pd(values, number, 8)));
  }
}

#include "kernel.h"
#pragma clang attribute pop
#endif
