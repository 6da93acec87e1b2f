import Testing

@testable import XlingLanguages

@Suite struct LanguageFilterTests {
  private static func codes(_ filter: LanguageFilter) throws -> [String] {
    try filter.apply(to: try Languages.load().all).map(\.code)
  }

  @Test func filtersCombine() throws {
    let turkic = try Self.codes(LanguageFilter(families: ["turkic"]))
    #expect(turkic.contains("tr") && turkic.contains("kk"))
    let cyrillic = try Self.codes(LanguageFilter(scripts: ["cyrl"], families: ["Turkic"]))
    #expect(cyrillic == ["ba", "kk", "ky", "tt"])
    #expect(
      try Self.codes(
        LanguageFilter(scripts: ["Cyrl"], families: ["Turkic"], memberships: ["XLMR"]))
        == ["kk", "ky"])
  }

  @Test func ofScriptsOneIsEnoughOfMembershipsAllAreMeant() throws {
    let scripts = try Self.codes(LanguageFilter(scripts: ["Thai", "Laoo"]))
    #expect(scripts == ["lo", "th"])
    #expect(
      try Self.codes(LanguageFilter(memberships: ["multi30k", "xm3600", "xtd10"])) == [
        "de", "en", "fr",
      ])
  }

  @Test func anUnknownValueTellsWhatThereIs() throws {
    let all = try Languages.load().all
    do {
      _ = try LanguageFilter(scripts: ["Cyrk"]).apply(to: all)
      Issue.record("taken")
    } catch {
      #expect(error.description.contains("Did you mean Cyrl?"))
      #expect(error.description.contains("Arab, Armn"))
      #expect(error.exitStatus == .usage)
    }
  }

  @Test func nothingInCommonTellsHowManyEachHas() throws {
    let all = try Languages.load().all
    do {
      _ = try LanguageFilter(scripts: ["Thai"], memberships: ["multi30k"]).apply(to: all)
      Issue.record("taken")
    } catch {
      #expect(
        error
          == .noLanguage(
            filters: ["script Thai has 1", "model or evaluation set multi30k has 4"]))
    }
  }
}
