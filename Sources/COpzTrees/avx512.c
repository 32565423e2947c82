// For x86 with AVX-512 F, BW, VL and DQ.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include "block.h"

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2"))), \
  apply_to = function)

#define OPZ_NAME(name) name##_avx512
#define OPZ_HAS_TILES
#define OPZ_HAS_RANKS
#define OPZ_HAS_NUMBERS
#define OPZ_HAS_SUMS

// Turns 16 x 16 values around.
static inline void turn_float(__m512 row[16]) {
  __m512d pair[16];
  for (int i = 0; i < 16; i += 4) {
    const __m512 a = _mm512_unpacklo_ps(row[i], row[i + 1]), b = _mm512_unpackhi_ps(row[i], row[i + 1]);
    const __m512 c = _mm512_unpacklo_ps(row[i + 2], row[i + 3]), d = _mm512_unpackhi_ps(row[i + 2], row[i + 3]);
    pair[i] = _mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(c));
    pair[i + 1] = _mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(c));
    pair[i + 2] = _mm512_unpacklo_pd(_mm512_castps_pd(b), _mm512_castps_pd(d));
    pair[i + 3] = _mm512_unpackhi_pd(_mm512_castps_pd(b), _mm512_castps_pd(d));
  }
  for (int i = 0; i < 4; i++) {
    const __m512 a = _mm512_castpd_ps(pair[i]), b = _mm512_castpd_ps(pair[i + 4]);
    const __m512 c = _mm512_castpd_ps(pair[i + 8]), d = _mm512_castpd_ps(pair[i + 12]);
    const __m512 ab0 = _mm512_shuffle_f32x4(a, b, 0x88), ab1 = _mm512_shuffle_f32x4(a, b, 0xdd);
    const __m512 cd0 = _mm512_shuffle_f32x4(c, d, 0x88), cd1 = _mm512_shuffle_f32x4(c, d, 0xdd);
    row[i] = _mm512_shuffle_f32x4(ab0, cd0, 0x88);
    row[i + 8] = _mm512_shuffle_f32x4(ab0, cd0, 0xdd);
    row[i + 4] = _mm512_shuffle_f32x4(ab1, cd1, 0x88);
    row[i + 12] = _mm512_shuffle_f32x4(ab1, cd1, 0xdd);
  }
}

static void tile_float_avx512(
  const float *matrix, size_t stride, unsigned rows, unsigned columns, float *tile, unsigned lanes
) {
  const __mmask16 mask = (__mmask16)((1u << columns) - 1);
  for (unsigned row = 0; row < rows; row += 16) {
    __m512 part[16];
    for (unsigned i = 0; i < 16; i++) {
      part[i] = row + i < rows ? _mm512_maskz_loadu_ps(mask, matrix + (row + i) * stride) : _mm512_setzero_ps();
    }
    turn_float(part);
    for (unsigned i = 0; i < columns; i++) _mm512_store_ps(tile + i * lanes + row, part[i]);
  }
}

static void tile_narrow_avx512(
  const double *matrix, size_t stride, unsigned rows, unsigned columns, float *tile, unsigned lanes
) {
  const __mmask8 low = (__mmask8)((1u << columns) - 1), high = (__mmask8)(((1u << columns) - 1) >> 8);
  for (unsigned row = 0; row < rows; row += 16) {
    __m512 part[16];
    for (unsigned i = 0; i < 16; i++) {
      part[i] = _mm512_setzero_ps();
      if (row + i >= rows) continue;
      const double *const values = matrix + (row + i) * stride;
      const __m256 first = _mm512_cvtpd_ps(_mm512_maskz_loadu_pd(low, values));
      const __m256 second = _mm512_cvtpd_ps(_mm512_maskz_loadu_pd(high, values + 8));
      part[i] = _mm512_insertf32x8(_mm512_castps256_ps512(first), second, 1);
    }
    turn_float(part);
    for (unsigned i = 0; i < columns; i++) _mm512_store_ps(tile + i * lanes + row, part[i]);
  }
}

static inline void turn_double(__m512d row[8]) {
  __m512d pair[8];
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm512_unpacklo_pd(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_pd(row[i], row[i + 1]);
  }
  for (int i = 0; i < 2; i++) {
    const __m512d a = pair[i], b = pair[i + 2], c = pair[i + 4], d = pair[i + 6];
    const __m512d ab0 = _mm512_shuffle_f64x2(a, b, 0x88), ab1 = _mm512_shuffle_f64x2(a, b, 0xdd);
    const __m512d cd0 = _mm512_shuffle_f64x2(c, d, 0x88), cd1 = _mm512_shuffle_f64x2(c, d, 0xdd);
    row[i] = _mm512_shuffle_f64x2(ab0, cd0, 0x88);
    row[i + 4] = _mm512_shuffle_f64x2(ab0, cd0, 0xdd);
    row[i + 2] = _mm512_shuffle_f64x2(ab1, cd1, 0x88);
    row[i + 6] = _mm512_shuffle_f64x2(ab1, cd1, 0xdd);
  }
}

static void tile_double_avx512(
  const double *matrix, size_t stride, unsigned rows, unsigned columns, double *tile, unsigned lanes
) {
  for (unsigned column = 0; column < columns; column += 8) {
    const unsigned count = columns - column < 8 ? columns - column : 8;
    const __mmask8 mask = (__mmask8)((1u << count) - 1);
    for (unsigned row = 0; row < rows; row += 8) {
      __m512d part[8];
      for (unsigned i = 0; i < 8; i++) {
        const double *const values = matrix + (row + i) * stride + column;
        part[i] = row + i < rows ? _mm512_maskz_loadu_pd(mask, values) : _mm512_setzero_pd();
      }
      turn_double(part);
      for (unsigned i = 0; i < count; i++) _mm512_store_pd(tile + (column + i) * lanes + row, part[i]);
    }
  }
}

// One level of 16 searches: the bits of those that go right, which go down to the children.
#define OPZ_DOWN(threshold)                                                       \
  do {                                                                            \
    const __mmask16 right = _mm512_cmp_ps_mask(value, threshold, _CMP_GE_OQ);     \
    level--;                                                                      \
    ((uint16_t *)(planes + level * words))[part] = right;                         \
    node = _mm512_add_epi32(node, node);                                          \
    node = _mm512_mask_sub_epi32(node, right, node, _mm512_set1_epi32(-1));       \
  } while (0)

static inline __attribute__((always_inline)) void rank_float_levels(
  const float *values, unsigned words, const float *cuts, const unsigned levels, uint64_t *planes
) {
  const __m512 c0 = _mm512_loadu_ps(cuts), c1 = _mm512_loadu_ps(cuts + 16);
  const __m512 c2 = _mm512_loadu_ps(cuts + 32), c3 = _mm512_loadu_ps(cuts + 48);
  __m512 c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7;
  if (levels > 6) {
    c4 = _mm512_loadu_ps(cuts + 64), c5 = _mm512_loadu_ps(cuts + 80);
    c6 = _mm512_loadu_ps(cuts + 96), c7 = _mm512_loadu_ps(cuts + 112);
  }
  if (levels > 7) {
    d0 = _mm512_loadu_ps(cuts + 128), d1 = _mm512_loadu_ps(cuts + 144);
    d2 = _mm512_loadu_ps(cuts + 160), d3 = _mm512_loadu_ps(cuts + 176);
    d4 = _mm512_loadu_ps(cuts + 192), d5 = _mm512_loadu_ps(cuts + 208);
    d6 = _mm512_loadu_ps(cuts + 224), d7 = _mm512_loadu_ps(cuts + 240);
  }
  for (unsigned part = 0; part < words * 4; part++) {
    const __m512 value = _mm512_load_ps(values + 16 * part);
    __m512i node = _mm512_set1_epi32(1);
    unsigned level = levels;
    ((uint16_t *)(planes + levels * words))[part] = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    for (unsigned top = 0; top < 4 && level > 0; top++) OPZ_DOWN(_mm512_permutexvar_ps(node, c0));
    if (level > 0) OPZ_DOWN(_mm512_permutexvar_ps(node, c1));
    if (level > 0) OPZ_DOWN(_mm512_permutex2var_ps(c2, node, c3));
    if (level > 0) {
      const __mmask16 half = _mm512_test_epi32_mask(node, _mm512_set1_epi32(32));
      OPZ_DOWN(_mm512_mask_blend_ps(half, _mm512_permutex2var_ps(c4, node, c5), _mm512_permutex2var_ps(c6, node, c7)));
    }
    if (level > 0) {
      const __mmask16 half = _mm512_test_epi32_mask(node, _mm512_set1_epi32(64));
      const __mmask16 quarter = _mm512_test_epi32_mask(node, _mm512_set1_epi32(32));
      const __m512 low =
        _mm512_mask_blend_ps(quarter, _mm512_permutex2var_ps(d0, node, d1), _mm512_permutex2var_ps(d2, node, d3));
      const __m512 high =
        _mm512_mask_blend_ps(quarter, _mm512_permutex2var_ps(d4, node, d5), _mm512_permutex2var_ps(d6, node, d7));
      OPZ_DOWN(_mm512_mask_blend_ps(half, low, high));
    }
    while (level > 0) OPZ_DOWN(_mm512_i32gather_ps(node, cuts, 4));
  }
}
#undef OPZ_DOWN

static void rank_float_avx512(
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
  uint16_t *const zero = (uint16_t *)(planes + (levels + 1) * words);
  const __m512 least = _mm512_set1_ps(1e-35f);
  for (unsigned part = 0; part < words * 4; part++) {
    zero[part] = zeros ? _mm512_cmp_ps_mask(_mm512_abs_ps(_mm512_load_ps(values + 16 * part)), least, _CMP_LE_OQ) : 0;
  }
}

#define OPZ_DOWN(threshold)                                                       \
  do {                                                                            \
    const __mmask8 right = _mm512_cmp_pd_mask(value, threshold, _CMP_GE_OQ);      \
    level--;                                                                      \
    ((uint8_t *)(planes + level * words))[part] = right;                          \
    node = _mm512_add_epi64(node, node);                                          \
    node = _mm512_mask_sub_epi64(node, right, node, _mm512_set1_epi64(-1));       \
  } while (0)

static inline __attribute__((always_inline)) void rank_double_levels(
  const double *values, unsigned words, const double *cuts, const unsigned levels, uint64_t *planes
) {
  const __m512d c0 = _mm512_loadu_pd(cuts), c1 = _mm512_loadu_pd(cuts + 8);
  const __m512d c2 = _mm512_loadu_pd(cuts + 16), c3 = _mm512_loadu_pd(cuts + 24);
  const __m512d c4 = _mm512_loadu_pd(cuts + 32), c5 = _mm512_loadu_pd(cuts + 40);
  const __m512d c6 = _mm512_loadu_pd(cuts + 48), c7 = _mm512_loadu_pd(cuts + 56);
  for (unsigned part = 0; part < words * 8; part++) {
    const __m512d value = _mm512_load_pd(values + 8 * part);
    __m512i node = _mm512_set1_epi64(1);
    unsigned level = levels;
    ((uint8_t *)(planes + levels * words))[part] = _mm512_cmp_pd_mask(value, value, _CMP_UNORD_Q);
    for (unsigned top = 0; top < 3 && level > 0; top++) OPZ_DOWN(_mm512_permutexvar_pd(node, c0));
    if (level > 0) OPZ_DOWN(_mm512_permutexvar_pd(node, c1));
    if (level > 0) OPZ_DOWN(_mm512_permutex2var_pd(c2, node, c3));
    if (level > 0) {
      const __mmask8 upper = _mm512_test_epi64_mask(node, _mm512_set1_epi64(16));
      OPZ_DOWN(_mm512_mask_blend_pd(
        upper, _mm512_permutex2var_pd(c4, node, c5), _mm512_permutex2var_pd(c6, node, c7)));
    }
    while (level > 0) OPZ_DOWN(_mm512_i64gather_pd(node, cuts, 8));
  }
}
#undef OPZ_DOWN

static void rank_double_avx512(
  const double *values, unsigned words, const double *cuts, unsigned levels, bool zeros, uint64_t *planes
) {
  switch (levels) {
    case 1: rank_double_levels(values, words, cuts, 1, planes); break;
    case 2: rank_double_levels(values, words, cuts, 2, planes); break;
    case 3: rank_double_levels(values, words, cuts, 3, planes); break;
    case 4: rank_double_levels(values, words, cuts, 4, planes); break;
    case 5: rank_double_levels(values, words, cuts, 5, planes); break;
    case 6: rank_double_levels(values, words, cuts, 6, planes); break;
    case 7: rank_double_levels(values, words, cuts, 7, planes); break;
    case 8: rank_double_levels(values, words, cuts, 8, planes); break;
    default: rank_double_levels(values, words, cuts, levels, planes);
  }
  uint8_t *const zero = (uint8_t *)(planes + (levels + 1) * words);
  const __m512d least = _mm512_set1_pd((double)1e-35f);
  for (unsigned part = 0; part < words * 8; part++) {
    zero[part] = zeros ? _mm512_cmp_pd_mask(_mm512_abs_pd(_mm512_load_pd(values + 8 * part)), least, _CMP_LE_OQ) : 0;
  }
}

static void numbers_byte_avx512(
  const uint64_t *slots, const uint16_t *planes, unsigned count, unsigned words, uint8_t *numbers
) {
  for (unsigned word = 0; word < words; word++) {
    __m512i sum = _mm512_setzero_si512();
    for (unsigned plane = count; plane-- > 0;) {
      const __mmask64 bits = slots[planes[plane] * (size_t)words + word];
      sum = _mm512_add_epi8(sum, sum);
      sum = _mm512_mask_sub_epi8(sum, bits, sum, _mm512_set1_epi8(-1));
    }
    _mm512_store_si512(numbers + 64 * word, sum);
  }
}

static void sum_float_byte_avx512(
  float *sums, const float *values, const uint8_t *numbers, unsigned lanes, uint32_t leaves
) {
  if (leaves > 64) {
    for (unsigned row = 0; row < lanes; row += 16) {
      const __m512i number = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(numbers + row)));
      _mm512_store_ps(sums + row, _mm512_add_ps(_mm512_load_ps(sums + row), _mm512_i32gather_ps(number, values, 4)));
    }
    return;
  }
  const __m512 v0 = _mm512_loadu_ps(values), v1 = _mm512_loadu_ps(values + 16);
  if (leaves <= 32) {
    for (unsigned row = 0; row < lanes; row += 16) {
      const __m512i number = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(numbers + row)));
      _mm512_store_ps(sums + row, _mm512_add_ps(_mm512_load_ps(sums + row), _mm512_permutex2var_ps(v0, number, v1)));
    }
    return;
  }
  const __m512 v2 = _mm512_loadu_ps(values + 32), v3 = _mm512_loadu_ps(values + 48);
  for (unsigned row = 0; row < lanes; row += 16) {
    const __m512i number = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(numbers + row)));
    const __mmask16 upper = _mm512_test_epi32_mask(number, _mm512_set1_epi32(32));
    const __m512 value = _mm512_mask_blend_ps(
      upper, _mm512_permutex2var_ps(v0, number, v1), _mm512_permutex2var_ps(v2, number, v3));
    _mm512_store_ps(sums + row, _mm512_add_ps(_mm512_load_ps(sums + row), value));
  }
}

static void sum_float_word_avx512(
  float *sums, const float *values, const uint32_t *numbers, unsigned lanes, uint32_t leaves
) {
  (void)leaves;
  for (unsigned row = 0; row < lanes; row += 16) {
    const __m512i number = _mm512_load_si512(numbers + row);
    _mm512_store_ps(sums + row, _mm512_add_ps(_mm512_load_ps(sums + row), _mm512_i32gather_ps(number, values, 4)));
  }
}

static void sum_double_byte_avx512(
  double *sums, const double *values, const uint8_t *numbers, unsigned lanes, uint32_t leaves
) {
  if (leaves <= 16) {
    const __m512d v0 = _mm512_loadu_pd(values), v1 = _mm512_loadu_pd(values + 8);
    for (unsigned row = 0; row < lanes; row += 8) {
      const __m512i number = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(numbers + row)));
      _mm512_store_pd(sums + row, _mm512_add_pd(_mm512_load_pd(sums + row), _mm512_permutex2var_pd(v0, number, v1)));
    }
    return;
  }
  for (unsigned row = 0; row < lanes; row += 8) {
    const __m256i number = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(numbers + row)));
    _mm512_store_pd(sums + row, _mm512_add_pd(_mm512_load_pd(sums + row), _mm512_i32gather_pd(number, values, 8)));
  }
}

static void sum_double_word_avx512(
  double *sums, const double *values, const uint32_t *numbers, unsigned lanes, uint32_t leaves
) {
  (void)leaves;
  for (unsigned row = 0; row < lanes; row += 8) {
    const __m256i number = _mm256_load_si256((const __m256i *)(numbers + row));
    _mm512_store_pd(sums + row, _mm512_add_pd(_mm512_load_pd(sums + row), _mm512_i32gather_pd(number, values, 8)));
  }
}

#include "kernel.h"
#pragma clang attribute pop
#endif
