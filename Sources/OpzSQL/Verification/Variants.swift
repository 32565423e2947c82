import OpzModel

/// The values of an input at a split.
enum Variants {
  /// How many there are at most.
  static let most = 16

  static func cells(at split: SplitWalk.Split, _ kind: Model.Kind) -> [LookUp.Entry?] {
    switch split.trace.course {
    case .choices(let choices): return choices.prefix(most - 1).map(\.cell) + [nil]
    case .text: return [nil]
    case .number: break
    }
    if split.node.test == .member { return member(split.ensemble.sets[Int(split.node.threshold)]) }
    let number = split.trace.number(for: split.node.threshold)
    guard number.isFinite else { return [nil] }
    if BoundaryRows.isWhole(kind) {
      let whole = number.rounded(.down)
      return [whole - 1, whole, whole + 1, whole + 2].map { .number($0) } + [nil]
    }
    let isFloat = split.ensemble.inputs == .float32 || kind == .number(.float32)
    return (isFloat ? floats(number) : doubles(number)).map { .number($0) } + [.number(.nan), nil]
  }

  /// Three float32 numbers, and the float64 numbers around the two middles between them, where rounding turns.
  private static func floats(_ number: Double) -> [Double] {
    let middle = Float(number)
    let all = [middle.nextDown, middle, middle.nextUp].map(Double.init)
    let halves = zip(all, all.dropFirst()).map { ($0 + $1) / 2 }
    let near = halves.flatMap { [$0.nextDown, $0, $0.nextUp] }
    // A number that came back through a computation may be a few floats off.
    let exact = Double(middle) == number ? [] : doubles(number)
    return (all + near + exact).filter(\.isFinite)
  }

  private static func doubles(_ number: Double) -> [Double] {
    [number.nextDown.nextDown, number.nextDown, number, number.nextUp, number.nextUp.nextUp].filter(\.isFinite)
  }

  /// Categories in the set and beside it, what is none, and numbers that are truncated.
  private static func member(_ set: TreeEnsemble.CategorySet) -> [LookUp.Entry?] {
    let most = set.words.count * 64
    let inside = Array((0..<most).lazy.filter(set.contains).prefix(3))
    let outside = Array((0...most).lazy.filter { !set.contains($0) }.prefix(3))
    let others = [-1, -0.5, 0.5, 0x1p24, Double(most)]
    return ((inside + outside).map(Double.init) + others).map { .number($0) } + [.number(.nan), nil]
  }
}
