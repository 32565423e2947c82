import OpzIO
import OpzJSON
import OpzOCI

extension Event {
  /// Decodes an event without `Codable`, because an audit reads 100,000 of them. Nil for anything that is not an event,
  /// and for the rare ones that are left to `Codable`.
  init?(plain bytes: [UInt8]) {
    guard let event = try? JSONView.read(bytes, .event, body: { Event($0) }) else { return nil }
    self = event
  }

  private init?(_ json: JSONView) {
    guard let format = json["format"]?.integer.flatMap({ Int(exactly: $0) }),
      let kind = json["kind"]?.string.flatMap(Kind.init(rawValue:)), let model = json["model"]?.string,
      let version = json["version"]?.string, let at = json["at"]?.string, let actor = json["actor"]?.string,
      let number = json["number"]?.integer.flatMap({ Int(exactly: $0) }), let heads = json["heads"]?.textList,
      let image = json["image"]?.digest, let details = json["details"]?.value.object
    else { return nil }
    self.init(
      kind: kind, model: model, version: version, at: at, actor: actor, number: number, heads: heads, image: image,
      details: details)
    self.format = format
    if let value = json["record"] {
      guard let descriptor = Descriptor(value) else { return nil }
      record = descriptor
    }
    if let value = json["content"] {
      guard let digest = value.digest else { return nil }
      content = digest
    }
    if let value = json["critical"] {
      guard let names = value.textList else { return nil }
      critical = names
    }
    if let value = json["alias"] {
      guard let move = AliasMove(value) else { return nil }
      alias = move
    }
  }
}

extension Event.AliasMove {
  fileprivate init?(_ json: JSONView) {
    guard let name = json["name"]?.string, let after = json["after"]?.textList else { return nil }
    self.init(name: name, after: after)
    if let value = json["restores"] {
      guard let text = value.string else { return nil }
      restores = text
    }
  }
}
