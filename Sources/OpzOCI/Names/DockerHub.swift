/// What is particular about the names of Docker Hub, whose images are called after one host, served by another and logged in to at a third
/// (distribution/reference, normalize.go; docker/cli, `registry.IndexServer`; containers-auth.json(5)).
public enum DockerHub {
  /// The host in names, as container runtimes print them.
  public static let host = "docker.io"
  /// The host that has the registry API.
  public static let registry = "registry-1.docker.io"
  /// The key under which docker keeps its credentials, and by which helpers know them.
  public static let credentialKey = "https://index.docker.io/v1/"

  private static let spellings: Set<String> = [host, "index.docker.io", registry]

  /// Whether a host, in any of its spellings, has Docker Hub's credentials.
  public static func isHost(_ host: some StringProtocol) -> Bool { spellings.contains(host.lowercased()) }

  /// The name that container runtimes give an image: `docker.io/library/nginx` for `index.docker.io/nginx`. Other hosts' are left as they are.
  static func canonical(_ host: String, _ repository: String) -> (host: String, repository: String) {
    let lower = host.lowercased()
    guard lower == DockerHub.host || lower == "index.docker.io" else { return (host, repository) }
    return (DockerHub.host, repository.contains("/") ? repository : "library/\(repository)")
  }
}
