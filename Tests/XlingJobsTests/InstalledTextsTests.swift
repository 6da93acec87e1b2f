import Testing
import XlingCoverage
import XlingData
import XlingLanguages

@testable import XlingJobs

/// The texts that are installed are in the languages that they are labelled with.
@Suite(.enabled(if: (try? EmbeddedTexts.available()) != nil, "needs unicode-cldr-core"))
struct InstalledTextsTests {
  @Test func noFalseAlarms() throws {
    let cards = try Languages.load()
    let available = try EmbeddedTexts.available()
    let texts = try EmbeddedTexts(available)
    var looked = 0
    for language in available {
      guard let letters = try CoverageJob.letters(cards[code: language]) else { continue }
      let found = letters.condition(of: texts.parallel(language).lines)
      #expect(!found.isTold, "\(language): \(found)")
      looked += 1
    }
    #expect(looked > 100)
    // The same lines under another label are found.
    let greek = try #require(try CoverageJob.letters(cards[code: "el"]))
    #expect(greek.condition(of: texts.parallel("he").lines).isTold)
    let turkish = try #require(try CoverageJob.letters(cards[code: "tr"]))
    #expect(turkish.condition(of: texts.parallel("vi").lines).isTold)
  }
}
