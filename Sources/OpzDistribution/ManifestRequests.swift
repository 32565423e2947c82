import OpzIO
import OpzJSON
import OpzOCI
import Synchronization

/// Manifests and indexes of a repository, by tag or digest, as raw bytes.
final class ManifestRequests: Sendable {
  struct Found: Sendable {
    let descriptor: Descriptor
    let bytes: [UInt8]
  }

  let client: RegistryClient
  /// The last documents that were sent or fetched by digest: a tag puts the same bytes once more.
  private let recent = Mutex<[Found]>([])

  /// Bytes of all that is remembered; the last document is, whatever its size.
  private static let recentLimit = 8 << 20
  private static let accepted: [MediaType] = [.imageManifest, .imageIndex, .dockerManifest, .dockerManifestList]

  init(client: RegistryClient) { self.client = client }

  /// What a tag or a digest names.
  func get(_ tagOrDigest: String) async throws -> Found {
    let wanted = Digest(tagOrDigest)
    guard wanted != nil || Reference.isTag(tagOrDigest) else {
      throw DistributionError(.notFound, subject(DistributionError.clean(tagOrDigest)), "not a tag and not a digest")
    }
    if let wanted, let found = recent.withLock({ $0.first { $0.descriptor.digest == wanted } }) { return found }
    let request = HTTPRequest(
      method: .get, address: client.address("manifests/\(tagOrDigest)"),
      headers: [("Accept", ManifestRequests.accepted.map(\.rawValue).joined(separator: ", "))], limit: Document.limit)
    let response = try await client.send(request, [.pull(client.reference.repository)], subject(tagOrDigest))
    guard response.status == 200 else { throw RegistryAnswer.error(response, subject(tagOrDigest)) }
    let found = try read(response, wanted: wanted, subject(tagOrDigest))
    if wanted != nil { remember(found) }
    return found
  }

  /// Stores a document under a tag or its digest.
  @discardableResult
  func put(_ bytes: [UInt8], _ mediaType: MediaType, as tagOrDigest: String) async throws -> HTTPResponse {
    _ = try ManifestRequests.innerType(bytes, subject(tagOrDigest))
    let request = HTTPRequest(
      method: .put, address: client.address("manifests/\(tagOrDigest)"),
      headers: [("Content-Type", mediaType.rawValue)], body: .bytes(bytes))
    let response = try await client.send(request, [.push(client.reference.repository)], subject(tagOrDigest))
    guard [200, 201, 202, 204].contains(response.status) else {
      throw RegistryAnswer.error(response, subject(tagOrDigest))
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
        .wrongDigest, subject, "the registry sent content with the digest \(digest)",
        hint: "the registry or a proxy in front of it is broken")
    }
    let mediaType = try mediaType(of: response, subject)
    let descriptor = Descriptor(mediaType: mediaType, digest: digest, size: UInt64(response.body.count))
    return Found(descriptor: descriptor, bytes: response.body)
  }

  /// What a document calls itself.
  /// - Throws: `OCIError` for one that other readers take for another.
  private static func innerType(_ bytes: [UInt8], _ subject: String) throws -> MediaType? {
    struct Inner: Decodable { var mediaType: MediaType? }
    do {
      return try CanonicalJSON.decode(Inner.self, from: bytes, .manifestOrIndex, subject: subject).mediaType
    } catch let error as OCIError where error.code != .ambiguousDocument {
      return nil
    }
  }

  // The header says what it is; the document's own word has to agree (CVE-2021-41190), and decides where the header is vague.
  private func mediaType(of response: HTTPResponse, _ subject: String) throws -> MediaType {
    let header = response["content-type"].map { MediaType(String($0.prefix { $0 != ";" && $0 != " " }).lowercased()) }
    let inner = try ManifestRequests.innerType(response.body, subject)
    guard let type = header.flatMap({ $0.isDocument ? $0 : nil }) ?? inner, type.isDocument else {
      throw DistributionError(
        .badResponse, subject,
        "the registry sent \(DistributionError.clean(header?.rawValue ?? "no type")), which is no manifest or index",
        hint: "opz reads OCI images and Docker images of schema 2")
    }
    guard inner == nil || inner == type else {
      throw DistributionError(.badResponse, subject, "the document calls itself another type than the registry does")
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

  /// Takes a document that the caller has. Bytes with another digest are none of it.
  func know(_ found: Found) {
    let digest = found.descriptor.digest
    guard ManifestRequests.digest(found.bytes, digest.algorithm) == digest else { return }
    remember(found)
  }

  private func subject(_ tagOrDigest: String) -> String {
    "\(client.reference.name)\(tagOrDigest.contains(":") ? "@" : ":")\(tagOrDigest)"
  }
}
