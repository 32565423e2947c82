/// The characters of a CSV table: those of RFC 4180, or what spreadsheets and databases write instead.
public struct CSVDialect: Sendable, Hashable {
  /// Separates fields.
  let delimiter: UInt8
  /// Encloses a field that contains delimiters or line breaks.
  let quote: UInt8
  /// Separates the whole part of a number from its fraction.
  let decimal: UInt8

  /// Comma, double quote, decimal point (RFC 4180 section 2).
  public static let standard = CSVDialect(
    delimiter: UInt8(ascii: ","), quote: UInt8(ascii: "\""), decimal: UInt8(ascii: "."))

  /// Stands for a quote that no text contains: the byte is not UTF-8.
  private static let noQuote: UInt8 = 0xff

  private init(delimiter: UInt8, quote: UInt8, decimal: UInt8) {
    self.delimiter = delimiter
    self.quote = quote
    self.decimal = decimal
  }

  /// Reads the names of the characters.
  /// - Parameters:
  ///   - delimiter: one ASCII character, `tab` or `space`.
  ///   - quote: one ASCII character, or `none`.
  ///   - decimal: `.` or `,`.
  /// - Throws: `ModelError.badOption` for a character that also has another meaning in a table.
  public init(delimiter: String = ",", quote: String = "\"", decimal: String = ".") throws {
    guard decimal == "." || decimal == ",", let mark = decimal.utf8.first else {
      throw ModelError(.badOption, "--decimal", reason: "'\(decimal.prefix(20))' is not . or ,")
    }
    let separator = try CSVDialect.character(
      delimiter, "--delimiter", names: ["tab": 9, "\\t": 9, "space": 32],
      hint: "for example --delimiter ';' or --delimiter tab")
    let enclosing = try CSVDialect.character(
      quote, "--quote", names: ["none": CSVDialect.noQuote], hint: "for example --quote \"'\", or --quote none")
    guard separator != mark else {
      throw ModelError(
        .badOption, "--delimiter", reason: "it is also the decimal mark",
        hint: "for example --delimiter ';' --decimal ,")
    }
    guard separator != enclosing else { throw ModelError(.badOption, "--quote", reason: "it is also the delimiter") }
    self.init(delimiter: separator, quote: enclosing, decimal: mark)
  }

  private static func character(
    _ text: String, _ option: String, names: [String: UInt8], hint: String
  ) throws -> UInt8 {
    if let byte = names[text] { return byte }
    // A letter, a digit or a sign would also be part of a number.
    guard text.utf8.count == 1, let byte = text.utf8.first, byte == 9 || (32..<127).contains(byte),
      !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), !(65...90).contains(byte & 0xdf),
      ![UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
    else {
      throw ModelError(
        .badOption, option, reason: "'\(text.prefix(20))' is not one ASCII character that no number contains",
        hint: hint)
    }
    return byte
  }

  /// Appends a field, quoted if necessary.
  func write(_ field: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    let isSpecial = field.contains { $0 == delimiter || $0 == quote || $0 == 10 || $0 == 13 }
    guard isSpecial, quote != CSVDialect.noQuote else { return output.append(contentsOf: field) }
    output.append(quote)
    for byte in field {
      if byte == quote { output.append(byte) }
      output.append(byte)
    }
    output.append(quote)
  }

  /// Appends a field, quoted if necessary.
  func write(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { write($0, to: &output) }
  }

  /// Appends a record of some fields, with its line break.
  func writeRecord(_ fields: [String], to output: inout [UInt8]) {
    for (index, field) in fields.enumerated() {
      if index > 0 { output.append(delimiter) }
      write(field, to: &output)
    }
    output.append(10)
  }
}
