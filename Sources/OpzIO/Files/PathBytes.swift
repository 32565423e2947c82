public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FilePath.Component {
  /// The name's bytes: on Linux names are bytes, which need not be UTF-8.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }
}

extension FilePath {
  /// The path's bytes, which need not be UTF-8.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }

  /// Whether this path sorts before the other by its bytes, which is the order of names in a layer.
  public func bytesPrecede(_ other: FilePath) -> Bool {
    withPlatformString { one in other.withPlatformString { strcmp(one, $0) < 0 } }
  }

  /// Makes a path from bytes, none of which may be NUL.
  public init(bytes: some Sequence<UInt8>) {
    self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
  }
}
