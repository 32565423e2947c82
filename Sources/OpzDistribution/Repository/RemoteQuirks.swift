import OpzHTTP

/// A deviation from the distribution-spec, described for those who check it.
protocol DescribedQuirk: Sendable {
  /// Which registries do what.
  var fact: String { get }
  /// Where that was found: an issue, or documentation.
  var source: String { get }
}

/// One point in which some remote registries deviate from the distribution-spec, with what the client decides there.
struct RemoteQuirk<Input, Decision>: DescribedQuirk {
  let fact: String
  let source: String
  let decide: @Sendable (Input) -> Decision

  func callAsFunction(_ input: Input) -> Decision { decide(input) }
}

/// All deviations from the distribution-spec that the client copes with, in one place.
///
/// No member has a default, so that a set that forgets one does not compile. The client uses `known` with every remote
/// registry: except for the names of Docker Hub it does not look at host names, because the same software is run under
/// any name. What one registry has shown is in its `RemoteRegistryProfile`.
struct RemoteQuirks: Sendable {
  /// Whether a blob whose upload got this status may be accepted by the other upload method.
  var dependsOnUploadMethod: RemoteQuirk<Int, Bool>
  /// Whether a blob starts over after its later chunks were refused this many times, because the session may be lost.
  var restartsAfterLaterChunks: RemoteQuirk<Int, Bool>
  /// Whether this status accepts a chunk.
  var acceptsChunk: RemoteQuirk<Int, Bool>
  /// Whether this status is about the chunk, whatever the response's error code says.
  var isAboutChunk: RemoteQuirk<Int, Bool>
  /// The bytes of the blob that are stored after a chunk was accepted.
  var storedBytes: RemoteQuirk<ChunkRange, UInt64>
  /// Whether this `Range` of an upload means that no byte is stored.
  var isEmptyRange: RemoteQuirk<String, Bool>
  /// The size of chunks, in bytes, after a connection broke during a larger one.
  var chunkAfterCut: RemoteQuirk<UInt64, UInt64>
  /// Whether a mount that got this status is not tried again.
  var refusesMounts: RemoteQuirk<Int, Bool>
  /// Whether a list of referrers that got this status does not exist.
  var lacksReferrers: RemoteQuirk<Int, Bool>
  /// Whether an `OCI-Subject` header proves that referrers are listed.
  var provesReferrers: RemoteQuirk<String, Bool>
  /// Whether a token server that denied a request this many times is asked again.
  var retriesDenial: RemoteQuirk<Int, Bool>
  /// Whether a token server that answered an OAuth 2 request with this status takes the refresh token as a password.
  var takesTokenAsPassword: RemoteQuirk<Int, Bool>
  /// Whether a password that was refused is looked up again.
  var renewsPassword: RemoteQuirk<Credential?, Bool>

  /// What is known of an accepted chunk.
  struct ChunkRange: Sendable {
    /// The bytes that the response's `Range` stands for; nil without one.
    let reported: UInt64?
    /// The same of the response before.
    let lastReported: UInt64
    /// The bytes that were stored before the chunk.
    let stored: UInt64
    /// The size of the chunk.
    let sent: UInt64
  }
}

extension RemoteQuirks {
  /// What was found of Docker Hub, GHCR, ECR, GAR, GCR, ACR, Quay, Artifactory and docker-registry.
  static let known = RemoteQuirks(
    dependsOnUploadMethod: RemoteQuirk(
      fact:
        "GAR and GCR accept monolithic uploads only, GHCR above 4 MiB; some versions of Artifactory chunked ones only",
      source: "skopeo#1101, oras-project/rust-oci-client#37, containerd/containerd#3533"
    ) { [400, 404, 405, 411, 413, 416, 501].contains($0) },
    restartsAfterLaterChunks: RemoteQuirk(
      fact: "GAR accepts a first chunk and refuses each second one; a lost session is refused once",
      source: "skopeo#1101, dotnet/sdk-container-builds#287"
    ) { $0 < 2 },
    acceptsChunk: RemoteQuirk(
      fact: "ECR accepts a chunk with 201 instead of 202; 204 is taken for the same",
      source: "ChunkTests, and the profile `ecr` of `opz registry faults`"
    ) { [201, 202, 204].contains($0) },
    isAboutChunk: RemoteQuirk(
      fact: "GHCR refuses each chunk above 4 MiB with 416, with an error code that may say something else",
      source: "oras-project/rust-oci-client#37"
    ) { $0 == 416 },
    storedBytes: RemoteQuirk(
      fact: "ECR's Range stays at the end of the first chunk although all later chunks are stored",
      source: "aws/containers-roadmap#2831"
    ) { range in
      // A range is believed only if it moved; otherwise the success status counts, for the whole chunk.
      let end = range.stored &+ range.sent
      guard let reported = range.reported, reported > range.lastReported, (range.stored..<end).contains(reported) else {
        return end
      }
      return reported
    },
    isEmptyRange: RemoteQuirk(
      fact: "for an empty upload some registries send `0-0`, and others `0--1`",
      source: "ChunkTests, which plays both"
    ) { ["0-0", "0--1", "-1"].contains($0) },
    chunkAfterCut: RemoteQuirk(
      fact: "ECR's smallest chunk is 5 MiB",
      source: "Amazon ECR API reference, LayerPartTooSmallException"
    ) { max(5 << 20, $0) },
    refusesMounts: RemoteQuirk(
      fact: "some registries without mounts refuse them instead of opening an upload",
      source: "RemoteFaultTests; distribution-spec 1.1 asks for 202"
    ) { $0 == 405 || $0 == 501 },
    lacksReferrers: RemoteQuirk(
      fact: "older versions of Quay list no referrers; some registries without a list answer 400 or 405 instead of 404",
      source: "opencontainers/distribution-spec#563"
    ) { [400, 404, 405].contains($0) },
    provesReferrers: RemoteQuirk(
      fact: "Docker Hub sent `OCI-Subject` for a time in which it listed no referrers",
      source: "docker/hub-feedback#2372, docker/roadmap#724"
    ) { _ in false },
    retriesDenial: RemoteQuirk(
      fact: "GHCR's token server denies now and then what it grants a moment later",
      source: "RemoteFaultTests"
    ) { $0 <= 2 },
    takesTokenAsPassword: RemoteQuirk(
      fact: "token servers without OAuth 2 take a refresh token as the password of the user `<token>`",
      source: "distribution, \"OAuth2 token authentication\"; Azure/acr, docs/AAD-OAuth.md"
    ) { $0 == 404 || $0 == 405 },
    renewsPassword: RemoteQuirk(
      fact: "ECR's passwords last 12 hours, so that one that was good is refused",
      source: "Amazon ECR user guide, \"Private registry authentication\""
    ) { $0 != nil })
}
