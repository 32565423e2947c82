/// How much a text looks like words, by the frequencies of letter pairs in English and in program identifiers.
enum LetterPairs {
  /// A row for each first letter: 5 plus the base-2 logarithm of the pair's frequency relative to random letters, 0 to 9.
  private static let table: [UInt8] = Array(
    """
    27770360605888070779642460\
    50207003350500500220400040\
    70417108306500750547400040\
    71048130600330610360400030\
    73875653400768275988463550\
    51115300600300600423300000\
    41107335600124320431200001\
    70008000500500600416700050\
    55745560000669840578060106\
    00005000000000200030000000\
    30006000600204110050300000\
    71058300700610740164520040\
    74048000600640660030300030\
    71587470502336720468440030\
    46574630235669580867756050\
    60017021600730660655600047\
    00000000000000000000500000\
    61559150704357720576561060\
    51618305704220660268304030\
    90518109800310740775404060\
    24435030400556240867010200\
    50008000500000100000000000\
    50035007600004500430000000\
    40000010300000020315100100\
    60204000000152450144000000\
    50004000200000400010000010
    """.utf8.map { $0 - UInt8(ascii: "0") })

  /// How often one letter follows another, in either case: 32 if as often as in random text.
  static func frequency(_ first: UInt8, _ second: UInt8) -> Int {
    1 << Int(table[(Int(first | 32) - 97) * 26 + Int(second | 32) - 97])
  }

  /// The mean score of the letter pairs, from -5 to 4: about 1 for words, -2.5 for random letters.
  static func score(_ text: some Sequence<UInt8>) -> (mean: Double, pairs: Int) {
    var last: Int?
    var sum = 0
    var pairs = 0
    for byte in text where Alphabet.letters.contains(byte) {
      let letter = Int(byte | 32) - 97
      if let last {
        sum += Int(table[last * 26 + letter]) - 5
        pairs += 1
      }
      last = letter
    }
    return (pairs == 0 ? 0 : Double(sum) / Double(pairs), pairs)
  }

  /// Whether the letters are words; fewer letters need a higher score.
  static func areWords(_ text: some Sequence<UInt8>) -> Bool {
    let (mean, pairs) = score(text)
    return switch pairs {
    case ..<5: false
    case ..<9: mean > 1.2
    case ..<15: mean > 0.6
    case ..<25: mean > 0
    default: mean > -0.5
    }
  }
}
