/// Keys that are printed in manuals and built into emulators, which guard nothing. Only their hashes are here, so that nobody's search for
/// secrets finds them in this file.
enum PublishedKeys {
  /// - Parameter value: with its prefix or without.
  static func contains(_ value: ArraySlice<UInt8>) -> Bool {
    if hashes.contains(hash(value)) { return true }
    guard let last = value.lastIndex(where: { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":") }) else {
      return false
    }
    return hashes.contains(hash(value[(last + 1)...]))
  }

  /// FNV-1a, 64 bits (Fowler, Noll and Vo).
  static func hash(_ value: ArraySlice<UInt8>) -> UInt64 {
    value.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static let hashes: Set<UInt64> = [
    0xd926_4917_1c08_21c4,  // Stripe's API reference
    0xe313_befa_9cdf_6264,  // Stripe's API reference
    0x29ac_b901_fe09_f797,  // Stripe's manuals
    0x5648_078b_fa76_00c1,  // Stripe's manuals
    0x3f9d_1c99_6e62_0b67,  // the storage emulator of Azure
    0x9f19_20c6_cd48_4714,  // the database emulator of Azure
    0x1cb5_13e6_80c2_5c19,  // Google's manuals
    0xc7b7_c608_6cc5_55c6,  // GitHub's manuals
    0x56b7_4e48_1a55_ffcc,  // GitHub's announcement of the checksum
    0xbf0a_2628_ec81_cd01,  // the signature of jwt.io's example
    0x5884_04f9_5ee9_0ce0,  // the signature of jwt.io's older example
    0x1e26_4504_078b_6e07,  // Telegram's manuals
    0x0f70_8dfb_e781_01e3,  // Kubernetes' manuals
    0x770c_4492_0778_89f2,  // Kubernetes' manuals
  ]
}
