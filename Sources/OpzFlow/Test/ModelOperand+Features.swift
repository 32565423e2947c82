import OpzIO
import OpzJSON
public import OpzModel
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
public import OpzSQL
import OpzStore
import SystemPackage

extension ModelOperand {
  /// The query that makes the model's columns in a database: that of its version, or of the project that the path is.
  /// Nil if there is none.
  /// - Throws: `RegistryError`, `ConfigError`, `SQLError` for a query that is none.
  public func features() async throws -> FeatureQuery? {
    guard let version = try version() else {
      guard let project = try project() else { return nil }
      return try await blocking {
        try ProjectFeatures(ConfigReader.read(project.appending("opz.yaml"), formats: session.formats), in: project)?
          .query
      }
    }
    let registry = try session.openRegistry()
    let place = ProjectFeatures.place
    guard try await registry.files(of: version.record).contains(where: { $0.path == "/\(place)" }) else { return nil }
    let stack = try await ImageFiles.stack(version.record.image, roles: version.record, in: registry.store)
    return try await blocking {
      let subject = "\(version.record.reference):/\(place)"
      guard let text = String(validating: try stack.bytes(place, limit: FeatureQuery.limit * 2), as: UTF8.self) else {
        throw SQLError(.badOption, subject, reason: "the query is not UTF-8")
      }
      return try FeatureQuery(text, subject: subject)
    }
  }

  /// A query in a file of the user's.
  /// - Throws: `IOFailure`, `SQLError` for a file that has none.
  public static func features(_ path: String, in session: Session) async throws -> FeatureQuery {
    try await blocking { try ProjectFeatures.read(session.path(path), name: path) }
  }

  /// What the training data had in each column (`monitor.data`): of the version, or of the project that the path is.
  /// Nil if nobody said.
  /// - Throws: `RegistryError`, `ConfigError`, `ModelError` for data that are no table.
  public func trainingProfile() async throws -> TableProfile? {
    guard let version = try version() else {
      guard let project = try project() else { return nil }
      return try await LoadedProject.load(PackageRequest(project: project), session).contract?.profile
    }
    guard let file = version.record.tests.first(where: { $0.name == TestFiles.profile }) else { return nil }
    let registry = try session.openRegistry()
    return try CanonicalJSON.decode(
      TableProfile.self, from: await registry.store.bytes(file.descriptor, limit: 64 << 20),
      subject: "\(file.name) of \(version.record.reference)")
  }

  /// The directory with opz.yaml that the path is; nil for a model's file and a version.
  private func project() throws -> FilePath? {
    guard let path = file, try FileStatus.find(path)?.kind == .directory,
      try FileStatus.find(path.appending("opz.yaml")) != nil
    else { return nil }
    return path
  }
}
