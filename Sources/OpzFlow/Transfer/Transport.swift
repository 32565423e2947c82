/// Places outside of the registry that a command can write to or read from.
public enum Transport {
  /// `oci:DIR[:TAG]`: the directory and the tag.
  public static func layout(_ text: String) -> (directory: String, tag: String?) {
    let rest = text.dropFirst("oci:".count)
    guard let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") else { return (String(rest), nil) }
    return (String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
  }
}
