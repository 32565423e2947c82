/// The names that a function's code, or an expression, uses.
struct RCode {
  private let tree: RTree
  private(set) var calls: Set<String> = []
  /// The packages of `package::name`.
  private(set) var packages: Set<String> = []
  private(set) var symbols: Set<String> = []
  private(set) var texts: Set<String> = []
  /// Names that the code assigns values to.
  private(set) var locals: Set<String> = []
  /// Whether `.Call` is used with anything but a routine of the function's own package.
  private(set) var callsNativeCode = false
  private var seen: Set<Int32> = []

  init(_ tree: RTree) { self.tree = tree }

  /// Adds an expression or compiled code.
  mutating func add(_ start: Int32) {
    var waiting = [start]
    while let index = waiting.popLast() {
      guard let node = tree[index], seen.insert(index).inserted else { continue }
      switch node.kind {
      case .language:
        call(index, node)
        waiting += [node.first, node.rest, node.attributes]
      case .list, .dots: waiting += [node.first, node.rest]
      case .bytecode: waiting += node.items + [node.first]
      case .vector, .expression: waiting += node.items
      case .symbol: if let name = node.texts.first { symbols.insert(name) }
      case .string: texts.formUnion(node.texts)
      case .promise: waiting += [node.first, node.rest]
      case .builtin, .special: if let name = node.texts.first { calls.insert(name) }
      default: break
      }
    }
  }

  /// Adds a function's arguments: their names, and their defaults, which are code.
  mutating func addArguments(_ start: Int32) {
    for cell in tree.cells(start) {
      guard let node = tree[cell] else { continue }
      if let name = tree.name(node.tag) { locals.insert(name) }
      add(node.first)
    }
  }

  private mutating func call(_ index: Int32, _ node: RTree.Node) {
    guard let function = tree[node.first] else { return }
    let arguments = tree.cells(node.rest).compactMap { tree[$0]?.first }
    if function.kind == .symbol, let name = function.texts.first {
      calls.insert(name)
      if ["<-", "=", "<<-", "for"].contains(name), let first = arguments.first {
        if let local = tree.name(first) ?? tree[first]?.texts.first, tree[first]?.kind != .language {
          locals.insert(local)
        }
      }
      if name == ".Call" { callsNativeCode = callsNativeCode || !isRoutine(arguments.first) }
      if name == "::" || name == ":::" { package(arguments) }
      if name == "function", let first = arguments.first { addArguments(first) }
    }
  }

  private func isRoutine(_ argument: Int32?) -> Bool {
    guard let argument, let name = tree.name(argument) else { return false }
    return name.hasPrefix("C_")
  }

  private mutating func package(_ arguments: [Int32]) {
    let parts = arguments.prefix(2).map { tree.name($0) ?? tree[$0]?.texts.first ?? "?" }
    guard parts.count == 2 else { return }
    packages.insert(parts[0])
    calls.insert(parts[1])
  }
}
