import OpzIO
import OpzTOML
public import SystemPackage

/// The Python package that a project's directory is, as its pyproject.toml says.
public struct ProjectPackage: Sendable, Hashable {
  public let name: String
  /// The directory or module with its code, relative to the project: `src`, or the package's own name.
  public let code: String

  private static let maximumBytes: UInt64 = 16 << 20

  /// - Returns: nil for a directory that uv does not regard as a package, and for a package without code.
  public static func find(in directory: FilePath) throws -> ProjectPackage? {
    let file = directory.appending("pyproject.toml")
    guard let status = try FileStatus.find(file), status.kind == .file, status.size <= maximumBytes,
      let document = try? TOMLReader.read(String(decoding: FileBlob(file, size: status.size).bytes(), as: UTF8.self)),
      let name = document["project"]?["name"]?.string, RequirementsFile.isName(name)
    else { return nil }
    var isPackage = document["build-system"] != nil
    if case .boolean(let flag)? = document["tool"]?["uv"]?["package"] { isPackage = flag }
    guard isPackage else { return nil }
    let module = RequirementsFile.normalized(name).replacing("-", with: "_")
    for place in ["src", module, "\(module).py"] where try FileStatus.find(directory.appending(place)) != nil {
      return ProjectPackage(name: name, code: place)
    }
    return nil
  }

  /// Whether files of the image, by their paths in the project, are the package's code.
  public func isIn(_ paths: [String]) -> Bool {
    let own = FilePath(code)
    return paths.contains { text in
      let path = FilePath(text).lexicallyNormalized()
      return path.isEmpty || path == "." || own.starts(with: path) || path.starts(with: own)
    }
  }
}
