import OpzWire

/// A file of protobuf definitions, and its descriptor for reflection (google/protobuf/descriptor.proto).
struct ProtoFile: Sendable {
  enum FieldType: Sendable {
    case double, float, int64, uint64, int32, bool, string, bytes, uint32
    /// By its full name.
    case message(String)
    case enumeration(String)
  }

  struct Field: Sendable {
    let name: String
    let number: Int
    let type: FieldType
    var isRepeated = false
    /// The index of the choice that it is part of.
    var choice: Int?
  }

  struct Message: Sendable {
    let name: String
    let fields: [Field]
    var messages: [Message] = []
    var enumerations: [Enumeration] = []
    /// Names of choices (`oneof`).
    var choices: [String] = []
    var isMapEntry = false
  }

  struct Enumeration: Sendable {
    let name: String
    /// Numbered from 0.
    let values: [String]
  }

  struct Method: Sendable {
    let name: String
    /// Full names of messages.
    let input: String
    let output: String
    var isClientStream = false
    var isServerStream = false
  }

  struct Service: Sendable {
    let name: String
    let methods: [Method]
  }

  let name: String
  let package: String
  let messages: [Message]
  let services: [Service]
  /// Names of files.
  var imports: [String] = []

  /// Whether a service, method, message or enum of this full name is in the file.
  func defines(_ name: String) -> Bool {
    guard name.hasPrefix(package + ".") else { return false }
    let parts = name.dropFirst(package.count + 1).split(separator: ".", omittingEmptySubsequences: false)
    if let service = services.first(where: { $0.name == parts[0] }) {
      return parts.count == 1 || parts.count == 2 && service.methods.contains { $0.name == parts[1] }
    }
    return ProtoFile.find(parts[...], in: messages)
  }

  private static func find(_ parts: ArraySlice<Substring>, in messages: [Message]) -> Bool {
    guard let first = parts.first, let message = messages.first(where: { $0.name == first }) else { return false }
    let rest = parts.dropFirst()
    guard let next = rest.first else { return true }
    if rest.count == 1, message.enumerations.contains(where: { $0.name == next }) { return true }
    return rest.count == 1 && message.fields.contains { $0.name == next } || find(rest, in: message.messages)
  }

  // MARK: Descriptors

  /// The file's `FileDescriptorProto`.
  var descriptor: [UInt8] {
    var file = WireWriter()
    file.put(1, string: name)
    file.put(2, string: package)
    for name in imports { file.put(3, string: name) }
    for message in messages { file.put(4, message: ProtoFile.descriptor(message)) }
    for service in services { file.put(6, message: ProtoFile.descriptor(service)) }
    file.put(12, string: "proto3")
    return file.bytes
  }

  private static func descriptor(_ message: Message) -> WireWriter {
    var writer = WireWriter()
    writer.put(1, string: message.name)
    for field in message.fields { writer.put(2, message: descriptor(field)) }
    for nested in message.messages { writer.put(3, message: descriptor(nested)) }
    for enumeration in message.enumerations { writer.put(4, message: descriptor(enumeration)) }
    if message.isMapEntry {
      var options = WireWriter()
      options.put(7, bool: true)
      writer.put(7, message: options)
    }
    for choice in message.choices {
      var name = WireWriter()
      name.put(1, string: choice)
      writer.put(8, message: name)
    }
    return writer
  }

  private static func descriptor(_ field: Field) -> WireWriter {
    var writer = WireWriter()
    writer.put(1, string: field.name)
    writer.put(3, int64: Int64(field.number))
    writer.put(4, int64: field.isRepeated ? 3 : 1)
    let (type, name): (Int64, String?) =
      switch field.type {
      case .double: (1, nil)
      case .float: (2, nil)
      case .int64: (3, nil)
      case .uint64: (4, nil)
      case .int32: (5, nil)
      case .bool: (8, nil)
      case .string: (9, nil)
      case .message(let name): (11, "." + name)
      case .bytes: (12, nil)
      case .uint32: (13, nil)
      case .enumeration(let name): (14, "." + name)
      }
    writer.put(5, int64: type)
    if let name { writer.put(6, string: name) }
    if let choice = field.choice { writer.put(9, int64: Int64(choice)) }
    return writer
  }

  private static func descriptor(_ enumeration: Enumeration) -> WireWriter {
    var writer = WireWriter()
    writer.put(1, string: enumeration.name)
    for (number, name) in enumeration.values.enumerated() {
      var value = WireWriter()
      value.put(1, string: name)
      value.put(2, int64: Int64(number))
      writer.put(2, message: value)
    }
    return writer
  }

  private static func descriptor(_ service: Service) -> WireWriter {
    var writer = WireWriter()
    writer.put(1, string: service.name)
    for method in service.methods {
      var message = WireWriter()
      message.put(1, string: method.name)
      message.put(2, string: "." + method.input)
      message.put(3, string: "." + method.output)
      if method.isClientStream { message.put(5, bool: true) }
      if method.isServerStream { message.put(6, bool: true) }
      writer.put(2, message: message)
    }
    return writer
  }
}
