internal import CLibYAML

/// libyaml, which opz is linked to.
public enum YAMLLibrary {
  /// Its version: `0.2.5`.
  public static var version: String { String(cString: yaml_get_version_string()) }
}
