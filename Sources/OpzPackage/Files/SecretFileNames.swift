/// What the programs that people use call their files of secrets, in small letters.
enum SecretFileNames {
  /// Left out with all that is in them; one with a slash only below its parent.
  static let directories: Set<String> = [
    ".aws", ".azure", ".docker", ".gnupg", ".kube", ".ssh", ".gcloud", ".config/gcloud", ".config/gh", ".config/hub",
    ".config/rclone", ".config/op",
    ".config/doctl", ".config/heroku", ".snowflake", ".snowsql", ".databricks", ".oci", ".bluemix", ".aliyun", ".tccli",
    ".terraform.d", ".huggingface",
    ".password-store", ".dbt", ".kaggle", ".mc", ".putty", ".vault", ".chef", ".1password", ".gsutil", ".ibmcloud",
    ".fly", ".credentials", ".secrets",
    "private-keys-v1.d",
  ]

  /// By the whole name; one with a slash only below its parent.
  static let files: [String: SecretFiles.Judgement] = {
    var all: [String: SecretFiles.Judgement] = [:]
    for name in names { all[name] = .secret }
    for name in settings { all[name] = .unless(.settings) }
    for name in documents { all[name] = .unless(.document) }
    for name in ambiguous { all[name] = .when(.anything) }
    return all
  }()

  private static let names =
    [
      ".env", ".envrc", ".netrc", "_netrc", ".git-credentials", "git-credentials", ".pgpass", "pgpass.conf", ".my.cnf",
      ".mylogin.cnf", ".vault-token",
      ".htpasswd", "htpasswd", ".htdigest", ".boto", ".s3cfg", ".passwd-s3fs", "passwd-s3fs", ".databrickscfg",
      "rclone.conf", ".renviron", ".dockercfg",
      ".dockerconfigjson", "dockerconfigjson", "docker/config.json", "kubeconfig", "kubeconfig.yaml", "kubeconfig.yml",
      "kube/config", "aws/credentials",
      "credentials", "credentials.json", "credentials.yaml", "credentials.yml", "credentials.toml", "credentials.ini",
      "credentials.xml", "credentials.db",
      "credentials.tfrc.json", "credentials.properties", "credentials.env", "credentials.txt", "creds.json",
      "creds.txt", "creds.yaml", "creds.yml",
      "access_tokens.db", "accesstokens.json", "azureprofile.json", "msal_token_cache.json", "adc.json",
      "legacy_credentials", "kaggle.json",
      "application_default_credentials.json", "client_secret.json", "client_secrets.json", "service_account.json",
      "service-account.json",
      "serviceaccount.json", "service_account_key.json", "gcp-key.json", "gcp_key.json", "gcloud-key.json",
      "gcs-key.json", "google-credentials.json",
      "firebase-adminsdk.json", "terraform.tfstate", "secrets.toml", "secrets.yaml", "secrets.yml", "secrets.json",
      "secrets.env", "secrets.ini",
      "secrets.cfg", "secrets.conf", "secrets.properties", "secrets.txt", "secret.txt", "secret.key", ".secret",
      ".secrets", ".token", ".tokens",
      ".password", ".passwords", "password.txt", "passwords.txt", "passwd.txt", ".passwd", "api_key", "api_key.txt",
      "apikey.txt", "api_keys.txt",
      "api-key.txt", ".api_key", ".apikey", ".openai_api_key", "huggingface/token", "huggingface/stored_tokens",
      "hub/token", "stored_tokens",
      "gh/hosts.yml", ".cargo/credentials", ".gem/credentials", "shadow", "gshadow", "secring.gpg", "secring.pgp",
      "master.key", ".smbcredentials",
      ".esmtprc", ".msmtprc", ".fetchmailrc", ".rhosts", ".ftpconfig", ".remote-sync.json", "sftp-config.json",
      "filezilla.xml", "sitemanager.xml",
      "recentservers.xml", "settings-security.xml", "logins.json", "key3.db", "key4.db", "login data", "cookies.sqlite",
      "cookies.txt", ".dbshell",
      "consolehost_history.txt", "fish_history", "history.sqlite", "clearml.conf", ".rediscli_history",
      "connections.toml", ".terraformrc",
      "terraform.rc", ".wgetrc", ".curlrc", "_curlrc", ".muttrc", ".cookiejar", ".mlflow/credentials",
      "recovery-codes.txt", "unseal-keys.txt", "vault-keys.json", "cluster-keys.json",
    ]
    + [
      "bash", "zsh", "sh", "ash", "ksh", "csh", "python", "psql", "mysql", "sqlite", "node_repl", "irb", "scala", "r",
      "mongo", "duckdb", "julia", "lua",
      "influx", "cqlsh", "octave", "ghci", "pry", "hive", "beeline", "spark", "ipython", "wget",
    ].map { ".\($0)_history" } + [".rhistory", ".history", ".bash_history-"]
    + ["rsa", "dsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "rsa_sk"].map { "id_\($0)" }
    + ["rsa", "dsa", "ecdsa", "ed25519"].map { "ssh_host_\($0)_key" }

  /// Of programs that work without a login too: `key = value`.
  private static let settings = [
    ".npmrc", "npmrc", ".pypirc", "pypirc", ".yarnrc", ".yarnrc.yml", "pip.conf", "pip.ini", ".pip/pip.conf",
    ".condarc", "gradle.properties",
    "nuget.config", "wandb/settings", ".comet.config", "comet.config", ".hgrc", ".bundle/config", "odbc.ini",
    ".odbc.ini",
    ".pydistutils.cfg", "auth.toml",
  ]

  private static let documents = [
    "token.json", "auth.json", "oauth.json", "profiles.yml", "profiles.yaml", "secret.json", "secret.yaml",
    "secret.yml", "secret.toml",
    "database.yml", "keyfile.json", "key.json", "keys.json", "config/credentials.json", "sa.json", "access_token.json",
  ]

  /// Names that models and their data have as well.
  private static let ambiguous = [
    "token.txt", "tokens.txt", "tokens.json", "token", "key.txt", "keys.txt", "config", "config.json", "settings.xml",
    "wp-config.php", "databricks.cfg",
    "wg0.conf",
  ]

  /// By how a name begins or ends.
  static func judgement(ofForm name: String) -> SecretFiles.Judgement? {
    func ends(_ suffixes: String...) -> Bool { suffixes.contains { name.hasSuffix($0) && name.count > $0.count } }
    if name.hasPrefix(".env.") || ends(".env") || name.hasPrefix(".env_") || name.hasPrefix(".env-") {
      let isTemplate = ["example", "sample", "template", "dist", "defaults", "schema"].contains { name.contains($0) }
      return isTemplate ? .when(.anything) : .secret
    }
    if ends(
      ".p12", ".pfx", ".pkcs12", ".jks", ".keystore", ".bcfks", ".kdbx", ".kdb", ".ppk", ".tfstate", ".tfvars",
      ".tfvars.json", ".kubeconfig", ".agekey")
      || ends(
        ".keychain", ".keychain-db", ".ovpn", ".mobileconfig", ".dockerconfigjson", ".pk8", ".p8", ".snk",
        ".vault-token", ".netrc", ".pgpass")
    {
      return .secret
    }
    if ends(".pem", ".key", ".crt", ".cer", ".priv", ".pkey", ".privkey", ".private") {
      return ends(".crt", ".cer") ? .when(.keys) : .unless(.keys)
    }
    if ends(".asc", ".gpg", ".pgp", ".der") { return .when(.anything) }
    let stem = name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? name
    if ends(".json") {
      let isAccount = [
        "service-account", "service_account", "serviceaccount", "client_secret", "client-secret", "firebase-adminsdk",
      ].contains { name.contains($0) }
      if isAccount { return .secret }
      if stem.hasSuffix("-credentials") || stem.hasSuffix("_credentials") || stem.hasSuffix("_token")
        || stem.hasSuffix("-key")
      {
        return .unless(.document)
      }
    }
    if name.hasPrefix("id_rsa") || name.hasPrefix("id_ed25519") || name.hasPrefix("id_ecdsa")
      || name.hasPrefix("id_dsa")
    {
      return ends(".pub") ? nil : .unless(.keys)
    }
    return nil
  }
}
