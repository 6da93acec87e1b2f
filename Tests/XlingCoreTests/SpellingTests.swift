import Testing
import XlingCore

@Suite("Spelling")
struct SpellingTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("align", "algin", 1),
    ("eval", "evla", 1), ("tr", "tr", 0), ("tr", "ru", 2), ("ca", "abc", 3),
  ])
  func distance(_ left: String, _ right: String, _ expected: Int) {
    #expect(Spelling.distance(left, right) == expected)
    #expect(Spelling.distance(right, left) == expected)
  }

  @Test func nearestIsTheFirstOfEquals() {
    #expect(Spelling.nearest(to: "algin", among: ["eval", "align", "aligns"]) == "align")
    #expect(Spelling.nearest(to: "xx", among: ["xa", "xb"]) == "xa")
    #expect(Spelling.nearest(to: "quickstart", among: ["eval", "align"]) == nil)
    #expect(Spelling.nearest(to: "a", among: []) == nil)
  }

  @Test func scalarsNotCharacters() {
    // One canonical character, two spellings: they differ as vocabularies and file names do.
    #expect(Spelling.distance("e\u{301}", "\u{e9}") == 2)
  }
}
