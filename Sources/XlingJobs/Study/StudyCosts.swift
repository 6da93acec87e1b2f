import Foundation
import XlingCore
import XlingCoverage
import XlingData
import XlingLanguages
import XlingRuns
import XlingStudies

/// What a study's tokenizers make of its languages' captions, measured once, when its cells are done.
struct StudyCosts {
  let setup: StudySetup
  let place: StudyPlace

  /// Captions of a language that are measured, evenly spaced: figures need no more.
  private static let most = 1_000
  private static let parallel = "en"

  /// Those that the store lacks. Throws what reading towers and measuring throw.
  func complete(_ known: [LanguageCost]) throws -> [LanguageCost] {
    let design = setup.design
    // Classifiers read no captions.
    guard design.classifiers == nil else { return known }
    let said =
      design.axes.first { $0.name == "text_tower" }?.values
      ?? design.fixed.filter { $0.key == "text_tower" }.map(\.value)
    let cards = try Languages.load()
    return try (said.isEmpty ? [""] : said).flatMap { tower -> [LanguageCost] in
      let own = known.filter { $0.tower == tower }
      let missing = setup.plan.inputs.languages.filter { language in
        !own.contains { $0.language == language }
      }
      guard !missing.isEmpty else { return own }
      let folder = setup.textTower(tower.isEmpty ? nil : tower, in: place)
      // One that nobody has made yet is measured by whoever goes on.
      let isThere =
        folder == nil || folder == tower || FileManager.default.fileExists(atPath: folder ?? "")
      guard isThere else { return own }
      let tokenizer = try TowerPair(text: folder, image: nil).tokenizer
      var meter = CoverageMeter(tokenizer)
      return try own + missing.map { try cost($0, tower, &meter, cards) }
    }
  }

  private func cost(
    _ language: String, _ tower: String, _ meter: inout CoverageMeter, _ cards: Languages
  ) throws -> LanguageCost {
    let split = Split(rawValue: setup.design.measure.split) ?? .test
    let items = try setup.measuredDataset.gold(language, split).items
    let count = min(Self.most, items.count)
    let some = (0..<count).map { items[$0 * items.count / count] }
    func lines(_ language: String) -> [String] {
      some.compactMap { $0.captions[language]?.first }
    }
    let counts = try meter.measure(
      CoverageText(lines: lines(language), name: language), language: language,
      locale: CoverageMeter.locale(of: language))
    let english = lines(Self.parallel)
    let other =
      english.count == count
      ? try meter.measure(
        CoverageText(lines: english, name: Self.parallel), language: Self.parallel, locale: nil)
      : nil
    func value(_ metric: String) throws -> Double? {
      try CoverageMetric.named(metric).figure(counts, english: other, draws: nil)?.value
    }
    return LanguageCost(
      tower: tower, language: language, family: cards[code: language]?.family.name,
      captions: count, premium: other == nil ? nil : try value("premium_unk_adjusted"),
      fertility: try value("fertility_icu_isolated"))
  }
}
