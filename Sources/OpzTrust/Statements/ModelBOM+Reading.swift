public import OpzIO
public import OpzJSON

extension ModelBOM {
  /// Versions of CycloneDX that have a JSON form and that readers know (ECMA-424 is 1.6).
  private static let versions: Set<String> = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"]

  /// Whether a document is a bill of materials of an image, by whatever tool.
  /// - Parameters:
  ///   - images: the image's digest; of an index also those of its platforms' images.
  ///   - now: a document that is younger is refused.
  ///   - subject: what errors name.
  /// - Throws: `TrustError.malformed`, with the reason.
  public static func check(_ document: JSONValue, about images: Set<Digest>, now: Timestamp, subject: String) throws {
    try StrictJSON.check(document, .billOfMaterials, subject: subject)
    guard document["bomFormat"]?.string == "CycloneDX" else {
      throw TrustError(.malformed, subject, "it is not a CycloneDX document in JSON")
    }
    let version = document["specVersion"]?.string ?? ""
    guard versions.contains(version) else {
      throw TrustError(
        .malformed, subject, "its specVersion \(version.prefix(40)) is no version of CycloneDX's JSON that is known",
        hint: "1.2 to 1.7 are read")
    }
    guard document["components"]?.array?.isEmpty == false else {
      throw TrustError(.malformed, subject, "the bill of materials has no components")
    }
    try StatedTime.check(document, at: ["metadata.timestamp"], now: now, subject: subject)
    try checkComponent(document["metadata"]?["component"], images, subject)
  }

  /// `metadata.component` is what a document is about (CycloneDX 1.6, metadata). All digests that it names must be the image's, and one at least.
  private static func checkComponent(_ component: JSONValue?, _ images: Set<Digest>, _ subject: String) throws {
    let image = images.map(\.description).min() ?? ""
    let named = component.map { digests(of: $0, comparedWith: images) } ?? []
    guard !named.isEmpty else {
      throw TrustError(
        .malformed, subject, "its metadata.component names no image by a digest: neither purl nor hashes nor version",
        hint: "make it of \(image), as a scanner does that is given HOST/REPO@DIGEST")
    }
    if let other = named.first(where: { !images.contains($0) }) {
      throw TrustError(
        .malformed, subject, "it is about another image: its metadata.component is \(other), not \(image)",
        hint: "make it of \(image)")
    }
  }

  /// The digests by which a component says what image it is: in `purl` (purl-spec, type `oci`: the version), in `hashes`, and in `version`,
  /// where some scanners write it. An image has one digest, of one algorithm.
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
