public import OpzIO

/// `debian.lock`: the packages that a project adds to its base, each with the digest of its file. It is in the form of
/// Debian's own control files.
public struct DebianLock: Sendable, Hashable {
  /// The usual name.
  public static let fileName = "debian.lock"
  /// The most bytes of a file.
  public static let limit = 16 << 20

  /// A package.
  public struct Package: Sendable, Hashable {
    public let name: String
    public let version: String
    /// Debian's name, or `all`.
    public let architecture: String
    /// The image's: `linux/amd64`.
    public let platform: String
    /// Bytes of the file.
    public let size: UInt64
    public let digest: Digest
    /// `http`, `https` or `file`.
    public let url: String

    /// Describes a package of a lock; `size` is in bytes.
    public init(
      name: String, version: String, architecture: String, platform: String, size: UInt64, digest: Digest, url: String
    ) {
      (self.name, self.version, self.architecture, self.platform) = (name, version, architecture, platform)
      (self.size, self.digest, self.url) = (size, digest, url)
    }

    /// As apt writes it in its cache: `r-cran-rpart_4.1.19-1_amd64.deb`.
    public var file: String { "\(name)_\(version.replacing(":", with: "%3a"))_\(architecture).deb" }
  }

  /// The base's, whose names the packages have: `debian`.
  public let distribution: String
  /// Sorted by platform and name.
  public let packages: [Package]

  /// A lock of these packages.
  /// - Parameter distribution: the ID in the base's os-release.
  public init(_ packages: [Package], of distribution: String) {
    self.distribution = distribution
    self.packages = packages.sorted { ($0.platform, $0.name) < ($1.platform, $1.name) }
  }

  /// Reads a lock.
  /// - Throws: `DebianError.malformed`.
  public init(_ bytes: [UInt8], subject: String) throws {
    func malformed(_ reason: String) -> DebianError {
      DebianError(.malformed, subject, reason: reason, hint: "opz lock --update writes a new one")
    }
    let paragraphs = try ControlParagraph.all(in: bytes, subject: subject)
    guard let format = paragraphs.first?["Opz-Lock"] else { throw malformed("it is no lock of Debian's packages") }
    guard format == "1" else { throw malformed("the file has format \(format.prefix(20)), this opz reads 1") }
    guard let distribution = paragraphs[0]["Distribution"], PackageName.isValid(distribution) else {
      throw malformed("it does not say which distribution has the packages")
    }
    self.distribution = distribution
    var seen: Set<[String]> = []
    packages = try paragraphs.dropFirst().map { paragraph in
      guard let name = paragraph["Package"], PackageName.isValid(name), let version = paragraph["Version"],
        DebianVersion(version) != nil, let architecture = paragraph["Architecture"], PackageName.isValid(architecture),
        let platform = paragraph["Platform"], let size = paragraph["Size"].flatMap({ UInt64($0) }),
        let digest = paragraph["SHA256"].flatMap({ Digest(algorithm: .sha256, hex: $0) }),
        let url = paragraph["URL"], ["http://", "https://", "file:/"].contains(where: { url.hasPrefix($0) })
      else { throw malformed("a package of it is not whole: \((paragraph["Package"] ?? "?").prefix(80))") }
      guard seen.insert([platform, name]).inserted else { throw malformed("\(name) is there twice for \(platform)") }
      return Package(
        name: name, version: version, architecture: architecture, platform: platform, size: size, digest: digest,
        url: url)
    }
  }

  /// The file.
  public var text: String {
    let head = """
      # Written by opz lock: the Debian packages that opz package adds to the base. Commit it together with opz.lock.
      Opz-Lock: 1
      Distribution: \(distribution)

      """
    return packages.reduce(head) { text, package in
      text + """

        Package: \(package.name)
        Version: \(package.version)
        Architecture: \(package.architecture)
        Platform: \(package.platform)
        Size: \(package.size)
        SHA256: \(package.digest.hex)
        URL: \(package.url)

        """
    }
  }

  /// The packages of a platform.
  public func packages(for platform: String) -> [Package] { packages.filter { $0.platform == platform } }
}
