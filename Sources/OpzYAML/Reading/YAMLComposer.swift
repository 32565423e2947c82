/// Builds nodes from events, with an explicit stack: depth, nodes and aliases are checked before anything is built.
struct YAMLComposer {
  /// A list or mapping that is not complete yet.
  private struct Open {
    let isMap: Bool
    let start: Place
    /// The place of the key before it.
    let place: Place
    let anchor: String?
    var items: [YAMLNode] = []
    var members: [YAMLNode.Member] = []
    var key: Key?
    /// The number of nodes, aliases expanded.
    var size = 1
    var height = 0
  }

  private struct Key {
    let text: String
    let isPlain: Bool
    let place: Place
  }

  private struct Anchored {
    let node: YAMLNode
    let size: Int
    let height: Int
  }

  private let events: YAMLEvents
  private let rules: YAMLRules
  private let maximumNodes: Int
  private var nodes = 0
  private var anchors: [String: Anchored] = [:]
  private var stack: [Open] = []

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ rules: YAMLRules, lines: Int) {
    events = YAMLEvents(bytes, depth: rules.depth, lines: lines)
    self.rules = rules
    maximumNodes = min(rules.values, bytes.count.addingReportingOverflow(1000).partialValue)
  }

  mutating func roots(isOne: Bool) throws(YAMLProblem) -> [YAMLNode] {
    var roots: [YAMLNode] = []
    while true {
      switch try events.next() {
      case .streamEnd: return roots
      case .documentStart:
        if isOne, !roots.isEmpty { throw YAMLProblem(events.place, "a second document begins here") }
        anchors = [:]
        roots.append(try document())
      default: continue
      }
    }
  }

  private mutating func document() throws(YAMLProblem) -> YAMLNode {
    while true {
      if let root = try take(try events.next()) { return root }
    }
  }

  /// Processes an event; returns the root when it is complete.
  private mutating func take(_ event: YAMLEvents.Event) throws(YAMLProblem) -> YAMLNode? {
    switch event {
    case .scalar(let text, let isPlain, let anchor, let tag):
      try check(tag, quoted: !isPlain)
      try check(anchor)
      if let open = stack.last, open.isMap, open.key == nil {
        try key(text, isPlain: isPlain, anchor)
        return nil
      }
      if isPlain, rules.refusesAmbiguous { try refuseAmbiguous(text) }
      let node = YAMLNode(content: .scalar(text, isPlain: isPlain), place: events.place)
      return try put(node, size: 1, height: 0, anchor)
    case .alias(let name): return try alias(name)
    case .listStart(let anchor, let tag), .mapStart(let anchor, let tag):
      var isMap = false
      if case .mapStart = event { isMap = true }
      try open(isMap: isMap, anchor, tag)
      return nil
    case .end: return try close()
    case .streamEnd, .documentStart, .documentEnd: throw YAMLProblem(events.place, "not valid YAML: it ends early")
    }
  }

  private mutating func open(isMap: Bool, _ anchor: String?, _ tag: String?) throws(YAMLProblem) {
    try check(tag, quoted: false)
    try check(anchor)
    guard stack.count < rules.depth else { throw tooDeep() }
    if let open = stack.last, open.isMap, open.key == nil {
      throw YAMLProblem(events.place, "a key is not plain text", hint: "keys must be text: write the key in quotes")
    }
    try count(1)
    stack.append(
      Open(isMap: isMap, start: events.place, place: stack.last?.key?.place ?? events.place, anchor: anchor))
  }

  private func tooDeep() -> YAMLProblem {
    YAMLEvents.tooDeep(events.place, rules.depth)
  }

  private mutating func close() throws(YAMLProblem) -> YAMLNode? {
    guard var open = stack.popLast() else { throw YAMLProblem(events.place, "not valid YAML: it ends early") }
    let content: YAMLNode.Content =
      open.isMap ? .map(try YAMLKeys.resolve(&open.members, rules)) : .list(open.items)
    let node = YAMLNode(content: content, place: open.place, start: open.start)
    return try put(node, size: open.size, height: open.height + 1, open.anchor, isCounted: true)
  }

  private mutating func key(_ text: String, isPlain: Bool, _ anchor: String?) throws(YAMLProblem) {
    if let anchor {
      let node = YAMLNode(content: .scalar(text, isPlain: isPlain), place: events.place)
      try remember(anchor, Anchored(node: node, size: 1, height: 0))
    }
    if isPlain, rules.refusesAmbiguous, text != "<<", YAMLKeys.identity(text, isPlain: true) != nil {
      throw YAMLProblem(
        events.place, "some readers of YAML do not read the key \(text.prefix(80)) as text",
        hint: "write \"\(text.prefix(80))\"")
    }
    try count(1)
    stack[stack.count - 1].key = Key(text: text, isPlain: isPlain, place: events.place)
  }

  /// Adds a complete node to its parent.
  private mutating func put(
    _ node: YAMLNode, size: Int, height: Int, _ anchor: String?, isCounted: Bool = false
  ) throws(YAMLProblem) -> YAMLNode? {
    if !isCounted { try count(size) }
    if let anchor { try remember(anchor, Anchored(node: node, size: size, height: height)) }
    let last = stack.count - 1
    guard last >= 0 else { return node }
    stack[last].size += size
    stack[last].height = max(stack[last].height, height)
    if let key = stack[last].key {
      stack[last].members.append(
        YAMLNode.Member(key: key.text, isPlain: key.isPlain, place: key.place, value: node))
      stack[last].key = nil
    } else {
      stack[last].items.append(node)
    }
    return nil
  }
}

// MARK: Anchors and aliases

extension YAMLComposer {
  private mutating func alias(_ name: String) throws(YAMLProblem) -> YAMLNode? {
    guard rules.allowsAliases else {
      throw YAMLProblem(events.place, "aliases are not allowed", hint: "write out the value, or put it in quotes")
    }
    if let open = stack.last, open.isMap, open.key == nil {
      throw YAMLProblem(events.place, "an alias as a key", hint: "write out the key")
    }
    guard let anchored = anchors[name] else {
      let isInside = stack.contains { $0.anchor == name }
      throw YAMLProblem(
        events.place,
        isInside
          ? "the alias *\(name.prefix(80)) is inside the value that it refers to"
          : "not valid YAML: found undefined alias")
    }
    guard stack.count + anchored.height <= rules.depth else { throw tooDeep() }
    let node = YAMLNode(
      content: anchored.node.content, place: anchored.node.place, start: anchored.node.start)
    return try put(node, size: anchored.size, height: anchored.height, nil)
  }

  private mutating func remember(_ anchor: String, _ anchored: Anchored) throws(YAMLProblem) {
    guard anchors.count < YAMLRules.maximumAnchors else {
      throw YAMLProblem(events.place, "more than \(YAMLRules.maximumAnchors) anchors")
    }
    anchors[anchor] = anchored
  }

  private mutating func count(_ size: Int) throws(YAMLProblem) {
    nodes = nodes.addingReportingOverflow(size).partialValue
    guard nodes <= maximumNodes else {
      if anchors.isEmpty { throw YAMLProblem(events.place, "more than \(maximumNodes) values in one file") }
      throw YAMLProblem(
        events.place, "its aliases expand to far more values than the document has", hint: "write out the values")
    }
  }

  // MARK: Checking rules

  private func check(_ anchor: String?) throws(YAMLProblem) {
    guard let anchor, !rules.allowsAliases else { return }
    throw YAMLProblem(
      events.place, "the anchor &\(anchor.prefix(40)) is not allowed", hint: "write out the value, or put it in quotes")
  }

  private func check(_ tag: String?, quoted: Bool) throws(YAMLProblem) {
    guard let tag, !rules.allowsTags else { return }
    throw YAMLProblem(
      events.place, "the tag \(tag.prefix(80)) is not allowed", hint: "remove the tag; quotes make a value text")
  }

  private func refuseAmbiguous(_ text: String) throws(YAMLProblem) {
    guard let meaning = YAMLAmbiguity.of(text) else { return }
    throw YAMLProblem(
      events.place, "\(text.prefix(80)) is \(meaning)", hint: "write \"\(text.prefix(80))\" if it is text")
  }
}
