import COpzTrees

/// The instruction set that trees are scored with.
public enum TreeKernel: Int32, Sendable, CaseIterable {
  case plain, neon, avx2, avx512

  /// Whether this CPU has it.
  public var isAvailable: Bool { opz_trees_runs(rawValue) }

  /// The kernel with a name: plain, neon, avx2 or avx512.
  package init?(name: String) {
    guard let kernel = TreeKernel.allCases.first(where: { "\($0)" == name }) else { return nil }
    self = kernel
  }

  /// The fastest of this CPU.
  public static let best = allCases.last { $0.isAvailable } ?? .plain
}
