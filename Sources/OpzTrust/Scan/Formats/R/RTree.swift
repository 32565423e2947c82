/// The objects of an R serialization, without the numbers in them.
struct RTree {
  /// R's types (Rinternals.h), and those that exist only in a serialization.
  enum Kind: UInt8 {
    case null = 0
    case symbol = 1
    case list = 2
    case closure = 3
    case environment = 4
    case promise = 5
    case language = 6
    case special = 7
    case builtin = 8
    case char = 9
    case logical = 10
    case integer = 13
    case real = 14
    case complex = 15
    case string = 16
    case dots = 17
    case any = 18
    case vector = 19
    case expression = 20
    case bytecode = 21
    case externalPointer = 22
    case weakReference = 23
    case raw = 24
    case s4 = 25
    // Only in a serialization.
    case alternative = 238
    case baseEnvironment = 241
    case emptyEnvironment = 242
    case persistent = 247
    case package = 248
    case namespace = 249
    case baseNamespace = 250
    case missingArgument = 251
    case unbound = 252
    case globalEnvironment = 253
  }

  struct Node {
    let kind: Kind
    /// R's internal bits; 1 << 15 marks the cell of an active binding.
    let levels: UInt16
    var attributes: Int32 = -1
    /// The name of a list's cell, the environment of a closure, or the parent of an environment.
    var tag: Int32 = -1
    /// The value of a list's cell or a promise, the arguments of a closure, or the frame of an environment.
    var first: Int32 = -1
    /// The next cell of a list, the body of a closure, the expression of a promise, or the hash table of an
    /// environment.
    var rest: Int32 = -1
    /// The name of a symbol, or the first strings of a vector.
    var texts: [String] = []
    /// The items of a vector or of compiled code.
    var items: [Int32] = []
  }

  fileprivate(set) var nodes: [Node] = []

  subscript(_ index: Int32) -> Node? { index >= 0 && Int(index) < nodes.count ? nodes[Int(index)] : nil }

  /// The cells of a pairlist or a call, beginning at `start`.
  func cells(_ start: Int32) -> [Int32] {
    var found: [Int32] = []
    var index = start
    var seen: Set<Int32> = []
    while let node = self[index], [.list, .language, .dots].contains(node.kind), seen.insert(index).inserted {
      found.append(index)
      index = node.rest
    }
    return found
  }

  func name(_ index: Int32) -> String? {
    guard let node = self[index], node.kind == .symbol else { return nil }
    return node.texts.first
  }

  /// The strings of an attribute, such as the class.
  func attribute(_ name: String, of node: Node) -> [String] {
    for cell in cells(node.attributes) {
      if let found = self[cell], self.name(found.tag) == name { return self[found.first]?.texts ?? [] }
    }
    return []
  }
}

/// Reads a serialization with a stack of its own, because lists have any length and any depth.
struct RReader {
  private enum Field { case attributes, tag, first, rest, item }
  private struct Slot {
    let node: Int32
    let field: Field
  }
  private enum Task {
    case item(Slot)
    case items(Int32, UInt64)
    case codeConstants(Int32)
    case codeItems(Int32, Int)
    case codeLanguage(Slot)
  }

  private var stream: RStream
  private var tree = RTree()
  private var references: [Int32] = []
  private var tasks: [Task] = []
  private var texts = 0

  private static let maximumCount = 3_000_000
  /// How many strings of a vector are kept.
  private static let keptStrings = 200

  private init(_ stream: RStream) { self.stream = stream }

  /// Reads the objects of a stream. The first is the one that was saved.
  static func read(_ stream: RStream) throws -> RTree {
    var reader = RReader(stream)
    try reader.run()
    return reader.tree
  }

  private mutating func run() throws {
    let version = try stream.integer()
    guard version == 2 || version == 3 else { throw stream.problem("a serialization of the version \(version)") }
    _ = try stream.integer()
    _ = try stream.integer()
    if version == 3 {
      let length = try stream.integer()
      guard (0...64).contains(length) else { throw stream.problem("an encoding's name of \(length) bytes") }
      _ = try stream.text(UInt64(length))
    }
    tasks = [.item(Slot(node: -1, field: .item))]
    while let task = tasks.popLast() {
      switch task {
      case .item(let slot): try item(slot, flags: try stream.integer())
      case .items(let node, let count):
        if count > 1 { tasks.append(.items(node, count - 1)) }
        if count > 0 { tasks.append(.item(Slot(node: node, field: .item))) }
      case .codeConstants(let node):
        let count = try stream.integer()
        guard count >= 0 else { throw stream.problem("\(count) constants") }
        tasks.append(.codeItems(node, count))
      case .codeItems(let node, let count):
        guard count > 0 else { continue }
        tasks.append(.codeItems(node, count - 1))
        try codeConstant(Slot(node: node, field: .item))
      case .codeLanguage(let slot): try codeLanguage(try stream.integer(), slot)
      }
    }
  }

  private mutating func add(_ kind: RTree.Kind, _ flags: Int, slot: Slot, texts: [String] = []) throws -> Int32 {
    guard tree.nodes.count < RReader.maximumCount else {
      throw stream.problem("more than \(RReader.maximumCount) objects")
    }
    let index = Int32(tree.nodes.count)
    tree.nodes.append(RTree.Node(kind: kind, levels: UInt16(truncatingIfNeeded: flags >> 12), texts: texts))
    put(index, slot)
    return index
  }

  private mutating func put(_ index: Int32, _ slot: Slot) {
    guard slot.node >= 0 else { return }
    let place = Int(slot.node)
    switch slot.field {
    case .attributes: tree.nodes[place].attributes = index
    case .tag: tree.nodes[place].tag = index
    case .first: tree.nodes[place].first = index
    case .rest: tree.nodes[place].rest = index
    case .item: tree.nodes[place].items.append(index)
    }
  }

  /// Reads these fields next, in this order.
  private mutating func next(_ node: Int32, _ fields: [Field]) {
    for field in fields.reversed() { tasks.append(.item(Slot(node: node, field: field))) }
  }

  private mutating func item(_ slot: Slot, flags: Int) throws {
    let type = flags & 0xFF
    let hasAttributes = flags & 0x200 != 0
    let hasTag = flags & 0x400 != 0
    switch type {
    case 254: _ = try add(.null, 0, slot: slot)
    case 255:
      let number = flags >> 8 == 0 ? try stream.integer() : flags >> 8
      guard number > 0, number <= references.count else { throw stream.problem("a reference to nothing") }
      put(references[number - 1], slot)
    case 247, 248, 249: try names(type, slot)
    case 239, 240, 243, 244, 245, 246: throw stream.problem("the type \(type), which is not allowed there")
    default:
      guard let kind = RTree.Kind(rawValue: UInt8(type)) else { throw stream.problem("the unknown type \(type)") }
      let node = try add(kind, flags, slot: slot)
      try content(kind, node, hasAttributes: hasAttributes, hasTag: hasTag)
    }
  }

  private mutating func content(_ kind: RTree.Kind, _ node: Int32, hasAttributes: Bool, hasTag: Bool) throws {
    switch kind {
    case .symbol:
      tree.nodes[Int(node)].texts = [try readString() ?? "NA"]
      references.append(node)
      return
    case .environment:
      _ = try stream.integer()
      references.append(node)
      return next(node, [.tag, .first, .rest, .attributes])
    case .list, .language, .closure, .promise, .dots:
      return next(node, (hasAttributes ? [.attributes] : []) + (hasTag ? [.tag] : []) + [.first, .rest])
    case .externalPointer:
      references.append(node)
      next(node, [.first, .tag] + (hasAttributes ? [.attributes] : []))
      return
    case .weakReference: references.append(node)
    case .special, .builtin:
      let length = try stream.integer()
      guard (0...1000).contains(length) else { throw stream.problem("a name of \(length) bytes") }
      tree.nodes[Int(node)].texts = [try stream.text(UInt64(length))]
    case .alternative: return next(node, [.first, .rest, .attributes])
    default: break
    }
    if hasAttributes { next(node, [.attributes]) }
    try vector(kind, node)
  }

  private mutating func vector(_ kind: RTree.Kind, _ node: Int32) throws {
    switch kind {
    case .char:
      let length = try stream.integer()
      guard length >= -1 else { throw stream.problem("a string of \(length) bytes") }
      if length >= 0 { tree.nodes[Int(node)].texts = [try stream.text(UInt64(length))] }
    case .logical, .integer: try stream.skip(try stream.length(), width: 4)
    case .real: try stream.skip(try stream.length(), width: 8)
    case .complex: try stream.skip(try stream.length(), width: 16)
    case .raw: try stream.skip(try stream.length(), width: 1)
    case .string: try strings(node)
    case .vector, .expression: tasks.append(.items(node, try stream.length()))
    case .bytecode:
      _ = try stream.integer()
      code(node)
    default: break
    }
  }

  private mutating func strings(_ node: Int32) throws {
    let count = try stream.length()
    var kept: [String] = []
    for _ in 0..<count {
      let text = try readString()
      if kept.count < RReader.keptStrings, let text { kept.append(text) }
    }
    tree.nodes[Int(node)].texts = kept
  }

  /// Reads a string object where nothing else is allowed.
  private mutating func readString() throws -> String? {
    let flags = try stream.integer()
    guard flags & 0xFF == 9, flags & 0x200 == 0 else { throw stream.problem("something else instead of a string") }
    let length = try stream.integer()
    guard length >= -1 else { throw stream.problem("a string of \(length) bytes") }
    return length == -1 ? nil : try stream.text(UInt64(length))
  }

  private mutating func names(_ type: Int, _ slot: Slot) throws {
    guard try stream.integer() == 0, let kind = RTree.Kind(rawValue: UInt8(type)) else {
      throw stream.problem("names of names")
    }
    let count = try stream.integer()
    guard (0...1000).contains(count) else { throw stream.problem("\(count) names") }
    var found: [String] = []
    for _ in 0..<count { found.append(try readString() ?? "NA") }
    references.append(try add(kind, 0, slot: slot, texts: found))
  }

  // MARK: Compiled code

  private mutating func code(_ node: Int32) {
    tasks.append(.codeConstants(node))
    tasks.append(.item(Slot(node: node, field: .first)))
  }

  private mutating func codeConstant(_ slot: Slot) throws {
    let type = try stream.integer()
    switch type {
    case 21: code(try add(.bytecode, 0, slot: slot))
    case 2, 6, 239, 240, 243, 244: try codeLanguage(type, slot)
    default: tasks.append(.item(slot))
    }
  }

  private mutating func codeLanguage(_ type: Int, _ slot: Slot) throws {
    var type = type
    switch type {
    case 243:
      // A reference to something earlier in the same code.
      _ = try stream.integer()
      return
    case 244:
      _ = try stream.integer()
      type = try stream.integer()
    default: break
    }
    guard [2, 6, 239, 240].contains(type) else { return tasks.append(.item(slot)) }
    let node = try add(type == 2 || type == 239 ? .list : .language, 0, slot: slot)
    tasks.append(.codeLanguage(Slot(node: node, field: .rest)))
    tasks.append(.codeLanguage(Slot(node: node, field: .first)))
    next(node, (type > 238 ? [.attributes] : []) + [.tag])
  }
}
