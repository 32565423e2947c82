/// Which requests a fault strikes, when, and how often.
struct FaultRule: Sendable, Equatable {
  /// A name of the catalogue.
  var fault: String
  /// Nil for the one that is usual for the fault.
  var stage: FaultStage?
  /// Nil for all; of a fault of the token server, for that.
  var kind: RequestKind?
  /// `PUT`; nil for all.
  var method: String?
  /// A path in which `*` stands for anything; nil for all.
  var path: String?
  /// Bytes of a body after which it strikes; nil for half of them.
  var at: UInt64?
  /// So many requests that it would strike are let through first.
  var skip: Int?
  /// How many it strikes; 0 for all. Nil for 1.
  var times: Int?
  /// How long a fault of time takes, or what a `Retry-After` says.
  var seconds: Double?
  /// Where a fault leads that leads elsewhere: an address.
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

/// A pattern whose `*` stands for any number of any characters.
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
