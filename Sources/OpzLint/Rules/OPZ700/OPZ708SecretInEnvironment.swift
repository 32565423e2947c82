import OpzSecrets

/// OPZ708: a secret in the manifest.
struct SecretInEnvironment: Rule {
  let about = RuleAbout(
    code: "OPZ708", severity: .error, title: "a secret's value in the environment",
    why: """
      A value in a manifest is also visible in git, in the event log and in `kubectl describe`. The rule finds values
      of variables whose names end in PASSWORD, SECRET, TOKEN, API_KEY, ACCESS_KEY or PRIVATE_KEY, and values that
      `opz scan` knows as a secret under any name: tokens, keys, passwords in addresses.
      """,
    remedy:
      "use valueFrom: {secretKeyRef: {name: NAME, key: KEY}}, and replace the secret, because it has been exposed",
    wrong: Example.deployment("env: [{name: DB_PASSWORD, value: hunter22}]"),
    right: Example.deployment("env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]"))

  private static let suffixes = [
    "PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY",
  ]
  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.containers {
        for (name, node) in container.environment.sorted(by: { $0.key < $1.key }) {
          guard let value = node.text, SecretInEnvironment.isSecret(name, value) else { continue }
          // The value is not shown, because findings end up in logs.
          found.add(
            workload.object, node, message: "\(container.name): \(name.prefix(100)) has its value in the manifest")
        }
      }
    }
  }

  private static func isSecret(_ name: String, _ value: String) -> Bool {
    var search = SecretSearch()
    search.take(Array("\(name)=\(value)\n".utf8))
    if search.finish().contains(where: { $0.doubt == nil }) { return true }
    guard suffixes.contains(where: name.uppercased().hasSuffix), SecretSearch.isSecretName(name) else { return false }
    // In a manifest any text under such a name is the secret, even a word: it is what the container gets. References
    // to variables, file paths and switches are not.
    return
      !(value.isEmpty || value.hasPrefix("$(") || value.hasPrefix("/") || value.hasPrefix("${")
      || ["true", "false", "none"].contains(value.lowercased()) || Int(value) != nil && value.utf8.count < 6)
  }
}
