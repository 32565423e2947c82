import OpzJSON
import OpzOCI

/// The members of records and events. Other programs read them too (docs/reference/formats.md), some with readers that
/// ignore case.
extension JSONShape {
  static let record = JSONShape.object(
    ["format", "critical", "name", "version", "created", "tool", "content", "platforms", "deploy", "pushTo"],
    [
      .init("image", .descriptor), .init("fileList", .descriptor), .init("artifacts", .map(.descriptor)),
      .init("runtime", .object(["kind", "base", "baseDigest", "settings"])),
      .init(
        "layers",
        .list(.object(["role", "diffID", "compressor", "platform", "origin"], [.init("descriptor", .descriptor)]))),
      .init("files", .list(.file)),
      .init(
        "packages", .list(.object(["name", "version", "wheel", "digest", "platform", "unpacked", "distribution"]))),
      .init("model", .object(["format", "signature"])),
      .init(
        "lineage",
        .object(
          ["metrics", "parent", "tags"],
          [
            .init("git", .object(["commit", "branch", "remote", "dirty"])),
            .init("data", .list(.object(["path", "digest", "size"]))),
          ])), .init("tests", .list(.object(["name"], [.init("descriptor", .descriptor)]))),
    ])

  /// A file of a version, in its record or in a list of files.
  static let file = JSONShape.object(["role", "path", "digest", "size", "mode", "link", "pathBytes", "linkBytes"])

  static let event = JSONShape.object(
    [
      "format", "critical", "kind", "model", "version", "at", "actor", "number", "heads", "image", "content", "details",
    ],
    [.init("record", .descriptor), .init("alias", .object(["name", "after", "restores"]))])
}
