import Foundation
import XlingCore
import XlingData
import XlingEvaluation
import XlingLanguages
import XlingReports
import XlingRetrieval

/// A few queries with the pictures that came first. They are drawn by a fixed rule, not chosen.
struct QuickstartExamples {
  private let quickstart: Quickstart
  private let results: [Quickstart.MethodResult]
  private let shown = ["full", "lwa", "da"]
  private let languages = ["tr", "ko", "ru", "sw", "it", "zh"]
  private let depth = 5

  init(_ quickstart: Quickstart, _ results: [Quickstart.MethodResult]) {
    self.quickstart = quickstart
    self.results = results
  }

  func examples() throws -> [QuickstartReport.Example] {
    let cards = try Languages.load()
    let evaluator = results[0].evaluator
    // The pictures that a stable hash puts first, one a language.
    let order = evaluator.items.indices.sorted {
      Digest.key("example/" + evaluator.items[$0].image)
        < Digest.key("example/" + evaluator.items[$1].image)
    }
    return try zip(languages, order).compactMap { language, picture in
      guard let query = evaluator.items[picture].captions[language]?.first else { return nil }
      return QuickstartReport.Example(
        query: query,
        language: .init(
          code: language, name: cards[code: language]?.name ?? language,
          endonym: cards[code: language]?.nativeName),
        translation: evaluator.items[picture].captions["en"]?.first,
        answers: try results.filter { shown.contains($0.method) }.map {
          try answer($0, query, gold: picture)
        })
    }
  }

  private func answer(
    _ result: Quickstart.MethodResult, _ query: String, gold: Int
  ) throws -> QuickstartReport.Answer {
    let evaluator = result.evaluator
    let vector = try evaluator.captionEmbeddings([query])
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
