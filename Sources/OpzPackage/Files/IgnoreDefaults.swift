/// What is left out of a directory unless `.opzignore` takes it back, besides `SecretFiles`. A file that opz.yaml names itself always goes.
enum IgnoreDefaults {
  static let clutter = IgnoreRules.patterns(Array(names.utf8))

  private static let names = """
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
}
