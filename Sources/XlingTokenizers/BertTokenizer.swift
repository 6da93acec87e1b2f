import Foundation
import XlingCore

/// BERT WordPiece, equal to Hugging Face tokenizers 0.23.3 token for token (ids and offsets), with
/// ICU normalization ahead of it where the configuration asks for that.
public struct BertTokenizer: Tokenizer {
  public let configuration: BertConfiguration
  public let special: SpecialTokens
  public let contentHash: String
  private let pieces: [[UInt8]]
  private let splitter: WordSplitter
  private let trie: PieceTrie
  /// The trie's node behind "##", or -1 when no piece continues a word.
  private let continuation: Int32
  private let specialIds: [Int32]

  /// Words of more scalars are unknown as a whole (Hugging Face's limit; Google's code has 200).
  static let maximumScalarsPerWord = 100

  public var vocabularySize: Int { pieces.count }
  public var maximumLength: Int? { configuration.maximumLength }
  /// `[MASK]`; every BERT vocabulary holds it.
  public var mask: Int32 { specialIds[4] }

  /// Reads `vocab.txt` and `tokenizer_config.json` of a folder. Throws ``FileFailure`` or
  /// ``TokenizerFailure``.
  public init(folder: String) throws {
    let hint = "A tokenizer is a folder with vocab.txt and tokenizer_config.json."
    let configFile = folder + "/tokenizer_config.json"
    let vocabularyFile = folder + "/vocab.txt"
    let configuration = try BertConfiguration(
      json: try AtomicFile.read(configFile, hint: hint), file: configFile)
    let vocabulary = try WordPieceVocabulary(
      text: try AtomicFile.read(vocabularyFile, hint: hint), configuration: configuration,
      file: vocabularyFile)
    try self.init(vocabulary, file: vocabularyFile)
  }

  /// `file` names the vocabulary in errors. Throws ``TokenizerFailure`` when a piece occurs twice
  /// or a special token is missing.
  public init(_ vocabulary: WordPieceVocabulary, file: String = "vocab.txt") throws {
    var trie = PieceTrie()
    for (id, piece) in vocabulary.pieces.enumerated() {
      let before = trie.insert(piece, id: Int32(id))
      if before >= 0 {
        throw TokenizerFailure.badVocabulary(
          file: file, line: id + 1, expected: "a piece not seen before",
          found: "\"\(String(decoding: piece, as: UTF8.self))\" again (line \(before + 1))")
      }
    }
    var ids: [Int32] = []
    for token in vocabulary.configuration.specialTokens {
      let node = trie.node(of: token.utf8)
      guard node >= 0, trie.ids[Int(node)] >= 0 else {
        throw TokenizerFailure.missingSpecialToken(file: file, token: token)
      }
      ids.append(trie.ids[Int(node)])
    }
    special = SpecialTokens(
      padding: ids[0], unknown: ids[1], start: ids[2], end: ids[3], mask: ids[4])
    specialIds = ids
    configuration = vocabulary.configuration
    contentHash = vocabulary.contentHash
    pieces = vocabulary.pieces
    splitter = try WordSplitter(vocabulary.configuration)
    continuation = trie.node(of: [0x23, 0x23])
    self.trie = trie
  }

  public func piece(_ id: Int32) -> [UInt8] { pieces[Int(id)] }

  public func session(cached: Bool) -> any TokenizerSession { BertSession(self) }

  public var summary: TokenizerSummary {
    let roles = ["padding", "unknown", "start", "end", "mask"]
    var steps: [String] = []
    if configuration.normalization != .none {
      steps.append(configuration.normalization.rawValue.uppercased())
    }
    steps.append("clean text")
    if configuration.tokenizeChineseCharacters { steps.append("space CJK characters") }
    if configuration.stripAccents ?? configuration.lowercase { steps.append("strip accents") }
    if configuration.lowercase { steps.append("lower case") }
    return TokenizerSummary(
      model: "WordPiece",
      specialTokens: zip(roles, zip(configuration.specialTokens, specialIds)).map {
        .init(role: $0, text: $1.0, id: $1.1)
      }, normalizer: steps, charsmapHash: nil, unicode: "as tokenizers 0.23.3")
  }

  public func decode(_ ids: [Int32]) -> String {
    let silent = Set([specialIds[0], specialIds[2], specialIds[3]])
    var bytes: [UInt8] = []
    for id in ids where !silent.contains(id) {
      let piece = piece(id)
      if piece.count > 2, piece[0] == 0x23, piece[1] == 0x23 {
        bytes.append(contentsOf: piece.dropFirst(2))
      } else {
        if !bytes.isEmpty { bytes.append(0x20) }
        bytes.append(contentsOf: piece)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  fileprivate func encode(
    _ utf8: UnsafeRawBufferPointer, _ offsets: OffsetUnit, _ encoding: inout Encoding
  ) {
    encoding.removeAll()
    splitter.split(utf8, offsets: offsets) { part in
      switch part {
      case .word(let word): encode(word, &encoding)
      case .addedToken(let index, let span):
        encoding.append(specialIds[index], span.lowerBound, span.upperBound)
      }
    }
  }

  /// Greedy longest match from the left; what cannot be spelt to its end is one unknown token.
  private func encode(_ word: Word, _ encoding: inout Encoding) {
    let before = encoding.ids.count
    var at = 0
    if word.scalarCount <= Self.maximumScalarsPerWord {
      while at < word.bytes.count {
        var node = at == 0 ? PieceTrie.root : continuation
        var end = -1
        var id: Int32 = -1
        var next = at
        while node >= 0, next < word.bytes.count {
          node = trie.child(of: node, word.bytes[next])
          next += 1
          if node >= 0, trie.ids[Int(node)] >= 0 {
            id = trie.ids[Int(node)]
            end = next
          }
        }
        if end < 0 { break }
        encoding.append(id, word.starts[at], word.ends[end - 1])
        at = end
      }
    }
    if at == word.bytes.count { return }
    encoding.ids.removeLast(encoding.ids.count - before)
    encoding.starts.removeLast(encoding.starts.count - before)
    encoding.ends.removeLast(encoding.ends.count - before)
    encoding.append(specialIds[1], word.starts[0], word.ends[word.bytes.count - 1])
    encoding.unknownCount += 1
  }
}

private final class BertSession: TokenizerSession {
  private let tokenizer: BertTokenizer

  init(_ tokenizer: BertTokenizer) { self.tokenizer = tokenizer }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    tokenizer.encode(utf8, offsets, &encoding)
  }
}
