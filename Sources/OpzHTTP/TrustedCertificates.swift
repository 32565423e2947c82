import OpzIO
import SystemPackage

/// The file of certificate authorities that https connections trust.
///
/// libcurl knows one path, that of the distribution that built it; a program that came as a wheel or a tarball runs on
/// others too.
public enum TrustedCertificates {
  /// The variables that name a file, before those of the system.
  static let variables = ["SSL_CERT_FILE", "CURL_CA_BUNDLE"]

  /// Where distributions keep it, in the order of Go's crypto/x509 (root_linux.go).
  static let places = [
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora, RHEL 6
    "/etc/ssl/ca-bundle.pem",  // openSUSE
    "/etc/pki/tls/cacert.pem",  // OpenELEC
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL 7
    "/etc/ssl/cert.pem",  // Alpine
  ]

  /// The file that the environment names, else the first of the system's that exists; nil if there is none.
  public static func find(_ environment: [String: String]) -> String? {
    named(environment) ?? find(in: places)
  }

  /// The file that a variable of the environment names.
  static func named(_ environment: [String: String]) -> String? {
    variables.lazy.compactMap { environment[$0] }.first { !$0.isEmpty && !$0.contains("\0") }
  }

  /// The file to name to libcurl; nil to leave the choice to it, where the file that Debian's libcurl knows exists.
  static func override(_ environment: [String: String]) -> String? {
    if let named = named(environment) { return named }
    let found = find(in: places)
    return found == places[0] ? nil : found
  }

  static func find(in places: [String]) -> String? {
    places.first { ((try? FileStatus.find(FilePath($0))) ?? nil) != nil }
  }
}
