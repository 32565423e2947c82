import OpzIO
import SystemPackage

/// Where the symbolic links of a project lead in the image.
///
/// A link in one packaged tree may lead to a file of another one, which has another place in the image than it has
/// beside the project: its target is then written anew.
struct LinkTargets {
  private let files: [SourceFile]
  /// All paths in the image, with the directories above files.
  private let paths: Set<FilePath>
  private let links: [FilePath: [UInt8]]

  init(_ files: [SourceFile]) {
    self.files = files
    var paths: Set<FilePath> = []
    var links: [FilePath: [UInt8]] = [:]
    for file in files {
      var path = file.destination
      while !path.isEmpty, paths.insert(path).inserted { path.removeLastComponent() }
      if case .symlink(let target) = file.kind { links[file.destination] = target }
    }
    (self.paths, self.links) = (paths, links)
  }

  /// The files, with links whose target is packaged elsewhere led there.
  /// - Throws: `PackageError.unsafePath` for a link whose target is not packaged.
  func settled() throws -> [SourceFile] {
    let lost = Set(links.filter { leads($0.key) == nil }.keys)
    if lost.isEmpty { return files }
    var places: [FilePath: FilePath] = [:]
    for file in files where links[file.destination] == nil {
      if let real = RealPath.of(file.source), places[real] == nil { places[real] = file.destination }
    }
    return try files.map { file in
      guard case .symlink(let target) = file.kind, lost.contains(file.destination) else { return file }
      guard let real = RealPath.of(file.source), let place = places[real] else {
        let text = String(decoding: target.prefix(200), as: UTF8.self)
        throw PackageError(
          .unsafePath, file.source.string, reason: "the link leads to \(text), which is not packaged there",
          hint: "name its target in opz.yaml too, write links: follow to package what links lead to, or remove the link"
        )
      }
      return file.led(to: LinkTargets.path(from: file.destination, to: place))
    }
  }

  /// The path in the image that a path leads to; nil if there is none.
  private func leads(_ path: FilePath) -> FilePath? {
    var (done, rest) = (FilePath(), Array(path.components.reversed()))
    var steps = 0
    while let name = rest.popLast() {
      if name.kind == .currentDirectory { continue }
      if name.kind == .parentDirectory {
        done.removeLastComponent()
        continue
      }
      done.append(name)
      guard let target = links[done] else { continue }
      steps += 1
      guard steps <= 40, target.first != UInt8(ascii: "/") else { return nil }
      done.removeLastComponent()
      rest += FilePath(bytes: target).components.reversed()
    }
    return done.isEmpty || paths.contains(done) ? done : nil
  }

  /// The target of a link at `link` that leads to `path`; both are below the root of the image.
  static func path(from link: FilePath, to path: FilePath) -> [UInt8] {
    let (own, other) = (Array(link.removingLastComponent().components), Array(path.components))
    let shared = zip(own, other).prefix { $0 == $1 }.count
    let up = Array(repeating: Array("..".utf8), count: own.count - shared)
    return Array((up + other[shared...].map(\.bytes)).joined(separator: [UInt8(ascii: "/")]))
  }
}
