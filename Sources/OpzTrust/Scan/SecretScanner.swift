import OpzSecrets

/// Keys, tokens and passwords in any file.
struct SecretScanner: FormatScanner {
  let name = "keys, tokens and passwords"
  var matchesAnyFile: Bool { true }

  func recognizes(_ file: ScannedFile) -> Bool { file.context.secrets }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    for match in try SecretSearch.matches(in: file.blob) {
      let doubt = match.doubt.map { ": \($0)" } ?? ""
      scanner.add(
        .secret, match.doubt == nil ? .error : .warning, file: file, at: match.offset,
        text: "it holds \(match.what)\(doubt)")
    }
  }
}
