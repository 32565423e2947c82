public import OpzIO

/// How versions, digests and artifacts become tags. A tag has at most 128 characters of `A-Z a-z 0-9 _ . -`
/// (distribution-spec 1.1, "Pulling manifests").
public enum TagMapping {
  /// Returns the tag of a version: `_`, which no version has, stands for the `+` of build metadata, as in Helm.
  public static func tag(of version: SemanticVersion) -> String { version.description.replacing("+", with: "_") }

  /// Returns the version whose tag this is, or nil for another tag.
  public static func version(ofTag tag: String) -> SemanticVersion? { SemanticVersion(tag.replacing("_", with: "+")) }

  /// Returns the tag that lists the referrers of a manifest in a registry without the referrers API: `sha256-HEX`
  /// (distribution-spec 1.1, "Referrers Tag Schema").
  public static func referrersTag(of subject: Digest) -> String {
    "\(subject.algorithm.rawValue)-\(subject.hex.prefix(64))"
  }

  /// Returns the tag of what cosign attaches to an image: `sha256-HEX.sig` (cosign, SIGNATURE_SPEC.md, "Tag-based
  /// discovery").
  /// - Parameter suffix: `sig`, `att` or `sbom`.
  public static func attachmentTag(of image: Digest, suffix: String) -> String {
    "\(referrersTag(of: image)).\(suffix)"
  }

  /// Returns the tag of another manifest that a version's record names, such as `TAG.modelpack`.
  public static func companionTag(of tag: String, name: String) -> String { "\(tag).\(name)" }
}
