import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPackage

@Suite("Files of secrets, by name and by content")
struct SecretFileTests {
  /// The files that are packaged from a directory `model` with these paths and contents.
  private func packaged(_ files: [String: String], ignore: String = "") throws -> Set<String> {
    let project = try TemporaryDirectory()
    for (path, content) in files { try project.write("model/\(path)", content) }
    if !ignore.isEmpty { try project.write("model/.opzignore", ignore) }
    var tree = SourceTree(project: project.path)
    try tree.add(model: "model")
    return Set(
      tree.files.compactMap {
        if case .file = $0.kind { String($0.destination.string.dropFirst("models/".count)) } else { nil }
      })
  }

  static let kinds = [
    ".env", ".env.local", ".env.production", "prod.env", ".envrc", ".netrc", "_netrc", ".git-credentials", ".pgpass",
    "pgpass.conf", ".my.cnf",
    ".mylogin.cnf", ".vault-token", ".htpasswd", ".boto", ".s3cfg", ".databrickscfg", "rclone.conf", ".Renviron",
    ".dockercfg", "kubeconfig",
    "prod.kubeconfig", ".kube/config", ".aws/credentials", ".aws/config", ".azure/accessTokens.json",
    ".docker/config.json", ".ssh/id_rsa",
    ".ssh/config", ".gnupg/secring.gpg", "credentials", "credentials.json", "aws_credentials.json", "kaggle.json",
    ".kaggle/kaggle.json",
    "application_default_credentials.json", "client_secret_1234.apps.googleusercontent.com.json", "client_secrets.json",
    "service-account.json",
    "service_account_prod.json", "my-service-account.json", "gcp-key.json", "terraform.tfstate",
    "terraform.tfstate.backup", "prod.tfvars",
    "prod.auto.tfvars.json", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa.prod", "ssh_host_ed25519_key",
    "server.pem", "server.key", "a.p12",
    "a.pfx", "a.jks", "a.keystore", "a.kdbx", "a.ppk", "AuthKey.p8", ".npmrc", ".pypirc", ".yarnrc.yml", "pip.conf",
    ".streamlit/secrets.toml",
    "secrets.yaml", "secrets.json", "secret.txt", "password.txt", "api_key.txt", "token.json", ".dbt/profiles.yml",
    "profiles.yml", ".snowsql/config",
    ".snowflake/connections.toml", ".huggingface/token", "huggingface/token", ".bash_history", ".zsh_history",
    ".python_history", ".psql_history",
    ".mysql_history", ".Rhistory", ".config/gcloud/credentials.db", ".config/gh/hosts.yml", ".oci/config",
    ".terraformrc", "credentials.tfrc.json",
    "clearml.conf", "secring.gpg", "cookies.txt", "shadow", ".password-store/a.gpg", "master.key", "filezilla.xml",
    "key4.db",
  ]

  /// The paths that are packaged, each a file with inconclusive content.
  private func taken(_ paths: [String]) -> [String] {
    let rules = IgnoreRules()
    return paths.filter { path in
      let names = path.split(separator: "/").map { Array($0.utf8) }
      return !(1...names.count).contains { count in
        rules.reason(Array(names[..<count]), isDirectory: count < names.count) { () throws(Never) in
          Array("secret".utf8)
        } != nil
      }
    }
  }

  @Test("all kinds are left out, in upper and lower case, as copies and as backups")
  func kinds() throws {
    let kinds = SecretFileTests.kinds
    #expect(kinds.count >= 71)
    #expect(try packaged(Dictionary(uniqueKeysWithValues: kinds.map { ($0, "secret") })) == [])
    for suffix in ["", "~", ".bak", ".old", ".orig", ".save", ".swp", ".1", ".2026-11-28", ".BAK", ".bak.old", " (2)"] {
      #expect(taken(kinds.map { $0 + suffix }) == [], "\(suffix)")
    }
    #expect(taken(kinds.map { $0.uppercased() }) == [])
    #expect(taken(kinds.map { "deep/er/" + $0 }) == [])
    // `credentials (1).json`, `credentials copy.json`.
    for mark in [" (1)", "(3)", " copy", " - Copy", "_old", "-backup"] {
      let names = kinds.map { path -> String in
        let name = path.split(separator: "/").last!
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return path + mark }
        return String(path.dropLast(name[dot...].count)) + mark + name[dot...]
      }
      #expect(taken(names) == [], "\(mark)")
    }
  }

  static let harmless: [String: String] = [
    "config.json": #"{"architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "torch_dtype": "bfloat16"}"#,
    "tokenizer.json": #"{"model": {"vocab": {"token": 1, "secret": 2}}}"#,
    "tokenizer_config.json": #"{"bos_token": "<s>", "pad_token": "[PAD]"}"#,
    "special_tokens_map.json": #"{"eos_token": "</s>"}"#, "key.csv": "key,value\n1,2\n",
    "keys.json": #"["age", "tenure"]"#, "environment.yml": "name: churn\n",
    "env.py": "import os\n", "environment": "x", "tokens.txt": "the 0\na 1\n",
    "tokens.json": #"{"<blank>": 0, "a": 1}"#, "token.txt": "hello\n", "monkey.pem.md": "x",
    "secrets.py": "import secrets\n", "secret_santa.csv": "a,b\n", "credentials.md": "how to log in\n",
    "password_strength.onnx": "x", "passwords.md": "x",
    "id_rsa.pub": "ssh-rsa AAAA ann", "id_ed25519.pub": "ssh-ed25519 AAAA ann", "known_keys.parquet": "x",
    "keystore.md": "x", "api_key_rotation.md": "x",
    "history.csv": "a,b\n", "training_history.json": "{}", "netrc.md": "x", "kaggle.csv": "a,b\n",
    "kaggle_metrics.json": "{}", "docker-compose.yml": "services: {}\n",
    "profiles.csv": "a,b\n", "service.json": "{}", "account.json": "{}", "terraform.md": "x",
    "variables.tf": "variable \"a\" {}\n", "vault.md": "x", "settings.json": "{}",
    "connections.csv": "a\n", "cookies.csv": "a\n", "shadow.png": "x", "settings.xml": "<settings/>\n",
    "config": "[core]\n\tbare = false\n", "ssh.md": "x", "aws.md": "x",
    "model.safetensors": "x", "README.md": "x", "vocab.txt": "token\nsecret\n", "merges.txt": "a b\n",
    "generation_config.json": "{}", "preprocessor_config.json": "{}",
    ".npmrc": "registry=https://npm.internal/\n# a comment\nsave-exact=true\n",
    ".pypirc": "[distutils]\nindex-servers =\n  internal\n\n[internal]\nrepository = https://pypi.internal/\n",
    "pip.conf": "[global]\nindex-url = https://pypi.internal/simple\n", ".yarnrc.yml": "nodeLinker: node-modules\n",
    "profiles.yml":
      "churn:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n      password: \"{{ env_var('PW') }}\"\n",
    ".env.example": "DB_PASSWORD=\nAPI_KEY=your-key-here\n", ".env.template": "HF_TOKEN=<token>\n",
    "secret.yaml": "replicas: 2\n", "auth.json": "{}",
  ]

  @Test("a file with a similar name, or whose content shows no secret, is packaged")
  func lookAlikes() throws {
    var random = SeededGenerator(seed: 1)
    var files = SecretFileTests.harmless
    let certificate =
      "-----BEGIN CERTIFICATE-----\n\(TestEncodings.base64(random.bytes(600)))\n-----END CERTIFICATE-----\n"
    files["ca.pem"] = certificate
    files["chain.pem"] = certificate + certificate
    files["ca.crt"] = certificate
    files["cosign.pub"] = "x"
    files["jwt.key"] =
      "-----BEGIN PUBLIC KEY-----\n\(TestEncodings.base64(random.bytes(90)))\n-----END PUBLIC KEY-----\n"
    files["weights.bin.asc"] =
      "-----BEGIN PGP SIGNATURE-----\n\n\(TestEncodings.base64(random.bytes(200)))\n-----END PGP SIGNATURE-----\n"
    let all = try packaged(files)
    #expect(all.count * 100 >= files.count * 98, "\(Set(files.keys).subtracting(all).sorted())")
    #expect(all == Set(files.keys), "\(Set(files.keys).subtracting(all).sorted())")
  }

  @Test("the content decides if the name does not")
  func content() throws {
    var random = SeededGenerator(seed: 2)
    let certificate =
      "-----BEGIN CERTIFICATE-----\n\(TestEncodings.base64(random.bytes(600)))\n-----END CERTIFICATE-----\n"
    let key = "-----BEGIN PRIVATE" + " KEY-----\n\(TestEncodings.base64(random.bytes(600)))\n"
    let token = SecretSample.kinds.first { $0.name == "Hugging Face" }!.sample(seed: 1).value
    let left = try packaged([
      "both.pem": certificate + key, "ca.crt": key,
      "key.asc": "-----BEGIN PGP PRIVATE" + " KEY BLOCK-----\n\n\(TestEncodings.base64(random.bytes(600)))\n",
      ".npmrc": "registry=https://npm.internal/\n//npm.internal/:_authToken=abc\n",
      ".pypirc": "[pypi]\nusername = a\npassword = b\n",
      "pip.conf": "[global]\nindex-url = https://ann:\(random.text(14, of: "abcDEF123#"))@pypi.internal/simple\n",
      "config.json": #"{"hf_token": "\#(token)"}"#,
      "token.txt": token + "\n", ".env.example": "HF_TOKEN=\(token)\n", "token.json": #"{"access_token": "abc"}"#,
      "profiles.yml": "dev:\n  password: abc\n",
      "auth.json": #"{"http-basic": {"host": {"username": "a", "password": "b"}}}"#,
      "large.pem": certificate + String(repeating: "\n", count: 1 << 20),
    ])
    #expect(left.isEmpty, "\(left)")
  }

  @Test(".opzignore can include a file again, and the reason says how")
  func takenBack() throws {
    let files = [
      ".env": "A=b", "Credentials (1).json": "{}", "server.pem": "x", ".aws/credentials": "x", "we*ird.key": "x",
    ]
    #expect(try packaged(files) == [])
    let project = try TemporaryDirectory()
    for (path, content) in files { try project.write("model/\(path)", content) }
    var tree = SourceTree(project: project.path)
    try tree.add(model: "model")
    // The pattern in each reason includes the file again.
    let patterns = tree.ignored.map { entry in
      let reason = entry.reason
      #expect(reason.hasPrefix("may be a secret (!") && reason.hasSuffix(" in .opzignore takes it back)"), "\(reason)")
      return String(reason.dropFirst("may be a secret (".count).dropLast(" in .opzignore takes it back)".count))
    }
    #expect(patterns.count == files.count)
    let all = try packaged(files, ignore: patterns.joined(separator: "\n") + "\n!credentials\n")
    #expect(all == Set(files.keys))
  }
}
