/// The files of our workers, which `opz package` lays into images and `opz serve` into a directory: they are part of the
/// program, so that it needs no file beside itself.
public enum WorkerFiles {
  /// A file by its path below the worker's directory.
  public typealias File = (path: String, bytes: [UInt8])

  /// The Python package `opz_worker`: `PYTHONPATH` names the directory that it lies in.
  public static let python: [File] = EmbeddedFiles.python

  /// `opz-init`, a static program for a processor; nil where it is not compiled for it.
  /// - Parameter architecture: as in a platform: `amd64`.
  public static func initProgram(architecture: String) -> [UInt8]? {
    EmbeddedFiles.inits.first { $0.path == "init/opz-init-\(architecture)" }?.bytes
  }

  /// The R program `worker.R`.
  public static let r: [File] = EmbeddedFiles.r
}
