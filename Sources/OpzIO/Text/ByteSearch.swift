internal import CLinux

extension UnsafeBufferPointer<UInt8> {
  /// The offset of the first occurrence of a text at or after `start`; nil if there is none. Uses memmem(3).
  public func offset(of text: StaticString, from start: Int) -> Int? {
    guard let baseAddress, (0...count).contains(start),
      let found = memmem(baseAddress + start, count - start, text.utf8Start, text.utf8CodeUnitCount)
    else { return nil }
    return UnsafeRawPointer(baseAddress).distance(to: found)
  }
}

extension [UInt8] {
  /// Whether the UTF-8 bytes of `text` occur in this array. Uses memmem(3), many times faster than a generic search.
  public func contains(text: String) -> Bool {
    var text = text
    return text.withUTF8 { wanted in
      withUnsafeBytes { memmem($0.baseAddress, $0.count, wanted.baseAddress, wanted.count) != nil }
    }
  }
}
