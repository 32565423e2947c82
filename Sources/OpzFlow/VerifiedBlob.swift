import OpzIO
import OpzOCI

/// A blob whose bytes are hashed as they are read from the start to the end: an archive has no other who looks.
struct VerifiedBlob: Blob {
  private let blob: any Blob
  private let descriptor: Descriptor

  init(_ blob: any Blob, _ descriptor: Descriptor) {
    self.blob = blob
    self.descriptor = descriptor
  }

  var size: UInt64 { blob.size }

  func open(at offset: UInt64) throws -> any ByteSource {
    let source = try blob.open(at: offset)
    return offset == 0 ? VerifiedSource(source, descriptor) : source
  }
}

private final class VerifiedSource: ByteSource {
  private let source: any ByteSource
  private let descriptor: Descriptor
  private var hasher: DigestHasher
  private var count: UInt64 = 0

  init(_ source: any ByteSource, _ descriptor: Descriptor) {
    self.source = source
    self.descriptor = descriptor
    hasher = DigestHasher(descriptor.digest.algorithm)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let read = try source.read(into: buffer)
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
    count &+= UInt64(read)
    // The last byte is not given away before all are known to be right.
    if count == descriptor.size, hasher.finish() != descriptor.digest {
      throw FlowError(.verification, descriptor.digest.description, "the content that came has another digest")
    }
    return read
  }
}
