public import OpzOCI
public import OpzYAML

/// A place in a manifest that names an image, and how to pin it there.
public struct ImageUse: Sendable {
  enum Shape: Sendable {
    /// In one scalar, after a prefix such as `oci://` or none.
    case whole(ScalarSlot, prefix: String)
    /// In several scalars, as in Helm values and in a kustomization's `images`. Helm charts may have the host in a
    /// scalar of its own.
    case parts(registry: ScalarSlot?, name: ScalarSlot?, tag: ScalarSlot?, digest: ScalarSlot?, isBare: Bool)
  }

  public let place: Place
  /// The image's name: `opz://NAME@VERSION` or `HOST/REPO:TAG`.
  public let asked: String
  /// Whether the name already has a digest.
  public let isPinned: Bool
  /// Why the image cannot be pinned here, and what to do about it.
  public let problem: (reason: String, hint: String)?
  /// Why the image may be another one than it appears to be, or cannot be determined from this file; it is left
  /// unchanged.
  public let doubt: (reason: String, hint: String)?
  let shape: Shape

  static let scheme = "opz://"

  /// `NAME@VERSION` or `NAME@ALIAS` in the opz registry; nil for an image with a host.
  public var version: String? {
    asked.hasPrefix(ImageUse.scheme) ? String(asked.dropFirst(ImageUse.scheme.count)) : nil
  }

  /// Whether the name has a host. Without one, as in `nginx:1.27`, each node's container runtime decides where to
  /// pull from, which is not always Docker Hub.
  public var namesRegistry: Bool {
    guard version == nil else { return true }
    guard let slash = asked.firstIndex(of: "/") else { return false }
    return Reference.namesHost(asked[..<slash])
  }

  /// The image's name without tag and digest, which is what kustomize compares.
  public var name: String { String(ImageName(asked).name) }

  /// Returns the edits that pin the image.
  /// - Parameter reference: the resolved image with its digest, and with a tag where the name had one or the parts
  ///   need one.
  public func edits(_ reference: Reference) -> [TextEdit] {
    guard let digest = reference.digest else { return [] }
    switch shape {
    case .whole(let slot, let prefix):
      let name = version == nil ? reference : reference.pinned(to: digest)
      return [slot.edit(prefix + name.description)]
    case .parts(let registry, let name, let tag, let digestSlot, let isBare):
      var edits: [TextEdit] = []
      if version != nil {
        if let registry {
          edits.append(registry.edit(reference.host))
          if let name { edits.append(name.edit(reference.repository)) }
        } else if let name {
          edits.append(name.edit(reference.name))
        }
      }
      if let digestSlot {
        edits.append(digestSlot.edit(isBare ? digest.description.replacing("sha256:", with: "") : digest.description))
      } else if let tag {
        edits.append(tag.edit("\(reference.tag ?? "latest")@\(digest)"))
      }
      return edits
    }
  }
}

extension ImageUse {
  /// Whether the name is in separate scalars, which nothing else replaces.
  public var isPart: Bool {
    if case .parts = shape { return true }
    return false
  }
}
