import OpzJSON
import OpzModel

/// What the description in a skops file says of the packages that load it: read as JSON, whatever the order of its keys
/// and its spaces, so that a text inside of the model is never taken for a name.
public struct SkopsSchema: Sendable, Hashable {
  /// The version of scikit-learn that the first estimator was saved with (`_sklearn_version`); nil if none says it.
  public let scikitLearn: String?
  /// The top-level modules of all objects, in the order of the file, each once.
  public let modules: [String]

  /// The largest description that is read, in bytes.
  public static let limit: UInt64 = 64 << 20

  /// Reads `schema.json`.
  /// - Parameter name: the file's name, for errors.
  /// - Throws: `ModelError.damaged` for what is no JSON, or has more than some millions of values.
  public init(_ schema: [UInt8], name: String) throws {
    var options = JSONOptions(nonFinite: .all, size: Int(SkopsSchema.limit))
    options.valueCount = 1 << 23
    var names = Names()
    do {
      try JSONView.read(schema, options: options) { names.add($0) }
    } catch let failure as JSONFailure {
      throw ModelError(.damaged, "\(name): schema.json", reason: "\(failure)", hint: "save the model again")
    }
    scikitLearn = names.version
    modules = names.modules
  }

  /// Collects from the objects of a document, the outer ones first.
  private struct Names {
    var version: String?
    var modules: [String] = []
    private var seen: Set<String> = []

    /// Nesting is bounded by the reader of JSON.
    mutating func add(_ view: JSONView) {
      guard view.isObject else {
        for item in view.map(\.self) ?? [] { add(item) }
        return
      }
      if let top = view["__module__"]?.string.flatMap(Names.top), seen.insert(top).inserted { modules.append(top) }
      if version == nil, let node = view["_sklearn_version"] {
        version = node["content"]?.string.flatMap(Names.text)
      }
      for member in view.members ?? [] { add(member.value) }
    }

    /// A node's content is a text of JSON, in which the version is a text.
    private static func text(_ content: String) -> String? {
      (try? JSONValue(json: Array(content.utf8), options: JSONOptions(size: 256)))?.string
    }

    /// `sklearn` of `sklearn.pipeline`; nil for what is no module's name.
    private static func top(_ module: String) -> String? {
      let name = module.utf8.prefix(101).prefix { $0 != UInt8(ascii: ".") }
      let isName =
        !name.isEmpty && name.count <= 100
        && name.allSatisfy {
          (97...122).contains($0) || (65...90).contains($0) || $0 == 95 || (48...57).contains($0)
        }
      return isName ? String(decoding: name, as: UTF8.self) : nil
    }
  }
}
