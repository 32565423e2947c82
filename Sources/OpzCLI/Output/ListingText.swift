import OpzFlow
import OpzIO

/// Formats an image of a container registry for people.
struct ListingText {
  let listing: RemoteListing

  var text: String { [head, images, referrers].filter { !$0.isEmpty }.joined(separator: "\n") }

  private var head: String {
    var table = TextTable([])
    table.add(["image", listing.reference])
    table.add(["digest", listing.digest.description])
    table.add(["type", PrintableText.line((listing.artifactType ?? listing.mediaType).rawValue, limit: 200)])
    table.add(["size", ByteCount.text(listing.size)])
    for (key, value) in listing.annotations.sorted(by: { $0.key < $1.key }) {
      table.add(["annotation", PrintableText.line("\(key) = \(value)", limit: 200)])
    }
    for (tag, digest) in listing.tags.sorted(by: { $0.key < $1.key }) { table.add(["cosign", "\(tag)  \(digest)"]) }
    return table.text
  }

  private var images: String {
    var table = TextTable(["PLATFORM", "SIZE", "LAYERS", "DIGEST"], right: [1, 2])
    for image in listing.images {
      table.add([
        PrintableText.line(image.platform ?? "-", limit: 200), ByteCount.text(image.size), "\(image.layers)",
        image.digest.description,
      ])
    }
    return listing.images.isEmpty ? "" : table.text
  }

  private var referrers: String {
    guard !listing.referrers.isEmpty else { return "no referrers\n" }
    var table = TextTable(["REFERRER", "SIZE", "DIGEST", "ABOUT", "ANNOTATIONS"], right: [1])
    for one in listing.referrers {
      let annotations = one.annotations.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      table.add([
        PrintableText.line((one.artifactType ?? one.mediaType).rawValue, limit: 200), ByteCount.text(one.size),
        one.digest.description, one.subject.description,
        PrintableText.line(annotations.joined(separator: " "), limit: 200),
      ])
    }
    return table.text
  }
}
