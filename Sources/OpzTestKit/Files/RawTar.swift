/// Makes tars that no proper writer makes.
public struct RawTar {
  /// One entry, of which each field can be wrong.
  public struct Entry: Sendable {
    public var name: [UInt8] = []
    public var type = UInt8(ascii: "0")
    public var link: [UInt8] = []
    public var content: [UInt8] = []
    public var mode = "0000644"
    /// The size field; nil for the content's size in octal.
    public var size: [UInt8]?
    public var prefix: [UInt8] = []
    public var magic = Array("ustar\u{0}00".utf8)
    public var breaksChecksum = false

    /// An entry of a type, as a character of ustar.
    public init(_ name: String, _ type: Character = "0", link: String = "", content: String = "") {
      self.name = Array(name.utf8)
      self.type = type.asciiValue ?? 0
      self.link = Array(link.utf8)
      self.content = Array(content.utf8)
    }

    /// A copy with a change.
    public func with(_ change: (inout Entry) -> Void) -> Entry {
      var copy = self
      change(&copy)
      return copy
    }

    /// The header and the content, padded.
    public var bytes: [UInt8] {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ value: [UInt8], _ offset: Int, limit: Int) {
        for (index, byte) in value.prefix(limit).enumerated() { header[offset + index] = byte }
      }
      let octal = String(content.count, radix: 8)
      put(name, 0, limit: 100)
      put(Array(mode.utf8), 100, limit: 8)
      put(Array("0000000".utf8), 108, limit: 8)
      put(Array("0000000".utf8), 116, limit: 8)
      put(size ?? Array((String(repeating: "0", count: 11 - octal.count) + octal).utf8), 124, limit: 12)
      put(Array("00000000000".utf8), 136, limit: 12)
      header[156] = type
      put(link, 157, limit: 100)
      put(magic, 257, limit: 8)
      put(prefix, 345, limit: 155)
      put([UInt8](repeating: 32, count: 8), 148, limit: 8)
      let sum = String(header.reduce(0) { $0 + Int($1) } + (breaksChecksum ? 1 : 0), radix: 8)
      put(Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 32], 148, limit: 8)
      return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
  }

  /// The tar.
  public static func bytes(_ entries: [Entry], trailer: Int = 1024) -> [UInt8] {
    entries.flatMap(\.bytes) + [UInt8](repeating: 0, count: trailer)
  }

  /// A well-formed pax header with these records.
  public static func pax(_ records: [(String, String)], _ type: Character = "x") -> Entry {
    let text = records.map { key, value in
      let body = " \(key)=\(value)\n"
      var length = body.utf8.count + 1
      while "\(length)".utf8.count + body.utf8.count != length { length += 1 }
      return "\(length)\(body)"
    }
    return Entry("PaxHeaders/x", type, content: text.joined())
  }
}
