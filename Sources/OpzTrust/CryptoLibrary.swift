internal import CCrypto

/// OpenSSL's libcrypto, which opz is linked to.
public enum CryptoLibrary {
  /// Its version: `3.0.19`.
  public static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }
}
