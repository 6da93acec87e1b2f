import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Files that are not as they should be, and settings that the reference models do not have.
@Suite struct SentencePieceModelTests {
  /// A small model of each kind with a charsmap.
  static func model(_ algorithm: SentencePieceModel.Algorithm) -> SentencePieceModel {
    var model = SentencePieceTrainingOptions().model(
      algorithm, charsmap: CharsmapCompiler.compile([[0x41]: [0x61], [0x61, 0x301]: [0xE1]]))
    let pieces: [(String, Float)] = [
      ("\u{2581}", -3), ("a", -3), ("b", -3), ("ab", -1), ("\u{2581}ab", -2), ("\u{E1}", -4),
    ]
    for (piece, score) in pieces { model.append(Array(piece.utf8), score: score) }
    return model
  }

  static func tokens(_ text: String, _ model: SentencePieceModel) throws -> [String] {
    let tokenizer = try SentencePieceTokenizer(model, file: "m")
    let encoding = tokenizer.encode(text)
    return encoding.ids.indices.map {
      String(decoding: tokenizer.token($0, of: encoding), as: UTF8.self)
    }
  }

  @Test(arguments: [SentencePieceModel.Algorithm.unigram, .bpe])
  func smallModelsSpell(algorithm: SentencePieceModel.Algorithm) throws {
    let model = Self.model(algorithm)
    #expect(try Self.tokens("ab", model) == ["▁ab"])
    #expect(try Self.tokens(" AB  a\u{301}x ", model) == ["▁", "a", "B", "▁", "á", "x"])
  }

  @Test func flagsDecide() throws {
    var model = Self.model(.unigram)
    model.whitespaceIsSuffix = true
    #expect(try Self.tokens("ab b", model) == ["ab", "▁", "b", "▁"])
    model.whitespaceIsSuffix = false
    model.addsDummyPrefix = false
    #expect(try Self.tokens("ab", model) == ["ab"])
    model.removesExtraWhitespace = false
    #expect(try Self.tokens("a  b ", model) == ["a", "▁", "▁", "b", "▁"])
    model.escapesWhitespace = false
    #expect(try Self.tokens("a b", model) == ["a", " ", "b"])
  }

  @Test func unusedPiecesAreTakenApart() throws {
    for algorithm in [SentencePieceModel.Algorithm.unigram, .bpe] {
      var model = Self.model(algorithm)
      let at = try #require((0..<model.count).first { model.piece($0) == Array("▁ab".utf8) })
      model.kinds[at] = .unused
      #expect(try Self.tokens("ab", model) == ["▁", "ab"])
    }
  }

  @Test func userDefinedSymbolsStayWhole() throws {
    for algorithm in [SentencePieceModel.Algorithm.unigram, .bpe] {
      var model = Self.model(algorithm)
      model.append(Array("AbA".utf8), score: 0, kind: .userDefined)
      #expect(try Self.tokens("AbAb", model) == ["▁", "AbA", "b"])
    }
  }

  static let refusals: [(String, @Sendable (inout SentencePieceModel) -> Void, String)] = [
    ("duplicate", { $0.append(Array("ab".utf8), score: -1) }, "every piece once"),
    ("empty", { $0.append([], score: -1) }, "a piece of 1 to"),
    ("NUL", { $0.append([0x61, 0], score: -1) }, "without NUL"),
    ("not UTF-8", { $0.append([0xC3], score: -1) }, "a piece in UTF-8"),
    ("not a number", { $0.append([0x63], score: .nan) }, "a finite score"),
    ("no unknown", { $0.kinds[0] = .control }, "one unknown piece"),
    ("two unknowns", { $0.kinds[1] = .unknown }, "one unknown piece"),
    ("no bytes", { $0.byteFallback = true }, "256 byte pieces"),
    ("odd byte", { $0.kinds[4] = .byte }, "byte pieces named"),
    ("far id", { $0.endId = 99 }, "ids of special tokens below"),
    ("short charsmap", { $0.charsmap = [1, 2] }, "more than 4 bytes"),
    ("odd charsmap", { $0.charsmap[0] = 7 }, "multiple of 1024"),
    ("open charsmap", { $0.charsmap.append(1) }, "ends with NUL"),
    ("far charsmap", { $0.charsmap.replaceSubrange(5...6, with: [0xFC, 0xFF]) }, "stays within"),
  ]

  @Test(arguments: refusals.indices)
  func badModelsAreRefused(index: Int) throws {
    let (name, spoil, message) = Self.refusals[index]
    var model = Self.model(.unigram)
    spoil(&model)
    let data = model.serialized
    let error = try #require(throws: TokenizerFailure.self, "\(name)") {
      _ = try SentencePieceTokenizer(
        try SentencePieceModel(serialized: data, file: "m"), file: "m")
    }
    #expect(error.description.contains(message), "\(name): \(error)")
    #expect(error.exitStatus == .badData)
  }

  @Test func cyclesInACharsmapAreFound() throws {
    // 'a' leads from the root's base back to it.
    var units = [UInt32](repeating: DoubleArray.isValue, count: 256)
    let base = 2
    units[0] = UInt32(base) << 10
    let child = base ^ 0x61
    units[child] = UInt32(0x61) | UInt32(child ^ base) << 10
    var blob: [UInt8] = [0, 4, 0, 0]
    for unit in units { withUnsafeBytes(of: unit.littleEndian) { blob.append(contentsOf: $0) } }
    #expect(throws: Charsmap.Malformed.self) { _ = try Charsmap(blob + [0]) }
  }

  /// Truncated, flipped, grown: one clear error or a model that encodes, never a crash. Lengths
  /// are claims, never allocations.
  @Test func mutatedFilesAreRefusedOrRead() throws {
    var random = RandomStream(seed: 7, "mutations")
    let text = Array("Ab a\u{301} \u{2581}ab\u{FFFD} 🦄".utf8) + [0xFF, 0xE2, 0x96]
    var refused = 0
    for algorithm in [SentencePieceModel.Algorithm.unigram, .bpe] {
      let whole = [UInt8](Self.model(algorithm).serialized)
      for round in 0..<1500 {
        var bytes = whole
        switch round % 4 {
        case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
        case 1:
          let at = Int(random.next() % UInt64(bytes.count))
          bytes.replaceSubrange(at..<at, with: [0xFF, 0xFF, 0xFF, 0xFF, 0x07])
        default:
          for _ in 0...(round % 5) {
            // Half of the flips where the pieces and settings are, ahead of the charsmap.
            let span = round % 2 == 0 ? bytes.count : min(bytes.count, 160)
            bytes[Int(random.next() % UInt64(span))] = UInt8(truncatingIfNeeded: random.next())
          }
        }
        do {
          let model = try SentencePieceModel(serialized: Data(bytes), file: "m")
          let tokenizer = try SentencePieceTokenizer(model, file: "m")
          for cached in [false, true] {
            var encoding = Encoding()
            text.withUnsafeBytes {
              tokenizer.session(cached: cached).encode($0, offsets: .bytes, into: &encoding)
            }
            #expect(encoding.ids.allSatisfy { 0..<Int32(tokenizer.vocabularySize) ~= $0 })
            #expect(encoding.ends.allSatisfy { 0...Int32(text.count) ~= $0 })
          }
        } catch is TokenizerFailure {
          refused += 1
        }
      }
    }
    #expect(refused > 800)
  }

  @Test func doubleArraysHoldTheirKeys() {
    var pieces = PieceList()
    var random = RandomStream(seed: 3, "keys")
    var known = Set<[UInt8]>()
    while known.count < 3000 {
      let key = (0..<1 + Int(random.next() % 6)).map { _ in UInt8(1 + random.next() % 255) }
      if known.insert(key).inserted { pieces.append(key) }
    }
    let (order, duplicate) = pieces.sorted()
    #expect(duplicate == nil)
    #expect(
      zip(order, order.dropFirst()).allSatisfy {
        pieces[Int($0)].lexicographicallyPrecedes(pieces[Int($1)])
      })
    let units = ConstantBuffer(DoubleArrayBuilder.build(pieces, order, values: order))
    for index in 0..<pieces.count {
      let value = pieces[index].withUnsafeBufferPointer {
        DoubleArray.value(units.base, of: $0)
      }
      #expect(value == Int32(index))
      let longer = Array(pieces[index]) + [0]
      #expect(longer.withUnsafeBufferPointer { DoubleArray.value(units.base, of: $0) } == nil)
    }
  }

  /// More units than a base's 20 bits reach from one end to the other, more tails than there is room
  /// for, keys that others go on from, and leaves far down.
  @Test func scoredTriesHoldTheirPieces() {
    var random = RandomStream(seed: 5, "trie")
    var pieces = PieceList()
    var known = Set<[UInt8]>()
    while known.count < 300_000 {
      var key = (0..<1 + random.index(6)).map { _ in UInt8(1 + random.index(0xF4)) }
      if random.index(3) == 0 { key += [UInt8](repeating: 0x61, count: random.index(50)) }
      if known.insert(key).inserted { pieces.append(key) }
    }
    let order = pieces.sorted().order
    let trie = ScoredTrie(
      pieces, order, scores: ConstantBuffer([Float](repeating: 0, count: pieces.count)))
    #expect(trie.byteCount > DoubleArrayBuilder.tailLimit + 5 << 20)
    var missed = 0
    for index in 0..<pieces.count {
      let piece = Array(pieces[index])
      if Self.find(piece, trie) != Int32(index) { missed += 1 }
      // Neither a value nor a free unit is a node.
      for byte in [0, 0x61, 0xFF] as [UInt8] {
        let longer = piece + [byte]
        if !known.contains(longer), Self.find(longer, trie) >= 0 { missed += 1 }
      }
    }
    #expect(missed == 0)
  }

  private static func find(_ piece: [UInt8], _ trie: ScoredTrie) -> Int32 {
    let trie = trie.reader
    var base = trie.root
    var id: Int32 = -1
    for byte in piece {
      guard let unit = trie.step(&base, byte) else { return -1 }
      id = trie.id(unit, base)
    }
    return id
  }

  /// A pair of segmentations whose scores are equal in exact arithmetic: single precision decides,
  /// and does so differently behind different texts. The cache must not hide that.
  @Test func cachedWordsKeepTheReferencesRounding() throws {
    var model = SentencePieceTrainingOptions().model(.unigram, charsmap: [])
    let pieces: [(String, Float)] = [
      ("\u{2581}", -1.3), ("a", -2.1), ("b", -2.7), ("c", -3.1), ("ab", -4.8), ("bc", -5.8),
      ("\u{2581}x", -7.77),
    ]
    for (piece, score) in pieces { model.append(Array(piece.utf8), score: score) }
    let tokenizer = try SentencePieceTokenizer(model, file: "m")
    let cached = tokenizer.session(cached: true)
    var encoding = Encoding()
    var seen = Set<[Int32]>()
    for length in 0..<400 {
      let text = String(repeating: "x ", count: length) + "abc bc abc"
      var utf8 = text
      utf8.withUTF8 {
        cached.encode(UnsafeRawBufferPointer($0), offsets: .scalars, into: &encoding)
      }
      #expect(encoding == tokenizer.encode(text), "\(length)")
      seen.insert(Array(encoding.ids.dropFirst(length)))
    }
    #expect(seen.count > 1)
  }
}
