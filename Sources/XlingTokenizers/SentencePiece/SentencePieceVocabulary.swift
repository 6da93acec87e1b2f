import Foundation

/// A model's pieces, ready for lookup. Immutable: threads share it.
final class SentencePieceVocabulary: Sendable {
  let algorithm: SentencePieceModel.Algorithm
  let pieces: PackedPieces
  /// Normal, user-defined and, for BPE, unused pieces, with their ids.
  let trie: ScoredTrie
  /// By id: what a piece adds to a path (Unigram) or how early it is merged (BPE). The unknown
  /// piece has the score of an unknown character.
  let scores: ConstantBuffer<Float>
  /// The highest of the scores, or 0.
  let highestScore: Float
  let unknownId: Int32
  /// By byte; nil when unknown characters stay unknown.
  let bytePieces: ConstantBuffer<Int32>?
  /// By id; nil when there is none.
  let isUnused: ConstantBuffer<Bool>?
  /// The ids of user-defined symbols, by their bytes.
  let userDefined: [Int32]
  /// User-defined symbols as a ``DoubleArray``.
  let symbols: ConstantBuffer<UInt32>?
  /// Single characters that are control pieces: BPE finds them, Unigram does not.
  let reserved: [[UInt8]: Int32]
  /// Pieces that no text becomes: control, unknown, unused.
  let silent: Set<Int32>
  /// Whether ▁ alone is a piece.
  let hasSpace: Bool
  /// Whether no piece holds ▁ behind another character, and none is unused: then what lies between
  /// such places can be segmented alone.
  let cutsAtSpaces: Bool

  /// Throws ``TokenizerFailure/badModel(file:offset:expected:found:)`` on a piece that is twice there,
  /// and on more or longer ones than there is room for.
  init(_ model: SentencePieceModel, file: String) throws(TokenizerFailure) {
    let kinds = model.kinds
    guard model.count <= ScoredTrie.maximumCount else {
      throw .badModel(
        file: file, offset: 0, expected: "at most \(ScoredTrie.maximumCount) pieces",
        found: "\(model.count)")
    }
    if let long = (0..<model.count).first(where: {
      model.pieces.range($0).count > PackedPieces.maximumBytes
    }) {
      throw .badModel(
        file: file, offset: 0, expected: "pieces of at most \(PackedPieces.maximumBytes) bytes",
        found: "\(model.pieces.range(long).count) bytes")
    }
    let (order, duplicate) = model.pieces.sorted()
    if let (first, second) = duplicate {
      throw .badModel(
        file: file, offset: 0, expected: "every piece once",
        found: "\"\(String(decoding: model.pieces[first], as: UTF8.self))\" as pieces \(first) "
          + "and \(second)")
    }
    func sorted(_ isWanted: (SentencePieceModel.Kind) -> Bool) -> [Int32] {
      order.filter { isWanted(kinds[Int($0)]) }
    }
    algorithm = model.algorithm
    pieces = PackedPieces(model.pieces)
    let isBPE = model.algorithm == .bpe
    let scores = Self.scores(model)
    let words = sorted { $0 == .normal || $0 == .userDefined || isBPE && $0 == .unused }
    self.scores = ConstantBuffer(scores)
    var trie = ScoredTrie(model.pieces, words, scores: self.scores)
    if !isBPE { trie.learnFirstScalars() }
    self.trie = trie
    let userDefined = sorted { $0 == .userDefined }
    self.userDefined = userDefined
    symbols =
      userDefined.isEmpty
      ? nil
      : ConstantBuffer(DoubleArrayBuilder.build(model.pieces, userDefined, values: userDefined))
    let space = SentencePieceModel.space
    hasSpace = space.withUnsafeBufferPointer { text in
      text.baseAddress.map { trie.reader.first($0, text.count).id >= 0 } ?? false
    }
    highestScore = words.reduce(0) { max($0, scores[Int($1)]) }
    unknownId = Int32(kinds.firstIndex(of: .unknown) ?? 0)
    bytePieces = model.byteFallback ? ConstantBuffer(Self.bytePieces(model)) : nil
    let hasUnused = isBPE && kinds.contains(.unused)
    isUnused = hasUnused ? ConstantBuffer(kinds.map { $0 == .unused }) : nil
    silent = Set(
      kinds.indices.filter { [.control, .unknown, .unused].contains(kinds[$0]) }.map(Int32.init))
    let singles = sorted { [.control, .unknown, .byte].contains($0) }.filter {
      let piece = model.pieces[Int($0)]
      return UTF8Scalar.length(piece.first ?? 0) == piece.count
    }
    reserved =
      isBPE
      ? Dictionary(uniqueKeysWithValues: singles.map { (Array(model.pieces[Int($0)]), $0) }) : [:]
    cutsAtSpaces = !hasUnused && Self.noneCrossesSpace(model)
  }

  /// Valid while this object lives.
  var reader: Reader {
    Reader(
      algorithm: algorithm, trie: trie.reader, scores: scores.base, highestScore: highestScore,
      unknownId: unknownId, bytePieces: bytePieces?.base, isUnused: isUnused?.base,
      symbols: symbols?.base)
  }

  struct Reader: BitwiseCopyable {
    let algorithm: SentencePieceModel.Algorithm
    let trie: ScoredTrie.Reader
    let scores: UnsafePointer<Float>
    let highestScore: Float
    let unknownId: Int32
    let bytePieces: UnsafePointer<Int32>?
    let isUnused: UnsafePointer<Bool>?
    let symbols: UnsafePointer<UInt32>?
  }

  /// The memory that it takes.
  var byteCount: Int {
    let tables = pieces.byteCount + trie.byteCount + scores.byteCount + (symbols?.byteCount ?? 0)
    // Of reserved pieces what their arrays take at least, since they are a handful.
    return tables + 4 * ((bytePieces?.count ?? 0) + userDefined.count) + (isUnused?.count ?? 0)
      + reserved.reduce(0) { $0 + $1.key.count + 48 }
  }

  /// Float32 throughout, as the reference computes.
  private static func scores(_ model: SentencePieceModel) -> [Float] {
    var scores = model.scores
    if model.algorithm == .bpe { return scores }
    var lowest = Float.greatestFiniteMagnitude
    for id in scores.indices where model.kinds[id] == .normal { lowest = min(lowest, scores[id]) }
    if lowest == .greatestFiniteMagnitude { lowest = 0 }
    for id in scores.indices {
      switch model.kinds[id] {
      case .userDefined: scores[id] = Float(0.1 * Double(model.pieces.range(id).count - 1))
      case .unknown: scores[id] = lowest - 10
      default: break
      }
    }
    return scores
  }

  private static func bytePieces(_ model: SentencePieceModel) -> [Int32] {
    var ids: [[UInt8]: Int32] = [:]
    for id in 0..<model.count where model.kinds[id] == .byte {
      ids[Array(model.pieces[id])] = Int32(id)
    }
    return (0...255).map { ids[SentencePieceModel.bytePiece(UInt8($0))] ?? 0 }
  }

  private static func noneCrossesSpace(_ model: SentencePieceModel) -> Bool {
    model.pieces.bytes.withUnsafeBytes { bytes in
      model.pieces.ends.withUnsafeBufferPointer { ends in
        guard let base = bytes.baseAddress else { return true }
        var start = 0
        for (id, end) in ends.enumerated() {
          let end = Int(end)
          var at = start
          start = end
          if model.kinds[id] != .normal && model.kinds[id] != .userDefined { continue }
          while at < end, isSpace(bytes, at, end) { at += 3 }
          while at < end, let next = memchr(base + at, 0xE2, end - at) {
            at = UnsafeRawPointer(next) - base
            if isSpace(bytes, at, end) { return false }
            at += 1
          }
        }
        return true
      }
    }
  }

  /// Whether ▁ begins at `at`.
  @inline(__always)
  private static func isSpace(_ bytes: UnsafeRawBufferPointer, _ at: Int, _ end: Int) -> Bool {
    bytes[at] == 0xE2 && at + 3 <= end && bytes[at + 1] == 0x96 && bytes[at + 2] == 0x81
  }
}
