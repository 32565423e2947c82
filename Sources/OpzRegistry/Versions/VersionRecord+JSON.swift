import OpzIO
import OpzJSON
import OpzOCI

extension VersionRecord {
  /// Decodes a record without `Codable`, because an audit, or a search without a cache, reads 100,000 of them.
  ///
  /// Nil for anything else, and for rare records that are left to `Codable`; so nothing here has to be lenient.
  init?(plain bytes: [UInt8]) {
    guard let record = try? JSONView.read(bytes, .record, body: { VersionRecord($0) }) else { return nil }
    self = record
  }

  private init?(_ json: JSONView) {
    var fields = PlainFields(json)
    self.init(
      name: fields.text("name"), version: fields.text("version"), created: fields.text("created"),
      tool: fields.text("tool"), image: fields.descriptor("image"), content: fields.digest("content"),
      runtime: fields.required("runtime", Runtime.init), platforms: fields.textList("platforms"),
      layers: fields.list("layers", Layer.init), files: fields.list("files", File.init),
      model: fields.optional("model", Model.init), lineage: fields.required("lineage", Lineage.init),
      deploy: json["deploy"]?.value, pushTo: fields.optionalText("pushTo"), tests: fields.list("tests", TestFile.init))
    format = Int(fields.integer("format"))
    fileList = fields.optional("fileList") { json, fields in
      guard let descriptor = Descriptor(json) else { return fields.fail(VersionRecord.none) }
      return descriptor
    }
    critical = json["critical"] == nil ? nil : fields.textList("critical")
    packages = json["packages"] == nil ? nil : fields.list("packages", Package.init)
    if let found = json["artifacts"] {
      guard let members = found.members else { return nil }
      artifacts = Dictionary(
        members.map { ($0.key, Descriptor($0.value) ?? fields.fail(VersionRecord.none)) },
        uniquingKeysWith: { one, _ in one })
    }
    if fields.isBroken { return nil }
  }

  fileprivate static let none = Descriptor.emptyConfig
}

/// Reads the members of an object. A missing member, or one of another type, sets `isBroken` and yields a placeholder
/// value.
private struct PlainFields {
  let json: JSONView?
  private(set) var isBroken = false

  init(_ json: JSONView?) { self.json = json }

  mutating func fail<Value>(_ value: Value) -> Value {
    isBroken = true
    return value
  }

  private func find(_ key: StaticString) -> JSONView? { json?[key] }

  mutating func text(_ key: StaticString) -> String { find(key)?.string ?? fail("") }
  mutating func integer(_ key: StaticString) -> Int64 { find(key)?.integer ?? fail(0) }
  mutating func size(_ key: StaticString) -> UInt64 { UInt64(exactly: integer(key)) ?? fail(0) }
  mutating func flag(_ key: StaticString) -> Bool { find(key)?.bool ?? fail(false) }
  mutating func textList(_ key: StaticString) -> [String] { find(key)?.textList ?? fail([]) }
  mutating func descriptor(_ key: StaticString) -> Descriptor { Descriptor(find(key)) ?? fail(VersionRecord.none) }
  mutating func digest(_ key: StaticString) -> Digest { find(key)?.digest ?? fail(VersionRecord.none.digest) }
  mutating func optionalText(_ key: StaticString) -> String? { find(key) == nil ? nil : text(key) }
  mutating func optionalSize(_ key: StaticString) -> UInt64? { find(key) == nil ? nil : size(key) }
  mutating func optionalDigest(_ key: StaticString) -> Digest? { find(key) == nil ? nil : digest(key) }

  mutating func required<Value>(_ key: StaticString, _ make: (JSONView?, inout PlainFields) -> Value) -> Value {
    make(find(key) ?? fail(nil), &self)
  }

  mutating func optional<Value>(_ key: StaticString, _ make: (JSONView?, inout PlainFields) -> Value) -> Value? {
    find(key).map { make($0, &self) }
  }

  mutating func list<Value>(_ key: StaticString, _ make: (JSONView?, inout PlainFields) -> Value) -> [Value] {
    find(key)?.map { make($0, &self) } ?? fail([])
  }

  /// Reads the members of an object inside of this one.
  mutating func inside<Value>(_ json: JSONView?, _ read: (inout PlainFields) -> Value) -> Value {
    var inner = PlainFields(json)
    defer { isBroken = isBroken || inner.isBroken }
    return read(&inner)
  }
}

extension VersionRecord.Runtime {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) {
      Self(
        kind: $0.text("kind"), base: $0.optionalText("base"), baseDigest: $0.optionalDigest("baseDigest"),
        settings: json?["settings"]?.value)
    }
  }
}

extension VersionRecord.Layer {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) {
      Self(
        role: $0.text("role"), descriptor: $0.descriptor("descriptor"), diffID: $0.digest("diffID"),
        compressor: $0.optionalText("compressor"), platform: $0.optionalText("platform"),
        origin: $0.optionalText("origin"))
    }
  }
}

extension VersionRecord.File {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) {
      var file = Self(
        role: $0.text("role"), path: $0.text("path"), digest: $0.optionalDigest("digest"), size: $0.size("size"),
        mode: $0.text("mode"), link: $0.optionalText("link"))
      file.pathBytes = $0.optionalText("pathBytes")
      file.linkBytes = $0.optionalText("linkBytes")
      return file
    }
  }
}

extension VersionRecord.Package {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) {
      Self(
        name: $0.text("name"), version: $0.text("version"), wheel: $0.text("wheel"), digest: $0.digest("digest"),
        platform: $0.text("platform"), unpacked: $0.optionalSize("unpacked"),
        distribution: $0.optionalText("distribution"))
    }
  }
}

extension VersionRecord.Model {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) { Self(format: $0.text("format"), signature: json?["signature"]?.value) }
  }
}

extension VersionRecord.TestFile {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) { Self(name: $0.text("name"), descriptor: $0.descriptor("descriptor")) }
  }
}

extension Lineage {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) { fields in
      Self(
        git: fields.optional("git", GitCommit.init), data: fields.list("data", DataFile.init),
        metrics: json?["metrics"]?.value, parent: fields.optionalText("parent"),
        tags: json?["tags"]?.texts ?? fields.fail([:]))
    }
  }
}

extension Lineage.GitCommit {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) {
      Self(
        commit: $0.text("commit"), branch: $0.optionalText("branch"), remote: $0.optionalText("remote"),
        dirty: $0.flag("dirty"))
    }
  }
}

extension Lineage.DataFile {
  fileprivate init(_ json: JSONView?, _ fields: inout PlainFields) {
    self = fields.inside(json) {
      Self(path: $0.text("path"), digest: $0.digest("digest"), size: $0.size("size"))
    }
  }
}
