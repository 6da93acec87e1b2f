import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Chunks that are looked up whole against the plain way: scalar by scalar, nothing kept.
@Suite struct WordPieceChunkTests {
  /// What may be told wrongly where it is looked at without its neighbours: marks behind spaces, white
  /// space that is none of ASCII's, removed characters that join, letters whose lower case has context.
  static let parts: [[UInt8]] =
    WordPieceSessionTests.parts
    + [
      "\u{301}a", "\u{94D}", "\u{1161}", "\u{85}", "\u{2028}", "\u{2029}", "\u{1F}", "\u{B}", "\r",
      "\u{7F}", "Σ", "ΟΣ", "ς", "\u{200C}", "\u{AD}", "\u{FE0F}", "[SEP]", "[UNK]", "##a", "\u{A8}",
      "\u{1E9E}", "\u{3099}", "か", "ﾊﾞ",
    ].map { Array($0.utf8) }
    + [
      [UInt8](repeating: 0x61, count: 39), [UInt8](repeating: 0x61, count: 40),
      [UInt8](repeating: 0x62, count: 41), Array(String(repeating: "é", count: 101).utf8),
      Array(String(repeating: "中", count: 13).utf8), [UInt8](repeating: 0x21, count: 40),
      [0xE2, 0x80], [0xF0, 0x9F, 0x98], [0x80],
    ]

  static let spaces = [" ", "  ", "\n", "\t", "\r\n", " \u{A0}", "\u{85} ", "\0 "].map {
    Array($0.utf8)
  }

  /// Few chunks, so that they come again, in one text and in others.
  static let chunks: [[UInt8]] = {
    var stream = RandomStream(seed: 3, "chunks", 0)
    return (0..<400).map { _ in
      (0..<1 + stream.index(4)).flatMap { _ in parts[stream.index(parts.count)] }
    }
  }()

  static func text(_ number: Int) -> [UInt8] {
    var stream = RandomStream(seed: 3, "chunk texts", number)
    var text = stream.index(3) == 0 ? spaces[stream.index(spaces.count)] : []
    for _ in 0..<stream.index(number % 20 == 0 ? 60 : 8) {
      text += chunks[stream.index(chunks.count)] + spaces[stream.index(spaces.count)]
    }
    return text + (stream.index(2) == 0 ? chunks[stream.index(chunks.count)] : [])
  }

  @Test(arguments: WordPieceSessionTests.configurations.indices)
  func chunksAgreeWithThePlainWay(index: Int) throws {
    let tokenizer = try WordPieceSessionTests.tokenizer(WordPieceSessionTests.configurations[index])
    #expect(tokenizer.chunksStandAlone)
    // The smallest forgets all again and again.
    let sessions = [WordCache.usualLimit, 4096, 0].map { tokenizer.session(cacheLimit: $0) }
    for number in 0..<600 {
      let bytes = Self.text(number)
      let expected = WordPieceSessionTests.plain(tokenizer, bytes)
      var scalars: [Encoding] = []
      // What was kept in one unit is read in the other.
      for unit in number % 2 == 0 ? [OffsetUnit.bytes, .scalars] : [.scalars, .bytes] {
        for session in sessions {
          var encoding = Encoding()
          bytes.withUnsafeBytes { session.encode($0, offsets: unit, into: &encoding) }
          #expect(encoding.ids.map(Int.init) == expected.map { $0[0] }, "\(number): \(bytes)")
          if unit == .bytes {
            #expect(encoding.starts.map(Int.init) == expected.map { $0[1] }, "\(number): \(bytes)")
            #expect(encoding.ends.map(Int.init) == expected.map { $0[2] }, "\(number): \(bytes)")
          } else {
            scalars.append(encoding)
          }
        }
      }
      let numbers = bytes.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { UTF8Scalar.numbers($0, buffer.count) } ?? [0]
      }
      for encoding in scalars {
        #expect(encoding == scalars[2], "\(number): \(bytes)")
        #expect(encoding.starts == expected.map { numbers[$0[1]] }, "\(number): \(bytes)")
        #expect(encoding.ends == expected.map { numbers[$0[2]] }, "\(number): \(bytes)")
      }
    }
  }

  /// Added tokens that take white space along, that begin as words do, or that reach across white space.
  static let added: [[AddedToken]] = [
    [
      AddedToken(utf8: Array("<l>".utf8), id: 2, stripsLeft: true),
      AddedToken(utf8: Array("<r>".utf8), id: 3, stripsRight: true),
      AddedToken(utf8: Array("<b>".utf8), id: 4, stripsLeft: true, stripsRight: true),
    ],
    [AddedToken(utf8: Array("ab".utf8), id: 2), AddedToken(utf8: Array("е".utf8), id: 3)],
    [AddedToken(utf8: Array("a b".utf8), id: 2), AddedToken(utf8: Array("\u{A0}a".utf8), id: 3)],
  ]

  @Test(arguments: added.indices)
  func addedTokensBesideChunks(index: Int) throws {
    let like = try WordPieceSessionTests.tokenizer { _ in }
    let tokenizer = try BertTokenizer(
      like.index, configuration: like.configuration, special: like.special, unknown: 1,
      addedTokens: Self.added[index], contentHash: "")
    #expect(tokenizer.chunksStandAlone == (index != 2))
    let sessions = [WordCache.usualLimit, 4096, 0].map { tokenizer.session(cacheLimit: $0) }
    let parts =
      ["a", "b", "ab", "a!", "е", "中", "\u{301}", "\u{A0}", "<l>", "<r>", "<b>", "<", "a<l>b"]
      + [" ", " ", " ", "  ", "\t", "\u{85}", "\u{3000}"]
    var found = 0
    for number in 0..<3_000 {
      var stream = RandomStream(seed: 4, "added", number)
      let text = (0..<1 + stream.index(12)).map { _ in parts[stream.index(parts.count)] }.joined()
      for unit in number % 2 == 0 ? [OffsetUnit.bytes, .scalars] : [.scalars, .bytes] {
        let encodings = sessions.map { session in
          var encoding = Encoding()
          Array(text.utf8).withUnsafeBytes { session.encode($0, offsets: unit, into: &encoding) }
          return encoding
        }
        #expect(encodings[0] == encodings[2], "\(text.debugDescription)")
        #expect(encodings[1] == encodings[2], "\(text.debugDescription)")
        found += encodings[2].ids.contains { (2...4).contains($0) } ? 1 : 0
      }
    }
    #expect(found > 300)
  }

  @Test func severalThreads() throws {
    let tokenizer = try WordPieceSessionTests.tokenizer { _ in }
    let texts = (0..<600).map(Self.text)
    let expected = texts.map { text in text.withUnsafeBytes { tokenizer.encode($0) } }
    let all = texts.flatMap { $0 }
    for threads in [1, 4] {
      let encoder = BatchEncoder(tokenizer, threads: threads)
      var encodings: [Encoding] = []
      all.withUnsafeBytes { raw in
        var start = 0
        let parts = texts.map { text in
          defer { start += text.count }
          return UnsafeRawBufferPointer(rebasing: raw[start..<start + text.count])
        }
        for _ in 0..<3 {
          encoder.encode(parts, into: &encodings)
          #expect(encodings == expected, "\(threads) threads")
        }
      }
    }
  }
}
