/// What SentencePiece merges: pieces of one script and of limited length, ▁ ahead only; a text once.
struct BPERules: MergeRules {
  private struct Symbol {
    let characters: Int32
    let script: Int16
    /// ▁ stands ahead only; ▅ and control characters join nothing.
    let startsWithSpace: Bool
    let isJoinable: Bool
  }

  private let maximumLength: Int32
  private var scripts = PieceScript()
  private var symbols: [Symbol] = []
  private var texts = PieceList()
  /// By scalar, its symbol, or -1.
  private var characterSymbols = [Int32](repeating: -1, count: ScalarTable<Int32>.codePointCount)
  private var known = ByteTable()

  /// Merged pieces in their order.
  private(set) var pieces: [[UInt8]] = []

  init(maximumLength: Int) { self.maximumLength = Int32(maximumLength) }

  mutating func symbol(_ scalar: UInt32) -> Int32 {
    if characterSymbols[Int(scalar)] >= 0 { return characterSymbols[Int(scalar)] }
    var bytes: [UInt8] = []
    UTF8Scalar.append(scalar, to: &bytes)
    texts.append(bytes)
    symbols.append(
      Symbol(
        characters: 1, script: scripts.of(scalar),
        startsWithSpace: scalar == SentencePieceCorpus.space,
        isJoinable: scalar != SentencePieceCorpus.unknown && scalar != 0 && scalar != 9))
    characterSymbols[Int(scalar)] = Int32(symbols.count - 1)
    return Int32(symbols.count - 1)
  }

  func mayJoin(_ left: Int32, _ right: Int32) -> Bool {
    let (first, second) = (symbols[Int(left)], symbols[Int(right)])
    return first.isJoinable && second.isJoinable && !second.startsWithSpace
      && first.characters + second.characters <= maximumLength
      && PieceScript.joined(first.script, second.script) != nil
  }

  func characters(_ left: Int32, _ right: Int32) -> Int {
    Int(symbols[Int(left)].characters + symbols[Int(right)].characters)
  }

  func text(_ left: Int32, _ right: Int32) -> [UInt8] {
    Array(texts[Int(left)]) + texts[Int(right)]
  }

  mutating func merged(_ left: Int32, _ right: Int32) -> Int32? {
    let piece = text(left, right)
    let knownCount = known.count
    if known.insert(piece) < knownCount { return nil }
    let (first, second) = (symbols[Int(left)], symbols[Int(right)])
    pieces.append(piece)
    texts.append(piece)
    symbols.append(
      Symbol(
        characters: first.characters + second.characters,
        script: PieceScript.joined(first.script, second.script) ?? PieceScript.any,
        startsWithSpace: first.startsWithSpace, isJoinable: true))
    return Int32(symbols.count - 1)
  }
}
