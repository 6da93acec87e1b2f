import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// The byte scan, its cache and its threads against the plain way: splitting scalar by scalar, then
/// greedy matching.
@Suite struct WordPieceSessionTests {
  static let pieces =
    ["a", "##a", "ab", "##b", "b", "е", "##е", "д", "##д", "e", "##e", "i", "##i", "ο", "##ο"]
    + ["!", ";", "`", "中", "文", "가", "##가", "क", "##क", "##्", "é", "##é", "\u{307}", "##\u{307}"]

  static func tokenizer(_ change: (inout BertConfiguration) -> Void) throws -> BertTokenizer {
    var configuration = BertConfiguration()
    change(&configuration)
    let special = configuration.specialTokens.map { Array($0.utf8) }
    return try BertTokenizer(
      WordPieceVocabulary(
        pieces: PackedPieces(special + pieces.map { Array($0.utf8) }), configuration: configuration)
    )
  }

  static let configurations: [@Sendable (inout BertConfiguration) -> Void] = [
    { $0.lowercase = false }, { _ in }, { $0.normalization = .nfc }, { $0.normalization = .nfkc },
    { $0.unicode = .icu },
    {
      $0.normalization = .nfc
      $0.stripAccents = false
    },
  ]

  /// What the encoder must give: no scan, no cache, no codes.
  static func plain(_ tokenizer: BertTokenizer, _ bytes: [UInt8]) -> [[Int]] {
    var result: [[Int]] = []
    bytes.withUnsafeBytes { raw in
      var start = 0
      var at = 0
      func words(_ range: Range<Int>) {
        tokenizer.splitter.words(of: UnsafeRawBufferPointer(rebasing: raw[range])) { word in
          result += spelling(tokenizer, word, range.lowerBound)
        }
      }
      while at < raw.count {
        guard let token = tokenizer.addedTokens.reader.match(raw, at: at) else {
          at += 1
          continue
        }
        words(start..<at)
        result.append([Int(token.id), at, at + token.count])
        at += token.count
        start = at
      }
      words(start..<raw.count)
    }
    return result
  }

  private static func spelling(_ tokenizer: BertTokenizer, _ word: Word, _ base: Int) -> [[Int]] {
    var result: [[Int]] = []
    var scalars: [(bytes: [UInt8], source: Range<Int32>)] = []
    word.forEachScalar { value, source in
      var bytes: [UInt8] = []
      UTF8Scalar.append(value, to: &bytes)
      scalars.append((bytes, source))
    }
    var at = 0
    while at < scalars.count, scalars.count <= 100 {
      let prefix: [UInt8] = at == 0 ? [] : [0x23, 0x23]
      let found = (at + 1...scalars.count).reversed().lazy.compactMap { end in
        tokenizer.index.id(of: prefix + scalars[at..<end].flatMap(\.bytes)).map { ($0, end) }
      }.first
      guard let (id, end) = found else { break }
      result.append([
        Int(id), base + Int(scalars[at].source.lowerBound),
        base + Int(scalars[end - 1].source.upperBound),
      ])
      at = end
    }
    if at == scalars.count { return result }
    return [[1, base + Int(word.starts[0]), base + Int(word.ends[word.ends.count - 1])]]
  }

  /// Letters, marks, spaces of many kinds, removed scalars, malformed bytes, added tokens.
  static let parts: [[UInt8]] =
    [
      "a", "b", "ab", "А", "е", "д", " ", "  ", "\n", "\t", "\u{A0}", "\u{3000}", "!", ";",
      "\u{37E}",
      "\u{1FEF}", "中", "文", "\u{F900}", "가", "\u{1100}", "\u{1161}", "\u{11A8}", "é", "e",
      "\u{301}",
      "\u{323}", "\u{200D}", "\u{FEFF}", "\0", "\u{FFFD}", "İ", "I", "ı", "क", "\u{93C}", "\u{94D}",
      "[MASK]", "[CLS", "[", "]", "\u{FB01}", "\u{212A}", "\u{1D15E}", "\u{11938}", "\u{E0041}",
      "ό", "\u{1F79}", "Ａ", "😀",
    ].map { Array($0.utf8) } + [
      [0xFF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    ]

  static func text(_ number: Int) -> [UInt8] {
    var stream = RandomStream(seed: 2, "wordpiece", number)
    let count = number % 50 == 0 ? 300 : 1 + stream.index(16)
    return (0..<count).flatMap { _ in parts[stream.index(parts.count)] }
  }

  @Test(arguments: configurations.indices)
  func scanAgreesWithThePlainWay(index: Int) throws {
    let tokenizer = try Self.tokenizer(Self.configurations[index])
    let cached = tokenizer.session(cached: true)
    let bare = tokenizer.session(cached: false)
    var (first, second, scalars) = (Encoding(), Encoding(), Encoding())
    for number in 0..<4_000 {
      let bytes = Self.text(number)
      bytes.withUnsafeBytes { raw in
        cached.encode(raw, offsets: .bytes, into: &first)
        bare.encode(raw, offsets: .bytes, into: &second)
        cached.encode(raw, offsets: .scalars, into: &scalars)
      }
      let expected = Self.plain(tokenizer, bytes)
      let found = first.ids.indices.map { at in
        [Int(first.ids[at]), Int(first.starts[at]), Int(first.ends[at])]
      }
      #expect(found == expected, "text \(number): \(bytes)")
      #expect(first == second, "text \(number)")
      #expect(scalars.ids == first.ids)
      let numbers = Self.scalarNumbers(bytes)
      #expect(scalars.starts == first.starts.map { numbers[Int($0)] }, "text \(number)")
      #expect(scalars.ends == first.ends.map { numbers[Int($0)] }, "text \(number)")
    }
  }

  /// A look at each scalar tells what normalizing tells, where it tells anything.
  @Test(arguments: configurations.indices)
  func scalarsTellWhatChanges(index: Int) throws {
    func dense(_ text: String) -> [Unicode.Scalar] {
      text.unicodeScalars.filter { !$0.properties.isWhitespace && $0 != "\u{2581}" }
    }
    let tokenizer = try Self.tokenizer(Self.configurations[index])
    var told = [0, 0]
    for number in 0..<2_000 {
      let bytes = Self.text(number)
      bytes.withUnsafeBytes { raw in
        guard let isChanged = tokenizer.changes(raw) else { return }
        told[isChanged ? 1 : 0] += 1
        let normalized = String(decoding: tokenizer.normalized(raw), as: UTF8.self)
        #expect(
          isChanged == (dense(String(decoding: bytes, as: UTF8.self)) != dense(normalized)),
          "\(bytes)")
      }
    }
    #expect(told[0] > 20 && (told[1] > 20 || !tokenizer.configuration.lowercase), "\(told)")
  }

  private static func scalarNumbers(_ bytes: [UInt8]) -> [Int32] {
    var numbers: [Int32] = []
    var scalar: Int32 = 0
    bytes.withUnsafeBufferPointer { buffer in
      guard let text = buffer.baseAddress else { return }
      while numbers.count < buffer.count {
        let length = UTF8Scalar.decode(text, numbers.count, buffer.count).1
        numbers.append(contentsOf: repeatElement(scalar, count: length))
        scalar += 1
      }
    }
    return numbers + [scalar]
  }

  @Test func batchesDoNotDependOnThreads() throws {
    let tokenizer = try Self.tokenizer { _ in }
    let bytes = (0..<500).map(Self.text)
    let all = bytes.flatMap { $0 }
    var results: [[Encoding]] = []
    for threads in [1, 2, 3] {
      let encoder = BatchEncoder(tokenizer, threads: threads)
      var encodings = [Encoding](repeating: Encoding(), count: 700)
      all.withUnsafeBytes { raw in
        var start = 0
        let texts = bytes.map { text in
          defer { start += text.count }
          return UnsafeRawBufferPointer(rebasing: raw[start..<start + text.count])
        }
        for _ in 0..<2 { encoder.encode(texts, into: &encodings) }
      }
      results.append(encodings)
    }
    #expect(results[0].count == 500)
    #expect(results[0] == results[1] && results[1] == results[2])
  }

  /// U+2B820 is an ideograph to Google's code and to ICU's users, not to the reference's table.
  @Test func unicodeDataDecides() throws {
    let text = "a\u{2B820}a"
    let reference = try Self.tokenizer { $0.lowercase = false }
    let icu = try Self.tokenizer {
      $0.lowercase = false
      $0.unicode = .icu
    }
    #expect(reference.encode(text).ids == [1])
    #expect(icu.encode(text).ids == [5, 1, 5])
    #expect(reference.contentHash != icu.contentHash)
    #expect(icu.summary.unicode.hasPrefix("ICU "))
  }
}
