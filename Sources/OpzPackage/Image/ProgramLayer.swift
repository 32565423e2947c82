public import OpzArchive
public import OpzIO
public import OpzOCI
public import OpzStore
public import SystemPackage

/// A layer with one program of opz's own: the same bytes in every image that has it.
public enum ProgramLayer {
  /// How all of them are compressed.
  public static let compression = Compression.gzip

  /// Writes the layer into a store, unless it is there. It blocks.
  /// - Parameter path: the program's place in images, without a leading slash.
  public static func write(_ program: any Blob, as path: FilePath, in store: LayoutStore) throws -> Layer {
    var writer = try store.ingest()
    writer.trustProducersDigest()
    let content = try LayerContent([.file(path, program, mode: 0o755)])
    let written = try LayerWriter.write(content, compression, to: &writer)
    try writer.commit(as: written.descriptor)
    return Layer(descriptor: written.descriptor, diffID: written.diffID)
  }
}
