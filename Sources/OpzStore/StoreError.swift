public import OpzIO
public import OpzOCI

/// A content store that lacks the requested content, or received something else than was announced.
public typealias StoreError = Failure<StoreErrorCode>

/// The kinds of store failure.
public enum StoreErrorCode: FailureCode {
  case notFound, wrongDigest, wrongSize, badLayout, noSpace, tooLarge

  /// Content that does not match its announcement counts as failed verification.
  public var category: ErrorCategory {
    switch self {
    case .notFound: .notFound
    case .wrongDigest, .wrongSize, .badLayout, .tooLarge: .verification
    case .noSpace: .failed
    }
  }
}

extension StoreError {
  /// Content whose digest is right and whose descriptor states another size: the document that has the descriptor is
  /// wrong.
  /// - Parameters:
  ///   - size: the content's bytes.
  ///   - descriptor: states another size.
  ///   - place: where the content is.
  public init(size: UInt64, of descriptor: Descriptor, at place: String) {
    self.init(
      .wrongSize, place,
      reason:
        "the content has \(size) bytes, but its descriptor (\(descriptor.mediaType), \(descriptor.digest.short)) says "
        + "\(descriptor.size)",
      hint: "the manifest or index with this descriptor is wrong: make the image again")
  }
}

extension Index.Content {
  /// Returns the descriptor that a tag points to, or without a tag the only image, and its tag.
  /// - Parameter place: the layout or archive, for errors.
  /// - Throws: `StoreError` with code `notFound` when there is no such tag, or no single entry.
  public func resolve(tagOrOnly tag: String?, in place: String) throws -> (descriptor: Descriptor, tag: String?) {
    func name(_ entry: Descriptor) -> String? { entry.annotations?[LayoutStore.tagAnnotation] }
    let tags = manifests.compactMap(name)
    let list = tags.prefix(10).joined(separator: ", ")
    if let tag {
      if let found = manifests.first(where: { name($0) == tag }) { return (found.withoutAnnotations, tag) }
      let near = NearestName.find(tag, in: tags)
      throw StoreError(
        .notFound, "\(place):\(tag)", reason: "no such tag",
        hint: near.map { "did you mean \(place):\($0)?" } ?? (tags.isEmpty ? nil : "the tags are \(list)"))
    }
    // Tags of what belongs to an image: its ModelPack artifact, and what cosign attached.
    let companions = Set(tags.map { TagMapping.companionTag(of: $0, name: "modelpack") })
    let images = manifests.filter { name($0).map { !companions.contains($0) && !$0.hasPrefix("sha256-") } ?? false }
    guard let only = manifests.count == 1 ? manifests.first : images.count == 1 ? images.first : nil else {
      throw StoreError(
        .notFound, place, reason: "it has \(manifests.count) images, but no tag was given",
        hint: tags.isEmpty ? nil : "write \(place):TAG; the tags are \(list)")
    }
    return (only.withoutAnnotations, name(only))
  }
}
