/// The records of a pax extended header: `LENGTH KEY=VALUE\n`, where LENGTH counts the bytes of the whole record
/// (POSIX.1-2017, pax).
struct PaxRecords {
  private(set) var values: [String: [UInt8]] = [:]

  var isEmpty: Bool { values.isEmpty }

  subscript(key: String) -> [UInt8]? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// Encodes the records sorted by key, so that the bytes depend on the values alone.
  func encoded() -> [UInt8] {
    values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { PaxRecords.record($0.key, $0.value) }
  }

  private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let body = key.utf8.count + value.count + 3
    var length = body + String(body).utf8.count
    if body + String(length).utf8.count != length { length = body + String(length).utf8.count }
    return Array("\(length) \(key)=".utf8) + value + [UInt8(ascii: "\n")]
  }

  /// Parses records strictly: every length must match exactly, and duplicate keys are refused, because readers differ
  /// in which of them counts.
  /// - Returns: nil when they are not well-formed.
  static func parse(_ bytes: [UInt8]) -> PaxRecords? {
    var records = PaxRecords()
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let space = rest.prefix(12).firstIndex(of: UInt8(ascii: " ")),
        let length = decimal(rest[..<space]), length <= rest.count
      else { return nil }
      let start = rest.startIndex
      let end = start + length
      guard space + 1 < end, rest[end - 1] == UInt8(ascii: "\n"),
        let equals = rest[(space + 1)..<end].firstIndex(of: UInt8(ascii: "=")), equals > space + 1,
        let key = String(validating: rest[(space + 1)..<equals], as: UTF8.self),
        records.values.updateValue(Array(rest[(equals + 1)..<(end - 1)]), forKey: key) == nil
      else { return nil }
      rest = rest[end...]
    }
    return records
  }

  /// Parses a decimal number without sign or leading zeros.
  static func decimal(_ digits: some Collection<UInt8>) -> Int? {
    guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
