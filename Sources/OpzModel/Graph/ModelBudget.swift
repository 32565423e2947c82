/// How much memory a model may take: a small multiple of its file's size, so that a small file cannot ask for much.
///
/// A floor leaves room for what small files say in few words: categories that are far apart, columns without names.
public struct ModelBudget: Sendable {
  /// Bytes that any file may ask for.
  static let floor = 16 << 20
  /// Bytes for each byte of a larger file. A node of a tree takes 36 bytes in memory, and in a file at least as many
  /// unless it is compressed.
  static let factor = 32

  /// The most columns or outputs without names that any file may have; more need a file of as many bytes.
  static let namelessFloor = 1 << 16

  private var rest: Int
  private let nameless: Int

  /// The budget of a file of this size, in bytes; 0 for a model that comes from no file.
  public init(fileSize: Int) {
    let size = max(0, fileSize)
    let (most, overflow) = size.multipliedReportingOverflow(by: ModelBudget.factor)
    rest = overflow ? Int.max : max(ModelBudget.floor, most)
    nameless = min(max(ModelBudget.namelessFloor, size), ModelBuilder.widthLimit)
  }

  /// Takes `count` times `size` bytes; false if they are not there.
  mutating func take(_ count: Int, of size: Int) -> Bool {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, bytes <= rest else { return false }
    rest -= bytes
    return true
  }

  /// Checks a number of columns or outputs that a file states and does not list.
  /// - Parameters:
  ///   - what: what they are, for the error: `columns`.
  ///   - name: the model's file.
  /// - Throws: `ModelError.tooLarge` if there are more than a file of this size may have.
  public func check(_ count: Int, _ what: String, of name: String) throws {
    guard count > nameless else { return }
    throw ModelError(
      .tooLarge, name, reason: "it states \(count) \(what), and a file of its size may have \(nameless)",
      hint: what == "columns"
        ? "train with the columns that the trees use, or with names for all of them"
        : "save the model again: the file has nothing for most of them")
  }
}
