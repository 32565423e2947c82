import OpzModel

/// A file of `skops.io.dump`: a zip archive with `schema.json`, which describes a Python object, and its arrays as
/// `.npy` files (skops/io/_persist.py). Nothing in it is run.
final class SkopsArchive {
  /// The file, for errors.
  let name: String
  /// The file's bytes.
  let size: Int
  private let members: ZipMembers
  /// How many bytes of arrays may still be read: a small file can name one large array again and again.
  private var budget: Int

  /// Opens an archive.
  /// - Throws: `ModelError.damaged`, or `tooLarge`.
  init(_ bytes: [UInt8], name: String) throws {
    self.name = name
    size = bytes.count
    members = try ZipMembers(bytes, name: name)
    budget = ZipMembers.ratioFloor + ZipMembers.ratio * bytes.count
  }

  /// The description.
  func schema() throws -> [UInt8] {
    guard let schema = try members.content("schema.json") else {
      throw ModelError(
        .unknownFormat, name, reason: "a zip archive, but not one of skops: it has no schema.json",
        hint: "save the model with skops.io.dump(model, \"model.skops\")")
    }
    return Array(schema)
  }

  /// An array.
  /// - Throws: `ModelError.damaged` where there is none or it is damaged.
  func array(_ file: String, _ place: String) throws -> NumpyArray {
    guard let content = try members.content(file) else {
      throw damaged(place, "its file \(file.prefix(80)) is missing")
    }
    budget -= content.count
    guard budget >= 0 else { throw ModelError(.tooLarge, name, reason: "its arrays take many times the file's size") }
    return try NumpyArray(npy: content, place: "\(name): \(place)")
  }

  /// The error for a part of the file that is not as skops writes it.
  func damaged(_ place: String, _ reason: String) -> ModelError {
    ModelError(.damaged, "\(name): \(place)", reason: reason, hint: "save the model again")
  }
}
