import OpzIO

/// What is wrong with a text that should name an image in a container registry, and what was probably meant.
struct ReferenceProblem {
  /// What is wrong; the text as a whole if no part of it stands out.
  let reason: String
  let hint: String

  private static let form = "write HOST/REPO:TAG or HOST/REPO@sha256:.., the repository in lower case"

  /// Finds the first part of `text` that is wrong.
  init(of text: String) {
    let first = ReferenceProblem.scheme(text) ?? ReferenceProblem.place(text)
    let found = first ?? ReferenceProblem.host(text) ?? ReferenceProblem.rest(text)
    self = found ?? ReferenceProblem("not a reference to a container registry", ReferenceProblem.form)
  }

  private init(_ reason: String, _ hint: String) {
    self.reason = reason
    self.hint = hint
  }

  private static func scheme(_ text: String) -> ReferenceProblem? {
    for mark in ["docker://", "https://", "http://", "oci://"] where text.hasPrefix(mark) {
      let rest = String(text.dropFirst(mark.count))
      return ReferenceProblem(
        "it begins with \(mark), which a reference does not",
        "write \(example(rest) ?? "HOST/REPO:TAG")" + (mark == "http://" ? ", with --insecure for plain HTTP" : ""))
    }
    return nil
  }

  /// A place on a disk, or in a store of another tool, as `opz copy` and skopeo write them. A host of that name has a port
  /// after the colon.
  private static func place(_ text: String) -> ReferenceProblem? {
    func starts(_ kinds: [String]) -> String? {
      kinds.first { text.hasPrefix($0) && text.dropFirst($0.count).first?.isNumber != true }
    }
    if let kind = starts(["oci:", "oci-archive:", "docker-archive:"]) {
      return ReferenceProblem(
        "\(kind) is a place on a disk and in no registry",
        "write HOST/REPO:TAG; opz copy NAME@VERSION \(text) writes there")
    }
    guard let kind = starts(["dir:", "docker-daemon:", "containers-storage:"]) else { return nil }
    return ReferenceProblem("opz has no places of the kind \(kind)", "write HOST/REPO:TAG")
  }

  private static func host(_ text: String) -> ReferenceProblem? {
    guard let slash = text.firstIndex(of: "/"), Reference.namesHost(text[..<slash]) else {
      let hub = example("docker.io/\(text)")
      return ReferenceProblem(
        "it does not begin with the host of a registry",
        "write HOST/REPO:TAG" + (hub.map { "; on Docker Hub it is \($0)" } ?? ""))
    }
    let host = String(text[..<slash])
    let port = Reference.split(host: host).port
    if let port, UInt16(port).map({ $0 == 0 }) ?? true {
      return ReferenceProblem("\"\(port.prefix(20))\" is not a port", "a port is a number from 1 to 65535")
    }
    guard !Reference.isHost(host) else { return nil }
    return ReferenceProblem(
      "\"\(host.prefix(100))\" is not a host", "a host has letters, digits, - and dots, and perhaps a port")
  }

  private static func rest(_ text: String) -> ReferenceProblem? {
    let (repository, tag, digest) = parts(text)
    if let digest, Digest(digest) == nil {
      return ReferenceProblem(
        "\"@\(digest.prefix(80))\" is not a digest", "a digest is @sha256: and 64 hexadecimal digits in lower case")
    }
    if let tag, !Reference.isTag(tag) { return ReferenceProblem(Reference.tagProblem(tag) ?? "", form) }
    guard !Reference.isRepository(repository) else { return nil }
    if repository.utf8.count > 255 {
      return ReferenceProblem("the repository has \(repository.utf8.count) bytes", "at most 255 are allowed")
    }
    let lower = repository.lowercased()
    if lower != repository, Reference.isRepository(lower) {
      let whole = example(text.replacing(repository, with: lower, maxReplacements: 1)) ?? "the repository in lower case"
      return ReferenceProblem("the repository has capital letters", "write \(whole)")
    }
    return ReferenceProblem(
      "\"\(repository.prefix(100))\" is not a repository",
      "a repository has lower-case letters and digits, with single . _ or runs of - between them, and / between parts")
  }

  /// The text if it is a reference, to show.
  private static func example(_ text: String) -> String? {
    text.utf8.count < 400 && text.contains("/") ? (try? Reference(parsing: text))?.description : nil
  }

  /// The parts after the host, valid or not.
  private static func parts(_ text: String) -> (repository: String, tag: String?, digest: String?) {
    guard let slash = text.firstIndex(of: "/") else { return (text, nil, nil) }
    var rest = text[text.index(after: slash)...]
    var (tag, digest): (String?, String?)
    if let at = rest.firstIndex(of: "@") {
      digest = String(rest[rest.index(after: at)...])
      rest = rest[..<at]
    }
    if let colon = rest.lastIndex(of: ":") {
      tag = String(rest[rest.index(after: colon)...])
      rest = rest[..<colon]
    }
    return (String(rest), tag, digest)
  }
}

extension Reference {
  /// What is wrong with a tag: its length, or which character it may not have; nil for a valid one.
  public static func tagProblem(_ tag: String) -> String? {
    if isTag(tag) { return nil }
    let count = tag.utf8.count
    if count == 0 { return "the tag is empty" }
    if count > 128 { return "the tag has \(count) characters, and at most 128 are allowed" }
    return "\"\(tag)\" is not a tag, which has letters, digits, _ . and -, and does not begin with . or -"
  }
}
