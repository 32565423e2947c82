public import OpzModel

/// An element of a matrix of inputs, or of scores: `Float` or `Double`.
public protocol MatrixElement: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Float: MatrixElement {}
extension Double: MatrixElement {}

/// Scores the trees of an ensemble fast, and equal to `PlainTrees` to the bit.
///
/// The ensemble is compiled once, for the instruction set of this CPU. Any number of threads may use the result at the
/// same time; a call allocates nothing once a few calls were made.
public struct CompiledTrees: TreeScoring {
  /// What tests set in order to reach every kernel and every way through it.
  struct Options: Sendable {
    var kernel = TreeKernel.best
    var compilation = CompilationOptions()
    /// Batches of fewer rows are walked row by row; nil for the ensemble's own number.
    var smallestBlock: Int?
  }

  private let programs: TreePrograms
  private let columns: Int
  private let groups: Int
  private let sums: TreeEnsemble.Precision
  private let options: Options

  /// Values per row in a result of `leaves`.
  public let treeCount: Int

  /// Compiles an ensemble.
  /// - Parameter kernel: the instruction set, which must be one of this CPU's.
  public init(_ ensemble: TreeEnsemble, kernel: TreeKernel = .best) {
    var options = Options()
    options.kernel = kernel
    self.init(ensemble, options)
  }

  init(_ ensemble: TreeEnsemble, _ options: Options) {
    programs = TreePrograms(ensemble, options.compilation)
    columns = ensemble.columns
    groups = ensemble.groups
    sums = ensemble.sums
    treeCount = ensemble.trees.count
    self.options = options
    precondition(options.kernel.isAvailable, "this CPU has no \(options.kernel)")
  }

  /// How the trees are scored, in a few words, for tests and benchmarks.
  package var summary: String {
    let program = programs.main
    return "\(options.kernel), \(program.slicedTrees) of \(treeCount) trees sliced, \(program.partCount) parts, "
      + "blocks from \(options.smallestBlock ?? program.smallestBlock) rows, \(program.size) bytes"
  }

  /// Scores rows.
  /// - Parameters:
  ///   - matrix: at least `rows` x the ensemble's columns, row by row; NaN is missing, a category is its code.
  ///   - output: at least `rows` x the ensemble's groups. Sums in float64 are rounded if it has `Float`.
  public func score<Input: MatrixElement, Output: MatrixElement>(
    _ matrix: UnsafeBufferPointer<Input>, rows: Int, into output: UnsafeMutableBufferPointer<Output>
  ) {
    precondition(CompiledTrees.holds(matrix.count, rows, width: columns), "the matrix has too few elements")
    precondition(CompiledTrees.holds(output.count, rows, width: groups), "the output has too few elements")
    let program = programs.program(isDouble: Input.self == Double.self)
    program.score(
      matrix.baseAddress, isDouble: Input.self == Double.self, rows: rows, kernel: options.kernel,
      smallestBlock: options.smallestBlock, into: output.baseAddress, outputIsDouble: Output.self == Double.self,
      leaves: nil)
  }

  /// Writes the number of the leaf that each tree reaches, `rows` x trees, as the training library counts them.
  /// - Parameter matrix: as for `score`.
  public func leaves<Input: MatrixElement>(
    _ matrix: UnsafeBufferPointer<Input>, rows: Int, into output: UnsafeMutableBufferPointer<Int32>
  ) {
    precondition(CompiledTrees.holds(matrix.count, rows, width: columns), "the matrix has too few elements")
    precondition(CompiledTrees.holds(output.count, rows, width: treeCount), "the output has too few elements")
    let program = programs.program(isDouble: Input.self == Double.self)
    program.score(
      matrix.baseAddress, isDouble: Input.self == Double.self, rows: rows, kernel: options.kernel,
      smallestBlock: options.smallestBlock, into: nil, outputIsDouble: false, leaves: output.baseAddress)
  }

  private static func holds(_ count: Int, _ rows: Int, width: Int) -> Bool {
    let (needed, isTooMuch) = rows.multipliedReportingOverflow(by: width)
    return rows >= 0 && !isTooMuch && count >= needed
  }
}

extension CompiledTrees {
  /// See `TreeScoring`.
  public func sums(_ matrix: Tensor.Storage, rows: Int) -> Tensor.Storage {
    switch sums {
    case .float32: .float32(sums(matrix, rows, as: Float.self))
    case .float64: .float64(sums(matrix, rows, as: Double.self))
    }
  }

  private func sums<Output: MatrixElement>(_ matrix: Tensor.Storage, _ rows: Int, as _: Output.Type) -> [Output] {
    [Output](unsafeUninitializedCapacity: rows * groups) { output, filled in
      switch matrix {
      case .float32(let values): values.withUnsafeBufferPointer { score($0, rows: rows, into: output) }
      case .float64(let values): values.withUnsafeBufferPointer { score($0, rows: rows, into: output) }
      case .texts: output.update(repeating: .nan)
      }
      filled = rows * groups
    }
  }

  /// See `TreeScoring`.
  public func leaves(_ matrix: Tensor.Storage, rows: Int) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: rows * treeCount) { output, filled in
      switch matrix {
      case .float32(let values): values.withUnsafeBufferPointer { leaves($0, rows: rows, into: output) }
      case .float64(let values): values.withUnsafeBufferPointer { leaves($0, rows: rows, into: output) }
      case .texts: output.update(repeating: -1)
      }
      filled = rows * treeCount
    }
  }
}
