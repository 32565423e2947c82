import OpzArchive
import OpzYAML

extension ConfigParts {
  /// `files`: a list of `{path, to, owner, mode}`.
  func files() -> [ProjectConfig.PlacedFiles] {
    guard top.has("files"), let node = top.node("files") else { return [] }
    guard case .list(let items) = node.value else {
      top.fail("files", "\(node.kind) where a list belongs", hint: "write files: [{path: assets, to: /opt/assets}]")
      return []
    }
    return items.enumerated().compactMap { index, item in
      placed(YAMLScope(item, path: "files.\(index)", keys: ConfigKeys.files, problems))
    }
  }

  private func placed(_ scope: YAMLScope) -> ProjectConfig.PlacedFiles? {
    scope.require("path", hint: "write path: assets")
    scope.require("to", hint: "write to: /opt/assets")
    let (path, to) = (scope.path("path"), scope.text("to"))
    if let to, let reason = ConfigParts.problem(destination: to) { scope.fail("to", "\"\(to.prefix(80))\" \(reason)") }
    let owner = scope.owner("owner") ?? .root
    let mode = scope.mode("mode")
    guard let path, let to else { return nil }
    return ProjectConfig.PlacedFiles(path: path, to: to, owner: owner, mode: mode)
  }

  /// Directories that the kernel, the container runtime, or opz itself fills.
  private static let reserved = ["proc", "sys", "dev", "models", "app"]

  private static func problem(destination text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: true)
    guard text.hasPrefix("/") else { return "is not absolute" }
    if parts.contains("..") || parts.contains(".") { return "has . or .. in it" }
    if text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) { return "has a control character" }
    if text.utf8.count > 4095 || parts.contains(where: { $0.utf8.count > 255 }) { return "is longer than Linux allows" }
    if parts.contains(where: { $0.hasPrefix(".wh.") }) { return "is the name of a whiteout" }
    if let first = parts.first, reserved.contains(String(first)) { return "is below /\(first), which is not for files" }
    return nil
  }

  /// `layers.compression`. The weights of a model runtime are for KServe, which refuses zstd.
  func compression(_ runtime: ProjectConfig.Runtime?) -> Compression {
    let scope = YAMLScope(top.node("layers"), path: "layers", keys: ConfigKeys.layers, problems)
    guard let text = scope.text("compression") else { return .gzip }
    guard let compression = Compression(rawValue: text) else {
      scope.fail(
        "compression", "\"\(text.prefix(80))\" is not a compression",
        hint: NearestName.find(text, in: Compression.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
          ?? "write gzip, zstd or none")
      return .gzip
    }
    if compression == .zstd, runtime?.kind == .model {
      scope.fail("compression", "KServe refuses zstd layers, and kind: model is for KServe", hint: "write gzip or none")
    }
    return compression
  }
}

extension YAMLScope {
  /// `UID:GID`, as numbers.
  func owner(_ key: String) -> SourceFile.Owner? {
    guard has(key), let text = node(key)?.written ?? self.text(key) else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? UInt32(part) : nil
    }
    guard parts.count == 2, let uid = parts[0], let gid = parts[1], uid <= UInt32(Int32.max), gid <= UInt32(Int32.max)
    else {
      fail(key, "\"\(text.prefix(80))\" is not UID:GID", hint: "write numbers: owner: \"1000:1000\"")
      return nil
    }
    return SourceFile.Owner(uid: uid, gid: gid)
  }

  /// Permission bits in octal, three or four digits, as spelled in the file.
  func mode(_ key: String) -> UInt32? {
    guard has(key), let text = node(key)?.written ?? self.text(key) else { return nil }
    guard (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8), mode <= 0o777 else {
      fail(key, "\"\(text.prefix(80))\" is not a mode", hint: "write mode: \"0640\"")
      return nil
    }
    return mode
  }
}
