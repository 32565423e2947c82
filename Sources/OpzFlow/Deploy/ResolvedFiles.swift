import OpzIO
public import SystemPackage

extension ResolveManifests.Result {
  /// All files as one stream. A single file is unchanged.
  public var stream: String {
    guard files.count > 1 else { return files.map { String(decoding: $0.bytes, as: UTF8.self) }.joined() }
    return files.map { file in
      var text = String(decoding: file.bytes, as: UTF8.self)
      if !text.hasPrefix("---") { text = "---\n" + text }
      return text.hasSuffix("\n") ? text : text + "\n"
    }.joined()
  }

  /// Rewrites the files that changed in place, keeping their modes.
  public func write(in session: Session) async throws {
    guard !files.contains(where: { $0.name == "-" }) else {
      throw FlowError(.usage, "--in-place", reason: "standard input cannot be rewritten", hint: "omit --in-place")
    }
    try await blocking {
      for file in files where file.changed > 0 {
        try OutputFile.write(file.bytes, to: session.path(file.name))
      }
    }
  }

  /// Writes all files below a directory, at their paths relative to what the user named.
  /// - Parameter roots: the names that the user gave; a single file keeps only its last component.
  public func write(to directory: FilePath, named roots: [String], in session: Session) async throws {
    try await blocking {
      var taken: Set<String> = []
      for file in files {
        let name = try ResolveManifests.Result.below(file.name, roots)
        guard taken.insert(name).inserted else {
          throw FlowError(
            .conflict, file.name, reason: "two files would be written to \(name)",
            hint: "name one directory, or write each to its own")
        }
        let path = directory.pushing(FilePath(name))
        try Durable.makeDirectory(path.removingLastComponent())
        try OutputFile.write(file.bytes, to: path)
      }
    }
  }

  private static func below(_ name: String, _ roots: [String]) throws -> String {
    if name == "-" { return "stdin.yaml" }
    for root in roots where name != root {
      let prefix = FilePath(root).string + (root.hasSuffix("/") ? "" : "/")
      if name.hasPrefix(prefix) { return String(name.dropFirst(prefix.count)) }
    }
    return FilePath(name).lastComponent?.string ?? name
  }
}
