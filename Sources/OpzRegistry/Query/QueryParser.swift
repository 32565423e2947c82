/// Reads a `VersionQuery`.
struct QueryParser {
  private enum Token: Equatable {
    case word(String)
    case quoted(String)
    case text(String)
    case number(Double)
    case symbol(String)
    case end
  }

  private let source: String
  private var tokens: [(token: Token, column: Int)] = []
  private var index = 0
  private var depth = 0

  /// The longest query that is accepted.
  static let maximumLength = 10_000

  init(_ source: String) throws {
    self.source = source
    let characters = Array(source)
    guard characters.count <= QueryParser.maximumLength else {
      throw QueryError(String(characters.prefix(60)), 1, problem: "the query has \(characters.count) characters")
    }
    var at = 0
    while at < characters.count {
      if characters[at].isWhitespace {
        at += 1
        continue
      }
      let start = at
      tokens.append((try scan(characters, &at), start + 1))
    }
    tokens.append((.end, characters.count + 1))
  }

  // MARK: Words

  private func scan(_ characters: [Character], _ at: inout Int) throws -> Token {
    let first = characters[at]
    switch first {
    case "\"", "'", "`": return try quoted(characters, &at)
    case "(", ")", ",", ".":
      at += 1
      return .symbol(String(first))
    case "=", "<", ">", "!":
      var symbol = String(first)
      at += 1
      if at < characters.count, characters[at] == "=" {
        symbol += "="
        at += 1
      }
      if symbol == "!" { throw QueryError(source, at, problem: "\"!\" is not an operator", hint: "write != or not") }
      return .symbol(symbol == "==" ? "=" : symbol)
    default: break
    }
    if first.isASCII,
      first.isNumber || ((first == "-" || first == "+") && at + 1 < characters.count && characters[at + 1].isNumber)
    {
      return try number(characters, &at)
    }
    guard first.isLetter || first == "_" else {
      throw QueryError(source, at + 1, problem: "\"\(first)\" has no meaning here")
    }
    let start = at
    while at < characters.count, characters[at].isLetter || characters[at].isNumber || "_-".contains(characters[at]) {
      at += 1
    }
    return .word(String(characters[start..<at]))
  }

  private func quoted(_ characters: [Character], _ at: inout Int) throws -> Token {
    let (start, quote) = (at, characters[at])
    var text = ""
    at += 1
    while at < characters.count {
      if characters[at] == quote {
        // A doubled quote is a literal quote.
        guard at + 1 < characters.count, characters[at + 1] == quote else {
          at += 1
          return quote == "`" ? .quoted(text) : .text(text)
        }
        at += 1
      }
      text.append(characters[at])
      at += 1
    }
    throw QueryError(source, start + 1, problem: "the text that begins here has no end", hint: "end it with \(quote)")
  }

  private func number(_ characters: [Character], _ at: inout Int) throws -> Token {
    let start = at
    at += 1
    while at < characters.count, characters[at].isASCII {
      let isSign = "+-".contains(characters[at]) && "eE".contains(characters[at - 1])
      guard characters[at].isNumber || characters[at].isLetter || characters[at] == "." || isSign else { break }
      at += 1
    }
    let text = String(characters[start..<at])
    guard text.utf8.allSatisfy({ !"xXpPnN".utf8.contains($0) }), let value = Double(text), value.isFinite else {
      let isVersion = text.split(separator: ".").count == 3
      throw QueryError(
        source, start + 1, problem: "\"\(text)\" is not a number",
        hint: isVersion ? "write versions as text: \"\(text)\"" : nil)
    }
    return .number(value)
  }

  // MARK: Sentences

  mutating func parse() throws -> VersionQuery.Expression {
    guard current != .end else { throw problem("the query is empty", hint: "write metrics.auc > 0.9") }
    let expression = try disjunction()
    guard current == .end else { throw problem("expected and, or or the end, found \(shown)") }
    return expression
  }

  private mutating func disjunction() throws -> VersionQuery.Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw problem("parentheses are nested deeper than 64") }
    var left = try conjunction()
    while takeWord("or") { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws -> VersionQuery.Expression {
    var left = try negation()
    while takeWord("and") { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws -> VersionQuery.Expression {
    var isNegated = false
    while takeWord("not") { isNegated.toggle() }
    let inner = try primary()
    return isNegated ? .not(inner) : inner
  }

  private mutating func primary() throws -> VersionQuery.Expression {
    guard takeSymbol("(") else { return try comparison() }
    let inner = try disjunction()
    guard takeSymbol(")") else { throw problem("expected ) before \(shown)") }
    return inner
  }

  private mutating func comparison() throws -> VersionQuery.Expression {
    let field = try field()
    if takeWord("is") {
      let isNegated = takeWord("not")
      guard takeWord("null") else { throw problem("expected null after is") }
      return isNegated ? .not(.isNull(field)) : .isNull(field)
    }
    let isNegated = takeWord("not")
    if takeWord("in") {
      let list = VersionQuery.Expression.isIn(field, try list())
      return isNegated ? .not(list) : list
    }
    if takeWord("like") {
      guard case .text(let pattern) = current else { throw problem("expected a text after like, found \(shown)") }
      index += 1
      return isNegated ? .not(.like(field, pattern)) : .like(field, pattern)
    }
    guard !isNegated, case .symbol(let symbol) = current, let comparison = VersionQuery.Comparison(rawValue: symbol)
    else { throw problem("expected =, !=, <, <=, >, >=, in, like or is, found \(shown)") }
    index += 1
    return .compare(field, comparison, try value())
  }

  private mutating func field() throws -> VersionQuery.Field {
    var parts = [try name()]
    while takeSymbol(".") { parts.append(try name()) }
    return parts
  }

  private mutating func name() throws -> String {
    switch current {
    case .word(let word) where !QueryParser.isReserved(word):
      index += 1
      return word
    case .quoted(let name):
      index += 1
      return name
    default:
      throw problem(
        "expected the name of a field, found \(shown)",
        hint: "fields are version, created, runtime, alias, tag.NAME, metrics.NAME ..")
    }
  }

  private mutating func list() throws -> [QueryValue] {
    guard takeSymbol("(") else { throw problem("expected ( after in, found \(shown)") }
    var values = [try value()]
    while takeSymbol(",") { values.append(try value()) }
    guard takeSymbol(")") else { throw problem("expected , or ) in the list, found \(shown)") }
    return values
  }

  private mutating func value() throws -> QueryValue {
    let token = current
    index += 1
    switch token {
    case .number(let number): return .number(number)
    case .text(let text): return .text(text)
    case .word(let word) where word.lowercased() == "true": return .bool(true)
    case .word(let word) where word.lowercased() == "false": return .bool(false)
    case .word(let word):
      index -= 1
      throw problem("expected a value, found \(shown)", hint: "write texts in quotes: \"\(word)\"")
    default:
      index -= 1
      throw problem("expected a value, found \(shown)")
    }
  }

  // MARK: Tokens

  private var current: Token { tokens[min(index, tokens.count - 1)].token }

  private static func isReserved(_ word: String) -> Bool {
    ["and", "or", "not", "in", "like", "is", "null"].contains(word.lowercased())
  }

  private mutating func takeWord(_ wanted: String) -> Bool {
    guard case .word(let word) = current, word.lowercased() == wanted else { return false }
    index += 1
    return true
  }

  private mutating func takeSymbol(_ wanted: String) -> Bool {
    guard current == .symbol(wanted) else { return false }
    index += 1
    return true
  }

  private var shown: String {
    switch current {
    case .word(let word): "\"\(word)\""
    case .quoted(let name): "`\(name)`"
    case .text: "a text"
    case .number(let number): "\(QueryValue.number(number).text)"
    case .symbol(let symbol): "\"\(symbol)\""
    case .end: "the end"
    }
  }

  private func problem(_ text: String, hint: String? = nil) -> QueryError {
    QueryError(source, tokens[min(index, tokens.count - 1)].column, problem: text, hint: hint)
  }
}
