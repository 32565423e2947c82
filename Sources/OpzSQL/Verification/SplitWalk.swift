import OpzModel

/// Walks over the splits of an ensemble, each with the values of inputs that lead to it.
struct SplitWalk {
  /// A split that some row reaches.
  struct Split {
    let node: TreeEnsemble.Node
    let ensemble: TreeEnsemble
    let trace: InputTrace
    /// The input that decides.
    var input: Int { trace.input }
    /// Values that lead to it, by the input's index.
    let leading: [Int: LookUp.Entry?]
  }

  /// A split on the way, and the side that was taken.
  private struct Turn {
    let node: TreeEnsemble.Node
    let isLeft: Bool
  }

  private let ensemble: TreeEnsemble
  private let traces: [InputTrace?]
  private let step: Int
  private var count = 0

  /// - Parameters:
  ///   - traces: of the columns that the trees look at.
  ///   - step: 1 for all splits, 2 for every second.
  init(_ ensemble: TreeEnsemble, _ traces: [InputTrace?], every step: Int) {
    self.ensemble = ensemble
    self.traces = traces
    self.step = step
  }

  mutating func forEach(_ body: (Split) -> Void) {
    for tree in ensemble.trees {
      var waiting: [(place: Int32, path: [Turn])] = [(tree.root, [])]
      while let (place, path) = waiting.popLast() {
        let node = ensemble.nodes[Int(place)]
        if node.isLeaf { continue }
        count += 1
        if count % step == 0, let trace = traces[Int(node.column)], let leading = leading(path) {
          body(Split(node: node, ensemble: ensemble, trace: trace, leading: leading))
        }
        waiting.append((node.right, path + [Turn(node: node, isLeft: false)]))
        waiting.append((node.left, path + [Turn(node: node, isLeft: true)]))
      }
    }
  }

  /// Values with which a row takes these turns; nil where none are found.
  private func leading(_ path: [Turn]) -> [Int: LookUp.Entry?]? {
    var turns: [Int: [(turn: Turn, trace: InputTrace)]] = [:]
    for turn in path {
      guard let trace = traces[Int(turn.node.column)] else { return nil }
      turns[trace.input, default: []].append((turn, trace))
    }
    var values: [Int: LookUp.Entry?] = [:]
    for (input, own) in turns {
      let fitting = candidates(own).first { cell in
        own.allSatisfy { ensemble.goesLeft($0.trace.value(of: cell), at: $0.turn.node) == $0.turn.isLeft }
      }
      guard let fitting else { return nil }
      values[input] = .some(fitting)
    }
    return values
  }

  /// Values of an input, of which one passes a list of tests if any does.
  private func candidates(_ turns: [(turn: Turn, trace: InputTrace)]) -> [LookUp.Entry?] {
    var numbers: [Double] = []
    var cells: [LookUp.Entry?] = []
    for (turn, trace) in turns {
      if case .choices(let choices) = trace.course { cells += choices.map(\.cell) }
      guard case .number = trace.course else { continue }
      if turn.node.test == .member {
        let set = ensemble.sets[Int(turn.node.threshold)]
        let most = set.words.count * 64
        numbers += [(0..<most).first(where: set.contains), (0...most).first { !set.contains($0) }].compactMap {
          $0.map(Double.init)
        }
      } else {
        numbers.append(trace.number(for: turn.node.threshold))
      }
    }
    let sorted = numbers.filter(\.isFinite).sorted()
    let between = zip(sorted, sorted.dropFirst()).map { ($0 + $1) / 2 }
    let around = sorted.flatMap { number in
      [number, Double(Float(number).nextDown), Double(Float(number).nextUp), number - 1, number + 1]
    }
    return cells + ([0] + between + around).map { .number($0) } + [nil]
  }
}

extension TreeEnsemble {
  /// Whether a number goes left at a node.
  func goesLeft(_ number: Double, at node: Node) -> Bool {
    var number = inputs == .float32 ? Double(Float(number)) : number
    switch node.missing {
    case .nan: if number.isNaN { return node.missingGoesLeft }
    case .nanOrZero: if number.isNaN || abs(number) <= Double(Float(1e-35)) { return node.missingGoesLeft }
    case .none: if number.isNaN { number = 0 }
    }
    switch node.test {
    case .less: return number < node.threshold
    case .lessOrEqual: return number <= node.threshold
    case .equal: return number == node.threshold
    case .member:
      let whole = categoryRule == .truncated ? number.rounded(.towardZero) : number.rounded(.down)
      guard categoryRule != .whole || whole == number else { return false }
      return Int(exactly: whole).map(sets[Int(node.threshold)].contains) ?? false
    }
  }
}
