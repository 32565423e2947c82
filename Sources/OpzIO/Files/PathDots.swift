public import SystemPackage

extension FilePath {
  /// The path without its `.` components, which mean nothing; `.` itself stays. `..` stays too: after a link to a
  /// directory it is not the reverse of a name.
  public var withoutDots: FilePath {
    guard components.contains(where: { $0.kind == .currentDirectory }) else { return self }
    var path = self
    path.components.removeAll { $0.kind == .currentDirectory }
    return path.isEmpty ? "." : path
  }
}
