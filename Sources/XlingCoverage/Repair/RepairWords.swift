import XlingCore
import XlingTokenizers

/// A part of a word: a piece of the vocabulary, or a character that it lacks.
struct RepairSymbol: Hashable {
  /// As the vocabulary writes it: "##ing", "▁the".
  let text: [UInt8]
  /// Ids of the old tokens.
  let parts: [Int32]
  /// Tokens; of a character that is lacking, the bytes of it.
  let cost: Int
}

/// The words of texts by type, each cut into what the tokenizer has of it.
struct RepairWords {
  struct Word {
    var symbols: [RepairSymbol]
    let count: Int
  }

  private(set) var words: [Word] = []
  /// Tokens of all of them, unknown ones at their bytes.
  private(set) var cost = 0
  /// Tokens as they are.
  private(set) var tokens = 0
  /// Types that are counted at a time; beyond, those met once are let go.
  static let most = 1 << 20

  private let tokenizer: any Tokenizer
  let isWordPiece: Bool
  /// Ids of pieces that a text becomes.
  let known: [[UInt8]: Int32]
  private let unknown: Int32
  private var types: [[UInt8]: Int] = [:]
  /// Whether rare words were let go.
  private(set) var isPruned = false

  init(_ tokenizer: any Tokenizer) {
    self.tokenizer = tokenizer
    isWordPiece = tokenizer.summary.model == "WordPiece"
    unknown = tokenizer.special.unknown ?? 0
    var known: [[UInt8]: Int32] = [:]
    for id in 0..<Int32(tokenizer.vocabularySize) where tokenizer.kind(ofPiece: id) == .text {
      known[tokenizer.piece(id)] = id
    }
    self.known = known
  }

  /// Counts the words of a text, as normalization leaves them. Throws what reading the text throws,
  /// ``CoverageFailure/noLines(name:)``, `InterruptionFailure`.
  mutating func add(_ text: CoverageText) throws -> Int {
    var batches = LineBatches(text)
    var filled = 0
    var (types, isPruned) = (types, isPruned)
    self.types = [:]
    try batches.eachBatch { bytes, lines in
      try Interruption.check("nothing is kept")
      for line in lines {
        let normal = tokenizer.normalized(UnsafeRawBufferPointer(rebasing: bytes[line]))
        var isFilled = false
        for word in String(decoding: normal, as: UTF8.self).unicodeScalars.split(
          whereSeparator: { $0.properties.isWhitespace || $0 == "\u{2581}" })
        {
          isFilled = true
          types[Array(String(word).utf8), default: 0] += 1
        }
        if isFilled { filled += 1 }
      }
      if types.count > Self.most {
        types = types.filter { $0.value > 1 }
        isPruned = true
      }
    }
    (self.types, self.isPruned) = (types, isPruned)
    guard filled > 0 else { throw CoverageFailure.noLines(name: text.name) }
    return filled
  }

  /// Cuts the words counted, in the order of their bytes: what is learned does not depend on the order of
  /// lines.
  mutating func cut() {
    let session = tokenizer.session(cached: true)
    var encoding = Encoding()
    for (type, count) in types.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      type.withUnsafeBytes { session.encode($0, offsets: .scalars, into: &encoding) }
      tokens += encoding.count * count
      var symbols: [RepairSymbol] = []
      let scalars = Array(String(decoding: type, as: UTF8.self).unicodeScalars)
      for (place, id) in encoding.ids.enumerated() {
        let piece = tokenizer.piece(id)
        let isLacking = id == unknown || tokenizer.kind(ofPiece: id) == .byte
        if isWordPiece, isLacking || !Self.continues(piece) { close(&symbols, count) }
        if !isLacking {
          symbols.append(RepairSymbol(text: piece, parts: [id], cost: 1))
          continue
        }
        let span = Int(encoding.starts[place])..<Int(encoding.ends[place])
        for scalar in scalars[span.clamped(to: scalars.indices)] {
          symbols.append(symbol(of: scalar, isFirst: symbols.isEmpty))
        }
        if isWordPiece { close(&symbols, count) }
      }
      close(&symbols, count)
    }
    types = [:]
  }

  private mutating func close(_ symbols: inout [RepairSymbol], _ count: Int) {
    guard !symbols.isEmpty else { return }
    words.append(Word(symbols: symbols, count: count))
    cost += count * symbols.reduce(0) { $0 + $1.cost }
    symbols = []
  }

  /// A character of a word that was unknown: it may have a piece all the same.
  private func symbol(of scalar: Unicode.Scalar, isFirst: Bool) -> RepairSymbol {
    let bytes = Array(String(scalar).utf8)
    let text = isWordPiece && !isFirst ? Self.mark + bytes : bytes
    if let id = known[text] { return RepairSymbol(text: text, parts: [id], cost: 1) }
    return RepairSymbol(text: text, parts: [unknown], cost: bytes.count)
  }

  static let mark = Array("##".utf8)

  static func continues(_ piece: [UInt8]) -> Bool {
    piece.count > 2 && piece[0] == 0x23 && piece[1] == 0x23
  }

  /// Two runs that stand side by side, as one piece.
  func joined(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
    let isTail = isWordPiece && !first.isEmpty && Self.continues(second)
    return first + (isTail ? second.dropFirst(2) : second[...])
  }
}
