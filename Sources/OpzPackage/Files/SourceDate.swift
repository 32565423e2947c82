public import OpzIO

/// The creation time of images: SOURCE_DATE_EPOCH, else 1970.
///
/// https://reproducible-builds.org/specs/source-date-epoch/: a value that is not a whole number of seconds is an error.
public enum SourceDate {
  /// Reads a value of SOURCE_DATE_EPOCH, in seconds since 1970; nil gives 1970-01-01.
  /// - Throws: `PackageError` with `.badEpoch` when the value is not a whole number of seconds.
  public static func read(_ value: String?) throws -> Timestamp {
    guard let value else { return Timestamp(milliseconds: 0) }
    let digits = !value.isEmpty && value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits, let seconds = Int64(value), let moment = Timestamp(seconds: seconds) else {
      throw PackageError(
        .badEpoch, "SOURCE_DATE_EPOCH", reason: "\"\(value.prefix(40))\" is not a whole number of seconds since 1970",
        hint: "set it to seconds, for instance $(git log -1 --format=%ct), or unset it")
    }
    return moment
  }
}
