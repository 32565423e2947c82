/// NumPy's own format (`.npy`): arrays, or a pickle if the elements are objects.
struct NumPyArrayLook: FormatLook {
  let name = "NumPy arrays"

  func recognizes(_ file: ScannedFile) -> Bool { file.head.starts(with: NumPyHeader.mark) }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    try PickleSequence.follow(file, .array, &scanner)
  }
}
