/// A known registry, described by its quirks.
struct RegistryProfile: Sendable {
  let name: String
  let summary: String
  /// The quirks, with a limit in place of limits that are too large to reach in a rehearsal.
  let quirks: @Sendable (UInt64?) -> [Quirk]
  /// Lifetime of its tokens in seconds; nil if it requires none.
  let tokenSeconds: Int?

  init(
    _ name: String, _ summary: String, tokenSeconds: Int? = nil,
    quirks: @escaping @Sendable (UInt64?) -> [Quirk] = { _ in [] }
  ) {
    self.name = name
    self.summary = summary
    self.tokenSeconds = tokenSeconds
    self.quirks = quirks
  }

  static let all: [RegistryProfile] = [
    RegistryProfile(
      "ecr",
      "chunks must have 5 to 10 MiB; a chunk gets 201 and Range does not advance; repositories below missing/ drop the connection; every third manifest is throttled; every second referrer gets 405"
    ) { limit in
      [
        .chunkMinimum(5 << 20), .chunkMaximum(limit ?? 10 << 20, status: 413), .chunkStatus(201), .rangeSticks,
        .dropsMissingRepositories, .throttlesManifests(every: 3), .refusesReferrers(every: 2),
      ]
    },
    RegistryProfile("ghcr", "a chunk above 4 MiB gets 416; the token server denies once", tokenSeconds: 300) { limit in
      [.chunkMaximum(limit ?? 4 << 20, status: 416), .spuriousDenial(1)]
    },
    RegistryProfile("gar", "no chunked uploads", tokenSeconds: 3600) { _ in [.noChunks] },
    RegistryProfile("acr", "Content-Range: bytes .. is refused", tokenSeconds: 300) { _ in [.plainRangesOnly] },
    RegistryProfile("artifactory", "PUT right after POST gets 404: a PATCH has to come between") { _ in
      [.chunkBeforePut()]
    },
    RegistryProfile("quay", "unknown config types are refused; a mount needs from") { _ in
      [.knownConfigsOnly, .mountNeedsFrom]
    },
    RegistryProfile(
      "dockerhub", "GET of a manifest counts as a pull, and 100 are allowed; HEAD does not count", tokenSeconds: 300
    ) { limit in [.pullLimit(Int(clamping: limit ?? 100))] },
    RegistryProfile("gitlab", "tokens are valid for 5 minutes; no referrers", tokenSeconds: 300) { _ in
      [.noReferrers()]
    },
    RegistryProfile("nexus", "redeployment is disabled: a manifest that is stored gets no other name") { _ in
      [.noSecondTag]
    },
    RegistryProfile(
      "harbor-replicas", "after a successful upload the first blob is unknown, until it is pushed again"
    ) { limit in [.lostBlobs(Int(clamping: limit ?? 1))] },
    RegistryProfile("cloudflare", "a body above 100 MB gets 413 with an HTML page") { limit in
      [.bodyLimit(limit ?? 100_000_000, server: "cloudflare")]
    },
    RegistryProfile("nginx-limit", "a body above 1 MiB gets 413 with an HTML page") { limit in
      [.bodyLimit(limit ?? 1 << 20, server: "nginx")]
    },
    RegistryProfile(
      "distribution-2.8",
      "a connection cut inside a chunk ends the upload; chunks are accepted out of order; no referrers; a large manifest gets 400; Location carries a state"
    ) { _ in [.cutEndsUpload, .acceptsUnorderedChunks, .noReferrers(), .largeManifestIs400, .statefulLocation] },
    RegistryProfile("zot", "as the specification says"),
    RegistryProfile("strict-chunks", "announces and requires chunks of at least 1 MiB") { _ in
      [.announcesMinimum(1 << 20), .chunkMinimum(1 << 20)]
    },
    RegistryProfile("short-tokens", "tokens are valid for 2 seconds", tokenSeconds: 2),
  ]

  static func named(_ name: String) -> RegistryProfile? { all.first { $0.name == name } }
}
