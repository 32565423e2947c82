/// A chat template: a Jinja program that runs wherever the model does, often without a sandbox (CVE-2024-34359).
///
/// It may do what chat templates need: loop over messages, compare, join, and use Jinja's own filters and the methods
/// of strings, lists and dictionaries. Anything else is an error, because a denylist would always be one trick behind.
struct JinjaTemplate {
  private let tokens: [JinjaToken]
  private var macros: Set<String> = []
  /// Jinja's own functions that the template redefines, and those that it calls.
  private var assigned: Set<String> = []
  private var called: Set<String> = []
  private var problems: [String] = []

  /// Checks a text that may be a template.
  /// - Parameter key: the template's name in the document.
  static func check(_ text: String, of key: String, _ findings: inout DocumentFindings) {
    guard text.contains("{{") || text.contains("{%") else { return }
    guard text.utf8.count <= 4 << 20 else {
      return findings.add(.unread, .error, text: "a template of more than 4 MiB was not scanned")
    }
    do {
      var template = JinjaTemplate(tokens: try JinjaLexer.tokens(of: text))
      template.run()
      for problem in template.problems.prefix(20) {
        findings.add(.templateCode, .error, text: "the template \(DocumentFindings.shown(key)) \(problem)")
      }
    } catch let broken as JinjaLexer.Broken {
      findings.add(
        .templateCode, .error, text: "the template \(DocumentFindings.shown(key)) cannot be followed: \(broken.reason)")
    } catch {}
  }

  private init(tokens: [JinjaToken]) { self.tokens = tokens }

  private subscript(_ index: Int) -> JinjaToken { tokens.indices.contains(index) ? tokens[index] : .end }

  private mutating func run() {
    for index in tokens.indices where self[index] == .name("macro") || self[index] == .name("call") {
      if case .name(let name) = self[index + 1] { macros.insert(name) }
    }
    for index in tokens.indices {
      switch tokens[index] {
      case .name(let name): self.name(name, index)
      case .text(let text): self.text(text, index)
      case .symbol("("): call(index)
      case .symbol("|"): filter(index)
      default: continue
      }
    }
    for name in assigned.intersection(called).sorted() { report("redefines and calls \(name)") }
  }

  private mutating func report(_ problem: String) { problems.append(problem) }

  private static func shown(_ text: String) -> String { DocumentFindings.shown(text) }

  // MARK: Names and texts

  private mutating func name(_ name: String, _ index: Int) {
    if name.hasPrefix("__") || name.utf8.contains(where: { $0 >= 0x80 }) || JinjaTemplate.inner.contains(name) {
      return report("uses \(JinjaTemplate.shown(name)), which reaches into Python")
    }
    let isStatement = index == 0 || self[index - 1] == .end
    if isStatement, name == "filter", case .name(let filter) = self[index + 1], !JinjaTemplate.filters.contains(filter)
    {
      report("uses the filter \(JinjaTemplate.shown(filter))")
    }
    if JinjaTemplate.functions.contains(name), isAssigned(index) {
      assigned.insert(name)
    }
    if isStatement, ["import", "from", "include", "extends"].contains(name), isFollowedByValue(index) {
      return report("loads another template (\(name))")
    }
    let isAttribute = self[index - 1] == .symbol(".")
    if isAttribute, name.hasPrefix("_") { report("uses the attribute \(JinjaTemplate.shown(name))") }
    if !isAttribute, JinjaTemplate.forbidden.contains(name), self[index + 1] != .symbol("=") {
      report("uses \(name), which reaches into Python")
    }
  }

  /// Whether a name is assigned: `{% set x = .. %}`, `{% for x in .. %}`, `{% with x = .. %}`.
  private func isAssigned(_ index: Int) -> Bool {
    guard case .name(let word) = self[index - 1] else {
      return self[index - 1] == .symbol(",") && self[index + 1] == .symbol("=")
    }
    return ["set", "with", "for", "macro"].contains(word)
  }

  /// Whether a value follows: `{% include 'x' %}`, but not `{{ from }}`.
  private func isFollowedByValue(_ index: Int) -> Bool {
    switch self[index + 1] {
    case .text, .name: true
    case .symbol(let symbol): symbol == "(" || symbol == "["
    default: false
    }
  }

  private mutating func text(_ text: String, _ index: Int) {
    if hasDunderName(text) {
      return report("has the name \(JinjaTemplate.shown(text)), which reaches into Python")
    }
    // A name assembled from parts: '_' * 2 ~ 'class', ['_', '_class_', '_'] | join.
    let isHalf = text.utf8.count > 2 && text.hasPrefix("_") && text.hasSuffix("_") && text.contains { $0 != "_" }
    let isLine = !text.isEmpty && text.allSatisfy { $0 == "_" }
    guard isHalf || isLine else { return }
    if isHalf || joins(index + 1) || joins(index - 1) || text == "__" && !isArgument(index) {
      report("assembles a name with underscores")
    }
  }

  /// Whether a string is an argument, as in `x.split('__')`.
  private func isArgument(_ index: Int) -> Bool {
    guard self[index - 1] == .symbol("("), case .name(let name) = self[index - 2] else { return false }
    return name.hasSuffix("split") || name.hasSuffix("strip") || name == "replace" || name.hasSuffix("with")
  }

  private func joins(_ index: Int) -> Bool {
    switch self[index] {
    case .symbol(let symbol): ["*", "~", "+", "%"].contains(symbol)
    default: false
    }
  }

  /// Whether a text has two underscores and then a letter: `__class__`, but not a line of underscores.
  private func hasDunderName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count > 2 else { return false }
    return (0..<(bytes.count - 2)).contains { index in
      bytes[index] == 95 && bytes[index + 1] == 95 && (97...122).contains(bytes[index + 2] | 0x20)
    }
  }

  private static let inner: Set<String> = [
    "mro", "func_globals", "func_code", "gi_frame", "gi_code", "cr_frame", "cr_code", "f_globals", "f_builtins",
    "f_locals", "f_back", "tb_frame", "tb_next", "im_func", "im_self", "im_class", "co_code", "ag_frame", "ag_code",
  ]

  private static let forbidden: Set<String> = [
    "cycler", "joiner", "lipsum", "self", "request", "config", "url_for", "get_flashed_messages", "environment",
    "context",
    "g", "session", "os", "sys", "subprocess", "builtins", "importlib", "eval", "exec", "open", "getattr", "globals",
  ]

  // MARK: Calls

  private mutating func call(_ index: Int) {
    switch self[index - 1] {
    case .name(let name):
      if self[index - 2] == .symbol(".") {
        if name == "format", case .text(let text) = self[index - 3], JinjaTemplate.isPlainFormat(text) { return }
        if !JinjaTemplate.methods.contains(name), !macros.contains(name) {
          report("calls the method \(JinjaTemplate.shown(name))")
        }
      } else if self[index - 2] == .symbol("|") || self[index - 2] == .name("is") || isNegatedTest(index - 2) {
        return
      } else if JinjaTemplate.functions.contains(name) {
        called.insert(name)
      } else if !JinjaTemplate.words.contains(name), !macros.contains(name),
        self[index - 2] != .name("filter")
      {
        report("calls \(JinjaTemplate.shown(name))")
      }
    case .symbol(")"), .symbol("]"), .symbol("}"), .text, .number: report("calls the result of an expression")
    default: return
    }
  }

  /// Whether the fields of `'{:02d}'.format(n)` have no attributes or subscripts, with which `{0.__class__}` reaches
  /// into Python.
  private static func isPlainFormat(_ text: String) -> Bool {
    text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().allSatisfy { field in
      !field.prefix { $0 != "}" && $0 != ":" }.contains { $0 == "." || $0 == "[" }
    }
  }

  private func isNegatedTest(_ index: Int) -> Bool { self[index] == .name("not") && self[index - 1] == .name("is") }

  /// Words after which a parenthesis is not a call.
  private static let words: Set<String> = [
    "if", "elif", "else", "in", "not", "and", "or", "is", "for", "set", "call", "do", "return", "recursive",
    "print", "with",
  ]

  private static let functions: Set<String> = [
    "namespace", "range", "dict", "raise_exception", "strftime_now", "caller", "tojson", "loop", "super",
  ]

  private static let methods: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "startswith", "endswith",
    "lower", "upper", "title", "capitalize", "replace", "find", "rfind", "index", "count", "join", "items", "keys",
    "values", "get", "append", "extend", "insert", "pop", "remove", "reverse", "copy", "update", "setdefault",
    "isdigit",
    "isalpha", "isalnum", "isspace", "isupper", "islower", "isnumeric", "removeprefix", "removesuffix", "zfill",
    "ljust",
    "rjust", "center", "strftime", "cycle", "changed", "isoformat", "sort", "swapcase",
  ]

  // MARK: Filters

  private mutating func filter(_ index: Int) {
    guard case .name(let name) = self[index + 1] else { return report("has a filter without a name") }
    guard JinjaTemplate.filters.contains(name) else {
      return report("uses the filter \(JinjaTemplate.shown(name))")
    }
    // The first argument of map names a filter; that of select and reject names a test.
    guard ["map", "select", "reject", "selectattr", "rejectattr"].contains(name), self[index + 2] == .symbol("(") else {
      return
    }
    if name == "map" {
      switch (self[index + 3], self[index + 4]) {
      case (.name("attribute"), .symbol("=")), (.symbol(")"), _): return
      case (.text(let filter), _) where JinjaTemplate.filters.contains(filter) && isEnd(index + 4): return
      default: report("maps with a filter that is not on the list")
      }
    }
  }

  private func isEnd(_ index: Int) -> Bool { self[index] == .symbol(")") || self[index] == .symbol(",") }

  private static let filters: Set<String> = [
    "abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat",
    "first",
    "float", "forceescape", "from_json", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower",
    "map", "max", "min", "random", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select",
    "selectattr",
    "slice", "sort", "string", "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper",
    "urlencode", "wordcount", "wordwrap", "fromjson", "to_json", "tojson_safe", "equalto", "strip",
  ]
}
