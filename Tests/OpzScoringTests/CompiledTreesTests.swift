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

  private func compare(_ ensemble: TreeEnsemble, _ matrix: [Double], counts: [Int], label: String) {
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
    compare(ensemble, random.rows(130, ensemble), counts: [0, 1, 7, 64, 65, 130], label: "seed \(seed)")
  }

  @Test("equal plain trees to the bit: many rows", arguments: 100..<112)
  func rows(seed: Int) throws {
    var random = RandomEnsemble(seed: UInt64(seed))
    let ensemble = try random.make(trees: 5, nodesPerTree: 127)
    compare(ensemble, random.rows(1100, ensemble), counts: [200, 300, 1000, 1100], label: "seed \(seed)")
  }

  @Test("equal plain trees to the bit: large trees", arguments: 200..<216)
  func large(seed: Int) throws {
    var random = RandomEnsemble(seed: UInt64(seed))
    let ensemble = try random.make(trees: 3, nodesPerTree: [511, 1500, 4001, 32767][seed % 4])
    compare(ensemble, random.rows(70, ensemble), counts: [70], label: "seed \(seed)")
  }

  @Test("are shared by threads, whatever the size of their batches")
  func shared() async throws {
    var random = RandomEnsemble(seed: 300)
    let ensemble = try random.make(trees: 20, nodesPerTree: 63)
    let trees = CompiledTrees(ensemble)
    let matrix = random.rows(600, ensemble)
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<32 {
        group.addTask {
          let count = [1, 30, 64, 600][task % 4]
          let part = Array(matrix[..<(count * ensemble.columns)])
          let storage = task % 3 == 0 ? Tensor.Storage.float32(part.map { Float($0) }) : .float64(part)
          let expected = bits(PlainTrees(ensemble).sums(storage, rows: count))
          return (0..<20).allSatisfy { _ in bits(trees.sums(storage, rows: count)) == expected }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  @Test("have a rule for each ensemble: full trees are sliced, large ones are walked")
  func rule() throws {
    func summary(depth: Int, trees: Int) throws -> String {
      var builder = TreeEnsembleBuilder(name: "full", columns: 3, groups: 1, inputs: .float32, sums: .float32)
      let inner = 1 << depth - 1
      for tree in 0..<trees {
        try builder.addTree(nodes: 2 * inner + 1, group: 0) { index in
          guard index < inner else { return .leaf(number: index, value: 1) }
          let node = TreeEnsemble.Node(
            column: Int32(index % 3), test: .less, threshold: Double(index + tree), missing: .nan, missingGoesLeft: true
          )
          return .split(node, left: 2 * index + 1, right: 2 * index + 2)
        }
      }
      return CompiledTrees(try builder.finish(), kernel: .plain).summary
    }
    #expect(try summary(depth: 6, trees: 10).contains("10 of 10 trees sliced, 1 parts"))
    #expect(try summary(depth: 10, trees: 40).contains("40 of 40 trees sliced, 1 parts"))
    #expect(try summary(depth: 11, trees: 2).contains("0 of 2 trees sliced, 1 parts"))
  }
}
