import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzHTTP

@Suite("The certificate authorities of the system")
struct TrustedCertificatesTests {
  @Test("the first place that exists counts")
  func first() throws {
    let directory = try TemporaryDirectory()
    try directory.write("tls/bundle.crt", "-")
    try directory.write("ssl/bundle.pem", "-")
    let places = ["none.crt", "tls/bundle.crt", "ssl/bundle.pem"].map { directory.path.appending($0).string }
    #expect(TrustedCertificates.find(in: places) == places[1])
    #expect(TrustedCertificates.find(in: [places[0]]) == nil)
  }

  @Test(
    "a variable goes before every place, unless it is empty",
    arguments: [
      (["SSL_CERT_FILE": "/a", "CURL_CA_BUNDLE": "/b"], "/a"), (["SSL_CERT_FILE": "", "CURL_CA_BUNDLE": "/b"], "/b"),
      (["SSL_CERT_FILE": "/a\0b"], nil), ([:], nil),
    ] as [([String: String], String?)])
  func named(environment: [String: String], file: String?) {
    #expect(TrustedCertificates.named(environment) == file)
    if let file { #expect(TrustedCertificates.override(environment) == file) }
  }

  @Test("libcurl is left its own choice where the file that it knows exists")
  func own() throws {
    let exists = try FileStatus.find(FilePath(TrustedCertificates.places[0])) != nil
    try #require(exists, "the tests need ca-certificates")
    #expect(TrustedCertificates.override([:]) == nil)
    #expect(TrustedCertificates.find([:]) == TrustedCertificates.places[0])
  }
}
