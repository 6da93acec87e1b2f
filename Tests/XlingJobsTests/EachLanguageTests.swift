import Testing

@testable import XlingJobs

@Suite("the loop over languages")
struct EachLanguageTests {
  struct Stop: Error {}

  @Test func tellsOfEveryLanguageOnce() throws {
    var told: [LanguageStep] = []
    let made = try EachLanguage.map(
      ["en", "tr"], of: "lwa", observe: { told.append($0) }, work: { $0.uppercased() })
    #expect(made == ["EN", "TR"])
    #expect(
      told == [
        .began(run: "lwa", total: 2), .done(1, language: "en"), .done(2, language: "tr"), .ended,
      ])
  }

  @Test func anObserverThatThrowsEndsIt() throws {
    var worked: [String] = []
    #expect(throws: Stop.self) {
      try EachLanguage.map(
        ["en", "tr", "ko"], of: "lwa",
        observe: { if case .done(2, _) = $0 { throw Stop() } },
        work: { worked.append($0) })
    }
    #expect(worked == ["en", "tr"])
  }
}
