/// Names that never go into an image when a directory is packaged. A file that opz.yaml names itself always goes.
enum IgnoredNames {
  static func reason(_ name: String) -> String? {
    if clutter.contains(name) { return "not content" }
    if secrets.contains(name) || name.hasPrefix(".env.") || secretSuffixes.contains(where: name.hasSuffix) {
      return "may be a secret"
    }
    return nil
  }

  private static let clutter: Set<String> = [
    ".git", ".hg", ".svn", ".DS_Store", "__pycache__", ".ipynb_checkpoints", ".venv", ".pytest_cache", "opz.yaml",
  ]
  private static let secrets: Set<String> = [
    ".env", ".netrc", ".pypirc", ".npmrc", ".aws", ".ssh", ".gnupg", ".docker", "id_rsa", "id_ecdsa", "id_ed25519",
    "credentials.json",
  ]
  private static let secretSuffixes = [".pem", ".key", ".p12", ".pfx", ".keystore"]
}
