/// Parses places outside of the registry that a command reads from or writes to.
public enum Transport {
  /// Splits `oci:DIR[:TAG]` into the directory and the tag.
  public static func layout(_ text: String) -> (directory: String, tag: String?) { split(text.dropFirst("oci:".count)) }

  /// Splits the `FILE[:TAG]` of `oci-archive:FILE[:TAG]`; nil for a text without that beginning.
  static func ociArchive(_ text: String) -> (file: String, tag: String?)? {
    guard text.hasPrefix("oci-archive:") else { return nil }
    let (path, tag) = split(text.dropFirst("oci-archive:".count))
    return (path, tag)
  }

  private static func split(_ rest: Substring) -> (String, String?) {
    guard let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") else { return (String(rest), nil) }
    return (String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
  }
}
