import COpzTrees
import OpzModel

/// An ensemble compiled for one type of comparisons, in memory that the kernels read. It does not change.
final class TreeProgram: @unchecked Sendable {
  private var record = opz_trees()
  private var memory: [UnsafeMutableRawPointer] = []
  private let pool: OpaquePointer

  /// How many trees are choices between bits; the others are walked.
  private(set) var slicedTrees = 0
  /// The number of rows from which blocks are faster than walking each row.
  private(set) var smallestBlock = 0
  /// Bytes.
  private(set) var size = 0
  var partCount: Int { record.part_count }

  /// Kernels read up to this many elements behind the end of some tables.
  private static let margin = 256
  /// Bytes of a block's memory, where smaller blocks can keep it.
  private static let blockSize = 8 << 20

  init(_ ensemble: TreeEnsemble, _ comparison: Comparison, options: CompilationOptions) {
    guard let pool = opz_scratch_pool_create() else { preconditionFailure("there is no memory for the scorer") }
    self.pool = pool
    setKinds(ensemble, comparison)
    let source = TreeSource(ensemble, comparison)
    let slices = TreeSlices(source, options)
    let parts = TreeParts(source, slices, options: options)
    setTables(parts, comparison)
    let walks = TreeWalks(source, slices)
    setWalks(walks)
    let leaves = LeafTables(source, slices)
    setLeaves(leaves, ensemble)
    setTrees(source, slices, parts: parts, walks: walks, leaves: leaves)
    setBlocks(ensemble)
  }

  deinit {
    opz_scratch_pool_destroy(pool)
    for piece in memory { piece.deallocate() }
  }

  private func keep<Element: BitwiseCopyable>(_ array: [Element], margin: Element? = nil) -> UnsafePointer<Element> {
    let count = array.count + (margin == nil ? 0 : TreeProgram.margin)
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let piece = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    memory.append(piece)
    size += bytes
    let elements = piece.bindMemory(to: Element.self, capacity: max(count, 1))
    elements.update(from: array, count: array.count)
    if let margin { (elements + array.count).update(repeating: margin, count: TreeProgram.margin) }
    return UnsafePointer(elements)
  }

  private func setKinds(_ ensemble: TreeEnsemble, _ comparison: Comparison) {
    record.columns = ensemble.columns
    record.groups = UInt32(clamping: ensemble.groups)
    record.is_wide = comparison == .float64
    record.float_inputs = ensemble.inputs == .float32
    record.float_sums = ensemble.sums == .float32
    record.base_first = ensemble.baseFirst
    switch ensemble.categoryRule {
    case .nonNegative: record.category_rule = UInt8(OPZ_CATEGORY_NONNEGATIVE)
    case .truncated: record.category_rule = UInt8(OPZ_CATEGORY_TRUNCATED)
    case .whole: record.category_rule = UInt8(OPZ_CATEGORY_WHOLE)
    }
    record.base = keep(ensemble.base)
    switch ensemble.aggregate {
    case .sum: record.aggregate = UInt8(OPZ_AGGREGATE_SUM)
    case .average(let count):
      record.aggregate = UInt8(OPZ_AGGREGATE_AVERAGE)
      record.divisor = count
    case .minimum: record.aggregate = UInt8(OPZ_AGGREGATE_MINIMUM)
    case .maximum: record.aggregate = UInt8(OPZ_AGGREGATE_MAXIMUM)
    }
  }

  private func setTables(_ parts: TreeParts, _ comparison: Comparison) {
    let tables = parts.tables
    record.parts = keep(parts.parts)
    record.part_count = parts.parts.count
    record.max_tests = parts.parts.map(\.tests).max() ?? 0
    record.max_levels = tables.columns.map(\.levels).max() ?? 0
    record.tested = keep(tables.columns)
    record.tested_count = tables.columns.count
    record.plane_count = tables.planes
    record.questions = keep(tables.questions)
    record.views = keep(tables.views)
    record.rank_tests = keep(tables.rankTests)
    record.code_tests = keep(tables.codeTests)
    record.code_lists = keep(tables.codeLists)
    record.code_tables = keep(tables.codeTables)
    switch comparison {
    case .float32: record.float_cuts = keep(tables.cuts.map { Float($0) }, margin: .nan)
    case .float64: record.double_cuts = keep(tables.cuts, margin: .nan)
    }
  }

  private func setWalks(_ walks: TreeWalks) {
    record.has_lazy = walks.isLazy.contains(true)
    switch walks.nodes {
    case .short(let nodes):
      record.is_short = true
      record.short_nodes = keep(nodes)
    case .float(let nodes): record.float_nodes = keep(nodes)
    case .double(let nodes): record.double_nodes = keep(nodes)
    }
    record.inputs = keep(walks.inputs)
    record.input_count = UInt32(walks.inputs.count)
    record.eager_inputs = UInt32(walks.eager)
    record.set_words = keep(walks.setWords)
  }

  private func setLeaves(_ leaves: LeafTables, _ ensemble: TreeEnsemble) {
    record.numbers = keep(leaves.numbers)
    if !ensemble.leafValues.isEmpty {
      record.vector_starts = keep(leaves.vectorStarts)
      record.vectors = keep(ensemble.leafValues)
    } else if ensemble.linear.isEmpty && ensemble.sums == .float32 {
      record.float_values = keep(leaves.values.map { Float($0) }, margin: 0)
    } else {
      record.double_values = keep(leaves.values, margin: 0)
    }
    guard !ensemble.linear.isEmpty else { return }
    record.linear_functions = keep(leaves.functions)
    var functions: [opz_linear] = []
    var columns: [UInt32] = []
    var coefficients: [Double] = []
    for function in ensemble.linear {
      let count = UInt32(function.columns.count)
      functions.append(opz_linear(first: columns.count, count: count, constant: function.constant))
      columns += function.columns.map { UInt32($0) }
      coefficients += function.coefficients
    }
    record.linear = keep(functions)
    record.linear_columns = keep(columns)
    record.linear_coefficients = keep(coefficients)
  }

  private func setTrees(
    _ source: TreeSource, _ slices: TreeSlices, parts: TreeParts, walks: TreeWalks, leaves: LeafTables
  ) {
    var trees: [opz_tree] = []
    var choices: [opz_choice] = []
    var planes: [UInt16] = []
    for (index, tree) in source.ensemble.trees.enumerated() {
      var entry = opz_tree()
      entry.group = UInt32(tree.group)
      entry.steps = UInt32(slices.numbers[index].depth)
      entry.leaf = leaves.starts[index]
      entry.leaves = slices.numbers[index].limit
      entry.node = Int(tree.root)
      entry.is_lazy = walks.isLazy[index]
      if let program = slices.programs[index] {
        entry.is_sliced = true
        entry.choice = choices.count
        entry.choices = UInt32(program.choices.count)
        entry.plane = planes.count
        entry.planes = UInt16(program.planes.count)
        for plane in program.planes { planes.append(parts.slot(plane)) }
        for choice in program.choices {
          choices.append(
            opz_choice(
              test: parts.slot(choice.test), left: parts.slot(choice.left), right: parts.slot(choice.right),
              into: parts.slot(choice.into)))
        }
      }
      trees.append(entry)
    }
    slicedTrees = trees.count { $0.is_sliced }
    smallestBlock = TreeProgram.smallestBlock(trees, parts)
    record.trees = keep(trees)
    record.tree_count = trees.count
    record.has_walks = slicedTrees < trees.count
    record.choices = keep(choices)
    record.planes = keep(planes)
  }

  /// From measurements, in nanoseconds: a block of 64 rows costs 1.5 for each value that is ranked, and 2 for each test
  /// and each choice; a walk costs 2 for each node.
  private static func smallestBlock(_ trees: [opz_tree], _ parts: TreeParts) -> Int {
    let tests = parts.parts.reduce(0) { $0 + Int($1.tests) }
    let choices = trees.reduce(0) { $0 + Int($1.choices) }
    let steps = trees.reduce(0) { $0 + ($1.is_sliced ? Int($1.steps) : 0) }
    let block = 96 * parts.tables.columns.count + 2 * (tests + choices)
    return steps == 0 ? 8 : min(max(block / (2 * steps), 8), 256)
  }

  private func setBlocks(_ ensemble: TreeEnsemble) {
    let slots = record.plane_count + Int(record.max_tests)
    let perRow = ensemble.groups + (record.has_walks ? Int(record.eager_inputs) : 0)
    let word = slots * 8 + perRow * 64 * 8
    record.max_words = 8
    while record.max_words > 1 && word > TreeProgram.blockSize / Int(record.max_words) { record.max_words /= 2 }
  }

  /// Scores rows; see `opz_trees_score`.
  func score(
    _ matrix: UnsafeRawPointer?, isDouble: Bool, rows: Int, kernel: TreeKernel, smallestBlock: Int?,
    into output: UnsafeMutableRawPointer?, outputIsDouble: Bool, leaves: UnsafeMutablePointer<Int32>?
  ) {
    let isDone = withUnsafePointer(to: record) {
      opz_trees_score(
        $0, kernel.rawValue, smallestBlock ?? self.smallestBlock, pool, matrix, isDouble, rows, output, outputIsDouble,
        leaves)
    }
    precondition(isDone, "there is no memory for scoring")
  }
}
