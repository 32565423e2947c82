/// The content of a wheel's WHEEL file: how it was built.
struct WheelDescription {
  let isPurelib: Bool
  let tags: [WheelTag]

  init(_ text: String, of wheel: WheelName) throws {
    let subject = "wheel \(wheel): WHEEL"
    let fields = MetadataFields(text)
    let version = try fields.required("Wheel-Version", of: subject)
    guard version.split(separator: ".", omittingEmptySubsequences: false).first == "1" else {
      throw PythonError(.malformed, subject, "it has version \(version.prefix(20)) of the format; opz reads 1")
    }
    switch try fields.required("Root-Is-Purelib", of: subject).lowercased() {
    case "true": isPurelib = true
    case "false": isPurelib = false
    default: throw PythonError(.malformed, subject, "Root-Is-Purelib is neither true nor false")
    }
    var tags: [WheelTag] = []
    for text in fields.all("Tag") {
      guard text.utf8.count <= 255,
        let more = WheelTag.expand(text.split(separator: "-", omittingEmptySubsequences: false))
      else {
        throw PythonError(.malformed, subject, "\"\(text.prefix(100))\" is not a tag")
      }
      tags += more
    }
    self.tags = tags
  }
}
