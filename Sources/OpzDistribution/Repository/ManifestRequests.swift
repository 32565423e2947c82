import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization

/// Fetches and stores the manifests and indexes of a repository, by tag or digest, as raw bytes.
final class ManifestRequests: Sendable {
  struct Found: Sendable {
    let descriptor: Descriptor
    let bytes: [UInt8]
  }

  let client: RemoteClient
  /// Documents that were recently sent or fetched: a copy reads them again, and tagging sends the same bytes.
  private let recent = Mutex<[Found]>([])

  /// The limit on the bytes in `recent`; the newest document is kept whatever its size.
  private static let recentLimit = 8 << 20
  private static let accepted: [MediaType] = [.imageManifest, .imageIndex, .dockerManifest, .dockerManifestList]

  init(client: RemoteClient) { self.client = client }

  /// Returns the document with a tag or digest.
  /// - Throws: `DistributionError`, with the code `notFound` or, for content with another digest, `wrongDigest`.
  func get(_ tagOrDigest: String) async throws -> Found {
    let wanted = Digest(tagOrDigest)
    guard wanted != nil || Reference.isTag(tagOrDigest) else {
      throw DistributionError(
        .notFound, subject(PrintableText.brief(tagOrDigest)), reason: "not a tag and not a digest")
    }
    if let wanted, let found = recent.withLock({ $0.first { $0.descriptor.digest == wanted } }) { return found }
    let request = HTTPRequest(
      method: .get, address: client.address("manifests/\(tagOrDigest)"),
      headers: [("Accept", ManifestRequests.accepted.map(\.rawValue).joined(separator: ", "))], limit: Document.limit)
    let response = try await client.send(
      request, scopes: client.readScopes, subject: subject(tagOrDigest))
    guard response.status == 200 else { throw client.failure(response, subject(tagOrDigest)) }
    let found = try read(response, wanted: wanted, subject(tagOrDigest))
    remember(found)
    return found
  }

  /// Stores a document under a tag or its digest.
  /// - Throws: `DistributionError`; `OCIError` for a document that readers could take for another type.
  @discardableResult
  func put(_ bytes: [UInt8], _ mediaType: MediaType, as tagOrDigest: String) async throws -> HTTPResponse {
    _ = try ManifestRequests.innerType(bytes, subject(tagOrDigest))
    let request = HTTPRequest(
      method: .put, address: client.address("manifests/\(tagOrDigest)"),
      headers: [("Content-Type", mediaType.rawValue)], body: .bytes(bytes))
    let response = try await client.send(
      request, scopes: [.push(client.reference.repository)], subject: subject(tagOrDigest))
    guard [200, 201, 202, 204].contains(response.status) else {
      throw client.failure(response, subject(tagOrDigest))
    }
    let digest = Digest(tagOrDigest) ?? Digest.of(bytes)
    try client.checkDigest(of: response, digest, subject(tagOrDigest))
    remember(
      Found(descriptor: Descriptor(mediaType: mediaType, digest: digest, size: UInt64(bytes.count)), bytes: bytes))
    return response
  }

  static func digest(_ bytes: [UInt8], _ algorithm: Digest.Algorithm) -> Digest {
    var hasher = DigestHasher(algorithm)
    hasher.update(bytes)
    return hasher.finish()
  }

  private func read(_ response: HTTPResponse, wanted: Digest?, _ subject: String) throws -> Found {
    let said = response["docker-content-digest"].flatMap { Digest($0) }
    let digest = ManifestRequests.digest(response.body, (wanted ?? said)?.algorithm ?? .sha256)
    try client.checkDigest(of: response, digest, subject)
    if let wanted, digest != wanted {
      throw DistributionError(
        .wrongDigest, subject, reason: "the registry sent content with the digest \(digest)",
        hint: "the registry or a proxy in front of it is broken")
    }
    let mediaType = try mediaType(of: response, subject)
    let descriptor = Descriptor(mediaType: mediaType, digest: digest, size: UInt64(response.body.count))
    return Found(descriptor: descriptor, bytes: response.body)
  }

  /// Returns the document's own `mediaType`.
  /// - Throws: `OCIError` with the code `ambiguousDocument` for a document that readers could take for another type.
  private static func innerType(_ bytes: [UInt8], _ subject: String) throws -> MediaType? {
    struct Inner: Decodable { var mediaType: MediaType? }
    do {
      return try CanonicalJSON.decode(Inner.self, from: bytes, .manifestOrIndex, subject: subject).mediaType
    } catch let error as OCIError where error.code != .ambiguousDocument {
      return nil
    }
  }

  // The `Content-Type` header gives the type. The document's own `mediaType` must agree with it (CVE-2021-41190), and
  // is used where the header has a generic type.
  private func mediaType(of response: HTTPResponse, _ subject: String) throws -> MediaType {
    let header = response["content-type"].map { MediaType(String($0.prefix { $0 != ";" && $0 != " " }).lowercased()) }
    let inner = try ManifestRequests.innerType(response.body, subject)
    guard let type = header.flatMap({ $0.isDocument ? $0 : nil }) ?? inner, type.isDocument else {
      throw DistributionError(
        .badResponse, subject,
        reason:
          "the registry sent \(PrintableText.brief(header?.rawValue ?? "no type")), which is not a manifest or an index",
        hint: "opz reads OCI images and Docker images of schema 2")
    }
    guard inner == nil || inner == type else {
      throw DistributionError(
        .badResponse, subject, reason: "the document calls itself another type than the registry does")
    }
    return type
  }

  private func remember(_ found: Found) {
    recent.withLock { all in
      all.removeAll { $0.descriptor.digest == found.descriptor.digest }
      all.append(found)
      var bytes = all.reduce(0) { $0 + $1.bytes.count }
      while all.count > 1, bytes > ManifestRequests.recentLimit { bytes -= all.removeFirst().bytes.count }
    }
  }

  /// Adds a document that the caller has read to `recent`, unless the bytes do not match its digest.
  func know(_ found: Found) {
    let digest = found.descriptor.digest
    guard ManifestRequests.digest(found.bytes, digest.algorithm) == digest else { return }
    remember(found)
  }

  private func subject(_ tagOrDigest: String) -> String {
    "\(client.reference.name)\(tagOrDigest.contains(":") ? "@" : ":")\(tagOrDigest)"
  }
}
