public import OpzIO
public import OpzJSON

extension ModelBOM {
  /// The versions of CycloneDX with a JSON form that are known (ECMA-424 is 1.6).
  private static let versions: Set<String> = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"]

  /// Checks that a document, from any tool, is a bill of materials of an image.
  /// - Parameters:
  ///   - images: the image's digest; for an index also the digests of its platforms' images.
  ///   - now: a document that states a later time is refused.
  ///   - subject: names the document in errors.
  /// - Throws: `TrustError.malformed`, with the reason.
  public static func check(_ document: JSONValue, about images: Set<Digest>, now: Timestamp, subject: String) throws {
    try StrictJSON.check(document, .billOfMaterials, subject: subject)
    guard document["bomFormat"]?.string == "CycloneDX" else {
      throw TrustError(.malformed, subject, reason: "it is not a CycloneDX document in JSON")
    }
    let version = document["specVersion"]?.string ?? ""
    guard versions.contains(version) else {
      throw TrustError(
        .malformed, subject,
        reason: "its specVersion \(version.prefix(40)) is not a known version of CycloneDX in JSON",
        hint: "1.2 to 1.7 are supported")
    }
    guard document["components"]?.array?.isEmpty == false else {
      throw TrustError(.malformed, subject, reason: "the bill of materials has no components")
    }
    try StatedTime.check(document, at: ["metadata.timestamp"], now: now, subject: subject)
    try checkComponent(document["metadata"]?["component"], images, subject: subject)
  }

  /// Checks `metadata.component`, which says what a document is about (CycloneDX 1.6, metadata). It must name at least
  /// one digest, and only digests of the image.
  private static func checkComponent(_ component: JSONValue?, _ images: Set<Digest>, subject: String) throws {
    let image = images.map(\.description).min() ?? ""
    let named = component.map { digests(of: $0, comparedWith: images) } ?? []
    guard !named.isEmpty else {
      throw TrustError(
        .malformed, subject, reason: "its metadata.component names no image by digest in purl, hashes or version",
        hint: "generate it for \(image): give the scanner HOST/REPO@DIGEST")
    }
    if let other = named.first(where: { !images.contains($0) }) {
      throw TrustError(
        .malformed, subject, reason: "it is about another image: its metadata.component is \(other), not \(image)",
        hint: "generate it for \(image)")
    }
  }

  /// The digests by which a component names an image: in `purl` (purl-spec, type `oci`: the version), in `hashes`, and
  /// in `version`, where some scanners write it. Only the algorithm of the image's own digest counts.
  private static func digests(of component: JSONValue, comparedWith images: Set<Digest>) -> [Digest] {
    var found: [Digest] = []
    if let purl = component["purl"]?.string, purl.hasPrefix("pkg:"), let at = purl.lastIndex(of: "@") {
      let version = purl[purl.index(after: at)...].prefix { $0 != "?" && $0 != "#" }
      if let digest = PercentCoding.decode(version).flatMap({ Digest($0) }) { found.append(digest) }
    }
    for hash in component["hashes"]?.array ?? [] {
      let algorithm: Digest.Algorithm
      switch hash["alg"]?.string {
      case "SHA-256": algorithm = .sha256
      case "SHA-512": algorithm = .sha512
      default: continue
      }
      if let digest = hash["content"]?.string.flatMap({ Digest(algorithm: algorithm, hex: $0.lowercased()) }) {
        found.append(digest)
      }
    }
    if let digest = component["version"]?.string.flatMap({ Digest($0) }) { found.append(digest) }
    let algorithms = Set(images.map(\.algorithm))
    return found.filter { algorithms.contains($0.algorithm) }
  }
}
