/// A file format, and how files of that format are scanned.
///
/// A file is scanned as every format that it may have: one program's zip file is another program's pickle.
protocol FormatScanner: Sendable {
  /// The format's name in the plural: `pickles`. Reports list what they cover by this name.
  var name: String { get }

  /// Whether any file may have this format, so that a match says nothing about what the file is.
  var matchesAnyFile: Bool { get }

  /// Whether some program may load the file as this format. Decided by content; by name alone only if the format has no
  /// signature.
  func recognizes(_ file: ScannedFile) throws -> Bool

  /// Adds findings. A thrown error becomes a finding of the rule `unread`: what was not read is not clean.
  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws
}

extension FormatScanner {
  var matchesAnyFile: Bool { false }
}

/// All formats that files are scanned as.
enum FormatScanners {
  static let all: [any FormatScanner] = [
    ZipScanner(), TarScanner(), CompressedFileScanner(), UnsupportedArchiveScanner(), PickleScanner(),
    NumPyArrayScanner(), EmbeddedPickleScanner(),
    JSONDocumentScanner(), YAMLDocumentScanner(), TemplateScanner(), XMLScanner(), HDF5Scanner(), TensorFlowScanner(),
    TensorFlowLiteScanner(),
    ONNXScanner(),
    TorchScriptScanner(), CaffeScanner(), GGUFScanner(), SafetensorsScanner(), RObjectScanner(), ProgramScanner(),
    UnsupportedFormatScanner(), SecretScanner(),
  ]
}
