import OpzDebian
import OpzIO
import OpzOCI
public import OpzYAML

/// The section `runtime` of opz.yaml: what runs in the image.
public struct RuntimeSection: Sendable, Hashable {
  /// The kind of runtime, spelled as in opz.yaml.
  public enum Kind: String, Sendable, CaseIterable {
    case native, python, r, custom, model
  }

  public var kind: Kind
  /// `scratch`, `oci:DIR[:TAG]` or `HOST/REPO[:TAG|@DIGEST]`.
  public var base: String?
  public var python: String?
  public var requirements: String?
  public var lock: String?
  /// Packages of R that the base lacks, by R's or by Debian's names; nil where the base has them all.
  public var packages: [String]?
  /// Lines of sources.list that are used in place of the base's own.
  public var archive: [String]
  public var command: [String]
  /// `UID[:GID]`.
  public var user: String?
  public var expose: [Int]
  /// Whether wheels' modules are compiled when the image is built, where the base's Python is at hand.
  public var bytecode: Bool
  /// Whether opz-init is process 1, `init`; nil leaves it to opz, which goes by the command.
  public var startsInit: Bool?

  /// The section's keys.
  public static let keys = [
    "kind", "base", "python", "requirements", "packages", "archive", "lock", "command", "user", "expose", "bytecode",
    "init",
  ]

  /// Reads the section of a document; nil if its kind is not known. Problems are reported to the document's
  /// `KeyProblems`.
  /// - Parameter top: the document's own mapping.
  public init?(in top: YAMLScope) {
    let scope = top.mapping("runtime", keys: RuntimeSection.keys)
    let kinds = Kind.allCases.map(\.rawValue)
    let text = scope.text("kind") ?? "native"
    guard let kind = Kind(rawValue: text) else {
      scope.fail(
        "kind", "\"\(text.prefix(80))\" is not a runtime",
        hint: NearestName.find(text, in: kinds).map { "did you mean \($0)?" }
          ?? "write one of \(kinds.joined(separator: ", "))")
      return nil
    }
    let inapplicable = RuntimeSection.inapplicableKeys(for: kind)
    for key in RuntimeSection.keys where inapplicable.contains(key) && scope.has(key) {
      let others = Kind.allCases.filter { !RuntimeSection.inapplicableKeys(for: $0).contains(key) }
      let names = others.map(\.rawValue).joined(separator: " or ")
      scope.fail(key, "a \(kind.rawValue) runtime has no \(key)", hint: "remove it, or write kind: \(names)")
    }
    self.kind = kind
    base = RuntimeSection.base(scope, kind)
    python = RuntimeSection.python(scope)
    requirements = scope.path("requirements")
    lock = scope.path("lock")
    packages = RuntimeSection.packages(scope)
    archive = RuntimeSection.archive(scope)
    command = RuntimeSection.command(scope)
    user = RuntimeSection.user(scope)
    expose = RuntimeSection.ports(scope)
    bytecode = scope.flag("bytecode") ?? true
    startsInit = scope.flag("init")
    if startsInit == true, hasWorkers {
      scope.fail(
        "init", "opz-server is process 1 of this image, and needs no other",
        hint: "remove it, or write a command of your own")
    }
  }

  /// Programs that are made to be process 1.
  private static let inits: Set<String> = [
    "tini", "tini-static", "dumb-init", "catatonit", "docker-init", "init", "my_init", "s6-svscan", "runsvdir",
    "systemd",
    "opz-init",
  ]

  /// Whether opz-init starts the command: as opz.yaml says; if it does not, where opz writes a command that is neither
  /// opz-server nor an init itself. A base whose own command is kept has chosen its process 1.
  public var hasInit: Bool {
    if let startsInit { return startsInit }
    guard kind != .native, kind != .model, let program = command.first?.split(separator: "/").last else { return false }
    return !RuntimeSection.inits.contains(String(program))
  }

  /// Whether opz-server runs the model in worker processes: a Python or R runtime without a command of its own.
  public var hasWorkers: Bool { (kind == .python || kind == .r) && command.isEmpty }

  /// Whether opz-server is in front of the model, and so can keep a contract.
  public var keepsContract: Bool { kind == .native || hasWorkers }

  /// The base where opz.yaml names none; nil for a kind that has no usual one.
  /// - Parameters:
  ///   - python: the version of Python, such as `3.12`.
  ///   - hasPackages: whether R packages are added to the base.
  public static func usualBase(_ kind: Kind, python: String? = nil, hasPackages: Bool = false) -> String? {
    switch kind {
    case .python: "docker.io/library/python:\(python ?? usualPython)-slim"
    // Debian's R, which looks where Debian's packages are.
    case .r where hasPackages: debianR
    // Of the images with R, one that has jsonlite, which the worker needs.
    case .r: "docker.io/rocker/tidyverse:\(usualR)"
    case .native, .custom, .model: nil
    }
  }

  /// The version of Python where a model does not say one: every library in use has wheels for it.
  public static let usualPython = "3.12"
  /// The version of R where a model does not say one.
  public static let usualR = "4.4.2"
  /// A base with Debian's R. Its apt takes packages from Debian testing, which only the latest image goes together with;
  /// and every R reads what earlier ones saved.
  public static let debianR = "docker.io/library/r-base:latest"

  /// Keys that have no effect for a kind of runtime are errors.
  private static func inapplicableKeys(for kind: Kind) -> Set<String> {
    switch kind {
    case .native:
      ["base", "python", "requirements", "packages", "archive", "lock", "command", "expose", "bytecode", "init"]
    case .model:
      ["python", "requirements", "packages", "archive", "lock", "command", "user", "expose", "bytecode", "init"]
    case .custom: ["python", "requirements", "packages", "archive", "lock", "bytecode"]
    case .r: ["python", "requirements", "bytecode"]
    case .python: ["packages", "archive"]
    }
  }

  private static func base(_ scope: YAMLScope, _ kind: Kind) -> String? {
    let hint = "write base: HOST/REPO:TAG, oci:DIR, oci-archive:FILE, docker-archive:FILE or scratch"
    if kind == .custom { scope.require("base", hint: hint) }
    guard let base = scope.text("base") else { return nil }
    let isFile = ["oci:", "oci-archive:", "docker-archive:"].contains {
      base.hasPrefix($0) && base.utf8.count > $0.utf8.count
    }
    if base != "scratch", !isFile || base.utf8.contains(0) {
      do { _ = try Reference(parsing: base) } catch {
        let problem = error as? any ExplainedError
        scope.fail(
          "base", "\"\(base.prefix(80))\" is no image" + (problem.map { ": \($0.reason)" } ?? ""),
          hint: base.contains("/")
            ? problem?.hint ?? hint
            : "\(problem?.hint ?? hint); or oci:DIR, oci-archive:FILE, docker-archive:FILE or scratch")
      }
    }
    return base
  }

  private static func packages(_ scope: YAMLScope) -> [String]? {
    guard scope.has("packages") else { return nil }
    let packages = scope.texts("packages", hint: "write a list: packages: [randomForest, r-cran-glmnet]")
    for (index, name) in packages where !PackageName.isValid(name) {
      scope.fail(
        "packages", at: index, "\"\(name.prefix(80))\" is no package",
        hint: "write a name of R's or Debian's alone; opz lock chooses the version")
    }
    return packages.map(\.text)
  }

  private static func archive(_ scope: YAMLScope) -> [String] {
    var lines: [(index: Int?, text: String)] = []
    if case .list? = scope.node("archive")?.value {
      lines = scope.texts("archive").map { ($0.index, $0.text) }
    } else if scope.has("archive") {
      lines = scope.text("archive").map { [(nil, $0)] } ?? []
    }
    for (index, line) in lines {
      var (reason, hint): (String?, String?) = (nil, nil)
      do {
        if try AptSource(line: line, subject: "runtime.archive", architecture: "amd64") == nil {
          (reason, hint) = ("it names no archive", "write: deb http://deb.debian.org/debian bookworm main")
        }
      } catch {
        let problem = error as? any ExplainedError
        (reason, hint) = (problem?.reason ?? "\(error)", problem?.hint)
      }
      guard let reason else { continue }
      if let index {
        scope.fail("archive", at: index, reason, hint: hint)
      } else {
        scope.fail("archive", reason, hint: hint)
      }
    }
    return lines.map(\.text)
  }

  /// `3.12` looks like a number, and `3.10` would lose its zero as one: the original spelling is used.
  private static func python(_ scope: YAMLScope) -> String? {
    guard scope.has("python"), let text = scope.node("python")?.written else { return scope.text("python") }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isVersion =
      (2...3).contains(parts.count) && parts[0] == "3"
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
      }
    if !isVersion {
      scope.fail("python", "\"\(text.prefix(80))\" is not a version of Python 3", hint: "write python: \"3.12\"")
    }
    return text
  }

  private static func command(_ scope: YAMLScope) -> [String] {
    let words = scope.node("command")?.written?.split(separator: " ").joined(separator: ", ")
    let command = scope.texts("command", numbers: true, hint: words.map { "write a list: command: [\($0)]" })
    for (index, word) in command where word.utf8.contains(0) {
      scope.fail("command", at: index, "a NUL character in a word")
    }
    if command.first?.text.isEmpty == true { scope.fail("command", at: 0, "the name of the program is empty") }
    return command.map(\.text)
  }

  private static func user(_ scope: YAMLScope) -> String? {
    guard scope.has("user") else { return nil }
    var text: String?
    if case .integer(let number)? = scope.node("user")?.value {
      text = String(number)
    } else {
      text = scope.text("user")
    }
    guard let text else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part -> Int32? in
      guard part == "0" || !part.hasPrefix("0"), part.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
      return Int32(part)
    }
    guard (1...2).contains(parts.count), !parts.contains(nil) else {
      scope.fail(
        "user", "\"\(text.prefix(80))\" is not UID or UID:GID", hint: "write numbers: Kubernetes cannot check a name")
      return nil
    }
    if parts[0] == 0 { scope.fail("user", "0 is root", hint: "use another number, such as 65532") }
    return text
  }

  private static func ports(_ scope: YAMLScope) -> [Int] {
    guard scope.has("expose"), let node = scope.node("expose") else { return [] }
    guard case .list(let items) = node.value else {
      return scope.integer("expose", in: 1...65535).map { [$0] } ?? []
    }
    var ports: [Int] = []
    for (index, item) in items.enumerated() {
      if case .integer(let port) = item.value, (1...65535).contains(port) {
        if ports.contains(port) { scope.fail("expose", at: index, "duplicate \(port)") }
        ports.append(port)
      } else {
        let what = item.written.map { "\"\($0.prefix(80))\"" } ?? item.kind
        scope.fail("expose", at: index, "\(what) is not a port from 1 to 65535")
      }
    }
    return ports
  }
}
