import Foundation
import XlingCore
import XlingData
import XlingEvaluation
import XlingLanguages
import XlingReports
import XlingRetrieval

/// A few queries with the pictures that came first, drawn by an ``ExampleRule``.
struct QuickstartExamples {
  private let results: [QuickstartResult]
  private let shown: [String]
  private let languages: [String]
  private let depth = 5
  /// By the results of the first seed.
  let rule: ExampleRule

  init(_ plan: QuickstartPlan, _ results: [QuickstartResult]) {
    languages = ["tr", "ko", "ru", "sw", "it", "zh"].filter(plan.languages.contains)
    self.results = results
    (shown, rule) = (plan.shown, ExampleRule(method: plan.deciding))
  }

  func examples() throws -> [QuickstartReport.Example] {
    guard let deciding = results.first(where: { $0.method == rule.method }) else { return [] }
    let cards = try Languages.load()
    let items = results[0].evaluator.items
    let keys = items.map { Digest.key("example/" + $0.image) }
    let measured = languages.compactMap { code in
      deciding.languages[code]?.first.map { (code, $0) }
    }
    let drawn = rule.draw(
      measured.map { code, result in
        let texts = result.textToImage
        return (
          code,
          texts.pictures.enumerated().map { place, picture in
            (place, Int(picture), texts.ranking.rank(place))
          }
        )
      }, order: items.indices.sorted { keys[$0] < keys[$1] })
    let captions = Dictionary(uniqueKeysWithValues: measured.map { ($0, $1.captions) })
    return try drawn.compactMap { language, place, picture, outcome in
      guard let query = captions[language]?[place] else { return nil }
      return QuickstartReport.Example(
        query: query,
        language: .init(
          code: language, name: cards[code: language]?.name ?? language,
          endonym: cards[code: language]?.nativeName),
        translation: items[picture].captions["en"]?.first,
        answers: try results.filter { shown.contains($0.method) }.map {
          try answer($0, query, language, gold: picture)
        }, drawnAs: "\(outcome.words) by \(rule.method)")
    }
  }

  private func answer(
    _ result: QuickstartResult, _ query: String, _ language: String, gold: Int
  ) throws -> QuickstartReport.Answer {
    let evaluator = result.evaluator
    let vector = try evaluator.captionEmbeddings([query], language: language)
    let pictures = try evaluator.pictureEmbeddings()
    let ranking = try Ranking(
      queries: vector, gallery: pictures, gold: GoldRelation(single: [Int32(gold)]))
    let first = try Neighbours(queries: vector, gallery: pictures, count: depth)
    return .init(
      method: result.method, goldRank: Int(ranking.rank(0)),
      pictures: try first.items[0].map { found in
        let index = Int(found.index)
        let item = evaluator.items[index]
        return .init(
          jpeg: try AtomicFile.read(evaluator.dataset.path(of: item)),
          description: item.captions["en"]?.first ?? item.image, isGold: index == gold)
      })
  }
}
