/// Converts an `Encodable` to a `JSONValue` without going through text.
enum JSONValueEncoder {
  static func encode(_ value: some Encodable) throws -> JSONValue {
    if let value = value as? JSONValue { return value }
    let slot = EncodingSlot()
    try value.encode(to: SlotEncoder(slot: slot, codingPath: []))
    return slot.value
  }
}

/// A value under construction.
private final class EncodingSlot {
  private enum Content {
    case nothing
    case value(JSONValue)
    case list([EncodingSlot])
    case object([(key: String, slot: EncodingSlot)])
  }

  private var content = Content.nothing

  func set(_ value: JSONValue) { content = .value(value) }

  func beginObject() { if case .object = content { return } else { content = .object([]) } }
  func beginList() { if case .list = content { return } else { content = .list([]) } }

  func member(_ key: String) -> EncodingSlot {
    guard case .object(var members) = content else { return EncodingSlot() }
    content = .nothing
    let slot = EncodingSlot()
    members.append((key, slot))
    content = .object(members)
    return slot
  }

  func item() -> EncodingSlot {
    guard case .list(var items) = content else { return EncodingSlot() }
    content = .nothing
    let slot = EncodingSlot()
    items.append(slot)
    content = .list(items)
    return slot
  }

  var count: Int { if case .list(let items) = content { items.count } else { 0 } }

  var value: JSONValue {
    switch content {
    case .nothing: .object([:])
    case .value(let value): value
    case .list(let items): .array(items.map(\.value))
    case .object(let members):
      .object(Dictionary(members.map { ($0.key, $0.slot.value) }, uniquingKeysWith: { _, last in last }))
    }
  }
}

private struct SlotEncoder: Encoder {
  let slot: EncodingSlot
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    slot.beginObject()
    return KeyedEncodingContainer(KeyedSlot(slot: slot, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.beginList()
    return ListSlot(slot: slot, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleSlot(slot: slot, codingPath: codingPath) }

  /// Encodes one value into the slot.
  func put<Value: Encodable>(_ value: Value) throws {
    switch value {
    case let value as JSONValue: slot.set(value)
    case let value as String: slot.set(.string(value))
    case let value as Bool: slot.set(.bool(value))
    case let value as Double: slot.set(try number(value, value))
    // Go through the float's own shortest decimal text, which differs from that of the double of the same value.
    case let value as Float: slot.set(try number(Double(value.description) ?? Double(value), value))
    case let value as any FixedWidthInteger & Encodable: slot.set(integer(value))
    default: try value.encode(to: self)
    }
  }

  private func integer(_ value: some FixedWidthInteger) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .number(Double(value))
  }

  private func number(_ value: Double, _ original: Any) throws -> JSONValue {
    guard value.isFinite else {
      throw EncodingError.invalidValue(
        original, .init(codingPath: codingPath, debugDescription: "JSON has no number for \(value)"))
    }
    return Int64(exactly: value).map { .integer($0) } ?? .number(value)
  }
}

private struct KeyedSlot<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: EncodingSlot
  let codingPath: [any CodingKey]

  private func encoder(_ key: any CodingKey) -> SlotEncoder {
    SlotEncoder(slot: slot.member(key.stringValue), codingPath: codingPath + [key])
  }

  func encodeNil(forKey key: Key) { slot.member(key.stringValue).set(.null) }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try encoder(key).put(value) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { encoder(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder(NamedKey("super")) }
  func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct ListSlot: UnkeyedEncodingContainer {
  let slot: EncodingSlot
  let codingPath: [any CodingKey]
  var count: Int { slot.count }

  private func encoder() -> SlotEncoder {
    SlotEncoder(slot: slot.item(), codingPath: codingPath + [NamedKey(slot.count - 1)])
  }

  func encodeNil() { slot.item().set(.null) }
  func encode<Value: Encodable>(_ value: Value) throws { try encoder().put(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder() }
}

private struct SingleSlot: SingleValueEncodingContainer {
  let slot: EncodingSlot
  let codingPath: [any CodingKey]

  func encodeNil() { slot.set(.null) }
  func encode<Value: Encodable>(_ value: Value) throws {
    try SlotEncoder(slot: slot, codingPath: codingPath).put(value)
  }
}
