import OpzFlow
import OpzIO

/// An image of a container registry for people. What a registry says is shown without control characters.
struct ListingText {
  let listing: RemoteListing

  var text: String { [head, images, referrers].filter { !$0.isEmpty }.joined(separator: "\n") }

  private var head: String {
    var table = TextTable([])
    table.add(["image", listing.reference])
    table.add(["digest", listing.digest.description])
    table.add(["type", PlainText.line((listing.artifactType ?? listing.mediaType).rawValue)])
    table.add(["size", ByteCount.text(listing.size)])
    for (key, value) in listing.annotations.sorted(by: { $0.key < $1.key }) {
      table.add(["annotation", PlainText.line("\(key) = \(value)")])
    }
    for (tag, digest) in listing.tags.sorted(by: { $0.key < $1.key }) { table.add(["cosign", "\(tag)  \(digest)"]) }
    return table.text
  }

  private var images: String {
    var table = TextTable(["PLATFORM", "SIZE", "LAYERS", "DIGEST"], right: [1, 2])
    for image in listing.images {
      table.add([
        PlainText.line(image.platform ?? "-"), ByteCount.text(image.size), "\(image.layers)", image.digest.description,
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
        PlainText.line((one.artifactType ?? one.mediaType).rawValue), ByteCount.text(one.size), one.digest.description,
        one.subject.short, PlainText.line(annotations.joined(separator: " ")),
      ])
    }
    return table.text
  }
}
