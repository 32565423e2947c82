/// One range of a `Range` header (RFC 9110, section 14.1.2).
enum ByteRange: Equatable {
  case from(UInt64, through: UInt64?)
  case last(UInt64)

  /// Nil unless the text is a single byte range; the header is then ignored, as the RFC says.
  init?(_ text: String) {
    guard text.lowercased().hasPrefix("bytes=") else { return nil }
    let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map {
      $0.filter { $0 != " " }
    }
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
    switch (UInt64(parts[0]), UInt64(parts[1])) {
    case (let start?, let end?) where start <= end: self = .from(start, through: end)
    case (let start?, nil) where parts[1].isEmpty: self = .from(start, through: nil)
    case (nil, let count?) where parts[0].isEmpty: self = .last(count)
    default: return nil
    }
  }

  /// The range within `size` bytes; nil if it is unsatisfiable.
  func within(_ size: UInt64) -> ClosedRange<UInt64>? {
    guard size > 0 else { return nil }
    switch self {
    case .from(let start, let end):
      guard start < size else { return nil }
      return start...min(end ?? size - 1, size - 1)
    case .last(let count): return count == 0 ? nil : (size - min(count, size))...(size - 1)
    }
  }
}
