public import OpzYAML

/// A file or directory with a destination in opz.yaml: an item of the list `files`.
public struct PlacedFiles: Sendable, Hashable {
  /// Below the project.
  public var path: String
  /// Absolute, in the image.
  public var to: String
  public var owner: SourceFile.Owner
  /// Permission bits of files; directories get execute bits where files have read bits. Nil: 0644, or 0755 for
  /// executable files.
  public var mode: UInt32?

  /// The keys of an item.
  public static let keys = ["path", "to", "owner", "mode"]

  /// Reads the list `files` of a document; empty if it has none. Problems are reported to the document's
  /// `KeyProblems`.
  /// - Parameter top: the document's own mapping.
  public static func read(_ top: YAMLScope) -> [PlacedFiles] {
    top.scopes("files", keys: keys, hint: "write files: [{path: assets, to: /opt/assets}]").compactMap {
      PlacedFiles($0)
    }
  }

  private init?(_ scope: YAMLScope) {
    scope.require("path", hint: "write path: assets")
    scope.require("to", hint: "write to: /opt/assets")
    let (path, to) = (scope.path("path"), scope.text("to"))
    if let to, let reason = PlacedFiles.problem(destination: to) { scope.fail("to", "\"\(to.prefix(80))\" \(reason)") }
    let owner = scope.owner("owner") ?? .root
    let mode = scope.mode("mode")
    guard let path, let to else { return nil }
    (self.path, self.to, self.owner, self.mode) = (path, to, owner, mode)
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
}

extension YAMLScope {
  /// `UID:GID`, as numbers.
  fileprivate func owner(_ key: String) -> SourceFile.Owner? {
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
  fileprivate func mode(_ key: String) -> UInt32? {
    guard has(key), let text = node(key)?.written ?? self.text(key) else { return nil }
    guard (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8), mode <= 0o777 else {
      fail(key, "\"\(text.prefix(80))\" is not a mode", hint: "write mode: \"0640\"")
      return nil
    }
    return mode
  }
}
