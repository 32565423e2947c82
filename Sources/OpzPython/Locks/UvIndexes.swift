import OpzIO
public import SystemPackage

/// The package indexes that uv's configuration names: `[[index]]` of uv.toml, `[[tool.uv.index]]` of pyproject.toml.
public enum UvIndexes {
  private static let maximumBytes: UInt64 = 1 << 20

  /// Names and URLs from the project's files and the user's (`$XDG_CONFIG_HOME/uv/uv.toml`). An unreadable file is
  /// ignored: uv itself reports what is wrong with it.
  public static func read(in project: FilePath, environment: [String: String]) -> [(name: String, url: String)] {
    var found = indexes(project.appending("uv.toml")) { $0 }
    found += indexes(project.appending("pyproject.toml")) { $0["tool"]?["uv"] }
    if let home = UserHome.configuration(environment) {
      found += indexes(home.appending("uv").appending("uv.toml")) { $0 }
    }
    return found
  }

  private static func indexes(_ file: FilePath, _ part: (TOMLValue) -> TOMLValue?) -> [(name: String, url: String)] {
    guard let status = (try? FileStatus.find(file)) ?? nil, status.kind == .file, status.size <= maximumBytes,
      let bytes = try? FileBlob(file, size: status.size).bytes(),
      let document = try? TOMLReader.read(String(decoding: bytes, as: UTF8.self))
    else { return [] }
    return (part(document)?["index"]?.array ?? []).compactMap { index in
      guard let name = index["name"]?.string, let url = index["url"]?.string else { return nil }
      return (name, url)
    }
  }
}
