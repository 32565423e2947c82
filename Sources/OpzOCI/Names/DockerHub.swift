/// The special names of Docker Hub: one host in image names, another that serves the API, a third for credentials
/// (distribution/reference, normalize.go; docker/cli, `registry.IndexServer`; containers-auth.json(5)).
public enum DockerHub {
  /// The host in image names, as container runtimes print them.
  public static let host = "docker.io"
  /// The host that serves the registry API.
  public static let registry = "registry-1.docker.io"
  /// The key of its credentials in Docker's configuration and in credential helpers.
  public static let credentialKey = "https://index.docker.io/v1/"

  private static let spellings: Set<String> = [host, "index.docker.io", registry]

  /// Whether a host, in any of its spellings, is Docker Hub.
  public static func isHost(_ host: some StringProtocol) -> Bool { spellings.contains(host.lowercased()) }

  /// The name that container runtimes use for an image: `docker.io/library/nginx` for `index.docker.io/nginx`. Names
  /// on other hosts are unchanged.
  static func canonical(_ host: String, _ repository: String) -> (host: String, repository: String) {
    let lower = host.lowercased()
    guard lower == DockerHub.host || lower == "index.docker.io" else { return (host, repository) }
    return (DockerHub.host, repository.contains("/") ? repository : "library/\(repository)")
  }
}
