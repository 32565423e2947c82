// Bitwise logic on blocks of OPZ_WORDS x 64 rows; included once for each size by kernel.h.

#if OPZ_WORDS == 1
typedef uint64_t OPZ_SIZED(bits);
#else
typedef uint64_t OPZ_SIZED(bits) __attribute__((vector_size(OPZ_WORDS * 8), aligned(OPZ_WORDS * 8)));
#endif
#define BITS OPZ_SIZED(bits)

// For m bits, least first: masks[t] = rows whose number is at least t, for t below 2^m.
static void OPZ_SIZED(at_least)(const BITS *planes, unsigned m, BITS *masks) {
  masks[0] = ~(BITS){0};
  size_t size = 1;
  for (unsigned plane = 0; plane < m; plane++, size *= 2) {
    BITS bit = planes[plane];
    masks[size] = bit;
    for (size_t t = 1; t < size; t++) {
      BITS below = masks[t];
      masks[size + t] = bit & below;
      masks[t] = bit | below;
    }
  }
}

// The tests of a column whose ranks are in `planes`, followed by the rows with NaN and with zero. `changed` has room
// for as many planes, `masks` for the masks of both halves of a rank. Returns the slot behind the last test.
static BITS *OPZ_SIZED(test_ranks)(
  const opz_trees *trees, const opz_question *question, const BITS *planes, BITS *changed, BITS *masks, BITS *slot
) {
  const opz_column *column = &trees->tested[question->column];
  const BITS nan = planes[column->levels], zero = planes[column->levels + 1], none = {0};
  const unsigned low = column->levels <= 4 ? column->levels : column->levels / 2, high = column->levels - low;
  const uint32_t low_bits = (1u << low) - 1;
  BITS *const highs = masks + ((size_t)1 << low);
  bool is_plain = false;
  for (uint32_t v = question->first; v < question->first + question->count; v++) {
    const opz_view *view = &trees->views[v];
    BITS missing = view->missing == OPZ_MISSING_ZERO ? nan | zero : nan;
    bool is_changed = view->fill != OPZ_FILL_LEFT || view->missing != OPZ_MISSING_NAN;
    if (is_changed) {
#if OPZ_WORDS == 1
      is_changed = missing != 0;
#else
      uint64_t any = 0;
      for (unsigned word = 0; word < OPZ_WORDS; word++) any |= missing[word];
      is_changed = any != 0;
#endif
    }
    const BITS *ranks = planes;
    if (is_changed) {
      const uint32_t fill = view->fill == OPZ_FILL_LEFT ? 0 : view->fill == OPZ_FILL_RIGHT ? UINT32_MAX : view->zero;
      for (unsigned plane = 0; plane < column->levels; plane++) {
        changed[plane] = (planes[plane] & ~missing) | (fill >> plane & 1 ? missing : none);
      }
      ranks = changed;
    }
    if (is_changed || !is_plain) {
      OPZ_SIZED(at_least)(ranks, low, masks);
      OPZ_SIZED(at_least)(ranks + low, high, highs);
      highs[(size_t)1 << high] = none;
      is_plain = !is_changed;
    }
    const opz_rank_test *test = trees->rank_tests + view->test;
    for (const opz_rank_test *end = test + view->tests; test < end; test++, slot++) {
      const uint32_t t = test->rank;
      const BITS reached = highs[(t >> low) + 1] | (highs[t >> low] & masks[t & low_bits]);
      if (__builtin_expect(test->kind == OPZ_TEST_AT_LEAST, 1)) {
        *slot = reached;
        continue;
      }
      const uint32_t next = t + 1;
      const BITS above = highs[(next >> low) + 1] | (highs[next >> low] & masks[next & low_bits]);
      *slot = ~reached | above;
      if (test->kind == OPZ_TEST_NOT_EQUAL_MISSING_LEFT) *slot &= ~missing;
    }
  }
  return slot;
}

// The tests of a column of categories: `codes[c]` has the rows with code c, `codes[0]` those that are missing.
static BITS *OPZ_SIZED(test_codes)(
  const opz_trees *trees, const opz_question *question, const BITS *codes, BITS *slot
) {
  const opz_column *column = &trees->tested[question->column];
  BITS known = {0};
  for (uint32_t code = 1; code <= column->codes; code++) known |= codes[code];
  const opz_code_test *test = trees->code_tests + question->first;
  for (const opz_code_test *end = test + question->count; test < end; test++, slot++) {
    BITS listed = {0};
    const uint16_t *list = trees->code_lists + test->code;
    for (uint32_t index = 0; index < test->codes; index++) listed |= codes[list[index]];
    BITS left = test->inverted ? known & ~listed : listed;
    if (test->missing_left) left |= codes[0];
    *slot = ~left;
  }
  return slot;
}

// Runs a tree's program.
static void OPZ_SIZED(choose)(const opz_choice *choice, size_t count, BITS *slots) {
  for (const opz_choice *end = choice + count; choice < end; choice++) {
    const BITS test = slots[choice->test];
    slots[choice->into] = (slots[choice->right] & test) | (slots[choice->left] & ~test);
  }
}

#undef BITS
#undef OPZ_SIZED
#undef OPZ_WORDS
