public import OpzIO
public import OpzOCI

/// A source of content by digest: memory, an OCI layout, a remote repository.
public protocol ContentReader: Sendable {
  /// Whether the content is present. Its bytes are not read.
  func contains(_ descriptor: Descriptor) async throws -> Bool

  /// Returns the content as a blob of `descriptor.size` bytes. The bytes are not verified: the store that receives
  /// them does that.
  /// - Throws: an error of category `notFound` when the content is missing.
  func blob(_ descriptor: Descriptor) async throws -> any Blob

  /// How many large blobs are best transferred at once: 2, or more where each waits for a line.
  var parallelTransfers: Int { get }
}

/// Two keep a disk or a near registry busy.
let defaultParallelTransfers = 2

extension ContentReader {
  /// 2: for what is near.
  public var parallelTransfers: Int { defaultParallelTransfers }
}

/// A destination for content.
public protocol ContentStore: ContentReader {
  /// Stores the blob's bytes. When it returns, the store has exactly `descriptor.size` bytes with
  /// `descriptor.digest`, durably where the store is durable; when it throws, nothing new is visible. Existing
  /// content is left alone.
  /// - Throws: an error of category `verification` when the bytes do not match the descriptor.
  func put(_ descriptor: Descriptor, from blob: any Blob) async throws
}

/// Mutable names for content.
public protocol TagStore: Sendable {
  /// Returns the descriptor that a tag points to.
  /// - Throws: an error of category `notFound` when there is no such tag.
  func resolve(_ tag: String) async throws -> Descriptor

  /// Points a tag at a manifest or an index, which the store must have.
  func tag(_ descriptor: Descriptor, as tag: String) async throws
}

extension ContentReader {
  /// Reads small content into memory and verifies it.
  /// - Parameter limit: the most bytes to read; larger content is refused before any memory is allocated.
  /// - Throws: `StoreError` with code `tooLarge`, `wrongSize` or `wrongDigest`, or what reading throws.
  public func bytes(_ descriptor: Descriptor, limit: Int = Document.limit) async throws -> [UInt8] {
    guard descriptor.size <= UInt64(limit) else {
      throw StoreError(
        .tooLarge, descriptor.digest.description,
        reason: "it has \(descriptor.size) bytes; the limit is \(limit)")
    }
    let blob = try await blob(descriptor)
    let bytes = try await blocking { try blob.bytes() }
    try Verification.check(bytes, against: descriptor)
    return bytes
  }

  /// Reads and verifies the manifest that a descriptor points to.
  /// - Throws: `OCIError` or `StoreError` when it is malformed or does not match.
  public func manifest(_ descriptor: Descriptor) async throws -> Manifest {
    try Manifest(raw: await bytes(descriptor), mediaType: descriptor.mediaType, subject: descriptor.digest.description)
  }

  /// Reads and verifies the index that a descriptor points to.
  /// - Throws: `OCIError` or `StoreError` when it is malformed or does not match.
  public func index(_ descriptor: Descriptor) async throws -> Index {
    try Index(raw: await bytes(descriptor), mediaType: descriptor.mediaType, subject: descriptor.digest.description)
  }
}
