public import OpzOCI
public import OpzYAML

/// A place in a manifest that names an image, and how it would be pinned there.
public struct ImageUse: Sendable {
  enum Shape: Sendable {
    /// In one scalar; before it, `oci://` or nothing.
    case whole(ScalarSlot, prefix: String)
    /// Helm's values and kustomize's images: the parts in scalars of their own. A part of a Helm chart's registry is by itself too.
    case parts(registry: ScalarSlot?, name: ScalarSlot?, tag: ScalarSlot?, digest: ScalarSlot?, isBare: Bool)
  }

  public let place: Place
  /// What it names: `opz://NAME@VERSION`, `HOST/REPO:TAG`.
  public let asked: String
  /// It has a digest already.
  public let isPinned: Bool
  /// Why it cannot be pinned where it stands, and what to do.
  public let problem: (reason: String, hint: String)?
  /// Why it may mean another image than it seems to, or none that can be told from here: it stays as it is.
  public let doubt: (reason: String, hint: String)?
  let shape: Shape

  static let scheme = "opz://"

  /// `NAME@VERSION` or `NAME@ALIAS` of the opz registry.
  public var version: String? {
    asked.hasPrefix(ImageUse.scheme) ? String(asked.dropFirst(ImageUse.scheme.count)) : nil
  }

  /// It says where it is: `nginx:1.27` leaves that to each node's container runtime, whose answer is not always Docker Hub.
  public var namesRegistry: Bool {
    guard version == nil else { return true }
    guard let slash = asked.firstIndex(of: "/") else { return false }
    return Reference.namesHost(asked[..<slash])
  }

  /// The image's name without tag and digest, as kustomize compares it.
  public var name: String { String(ImageName(asked).name) }

  /// What has to be written.
  /// - Parameter reference: with its digest; with the tag where it had one, or where the parts need one.
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
  /// It stands in scalars of its own, which nothing else replaces.
  public var isPart: Bool {
    if case .parts = shape { return true }
    return false
  }
}
