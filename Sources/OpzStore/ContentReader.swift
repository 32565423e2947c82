public import OpzIO
public import OpzOCI

/// Something that has content by digest: memory, an OCI layout, a remote registry.
public protocol ContentReader: Sendable {
  /// Whether the content is there. Its bytes are not read.
  func contains(_ descriptor: Descriptor) async throws -> Bool

  /// The content as a blob of `descriptor.size` bytes. Its bytes are not verified: the store that takes them does that.
  /// - Throws: an error of category `notFound` when it is not there.
  func blob(_ descriptor: Descriptor) async throws -> any Blob
}

/// A place that takes content.
public protocol ContentStore: ContentReader {
  /// Stores the blob's bytes. When it returns, the store has exactly `descriptor.size` bytes with `descriptor.digest`,
  /// durable where the store is; when it throws, nothing new is visible. Content that is there already is left alone.
  /// - Throws: an error of category `verification` when the bytes are not what the descriptor says.
  func put(_ descriptor: Descriptor, from blob: any Blob) async throws
}

/// Names for content that can move.
public protocol TagStore: Sendable {
  /// What a tag names now.
  /// - Throws: an error of category `notFound` when there is no such tag.
  func resolve(_ tag: String) async throws -> Descriptor

  /// Makes a tag name a manifest or index that the store has.
  func tag(_ descriptor: Descriptor, as tag: String) async throws
}

extension ContentReader {
  /// Small content in memory, verified.
  /// - Parameter limit: refuses more bytes than this before allocating any.
  public func bytes(_ descriptor: Descriptor, limit: Int = Document.limit) async throws -> [UInt8] {
    guard descriptor.size <= UInt64(limit) else {
      throw StoreError(
        .tooLarge, descriptor.digest.description,
        "\(descriptor.size) bytes are more than the \(limit) that are read here")
    }
    let blob = try await blob(descriptor)
    let bytes = try await blocking { try blob.bytes() }
    try Verification.check(bytes, against: descriptor)
    return bytes
  }

  /// The manifest that a descriptor points to, verified.
  public func manifest(_ descriptor: Descriptor) async throws -> Manifest {
    try Manifest(raw: await bytes(descriptor), mediaType: descriptor.mediaType, subject: descriptor.digest.description)
  }

  /// The index that a descriptor points to, verified.
  public func index(_ descriptor: Descriptor) async throws -> Index {
    try Index(raw: await bytes(descriptor), mediaType: descriptor.mediaType, subject: descriptor.digest.description)
  }
}
