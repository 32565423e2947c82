/// What docker-registry 2.8.2 does otherwise than the distribution-spec 1.1 asks.
struct KnownDeviation: Sendable {
  let fact: String
  /// The beginning of the names of the cases that show it.
  let cases: String
  /// A part of the problem; empty for all of these cases.
  let problem: String

  init(_ fact: String, _ problem: String, in cases: String = "") {
    self.fact = fact
    self.problem = problem
    self.cases = cases
  }

  func explains(_ problem: String, of name: String) -> Bool {
    name.hasPrefix(cases) && (self.problem.isEmpty || problem.contains(self.problem))
  }

  static let all: [KnownDeviation] = [
    KnownDeviation("tags cannot be deleted", "DELETE of a tag: 400"),
    KnownDeviation("tags cannot be deleted", "manifests/missing: 400", in: "what is missing cannot be deleted"),
    KnownDeviation("tags are not sorted", "tags: ["),
    KnownDeviation("tags are not sorted", "[\"", in: "tags in pages"),
    KnownDeviation("tags are not paged", "tags?"),
    KnownDeviation("tags are not paged", "n=0: ", in: "tags in pages"),
    KnownDeviation("no referrers API", "no OCI-Subject"),
    KnownDeviation("no referrers API", "referrers"),
    KnownDeviation("no tag= of 1.2", "OCI-Tag: []", in: "i"),
    KnownDeviation("no tag= of 1.2", ".0: 404", in: "i"),
    KnownDeviation("a digest that is none is 500", "baddigeststring: 500"),
    KnownDeviation("chunks are taken in any order", "out of order: 202", in: "a chunk out of order"),
    KnownDeviation("chunks are taken in any order", "status: 404", in: "a chunk out of order"),
    KnownDeviation("chunks are taken in any order", "PUT: 404", in: "a chunk out of order"),
    KnownDeviation(
      "a layer that is not distributable has to have an allowed address", "", in: "image with a layer that is not"),
    KnownDeviation("blobs have SHA-256 digests alone", "of a blob: sha256:", in: "a blob with SHA-512"),
    KnownDeviation("manifests have SHA-256 digests alone", "", in: "image with SHA-512"),
  ]
}
