// Walks from node to node; included once for each type of node by kernel.h.

// The inputs of a walk are looked up by nodes as `input * OPZ_WALKS + walk` where each walk has its own row.

static inline OPZ_VALUE OPZ_WALK(input)(const opz_block *block, const opz_input *input, const void *row) {
  double value = block->is_double ? ((const double *)row)[input->column] : ((const float *)row)[input->column];
  if (__builtin_expect(input->kind == OPZ_INPUT_VALUE, 1)) {
    value = (OPZ_VALUE)value;
    if (__builtin_expect(opz_is_missing(&value, input->missing), 0)) {
      return input->fill == OPZ_FILL_LEFT ? (OPZ_VALUE)NAN : (OPZ_VALUE)INFINITY;
    }
    return (OPZ_VALUE)value;
  }
  return (OPZ_VALUE)opz_input_value(block->trees, input, value);
}

__attribute__((unused)) static void OPZ_WALK(expand_rows)(const opz_block *block) {
  const opz_trees *trees = block->trees;
  const size_t stride = trees->columns * (block->is_double ? sizeof(double) : sizeof(float));
  OPZ_VALUE *expanded = block->expanded;
  for (unsigned row = 0; row < block->rows; row += OPZ_WALKS) {
    for (uint32_t index = 0; index < trees->eager_inputs; index++) {
      for (unsigned walk = 0; walk < OPZ_WALKS; walk++, expanded++) {
        const unsigned from = row + walk < block->rows ? row + walk : row;
        *expanded = OPZ_WALK(input)(block, &trees->inputs[index], (const char *)block->matrix + from * stride);
      }
    }
  }
}

static inline uint32_t OPZ_WALK(number)(const OPZ_NODE *leaf) {
  if (sizeof(OPZ_VALUE) == sizeof(double)) return (uint32_t)leaf->cut;
  const float cut = (float)leaf->cut;
  uint32_t bits;
  memcpy(&bits, &cut, sizeof bits);
  return bits - OPZ_NUMBER_BIAS;
}

// Without a branch, which would often be predicted wrongly: the empty statement hides from the compiler that the number
// is a comparison.
static inline const OPZ_NODE *OPZ_WALK(next)(const OPZ_NODE *node, OPZ_VALUE value) {
  size_t goes_right = value >= node->cut;
  __asm__("" : "+r"(goes_right));
  return node + 1 + (-goes_right & ((size_t)node->right - 1));
}

// A walk that computes some inputs on its way. `stride` is between the inputs of `expanded`.
static uint32_t OPZ_WALK(walk_lazily)(
  const opz_block *block, const OPZ_NODE *node, const OPZ_VALUE *expanded, unsigned stride, const void *row
) {
  const uint32_t eager = block->trees->eager_inputs;
  while (node->right) {
    const OPZ_VALUE value = node->input < eager ? expanded[(size_t)node->input * stride]
                                                : OPZ_WALK(input)(block, &block->trees->inputs[node->input], row);
    node = OPZ_WALK(next)(node, value);
  }
  return OPZ_WALK(number)(node);
}

static void OPZ_WALK(walk_rows)(const opz_block *block, const opz_tree *tree, const OPZ_NODE *nodes) {
  const opz_trees *trees = block->trees;
  const size_t stride = trees->columns * (block->is_double ? sizeof(double) : sizeof(float));
  const OPZ_NODE *const root = nodes + tree->node;
  const OPZ_VALUE *expanded = block->expanded;
  for (unsigned row = 0; row < block->rows; row += OPZ_WALKS, expanded += (size_t)trees->eager_inputs * OPZ_WALKS) {
    if (tree->is_lazy) {
      for (unsigned walk = 0; walk < OPZ_WALKS && row + walk < block->rows; walk++) {
        block->numbers[row + walk] = OPZ_WALK(walk_lazily)(
          block, root, expanded + walk, OPZ_WALKS, (const char *)block->matrix + (row + walk) * stride);
      }
      continue;
    }
    const OPZ_NODE *at[OPZ_WALKS];
    for (unsigned walk = 0; walk < OPZ_WALKS; walk++) at[walk] = root;
    for (uint32_t step = 0; step < tree->steps;) {
      for (const uint32_t end = step + 4; step < end; step++) {
#pragma clang loop unroll(full)
        for (unsigned walk = 0; walk < OPZ_WALKS; walk++) {
          at[walk] = OPZ_WALK(next)(at[walk], expanded[(size_t)at[walk]->input * OPZ_WALKS + walk]);
        }
      }
      uint32_t moving = 0;
      for (unsigned walk = 0; walk < OPZ_WALKS; walk++) moving |= at[walk]->right;
      if (!moving) break;
    }
    for (unsigned walk = 0; walk < OPZ_WALKS; walk++) block->numbers[row + walk] = OPZ_WALK(number)(at[walk]);
  }
}

// Trees `[first, first + OPZ_WALKS)` for one row.
static inline void OPZ_WALK(walk_trees)(
  const opz_tree *tree, const OPZ_NODE *nodes, const OPZ_VALUE *expanded, uint32_t *numbers
) {
  const OPZ_NODE *at[OPZ_WALKS];
  uint32_t steps = 0;
  for (unsigned walk = 0; walk < OPZ_WALKS; walk++) {
    at[walk] = nodes + tree[walk].node;
    steps = tree[walk].steps > steps ? tree[walk].steps : steps;
  }
  for (uint32_t step = 0; step < steps; step++) {
#pragma clang loop unroll(full)
    for (unsigned walk = 0; walk < OPZ_WALKS; walk++) {
      at[walk] = OPZ_WALK(next)(at[walk], expanded[at[walk]->input]);
    }
  }
  for (unsigned walk = 0; walk < OPZ_WALKS; walk++) numbers[walk] = OPZ_WALK(number)(at[walk]);
}

// Adds the leaves of some trees to the one sum, which stays in a register.
static inline void OPZ_WALK(sum_one)(
  const opz_block *block, const opz_tree *tree, const uint32_t *numbers, size_t count
) {
  const opz_trees *trees = block->trees;
  if (trees->float_sums) {
    float sum = *(float *)block->sums;
    for (size_t index = 0; index < count; index++) sum += trees->float_values[tree[index].leaf + numbers[index]];
    *(float *)block->sums = sum;
  } else {
    double sum = *(double *)block->sums;
    for (size_t index = 0; index < count; index++) sum += trees->double_values[tree[index].leaf + numbers[index]];
    *(double *)block->sums = sum;
  }
}

static void OPZ_WALK(score_each)(opz_block *block, const OPZ_NODE *nodes) {
  const opz_trees *trees = block->trees;
  OPZ_VALUE *const expanded = block->expanded;
  const size_t stride = trees->columns * (block->is_double ? sizeof(double) : sizeof(float));
  const size_t result_size = trees->groups * (block->output_is_double ? sizeof(double) : sizeof(float));
  const unsigned rows = block->rows;
  const bool is_single = trees->groups == 1 && opz_is_simple(trees) && !block->leaves;
  block->rows = 1;
  for (unsigned row = 0; row < rows; row++) {
    for (uint32_t index = 0; index < trees->eager_inputs; index++) {
      expanded[index] = OPZ_WALK(input)(block, &trees->inputs[index], block->matrix);
    }
    opz_begin(block);
    for (size_t tree = 0; tree < trees->tree_count;) {
      uint32_t numbers[OPZ_WALKS];
      size_t count = 1;
      if (tree + OPZ_WALKS <= trees->tree_count && !trees->has_lazy) {
        OPZ_WALK(walk_trees)(&trees->trees[tree], nodes, expanded, numbers);
        count = OPZ_WALKS;
      } else {
        numbers[0] =
          OPZ_WALK(walk_lazily)(block, nodes + trees->trees[tree].node, expanded, 1, block->matrix);
      }
      if (is_single) {
        OPZ_WALK(sum_one)(block, &trees->trees[tree], numbers, count);
        tree += count;
        continue;
      }
      for (size_t index = 0; index < count; index++, tree++) {
        const opz_tree *const one = &trees->trees[tree];
        if (block->leaves) {
          block->leaves[tree] = trees->numbers[one->leaf + numbers[index]];
        } else {
          opz_add(block, one, &numbers[index]);
        }
      }
    }
    if (block->leaves) {
      block->leaves += trees->tree_count;
    } else {
      opz_finish(block);
      block->output = (char *)block->output + result_size;
    }
    block->matrix = (const char *)block->matrix + stride;
  }
}

#undef OPZ_NODE
#undef OPZ_VALUE
#undef OPZ_WALK
