public import OpzIO
public import OpzOCI
import Synchronization

/// A content store in memory, for tests and small temporary content.
public final class MemoryStore: ContentStore, TagStore {
  private let state = Mutex(State())

  private struct State {
    var blobs: [Digest: [UInt8]] = [:]
    var tags: [String: Descriptor] = [:]
  }

  /// An empty store.
  public init() {}

  /// Whether the digest is present, whatever its size.
  public func contains(_ descriptor: Descriptor) async throws -> Bool {
    state.withLock { $0.blobs[descriptor.digest] != nil }
  }

  /// Returns the stored bytes.
  /// - Throws: `StoreError` with code `notFound`.
  public func blob(_ descriptor: Descriptor) async throws -> any Blob {
    guard let bytes = state.withLock({ $0.blobs[descriptor.digest] }) else {
      throw StoreError(.notFound, descriptor.digest.description, reason: "not in this store")
    }
    return BytesBlob(bytes)
  }

  /// Verifies the bytes and stores them.
  /// - Throws: `StoreError` when the bytes do not match the descriptor.
  public func put(_ descriptor: Descriptor, from blob: any Blob) async throws {
    if try await contains(descriptor) { return }
    let bytes = try await blocking { try blob.bytes() }
    try Verification.check(bytes, against: descriptor)
    state.withLock { $0.blobs[descriptor.digest] = bytes }
  }

  /// Returns the descriptor that a tag points to.
  /// - Throws: `StoreError` with code `notFound`.
  public func resolve(_ tag: String) async throws -> Descriptor {
    guard let descriptor = state.withLock({ $0.tags[tag] }) else {
      throw StoreError(.notFound, tag, reason: "no such tag")
    }
    return descriptor
  }

  /// Points a tag at content of the store.
  /// - Throws: `StoreError` with code `notFound` when the store does not have the content.
  public func tag(_ descriptor: Descriptor, as tag: String) async throws {
    guard try await contains(descriptor) else {
      throw StoreError(.notFound, descriptor.digest.description, reason: "not in this store, so it cannot be tagged")
    }
    state.withLock { $0.tags[tag] = descriptor }
  }
}
