/// The inputs and outputs of a model: its contract with callers. A change requires a new major version.
public struct Signature: Codable, Sendable, Hashable {
  /// An input column.
  public struct Feature: Codable, Sendable, Hashable {
    public let name: String
    public let kind: Kind

    /// Creates an input column.
    public init(name: String, kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  /// The values that an input column takes.
  public enum Kind: Sendable, Hashable {
    /// A number.
    case numeric
    /// Any text.
    case text
    /// One of these texts; a code from 0 if the list is empty because the model file has no texts.
    case categorical([String])
  }

  /// An output tensor.
  public struct Output: Codable, Sendable, Hashable {
    public let name: String
    /// Values per row.
    public let columns: Int

    /// Creates an output of `columns` values per row.
    public init(name: String, columns: Int) {
      self.name = name
      self.columns = columns
    }
  }

  /// In the order of the model's columns.
  public let inputs: [Feature]
  /// The default output first.
  public let outputs: [Output]

  /// Creates a signature; inputs are in the order of the model's columns.
  public init(inputs: [Feature], outputs: [Output]) {
    self.inputs = inputs
    self.outputs = outputs
  }
}

extension Signature.Kind: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, categories
  }

  /// Decodes `{"type": "numeric"}`, `{"type": "text"}` or `{"type": "categorical", "categories": [..]}`.
  /// - Throws: `DecodingError` for another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .type) {
    case "numeric": self = .numeric
    case "text": self = .text
    case "categorical": self = .categorical(try container.decode([String].self, forKey: .categories))
    case let other:
      throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "unknown type \(other)")
    }
  }

  /// Encodes the form that `init(from:)` decodes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .numeric: try container.encode("numeric", forKey: .type)
    case .text: try container.encode("text", forKey: .type)
    case .categorical(let values):
      try container.encode("categorical", forKey: .type)
      try container.encode(values, forKey: .categories)
    }
  }
}
