import OpzJSON

/// The members that decide anything in documents that count as evidence. Other verifiers read the same documents, and
/// some ignore the case of keys.
extension JSONShape {
  /// Sigstore's bundle (protobuf-specs, Bundle v0.1 to v0.3) with a DSSE envelope (DSSE 1.0.2) or a message signature.
  static let bundle = JSONShape.object(
    ["mediaType"],
    [
      .init("messageSignature", .object(["signature"], [.init("messageDigest", .object(["algorithm", "digest"]))])),
      .init("dsseEnvelope", envelope),
      .init(
        "verificationMaterial",
        .object(
          ["certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"],
          [.init("publicKey", .object(["hint"]))])),
    ])

  /// DSSE 1.0.2, envelope.md.
  static let envelope = JSONShape.object(
    ["payload", "payloadType"], [.init("signatures", .list(.object(["sig", "keyid"])))])

  /// in-toto attestation framework, Statement v1.
  static let statement = JSONShape.object(
    ["_type", "predicateType", "predicate"],
    [
      .init(
        "subject",
        .list(.object(["name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"])))
    ])

  /// containers-signature(5).
  static let simpleSigning = JSONShape.object(
    ["optional"],
    [
      .init(
        "critical",
        .object(
          ["type"],
          [
            .init("identity", .object(["docker-reference"])), .init("image", .object(["docker-manifest-digest"])),
          ]))
    ])

  /// CycloneDX 1.x.
  static let billOfMaterials = JSONShape.object(
    [
      "$schema", "bomFormat", "specVersion", "serialNumber", "version", "services", "externalReferences",
      "dependencies",
      "compositions", "vulnerabilities", "annotations", "formulation", "properties", "signature", "declarations",
      "definitions",
    ],
    [
      .init("metadata", .object(["timestamp", "tools"], [.init("component", component(depth: 1))])),
      .init("components", .list(component(depth: 8))),
    ])

  private static func component(depth: Int) -> JSONShape {
    .object(
      [
        "type", "mime-type", "bom-ref", "group", "name", "version", "description", "scope", "licenses", "copyright",
        "cpe", "purl", "swid", "pedigree", "externalReferences", "evidence", "modelCard", "data", "properties",
      ],
      [
        .init("hashes", .list(.object(["alg", "content"]))),
        .init("components", depth > 0 ? .list(component(depth: depth - 1)) : .anything),
      ])
  }

  /// `Approval`.
  static let approval = JSONShape.object(["model", "version", "alias", "by", "at", "reason"])

  /// `SQLVerdict`.
  static let sqlVerification = JSONShape.object(
    ["engine", "engineVersion", "database", "model", "splits", "reachedSplits", "passed", "ended"],
    [
      .init(
        "parts",
        .list(
          .object(
            ["name", "rows", "left"],
            [
              .init(
                "checks",
                .list(
                  .object([
                    "kind", "promise", "values", "equal", "ties", "differing", "largestDifference", "examples",
                    "problem",
                  ])))
            ])))
    ])

  /// SARIF 2.1.0.
  static let sarif = JSONShape.object(
    ["$schema", "version", "inlineExternalProperties", "properties"],
    [
      .init(
        "runs",
        .list(
          .object(
            ["artifacts", "taxonomies", "columnKind", "externalPropertyFileReferences", "externalPropertyFiles"],
            [
              .init("tool", .object([], [.init("driver", component), .init("extensions", .list(component))])),
              .init("policies", .list(component)), .init("invocations", .list(invocation)),
              .init("conversion", .object([], [.init("invocation", invocation)])), .init("results", .list(result)),
              .init("properties", .object(["allowed", "image", "files", "bytes", "pickles", "layers"])),
            ])))
    ])

  private static let component = JSONShape.object(
    ["name", "version", "semanticVersion", "guid"],
    [.init("rules", .list(descriptor)), .init("notifications", .list(descriptor))])

  private static let descriptor = JSONShape.object(
    ["id", "name", "guid"], [.init("defaultConfiguration", .object(["level", "enabled"]))])

  private static let reference = JSONShape.object(
    ["id", "index", "guid"], [.init("toolComponent", .object(["name", "index", "guid"]))])

  private static let overrides = JSONShape.list(
    .object([], [.init("configuration", .object(["level", "enabled"])), .init("descriptor", reference)]))

  private static let notifications = JSONShape.list(
    .object(["level", "message", "timeUtc"], [.init("descriptor", reference), .init("associatedRule", reference)]))

  private static let invocation = JSONShape.object(
    [
      "executionSuccessful", "endTimeUtc", "startTimeUtc", "exitCode", "exitCodeDescription", "exitSignalName",
      "exitSignalNumber", "processStartFailureMessage",
    ],
    [
      .init("ruleConfigurationOverrides", overrides), .init("notificationConfigurationOverrides", overrides),
      .init("toolExecutionNotifications", notifications), .init("toolConfigurationNotifications", notifications),
    ])

  private static let result = JSONShape.object(
    ["ruleId", "ruleIndex", "level", "kind", "locations", "properties", "baselineState"],
    [
      .init("rule", reference), .init("provenance", .object(["invocationIndex"])),
      .init("message", .object(["text", "id"])), .init("suppressions", .list(.object(["kind", "status"]))),
    ])
}
