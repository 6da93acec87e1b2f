/// What WordPiece merges: all neighbours. Two pairs may become one piece ("a" + "##bc", "ab" +
/// "##c"), which is one symbol.
struct WordPieceRules: MergeRules {
  /// By symbol; the alphabet first.
  private(set) var pieces: ByteTable

  init(alphabet: ByteTable) { pieces = alphabet }

  func mayJoin(_ left: Int32, _ right: Int32) -> Bool { true }

  /// Length decides no ties.
  func characters(_ left: Int32, _ right: Int32) -> Int { 0 }

  /// The right symbol continues a word, so its "##" goes.
  func text(_ left: Int32, _ right: Int32) -> [UInt8] {
    Array(pieces[Int(left)]) + pieces[Int(right)].dropFirst(2)
  }

  mutating func merged(_ left: Int32, _ right: Int32) -> Int32? {
    Int32(pieces.insert(text(left, right)))
  }
}
