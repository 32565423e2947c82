import COpzTrees
import OpzModel

/// What tests set in order to reach every way of compiling.
struct CompilationOptions: Sendable {
  /// Trees with more leaves are walked.
  var slicedLeaves = 1024
  /// Trees with more choices than this for each level of an average path are walked.
  var choicesPerLevel = 256
  /// Tests of a part. Their bits, 64 bytes each, should fit a CPU's second cache.
  var testsPerPart = 16384
  /// Ensembles with more nodes in such trees are walked.
  var slicedNodes = 1 << 23
}

/// An ensemble that is being compiled for one type of comparisons.
struct TreeSource {
  let ensemble: TreeEnsemble
  let comparison: Comparison
  /// By node. A leaf has no test; what stands in its place is not looked at.
  let tests: [NodeTest]

  init(_ ensemble: TreeEnsemble, _ comparison: Comparison) {
    self.ensemble = ensemble
    self.comparison = comparison
    // Sets with the same categories get the same number.
    var first: [TreeEnsemble.CategorySet: Int] = [:]
    let sets = ensemble.sets.enumerated().map { index, set in
      let number = first[set] ?? index
      first[set] = number
      return number
    }
    let none = NodeTest.none
    tests = ensemble.nodes.map { $0.isLeaf ? none : NodeTest($0, comparison, sets: sets) }
  }

  /// The nodes of a tree, which stand depth first, left before right.
  func nodes(_ tree: Int) -> Range<Int> {
    let end = tree + 1 < ensemble.trees.count ? Int(ensemble.trees[tree + 1].root) : ensemble.nodes.count
    return Int(ensemble.trees[tree].root)..<end
  }
}
