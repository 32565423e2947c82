/// Which requests a fault applies to, at which stage, and how often.
struct FaultRule: Sendable, Equatable {
  /// The name of a fault in the catalog.
  var fault: String
  /// Nil for the fault's default stage.
  var stage: FaultStage?
  /// The kind of request. Nil means all kinds, or token requests if it is a fault of the token server.
  var kind: RequestKind?
  /// An HTTP method such as `PUT`; nil for all.
  var method: String?
  /// A path in which `*` matches any characters; nil for all.
  var path: String?
  /// Bytes of the body after which it applies; nil for half of them.
  var at: UInt64?
  /// How many matching requests pass before the first one that fails.
  var skip: Int?
  /// How many requests fail; 0 for all, nil for 1.
  var times: Int?
  /// Seconds that a delaying fault lasts, or the value of `Retry-After`.
  var seconds: Double?
  /// The address that a redirecting fault points to.
  var to: String?

  init(_ fault: String, _ stage: FaultStage? = nil, kind: RequestKind? = nil) {
    self.fault = fault
    self.stage = stage
    self.kind = kind
  }

  func matches(_ request: HubRequest, _ fault: Fault) -> Bool {
    if let kind = kind ?? fault.kind, kind != request.kind { return false }
    if let method, method != request.method { return false }
    return path.map { Glob.matches($0, request.path) } ?? true
  }
}

/// A pattern in which `*` matches any number of characters.
enum Glob {
  static func matches(_ pattern: String, _ text: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
    var rest = Array(text.utf8)[...]
    guard let first = parts.first, rest.starts(with: first) else { return false }
    if parts.count == 1 { return rest.count == first.count }
    rest = rest.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() {
      guard let place = find(part, in: rest) else { return false }
      rest = rest[(place + part.count)...]
    }
    return rest.count >= (parts.last?.count ?? 0) && rest.suffix(parts.last?.count ?? 0).elementsEqual(parts.last ?? [])
  }

  private static func find(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    guard text.count >= part.count else { return nil }
    return (text.startIndex...(text.endIndex - part.count)).first { text[$0...].starts(with: part) }
  }
}
