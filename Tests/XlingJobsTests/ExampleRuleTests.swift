import Testing

@testable import XlingJobs

/// Examples of a report: found first, found within ten and missed in equal parts.
@Suite struct ExampleRuleTests {
  private let rule = ExampleRule(method: "lwa")

  /// Pictures 0 to 5 under six languages, found first, within ten, missed, and again.
  private func language(_ code: String, _ ranks: [Double]) -> (String, [ExampleRule.Query]) {
    (code, ranks.enumerated().map { ($0.offset, $0.offset, $0.element) })
  }

  @Test func partsAreEqualAndInTheOrderGiven() {
    let ranks: [Double] = [1, 5, 99, 1, 10, 11]
    let drawn = rule.draw(
      ["a", "b", "c", "d", "e", "f", "g"].map { language($0, ranks) }, order: [5, 4, 3, 2, 1, 0])
    #expect(drawn.map(\.language) == ["a", "b", "c", "d", "e", "f"])
    #expect(drawn.map(\.picture) == [3, 4, 5, 0, 1, 2])
    #expect(drawn.map(\.outcome) == [.first, .withinTen, .missed, .first, .withinTen, .missed])
  }

  @Test func aLanguageWithoutItsPartIsLeftOut() {
    let drawn = rule.draw(
      [language("a", [2, 3]), language("b", [2, 3]), language("c", [2, 30])], order: [0, 1])
    #expect(drawn.map(\.language) == ["b", "c"] && drawn.map(\.picture) == [0, 1])
    #expect(rule.draw([language("a", [1]), language("b", [2])], order: [0]).isEmpty)
  }

  @Test func theRuleIsSaid() {
    #expect(rule.words.contains("lwa finds first, finds within ten, and misses"))
    #expect(ExampleRule.Outcome(rank: 10.5) == .missed && ExampleRule.Outcome(rank: 1) == .first)
  }
}
