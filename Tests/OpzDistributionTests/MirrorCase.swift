import Testing

/// An image, a file of mirrors, and the sources that the file gives the image.
struct MirrorCase: Sendable, CustomTestStringConvertible {
  let name: String
  let image: String
  let file: String
  let text: String
  let sources: [String]?
  var choice: String?
  var testDescription: String { name }

  private static let digest = "sha256:" + String(repeating: "a", count: 64)
  static let podman = ".config/containers/registries.conf"

  static let all: [MirrorCase] = [
    MirrorCase(
      name: "mirrors come before the location", image: "quay.example/team/model:1", file: podman,
      text: """
        unqualified-search-registries = ["docker.io"]
        [[registry]]
        location = "quay.example"
        [[registry.mirror]]
        location = "one.example/cache/"
        [[registry.mirror]]
        location = "two.example:5000"
        """,
      sources: ["one.example/cache/team/model", "two.example:5000/team/model", "quay.example/team/model upstream"]
    ),
    MirrorCase(
      name: "the longest prefix decides alone", image: "quay.example/team/model:1", file: podman,
      text: """
        [[registry]]
        location = "quay.example"
        mirror = [{location = "all.example"}]
        [[registry]]
        prefix = "quay.example/team"
        location = "inside.example/copies"
        """, sources: ["inside.example/copies/model upstream"]),
    MirrorCase(
      name: "a prefix ends at a slash", image: "quay.example/teams/model:1", file: podman,
      text: "[[registry]]\nlocation = \"quay.example/team\"\nmirror = [{location = \"m.example\"}]\n", sources: nil),
    MirrorCase(
      name: "a host does not match itself with a port", image: "quay.example:5000/team/model:1", file: podman,
      text: "[[registry]]\nlocation = \"quay.example\"\nmirror = [{location = \"m.example\"}]\n", sources: nil),
    MirrorCase(
      name: "a wildcard matches any depth of subdomains", image: "a.b.corp.example/x/y:1", file: podman,
      text: "[[registry]]\nprefix = \"*.corp.example\"\nmirror = [{location = \"m.example/corp\"}]\n",
      sources: ["m.example/corp/x/y", "a.b.corp.example/x/y upstream"]),
    MirrorCase(
      name: "a wildcard does not match the domain in the middle of another", image: "a.corp.example.org/x/y:1",
      file: podman, text: "[[registry]]\nprefix = \"*.corp.example\"\nmirror = [{location = \"m.example\"}]\n",
      sources: nil),
    MirrorCase(
      name: "Docker Hub's official images are below library", image: "docker.io/alpine:3", file: podman,
      text: "[[registry]]\nlocation = \"docker.io\"\nmirror = [{location = \"m.example\"}]\n",
      sources: ["m.example/library/alpine", "docker.io/library/alpine upstream"]),
    MirrorCase(
      name: "digest-only mirrors are not for tags", image: "q.example/x:1", file: podman,
      text: """
        [[registry]]
        location = "q.example"
        [[registry.mirror]]
        location = "digests.example"
        pull-from-mirror = "digest-only"
        [[registry.mirror]]
        location = "tags.example"
        pull-from-mirror = "tag-only"
        [[registry.mirror]]
        location = "all.example"
        pull-from-mirror = "all"
        """, sources: ["tags.example/x", "all.example/x", "q.example/x upstream"]),
    MirrorCase(
      name: "tag-only mirrors are not for digests", image: "q.example/x@\(digest)", file: podman,
      text: """
        [[registry]]
        location = "q.example"
        [[registry.mirror]]
        location = "digests.example"
        pull-from-mirror = "digest-only"
        [[registry.mirror]]
        location = "tags.example"
        pull-from-mirror = "tag-only"
        """, sources: ["digests.example/x", "q.example/x upstream"]),
    MirrorCase(
      name: "mirror-by-digest-only is for all mirrors", image: "q.example/x:1", file: podman,
      text: """
        [[registry]]
        location = "q.example"
        mirror-by-digest-only = true
        mirror = [{location = "m.example"}]
        """, sources: ["q.example/x upstream"]),
    MirrorCase(
      name: "an insecure mirror is tried with TLS and without", image: "q.example/x:1", file: podman,
      text: "[[registry]]\nlocation = \"q.example\"\nmirror = [{location = \"m.example:80\", insecure = true}]\n",
      sources: ["https://m.example:80/x insecure", "http://m.example:80/x insecure", "q.example/x upstream"]),
    MirrorCase(
      name: "version 1 has no mirrors", image: "q.example/x:1", file: podman,
      text: "[registries.search]\nregistries = ['q.example']\n", sources: nil),
    MirrorCase(
      name: "containerd's hosts come in the file's order, and the host itself last", image: "q.example/x:1",
      file: "hosts/q.example/hosts.toml",
      text: """
        [host."https://z.example"]
          capabilities = ["pull"]
        [host."http://a.example:5000"]
          capabilities = ["pull", "resolve", "push"]
        """,
      sources: [
        "https://z.example/x ns=q.example no-tags", "http://a.example:5000/x ns=q.example", "q.example/x upstream",
      ], choice: "/hosts"),
    MirrorCase(
      name: "a server takes the host's place", image: "q.example/x:1", file: "hosts/_default/hosts.toml",
      text: "server = \"https://only.example\"\n", sources: ["https://only.example/x ns=q.example"], choice: "/hosts"),
    MirrorCase(
      name: "a server that is the host itself", image: "docker.io/x:1", file: "hosts/docker.io/hosts.toml",
      text: """
        server = "https://registry-1.docker.io"
        [host."https://m.example"]
        """, sources: ["https://m.example/library/x ns=docker.io", "docker.io/library/x upstream"], choice: "/hosts"),
    MirrorCase(
      name: "the directory of a host with a port", image: "q.example:5000/x:1",
      file: "hosts/q.example_5000_/hosts.toml", text: "[host.\"https://m.example\"]\n",
      sources: ["https://m.example/x ns=q.example:5000", "q.example:5000/x upstream"], choice: "/hosts"),
    MirrorCase(
      name: "paths of hosts", image: "q.example/x:1", file: "hosts/q.example/hosts.toml",
      text: """
        [host."https://sub.example/us"]
        [host."https://harbor.example/v2/proxy/"]
        override_path = true
        [host."https://odd.example/api/docker"]
        override_path = true
        """,
      sources: [
        "https://sub.example/x api=/us/v2 ns=q.example", "https://harbor.example/proxy/x ns=q.example",
        "https://odd.example/x api=/api/docker ns=q.example", "q.example/x upstream",
      ], choice: "/hosts"),
    MirrorCase(
      name: "skip_verify", image: "q.example/x:1", file: "hosts/q.example/hosts.toml",
      text: "[host.\"https://m.example\"]\nskip_verify = true\n",
      sources: ["https://m.example/x ns=q.example insecure", "q.example/x upstream"], choice: "/hosts"),
    MirrorCase(
      name: "a name without a dot gets a port", image: "q.example/x:1", file: "hosts/q.example/hosts.toml",
      text: "[host.\"http://mirror\"]\n", sources: ["http://mirror:80/x ns=q.example", "q.example/x upstream"],
      choice: "/hosts"),
    MirrorCase(
      name: "docker's mirrors are Docker Hub's", image: "docker.io/team/x:1", file: ".config/docker/daemon.json",
      text: #"{"registry-mirrors": ["https://m.example/", "http://n.example:5000"], "debug": true}"#,
      sources: ["https://m.example/team/x", "http://n.example:5000/team/x", "docker.io/team/x upstream"],
      choice: "docker"),
    MirrorCase(
      name: "and of no other registry", image: "q.example/team/x:1", file: ".config/docker/daemon.json",
      text: #"{"registry-mirrors": ["https://m.example/"]}"#, sources: nil, choice: "docker"),
    MirrorCase(
      name: "an insecure registry of docker's", image: "docker.io/team/x:1", file: ".config/docker/daemon.json",
      text: #"{"registry-mirrors": ["https://m.example"], "insecure-registries": ["m.example", "10.0.0.0/8"]}"#,
      sources: [
        "https://m.example/team/x insecure", "http://m.example/team/x insecure", "docker.io/team/x upstream",
      ], choice: "docker"),
  ]

  /// A file that is refused, with the line that the error names.
  static let malformed: [(file: String, text: String, line: Int)] = [
    ("/registries.conf", "[[registry]]\nlocation = \"q.example\"\nblocked = \"yes\"\n", 3),
    ("/registries.conf", "[[registry]]\n", 1),
    ("/registries.conf", "\n[[registry]]\nlocation = \"https://q.example\"\n", 3),
    ("/registries.conf", "[[registry]]\nlocation = 1\n", 2),
    ("/registries.conf", "[[registry]]\nlocation = \"q.example\"\n[[registry.mirror]]\ninsecure = true\n", 3),
    (
      "/registries.conf",
      "[[registry]]\nlocation = \"q.example\"\n[[registry.mirror]]\nlocation = \"m.example\"\npull-from-mirror = \"often\"\n",
      5
    ),
    (
      "/registries.conf",
      "[[registry]]\nlocation = \"q.example\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"m.example\"\npull-from-mirror = \"all\"\n",
      6
    ),
    ("/registries.conf", "[[registry]]\nlocation = \"q.example\"\npull-from-mirror = \"all\"\n", 3),
    ("/registries.conf", "registry = 1\n", 1),
    ("/registries.conf", "[[registry]]\nlocation = \"q.example\"\nmirror = [1]\n", 3),
    ("/registries.conf", "[[registry]\n", 1),
    ("/registries.conf", "a = 1\nb = " + String(repeating: "[", count: 10_000), 2),
    ("/registries.conf", "[[registry]]\nlocation = \"q.example\"\n[[registry.mirror]]\nlocation = \"UPPER CASE\"\n", 3),
    ("/hosts", "server = 1\n", 1),
    ("/hosts", "\nserver = \"ftp://x\"\n", 2),
    ("/hosts", "[host.\"m.example\"]\n", 1),
    ("/hosts", "[host.\"https://ann:x@m.example\"]\n", 1),
    ("/hosts", "[host.\"https://m.example/../x\"]\n", 1),
    ("/hosts", "[host.\"https://m.example/v2/UPPER\"]\noverride_path = true\n", 1),
    ("/hosts", "[host.\"https://m.example\"]\ncapabilities = [\"pull\", \"fly\"]\n", 2),
    ("/hosts", "[host.\"https://m.example\"]\ncapabilities = \"pull\"\n", 2),
    ("/hosts", "[host.\"https://m.example\"]\nca = 1\n", 2),
    ("/hosts", "[host.\"https://m.example\"]\nclient = 1\n", 2),
    ("/hosts", "[host.\"https://m.example\"]\nskip_verify = 1\n", 2),
    ("/hosts", "[host]\n\"https://m.example\" = 1\n", 2),
    ("/daemon.json", "{\n\"registry-mirrors\": [\n}", 3),
  ]
}
