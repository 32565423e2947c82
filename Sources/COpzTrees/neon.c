// For ARM with NEON, which 64-bit ARM always has: the compiler makes NEON of the bitwise logic by itself.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "block.h"

#define OPZ_NAME(name) name##_neon
#define OPZ_HAS_NUMBERS

static void numbers_byte_neon(
  const uint64_t *slots, const uint16_t *planes, unsigned count, unsigned words, uint8_t *numbers
) {
  const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
  for (unsigned part = 0; part < 4 * words; part++) {
    uint8x16_t sum = vdupq_n_u8(0);
    for (unsigned plane = count; plane-- > 0;) {
      const uint8_t *const bits = (const uint8_t *)(slots + planes[plane] * (size_t)words) + 2 * part;
      const uint8x16_t spread = vcombine_u8(vdup_n_u8(bits[0]), vdup_n_u8(bits[1]));
      sum = vsubq_u8(vaddq_u8(sum, sum), vtstq_u8(spread, bit));
    }
    vst1q_u8(numbers + 16 * part, sum);
  }
}

#include "kernel.h"
#endif
