/// What is left out of a directory unless `.opzignore` takes it back. A file that opz.yaml names itself always goes.
enum IgnoreDefaults {
  static let groups: [(patterns: [IgnorePattern], reason: String)] = [
    (IgnoreRules.patterns(Array(clutter.utf8)), "not content"),
    (IgnoreRules.patterns(Array(secrets.utf8)), "may be a secret"),
  ]

  private static let clutter = """
    .git
    .hg
    .svn
    .gitignore
    .gitattributes
    .dockerignore
    .opzignore
    .DS_Store
    .ipynb_checkpoints
    .mypy_cache
    .pytest_cache
    .ruff_cache
    .tox
    .venv
    .idea
    .vscode
    __pycache__
    *.pyc
    *.swp
    opz.yaml
    opz.lock
    pylock.toml
    pylock.*.toml
    """

  private static let secrets = """
    .env
    .env.*
    .envrc
    .netrc
    .pypirc
    .npmrc
    .aws
    .azure
    .docker
    .gnupg
    .kube
    .ssh
    id_rsa
    id_dsa
    id_ecdsa
    id_ed25519
    credentials.json
    *.pem
    *.key
    *.p12
    *.pfx
    *.jks
    *.keystore
    """
}
