/// Parses places outside of the registry that a command reads from or writes to.
public enum Transport {
  /// Splits `oci:DIR[:TAG]` into the directory and the tag.
  public static func layout(_ text: String) -> (directory: String, tag: String?) {
    let rest = text.dropFirst("oci:".count)
    guard let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") else { return (String(rest), nil) }
    return (String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
  }
}
