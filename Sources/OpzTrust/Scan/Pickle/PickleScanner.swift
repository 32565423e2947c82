import OpzArchive

/// Pickles at the beginning of a file, and those that follow.
struct PickleScanner: FormatScanner {
  let name = "pickles"
  var matchesAnyFile: Bool { true }

  /// Suffixes of files that their users load as pickles.
  private static let names: Set<Substring> = ["pkl", "pickle", "joblib", "pt", "ckpt", "dill", "pck", "pcl"]

  static func isNamed(_ file: ScannedFile) -> Bool { names.contains(file.suffix) }

  /// Any file may be a pickle of protocol 0 or 1, which have no signature.
  func recognizes(_ file: ScannedFile) -> Bool { !file.head.starts(with: NumPyHeader.mark) }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    let hasSignature = file.head.count > 1 && file.head[0] == 0x80 && file.head[1] <= 5
    let isOther =
      ZipScanner.hasSignature(file.head) || !StreamFormat.candidates(file.head).isEmpty || TarScanner().recognizes(file)
      || file.head.starts(with: [0x89, 0x48, 0x44, 0x46])
    let isPickle = hasSignature || (PickleScanner.isNamed(file) && !isOther)
    try PickleSequence.follow(file, isPickle ? .pickle : .maybePickle, scanner: &scanner)
  }
}

/// NumPy's own format (`.npy`): arrays, or a pickle if the elements are objects.
struct NumPyArrayScanner: FormatScanner {
  let name = "NumPy arrays"

  func recognizes(_ file: ScannedFile) -> Bool { file.head.starts(with: NumPyHeader.mark) }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    try PickleSequence.follow(file, .array, scanner: &scanner)
  }
}
