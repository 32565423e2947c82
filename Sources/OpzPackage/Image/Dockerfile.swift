import OpzJSON
public import OpzOCI

/// The Dockerfile that builds the same image with `docker build`.
///
/// Each value is quoted so that no builder expands or splits it (in BuildKit's CVE-2024-23651 and similar issues,
/// values became syntax). There is no `# syntax=` line, which would download a program.
public struct Dockerfile: Sendable {
  /// A step that puts files into the image.
  public enum Source: Sendable, Hashable {
    /// A layer's tar in the build context, unpacked by the builder with its owners and modes.
    case archive(String)
    /// A directory in the build context, copied to `/`.
    case tree(String, comment: String)
  }

  /// `scratch`, or a reference pinned by digest.
  public var from: String
  public var sources: [Source]
  public var execution: ImageConfig.Execution

  /// Creates a Dockerfile; `from` is `scratch` or a reference pinned by digest.
  public init(from: String, sources: [Source], execution: ImageConfig.Execution) {
    self.from = from
    self.sources = sources
    self.execution = execution
  }

  public var text: String {
    var lines = [
      "# Written by opz dockerfile: docker build of this directory gives the files and settings of opz's image.",
      "FROM \(from)",
    ]
    for source in sources {
      switch source {
      case .archive(let path): lines.append("ADD [\(quote(path)), \"/\"]")
      case .tree(let path, let comment):
        lines.append("# \(comment)")
        lines.append("COPY --chown=0:0 [\(quote(path + "/")), \"/\"]")
      }
    }
    for line in execution.env ?? [] {
      let name = line.prefix { $0 != "=" }
      lines.append("ENV \(name)=\(variable(String(line.dropFirst(name.count + 1))))")
    }
    if let directory = execution.workingDir { lines.append("WORKDIR \(escape(directory))") }
    for port in (execution.exposedPorts ?? [:]).keys.sorted() { lines.append("EXPOSE \(port)") }
    for volume in (execution.volumes ?? [:]).keys.sorted() { lines.append("VOLUME [\(quote(volume))]") }
    if let signal = execution.stopSignal { lines.append("STOPSIGNAL \(signal)") }
    if let user = execution.user { lines.append("USER \(user)") }
    if let entrypoint = execution.entrypoint { lines.append("ENTRYPOINT \(list(entrypoint))") }
    if let command = execution.cmd { lines.append("CMD \(list(command))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func list(_ words: [String]) -> String { "[" + words.map(quote).joined(separator: ", ") + "]" }

  /// A JSON string, as in the exec form of ADD, COPY and ENTRYPOINT.
  private func quote(_ text: String) -> String {
    (try? CanonicalJSON.encode(JSONValue.string(text))).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  /// A double-quoted word with `$`, `\` and `"` escaped.
  private func variable(_ text: String) -> String { "\"\(escape(text))\"" }

  private func escape(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      if character == "\\" || character == "\"" || character == "$" { result.append("\\") }
      result.append(character)
    }
  }
}
