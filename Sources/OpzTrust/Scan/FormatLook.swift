/// One form that a file can have, and how such a file is looked into.
///
/// A file is looked into as each form that it can have: what one program takes for a zip file is a pickle for another.
protocol FormatLook: Sendable {
  /// What files of this form are called, for people: `pickles`. A report without findings lists what it covers by it.
  var name: String { get }

  /// Whether any file may be of this form, so that to have looked says nothing about what the file is.
  var isOfAnyFile: Bool { get }

  /// Whether somebody's program may take the file for one of this form: by what it holds, never by its name alone where the form has a mark.
  func recognizes(_ file: ScannedFile) throws -> Bool

  /// Adds what is found. What is thrown is a finding as well, of the rule `unread`: what is not read is not clean.
  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws
}

extension FormatLook {
  var isOfAnyFile: Bool { false }
}

/// Every form that is looked for.
enum FormatLooks {
  static let all: [any FormatLook] = [
    ZipLook(), TarLook(), CompressedLook(), UnreadableLook(), PickleLook(), NumPyArrayLook(), EmbeddedPickleLook(),
    JSONLook(), YAMLLook(), TemplateLook(), MarkupLook(), HDF5Look(), TensorFlowLook(), TensorFlowLiteLook(),
    ONNXLook(),
    TorchScriptLook(), CaffeLook(), GGUFLook(), SafetensorsLook(), RLook(), ProgramLook(), UnreadLook(), SecretLook(),
  ]
}
