import Testing

@testable import XlingTokenizers

struct DecodingTests {
  private func spaced(
    _ text: String, _ cut: PieceText.Cut = .start, mayBeMalformed: Bool = false
  ) -> String {
    String(
      decoding: PieceText.spaced(Array(text.utf8), mayBeMalformed: mayBeMalformed, cutting: cut),
      as: UTF8.self)
  }

  /// ▁ and a mark behind it are one Character: a space all the same.
  @Test func marksBehindASpaceKeepNoUnderscore() {
    #expect(Array(spaced("▁a▁\u{301}b").utf8) == Array("a \u{301}b".utf8))
    #expect(Array(spaced("▁\u{301}").utf8) == Array("\u{301}".utf8))
  }

  @Test func oneSpaceGoesWhereItWasPut() {
    #expect(
      spaced("▁▁a▁") == " a " && spaced("a▁▁", .end) == "a " && spaced("▁a", .nothing) == " a")
    #expect(spaced("", .start).isEmpty && spaced("", .end).isEmpty)
    // The beginning of ▁ alone is none.
    #expect(
      PieceText.spaced([0x61, 0xE2, 0x96], mayBeMalformed: false, cutting: .start).count == 3)
  }

  @Test func bytesOfPieces() {
    func byte(_ piece: String) -> UInt8? { PieceText.byte(Array(piece.utf8)) }
    #expect(byte("<0x0A>") == 10 && byte("<0xfF>") == 255)
    #expect(byte("<0x0G>") == nil && byte("<0x0A") == nil && byte("▁0A>") == nil)
    let broken = PieceText.spaced([0x61, 0xE2, 0x28], mayBeMalformed: true, cutting: .nothing)
    #expect(broken == Array("a\u{FFFD}(".utf8))
  }
}
