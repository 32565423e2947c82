import OpzModel
import Testing

@testable import OpzScoring

@Suite("Compiled trees")
struct CompiledTreesTests {
  /// Ways of compiling that reach every kernel code on small ensembles.
  private static func options(_ kernel: TreeKernel) -> [(name: String, CompiledTrees.Options)] {
    var blocks = CompiledTrees.Options()
    blocks.kernel = kernel
    blocks.smallestBlock = 1
    var parts = blocks
    parts.compilation.testsPerPart = 50
    var walks = blocks
    walks.compilation.slicedLeaves = 0
    var mixed = blocks
    mixed.compilation.slicedLeaves = 9
    var rows = blocks
    rows.smallestBlock = .max
    var own = blocks
    own.smallestBlock = nil
    return [
      ("blocks", blocks), ("small parts", parts), ("walks", walks), ("mixed", mixed), ("rows", rows), ("own rule", own),
    ]
  }

  private static let kernels = TreeKernel.allCases.filter(\.isAvailable)

  private func bits(_ storage: Tensor.Storage) -> [UInt64] {
    switch storage {
    case .float32(let values): values.map { $0.isNaN ? .max : UInt64($0.bitPattern) }
    case .float64(let values): values.map { $0.isNaN ? .max : $0.bitPattern }
    case .texts: []
    }
  }

  private func compare(_ ensemble: TreeEnsemble, _ matrix: [Double], _ counts: [Int], _ label: String) {
    let plain = PlainTrees(ensemble)
    let compiled = CompiledTreesTests.kernels.flatMap { kernel in
      CompiledTreesTests.options(kernel).map { ("\(label), \(kernel), \($0.name)", CompiledTrees(ensemble, $0.1)) }
    }
    for count in counts {
      let part = Array(matrix[..<(count * ensemble.columns)])
      for storage in [Tensor.Storage.float64(part), .float32(part.map { Float($0) })] {
        let sums = bits(plain.sums(storage, rows: count))
        let leaves = plain.leaves(storage, rows: count)
        for (name, trees) in compiled {
          #expect(bits(trees.sums(storage, rows: count)) == sums, "\(name), \(count) rows")
          #expect(trees.leaves(storage, rows: count) == leaves, "\(name), \(count) rows")
        }
      }
    }
  }

  @Test("equal plain trees to the bit: small ensembles of every kind", arguments: 0..<60)
  func small(seed: Int) throws {
    var random = RandomEnsemble(seed: UInt64(seed))
    let ensemble = try random.make(trees: 1 + seed % 19, nodesPerTree: [1, 7, 63, 127][seed % 4])
    compare(ensemble, random.rows(130, ensemble), [0, 1, 7, 64, 65, 130], "seed \(seed)")
  }

  @Test("equal plain trees to the bit: many rows", arguments: 100..<112)
  func rows(seed: Int) throws {
    var random = RandomEnsemble(seed: UInt64(seed))
    let ensemble = try random.make(trees: 5, nodesPerTree: 127)
    compare(ensemble, random.rows(1100, ensemble), [200, 300, 1000, 1100], "seed \(seed)")
  }

  @Test("equal plain trees to the bit: large trees", arguments: 200..<216)
  func large(seed: Int) throws {
    var random = RandomEnsemble(seed: UInt64(seed))
    let ensemble = try random.make(trees: 3, nodesPerTree: [511, 1500, 4001, 32767][seed % 4])
    compare(ensemble, random.rows(70, ensemble), [70], "seed \(seed)")
  }
}
