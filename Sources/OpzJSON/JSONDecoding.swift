/// Decodes `Decodable` types from JSON.
public enum JSONDecoding {
  /// Decodes a document of a known type.
  /// - Parameters:
  ///   - type: the type to decode.
  ///   - bytes: the document.
  ///   - shape: the known keys; see `JSONShape`.
  ///   - options: what else is accepted.
  /// - Throws: `JSONFailure`; its kind is `mismatch` when a value does not fit the type, with the member in the
  ///   reason: `layers.0: the key "size" is missing`.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], _ shape: JSONShape = .anything, options: JSONOptions = JSONOptions()
  ) throws -> Value {
    try JSONView.read(bytes, shape, options: options) { try $0.decode(type) }
  }

  /// Decodes a type from a value that was parsed before.
  /// - Throws: `JSONFailure`, as for a document.
  public static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws -> Value {
    try decode(type, from: CanonicalJSON.encode(value))
  }

  fileprivate static func explain(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "\(place(context))the key \"\(key.stringValue)\" is missing"
    case .typeMismatch(let type, let context): "\(place(context))expected \(type)"
    case .valueNotFound(let type, let context): "\(place(context))expected \(type), found null"
    case .dataCorrupted(let context): "\(place(context))\(context.debugDescription)"
    @unknown default: "not the expected JSON"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    return path.isEmpty ? "" : "\(path): "
  }
}

extension JSONView {
  /// Decodes a type from this value.
  /// - Throws: `JSONFailure`, as `JSONDecoding.decode`.
  public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    do {
      return try PlaceDecoder(place: self, codingPath: []).get(type)
    } catch let error as DecodingError {
      throw JSONFailure(.mismatch, at: nil, JSONDecoding.explain(error))
    }
  }
}

private struct PlaceDecoder: Decoder {
  let place: JSONView
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard place.isObject else { throw mismatch([String: Any].self) }
    return KeyedDecodingContainer(KeyedPlace(place: place, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let items = place.map({ $0 }) else { throw mismatch([Any].self) }
    return ListPlace(items: items, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SinglePlace(decoder: self) }

  func mismatch(_ type: any Any.Type) -> DecodingError {
    let context = DecodingError.Context(codingPath: codingPath, debugDescription: "another kind of value")
    return place.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }

  /// Decodes one value.
  func get<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let found: Any?
    switch type {
    case is JSONValue.Type: found = place.value
    case is String.Type: found = place.string
    case is Bool.Type: found = place.bool
    case is Double.Type: found = place.double
    case is Float.Type: found = place.float
    case let integer as any FixedWidthInteger.Type: found = try self.integer(integer)
    default: return try Value(from: self)
    }
    guard let value = found as? Value else { throw mismatch(type) }
    return value
  }

  private func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value? {
    guard place.double != nil else { return nil }
    let value = place.integer.flatMap { Value(exactly: $0) } ?? place.unsigned.flatMap { Value(exactly: $0) }
    guard let value else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "a number that is not a valid \(type)"))
    }
    return value
  }
}

private struct KeyedPlace<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let place: JSONView
  let codingPath: [any CodingKey]

  var allKeys: [Key] { (place.members ?? []).compactMap { Key(stringValue: $0.key) } }

  func contains(_ key: Key) -> Bool { place.member(key.stringValue) != nil }

  private func decoder(_ key: any CodingKey) throws -> PlaceDecoder {
    guard let member = place.member(key.stringValue) else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "no such key"))
    }
    return PlaceDecoder(place: member, codingPath: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).place.isNull }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder(key).get(type) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try decoder(NamedKey("super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct ListPlace: UnkeyedDecodingContainer {
  let items: [JSONView]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(items: [JSONView], codingPath: [any CodingKey]) {
    self.items = items
    self.codingPath = codingPath
  }

  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex >= items.count }

  private func decoder() throws -> PlaceDecoder {
    let path = codingPath + [NamedKey(currentIndex)]
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(Any.self, .init(codingPath: path, debugDescription: "the list ends"))
    }
    return PlaceDecoder(place: items[currentIndex], codingPath: path)
  }

  /// Advances only when decoding succeeded.
  private mutating func take<Value>(_ read: (PlaceDecoder) throws -> Value) throws -> Value {
    let value = try read(decoder())
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    guard try decoder().place.isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try take { try $0.get(type) } }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try take { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try take { try $0.unkeyedContainer() }
  }
  mutating func superDecoder() throws -> any Decoder { try take { $0 } }
}

private struct SinglePlace: SingleValueDecodingContainer {
  let decoder: PlaceDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.place.isNull }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.get(type) }
}
