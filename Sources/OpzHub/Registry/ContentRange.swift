/// The `Content-Range` of a chunk: `START-END`, inclusive, a form that only the distribution-spec uses.
struct ContentRange: Equatable {
  let start: UInt64
  let count: UInt64

  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let start = UInt64(parts[0]), let end = UInt64(parts[1]), start <= end, end < UInt64.max
    else { return nil }
    self.start = start
    count = end - start + 1
  }
}
