/// Walks the objects that R creates from a serialization, and reports which of them are code.
///
/// Nothing runs while a model is read. But a promise (CVE-2024-27322) and an active binding run when they are accessed,
/// and a function runs when the model is used. Formulas and calls, which every model has, are kept unevaluated.
struct RCheck {
  private enum Context { case value, binding, evaluated }

  private let tree: RTree
  private var findings: DocumentFindings
  private var seen: Set<Int32> = []
  private var waiting: [(Int32, Context)] = []
  private var functions = 0
  private var bindings: [Int32: Set<String>] = [:]

  static func check(_ tree: RTree, _ findings: DocumentFindings) -> DocumentFindings {
    var check = RCheck(tree: tree, findings: findings)
    check.run()
    return check.findings
  }

  private init(tree: RTree, findings: DocumentFindings) {
    self.tree = tree
    self.findings = findings
  }

  private mutating func run() {
    waiting = [(0, .value)]
    // save() writes a list of variables.
    if tree[0]?.kind == .list { for cell in tree.cells(0) { hook(tree[cell]) } }
    while let (index, context) = waiting.popLast() {
      guard let node = tree[index], seen.insert(index).inserted else { continue }
      visit(index, node, context: context)
    }
    if functions > 0 {
      findings.add(
        .modelCode, .note,
        text: "it has \(functions) function\(functions == 1 ? "" : "s"), which run when the model is used")
    }
  }

  private mutating func visit(_ index: Int32, _ node: RTree.Node, context: Context) {
    if node.kind != .promise, node.kind != .alternative { attributes(node) }
    switch node.kind {
    case .promise: promise(node, context)
    case .closure: closure(node)
    case .environment: environment(node)
    case .list, .dots: pairs(index, context)
    case .language: language(index, isEvaluated: context == .evaluated || isFormula(node))
    case .vector: waiting += node.items.map { ($0, .value) }
    case .expression: waiting += node.items.map { ($0, .evaluated) }
    case .bytecode: findings.add(.rCode, .error, text: "it has compiled code that belongs to no function")
    case .externalPointer: pointer(node)
    case .weakReference:
      findings.add(.rCode, .warning, text: "it has a weak reference, whose finalizer runs when it is no longer used")
    case .alternative: alternative(node)
    case .s4: method(node)
    case .persistent:
      findings.add(.rCode, .error, text: "it has a reference that a function of the loading program has to resolve")
    case .namespace, .package: package(node)
    case .builtin, .special:
      if let name = node.texts.first,
        RFunctions.dangerous.contains(name) || RFunctions.dangerousWhenCalled.contains(name)
      {
        findings.add(.rCode, .error, text: "it has the function \(DocumentFindings.shown(name))")
      }
    default: break
    }
  }

  private mutating func attributes(_ node: RTree.Node) {
    for cell in tree.cells(node.attributes) {
      guard let attribute = tree[cell] else { continue }
      // data.table marks its own tables with a pointer that is null when it is read.
      if tree.name(attribute.tag) == ".internal.selfref", tree[attribute.first]?.kind == .externalPointer { continue }
      waiting.append((attribute.first, .value))
    }
  }

  private mutating func pairs(_ index: Int32, _ context: Context) {
    for cell in tree.cells(index) {
      guard let node = tree[cell] else { continue }
      seen.insert(cell)
      if node.levels & 0x8000 != 0 { active(node) }
      waiting.append((node.first, context))
    }
  }

  // MARK: What runs on access

  private mutating func promise(_ node: RTree.Node, _ context: Context) {
    // An evaluated promise is its value.
    if let value = tree[node.first], value.kind != .unbound { return waiting.append((node.first, .value)) }
    guard context == .binding else {
      return findings.add(
        .rCode, .error, text: "it has a promise: code that runs when the object is accessed (CVE-2024-27322)")
    }
    var code = RCode(tree)
    code.add(node.rest)
    let isPlain = code.calls.allSatisfy { RNames.functions.contains(Substring($0)) && !isDangerousCall($0) }
    if isPlain, code.packages.isEmpty {
      return findings.add(
        .rCode, .note, text: "a function's variable is a promise, which runs when the function is used")
    }
    let names = code.calls.sorted().prefix(5).joined(separator: ", ")
    findings.add(
      .rCode, .error,
      text: "a variable is a promise, which runs when it is accessed: it calls \(DocumentFindings.shown(names))")
  }

  private func isDangerousCall(_ name: String) -> Bool {
    RFunctions.dangerous.contains(name) || RFunctions.dangerousWhenCalled.contains(name)
  }

  private mutating func active(_ cell: RTree.Node) {
    let name = tree.name(cell.tag) ?? ""
    findings.add(
      .rCode, .error,
      text: "\(DocumentFindings.shown(name)) is an active binding: a function that runs when it is accessed")
  }

  private mutating func hook(_ cell: RTree.Node?) {
    guard let cell, let name = tree.name(cell.tag), RFunctions.hooks.contains(name) else { return }
    findings.add(.rCode, .error, text: "R calls \(name) by itself")
  }

  // MARK: Functions

  private mutating func closure(_ node: RTree.Node) {
    functions += 1
    waiting.append((node.tag, .value))
    var code = RCode(tree)
    code.addArguments(node.first)
    code.add(node.rest)
    let known = code.locals.union(variables(node.tag))
    for name in code.calls.union(code.symbols).union(code.texts).sorted()
    where RFunctions.dangerous.contains(name) && !(known.contains(name) && !code.calls.contains(name)) {
      report("one of its functions uses \(name)", name)
    }
    for name in code.calls.sorted() where RFunctions.dangerousWhenCalled.contains(name) && !known.contains(name) {
      report("one of its functions calls \(name)", name)
    }
    for name in code.packages.sorted() where !RFunctions.packages.contains(name) {
      findings.add(.rCode, .error, text: "one of its functions uses the package \(DocumentFindings.shown(name))")
    }
    if code.callsNativeCode { findings.add(.rCode, .error, text: "one of its functions calls compiled code (.Call)") }
    let unknown = code.calls.filter { name in
      !RNames.functions.contains(Substring(name)) && !known.contains(name) && !name.contains("<-")
        && !isDangerousCall(name) && !name.hasPrefix("C_")
    }
    if !unknown.isEmpty {
      let names = unknown.sorted().prefix(8).joined(separator: ", ")
      findings.add(
        .rCode, .warning,
        text: "one of its functions calls what is neither R's own nor the model's: \(DocumentFindings.shown(names))")
    }
  }

  private mutating func report(_ text: String, _ name: String) {
    guard !findings.isAllowedByUser("R", name) else { return }
    findings.add(.rCode, .error, text: text)
  }

  /// The names that an environment and those around it define.
  private mutating func variables(_ start: Int32) -> Set<String> {
    var names: Set<String> = []
    var index = start
    for _ in 0..<64 {
      guard let node = tree[index], node.kind == .environment else { break }
      if bindings[index] == nil {
        bindings[index] = Set(cells(of: node).compactMap { self.tree[$0].flatMap { tree.name($0.tag) } })
      }
      names.formUnion(bindings[index] ?? [])
      index = node.tag
    }
    return names
  }

  private func cells(of node: RTree.Node) -> [Int32] {
    tree.cells(node.first) + (tree[node.rest]?.items ?? []).flatMap { tree.cells($0) }
  }

  private mutating func environment(_ node: RTree.Node) {
    waiting.append((node.tag, .value))
    for cell in cells(of: node) {
      guard let binding = tree[cell] else { continue }
      hook(binding)
      if binding.levels & 0x8000 != 0 { active(binding) }
      waiting.append((binding.first, .binding))
    }
  }

  // MARK: Expressions

  private func isFormula(_ node: RTree.Node) -> Bool {
    tree.attribute("class", of: node).contains("formula") || tree.name(node.first) == "~"
  }

  /// Checks expressions that a model keeps. Those of a formula are evaluated with new data.
  private mutating func language(_ index: Int32, isEvaluated: Bool) {
    var code = RCode(tree)
    code.add(index)
    for name in code.calls.sorted() where RFunctions.dangerous.contains(name) {
      report("an expression in it calls \(name)", name)
    }
    guard isEvaluated else { return }
    for name in code.calls.sorted() where RFunctions.dangerousWhenCalled.contains(name) || name == "eval" {
      report("an expression that is evaluated calls \(name)", name)
    }
    for name in code.packages.sorted() where !RFunctions.bundledNamespaces.contains(name) {
      findings.add(
        .rCode, .warning, text: "an expression that is evaluated uses the package \(DocumentFindings.shown(name))")
    }
  }

  // MARK: The rest

  private mutating func pointer(_ node: RTree.Node) {
    waiting += [(node.first, .value), (node.tag, .value)]
    findings.add(.rCode, .error, text: "it has an external pointer, which a package's code follows")
  }

  private mutating func alternative(_ node: RTree.Node) {
    let cells = tree.cells(node.first)
    let names = cells.prefix(2).map { tree[$0].flatMap { tree.name($0.first) } ?? "" }
    if names.count < 2 || !RFunctions.alternatives.contains(names[0]) || names[1] != "base" {
      findings.add(
        .rCode, .error,
        text:
          "it has a vector of the class \(DocumentFindings.shown(names.joined(separator: " of "))), which a package's code reads"
      )
    }
    waiting += [(node.rest, .value), (node.attributes, .value)]
  }

  private mutating func method(_ node: RTree.Node) {
    let name = tree.attribute("class", of: node).first ?? ""
    let isMethod = [
      "Method", "classRepresentation", "refObjectGenerator", "refClass", "envRefClass", "genericFunction",
      "derivedDefaultMethod", "classGeneratorFunction", "standardGeneric", "externalRefMethod",
    ]
    .contains { name.contains($0) }
    if isMethod {
      findings.add(.rCode, .error, text: "it has methods of its own (\(DocumentFindings.shown(name)))")
    }
  }

  private mutating func package(_ node: RTree.Node) {
    guard let name = node.texts.first, !RFunctions.bundledNamespaces.contains(name) else { return }
    findings.add(.modelCode, .note, text: "reading it loads the package \(DocumentFindings.shown(name))")
  }
}
