#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The codes of a column's texts, found by their bytes.
///
/// The hash is keyed by random numbers of the process, so that no model's texts can be chosen to collide.
struct CategoryTable: Sendable {
  private let texts: [UInt8]
  /// Where each text ends in `texts`.
  private let ends: [Int]
  /// A code plus one, or 0; as many as a power of two.
  private var slots: [Int32]

  private static let key = UInt64.random(in: .min ... .max)
  private static let factor = UInt64.random(in: .min ... .max) | 1

  /// Numbers the texts from 0; the first of equal ones counts.
  init(_ names: [String]) {
    texts = names.flatMap { Array($0.utf8) }
    var end = 0
    ends = names.map { name in
      end += name.utf8.count
      return end
    }
    var size = 8
    while size < names.count * 2 { size *= 2 }
    slots = Array(repeating: 0, count: size)
    var filled = slots
    for (code, name) in names.enumerated() {
      var name = name
      name.withUTF8 { text in
        if case .free(let slot) = find(text, in: filled) { filled[slot] = Int32(clamping: code + 1) }
      }
    }
    slots = filled
  }

  var isEmpty: Bool { ends.isEmpty }

  /// The code of a text; nil for one that is not in the table.
  func code(of text: UnsafeBufferPointer<UInt8>) -> Int? {
    if case .code(let code) = find(text, in: slots) { code } else { nil }
  }

  /// The code of a text; nil for one that is not in the table.
  func code(of text: String) -> Int? {
    var text = text
    return text.withUTF8 { code(of: $0) }
  }

  private enum Place {
    case free(Int)
    case code(Int)
  }

  private func find(_ text: UnsafeBufferPointer<UInt8>, in slots: [Int32]) -> Place {
    let mask = slots.count - 1
    var slot = CategoryTable.hash(text) & mask
    while slots[slot] > 0 {
      let code = Int(slots[slot]) - 1
      if isEqual(code, text) { return .code(code) }
      slot = (slot + 1) & mask
    }
    return .free(slot)
  }

  private func isEqual(_ code: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = code == 0 ? 0 : ends[code - 1]
    guard ends[code] - start == text.count else { return false }
    guard let base = text.baseAddress, text.count > 0 else { return true }
    return texts.withUnsafeBytes { $0.baseAddress.map { memcmp($0 + start, base, text.count) == 0 } ?? false }
  }

  /// Multiplication by a random odd number, eight bytes at a time.
  private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var sum = key ^ UInt64(truncatingIfNeeded: text.count)
    let bytes = UnsafeRawBufferPointer(text)
    var index = 0
    while index + 8 <= bytes.count {
      mix(&sum, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < bytes.count {
      rest = rest << 8 | UInt64(bytes[index])
      index += 1
    }
    mix(&sum, rest)
    return Int(truncatingIfNeeded: sum >> 16)
  }

  @inline(__always)
  private static func mix(_ sum: inout UInt64, _ word: UInt64) {
    let product = (sum ^ word).multipliedFullWidth(by: factor)
    sum = product.high ^ product.low
  }
}
