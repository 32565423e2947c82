/// Any JSON value.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue {
  /// Parses a whole document.
  /// - Throws: `JSONFailure`.
  public init(json bytes: [UInt8], _ shape: JSONShape = .anything, options: JSONOptions = JSONOptions()) throws {
    self = try JSONView.read(bytes, shape, options: options) { $0.value }
  }

  /// Encodes `value` to JSON without going through text.
  /// - Throws: `EncodingError` for a number that is not finite, and what the value's own `encode` throws.
  public init(encoding value: some Encodable) throws { self = try JSONValueEncoder.encode(value) }

  /// The value of a member; nil when it is missing or null, or when this is not an object.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
    return value
  }

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
  public var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

  /// The members of an object whose values are all strings; nil otherwise.
  public var texts: [String: String]? {
    guard let object else { return nil }
    let texts = object.compactMapValues(\.string)
    return texts.count == object.count ? texts : nil
  }

  /// The elements of a list of strings; nil when it has anything else.
  public var textList: [String]? {
    guard let array else { return nil }
    let texts = array.compactMap(\.string)
    return texts.count == array.count ? texts : nil
  }
}

extension JSONValue: ExpressibleByStringLiteral {
  /// Makes a string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: Codable {
  /// Decodes any JSON value; whole numbers that fit become integers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// Encodes the value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
