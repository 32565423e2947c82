public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FilePath.Component {
  /// The name's bytes. Names on Linux are bytes, not text.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }
}

extension FilePath {
  /// The path's bytes.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }

  /// Whether the path's bytes come before the other's: the order of names in a layer.
  public func bytesPrecede(_ other: FilePath) -> Bool {
    withPlatformString { one in other.withPlatformString { strcmp(one, $0) < 0 } }
  }

  /// The path with these bytes, which have no NUL.
  public init(bytes: some Sequence<UInt8>) {
    self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
  }
}
