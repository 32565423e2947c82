/// What a wheel is compatible with: `cp312-cp312-manylinux_2_17_x86_64` (PyPA, platform compatibility tags).
public struct WheelTag: Hashable, Sendable, CustomStringConvertible {
  /// `cp312`, `py3`.
  public let python: String
  /// `cp312`, `abi3`, `none`.
  public let abi: String
  /// `manylinux_2_17_x86_64`, `any`.
  public let platform: String

  /// Creates a single tag, not a compressed set.
  public init(python: String, abi: String, platform: String) {
    self.python = python
    self.abi = abi
    self.platform = platform
  }

  public var description: String { "\(python)-\(abi)-\(platform)" }

  /// Expands a compressed tag set: `py2.py3-none-any` gives two. Without duplicates; the Python tag varies slowest.
  /// - Returns: nil unless it is three sets of letters, digits and `_`.
  static func expand(_ parts: [Substring]) -> [WheelTag]? {
    guard parts.count == 3 else { return nil }
    let sets = parts.map { $0.lowercased().split(separator: ".", omittingEmptySubsequences: false) }
    guard sets.joined().allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isTagByte) }) else { return nil }
    var tags: [WheelTag] = []
    var seen: Set<WheelTag> = []
    for python in sets[0] {
      for abi in sets[1] {
        for platform in sets[2] {
          let tag = WheelTag(python: String(python), abi: String(abi), platform: String(platform))
          if seen.insert(tag).inserted { tags.append(tag) }
        }
      }
    }
    return tags
  }

  private static func isTagByte(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "_") || ASCII.isLetterOrDigit(byte) }
}
