public import OpzIO

/// Wheels that were built from source, in the text of a pylock.toml as uv writes it.
///
/// The line that says where the source is becomes one with the wheel and its digest; the former line is kept in the
/// package's table `tool.opz`, so that the lock also says which commit or directory the wheel was built from.
public enum BuiltWheels {
  /// The directory of the wheels, beside the lock.
  public static let directory = "opz-wheels"

  private static let header = "[packages.tool.opz]"
  private static let sources = ["vcs = ", "directory = ", "archive = "]

  /// Names the wheel of a package in place of its source.
  /// - Parameter wheel: its path relative to the lock's directory, or absolute.
  /// - Throws: `PythonError.malformed` if the text has no such package with a source.
  public static func name(
    _ wheel: WheelName, at path: String, _ digest: Digest, for package: SourcePackage, in text: String
  ) throws -> String {
    var blocks = blocks(text)
    guard
      let index = blocks.firstIndex(where: { block in
        block.contains("name = \"\(package.name)\"") && !block.contains(header) && source(block) != nil
          && marker(block) == package.marker
      }), let line = source(blocks[index])
    else {
      throw PythonError(.malformed, package.name, reason: "the lock that uv wrote does not name its source on one line")
    }
    let former = blocks[index][line]
    blocks[index][line] = "archive = { path = \"\(path)\", hashes = { sha256 = \"\(digest.hex)\" } }"
    if !blocks[index].contains(where: { $0.hasPrefix("version = ") }) {
      blocks[index].insert("version = \"\(wheel.version)\"", at: line)
    }
    let end = (blocks[index].lastIndex { !$0.isEmpty } ?? 0) + 1
    blocks[index].insert(contentsOf: ["", header, former], at: end)
    return joined(blocks)
  }

  /// Adds the package of the project itself, which uv leaves out of what it compiles from a pyproject.toml.
  public static func adding(_ package: SourcePackage, to text: String) -> String {
    guard case .directory(let path) = package.place else { return text }
    // uv writes an empty array where there is no other package.
    let text = text.replacing("packages = []", with: "")
    let end = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
    return text + end + "\n[[packages]]\nname = \"\(package.name)\"\ndirectory = { path = \"\(path)\" }\n"
  }

  /// The text with the sources in place of the wheels, so that uv sees the commits that it chose.
  public static func withSources(_ text: String) -> String {
    joined(
      blocks(text).map { block in
        guard let mark = block.firstIndex(of: header), mark + 1 < block.count,
          let line = block[..<mark].firstIndex(where: { $0.hasPrefix("archive = ") })
        else { return block }
        var block = block
        block[line] = block[mark + 1]
        block.removeSubrange((block[mark - 1].isEmpty ? mark - 1 : mark)...mark + 1)
        return block
      })
  }

  private static func source(_ block: [String]) -> Int? {
    block.firstIndex { line in sources.contains { line.hasPrefix($0) } }
  }

  private static func marker(_ block: [String]) -> String? {
    block.first { $0.hasPrefix("marker = \"") }.map {
      String($0.dropFirst("marker = \"".count).dropLast()).replacing("\\\"", with: "\"")
    }
  }

  /// The lines before the first package, then those of each package.
  private static func blocks(_ text: String) -> [[String]] {
    var blocks: [[String]] = [[]]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "[[packages]]" { blocks.append([]) }
      blocks[blocks.count - 1].append(String(line))
    }
    return blocks
  }

  private static func joined(_ blocks: [[String]]) -> String { blocks.joined().joined(separator: "\n") }
}
