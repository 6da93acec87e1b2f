import Testing
import XlingEvaluation
import XlingRetrieval
import XlingTinyModel
import XlingTokenizers

@Suite("which captions are lost, and where")
struct ExplainingTests {
  private let found = Metric.recall(at: 1)

  /// One correct item a query, `above` wrong ones before it.
  private func ranking(_ above: [Int32], gallery: Int = 20) throws -> Ranking {
    let ones = [Int32](repeating: 1, count: above.count)
    return try Ranking(
      above: above, tiedWrong: above.map { _ in 0 }, tiedGold: ones, goldCount: ones,
      gallerySize: gallery)
  }

  private func pieces(_ count: Int, _ text: String, unknown: Int = 0, room: Int = 28)
    -> CaptionPieces
  {
    var encoding = Encoding()
    encoding.ids = (0..<Int32(count)).map { $0 }
    encoding.unknownCount = unknown
    return CaptionPieces(text, encoding, room: room)
  }

  @Test func captionsAreCounted() {
    let caption = pieces(6, "a cow  runs\n", unknown: 1, room: 6)
    #expect(caption.words == 3 && caption.characters == 8 && caption.pieces == 6)
    #expect(caption.density == 0.75 && caption.unknown == 1 && !caption.isCut)
    #expect(pieces(6, "a", room: 5).isCut)
    #expect(pieces(4, "ひつじが").words == 1)
    #expect(pieces(0, "").characters == 1)
  }

  /// Twenty captions of ten characters, the k-th of k pieces: the even ones are found.
  @Test func groupsAreThoseOfTheirCaptions() throws {
    let captions = (1...20).map {
      pieces($0, "0123456789", unknown: $0 > 15 ? 1 : 0, room: 18)
    }
    let above = (1...20).map { Int32($0 % 2) }
    let attribution = try TokenAttribution(
      language: "tr", pieces: captions.reversed(), ranking: try ranking(above.reversed()),
      clusters: (0..<20).map { $0 }, metric: found, ties: .pessimistic,
      resamples: Resamples(clusterCount: 20, count: 200, seed: 1))
    #expect(attribution.metric == "R@1")
    let groups = attribution.groups
    #expect(
      groups.map(\.name) == ["all"] + (1...10).map { "tenth \($0)" } + [
        "unknown pieces", "none unknown", "cut", "whole",
      ])
    #expect(groups.map(\.estimate.n) == [20] + Array(repeating: 2, count: 10) + [5, 15, 2, 18])
    #expect(groups[0].estimate.value == 0.5 && groups[0].piecesPerWord == 10.5)
    for tenth in 1...10 {
      #expect(groups[tenth].estimate.value == 0.5)
      #expect(
        groups[tenth].piecesPerCharacter == Double(2 * tenth - 1) / 10...Double(2 * tenth) / 10)
    }
    // 16 to 20: three of five are even; of 19 and 20 one.
    #expect(groups[11].estimate.value == 0.6 && groups[11].withUnknown == 1)
    #expect(groups[13].estimate.value == 0.5 && groups[13].cut == 1 && groups[14].cut == 0)
  }

  @Test func fewCaptionsMakeFewGroups() throws {
    let attribution = try TokenAttribution(
      language: "tr", pieces: [pieces(1, "a"), pieces(2, "b")], ranking: try ranking([0, 3]),
      clusters: [0, 1], metric: found, ties: .pessimistic,
      resamples: Resamples(clusterCount: 2, count: 100, seed: 1))
    #expect(
      attribution.groups.map(\.name) == ["all", "tenth 5", "tenth 10", "none unknown", "whole"])
    #expect(attribution.groups.map(\.estimate.value) == [0.5, 1, 0, 0.5, 0.5])
  }

  @Test func aGapFallsIntoTwoParts() throws {
    // English finds 0 to 3; Turkish 0 and 4. Of 1, 2, 3 only the translation of 2 is found.
    let gap = try TransferGap(
      language: "tr", pivot: "en", k: 1, pivotRanking: try ranking([0, 0, 0, 0, 5]),
      ranking: try ranking([0, 1, 2, 3, 0]), textRanking: try ranking([0, 9, 0, 9, 9]),
      pictures: [0, 1, 2, 3, 5], ties: .pessimistic,
      resamples: Resamples(clusterCount: 6, count: 200, seed: 1))
    #expect(gap.pivotRecall.value == 0.8 && gap.recall.value == 0.4 && gap.textRecall.value == 0.4)
    #expect(abs(gap.gap.value - 0.4) < 1e-12 && gap.gap.n == 5)
    #expect(!gap.gap.hasInterval && !gap.recall.hasInterval)
    #expect(gap.lost == 3 && gap.gained == 1)
    let share = try #require(gap.lostInLanguage)
    #expect(abs(share.value - 2.0 / 3) < 1e-12 && share.n == 3)
  }

  @Test func nothingLostHasNoShare() throws {
    let all = try ranking([0, 0])
    let gap = try TransferGap(
      language: "tr", pivot: "en", k: 1, pivotRanking: all, ranking: all, textRanking: all,
      pictures: [0, 1], ties: .pessimistic,
      resamples: Resamples(clusterCount: 2, count: 100, seed: 1))
    #expect(gap.lost == 0 && gap.gained == 0 && gap.lostInLanguage == nil && gap.gap.value == 0)
  }

  @Test func neighboursOfLanguages() throws {
    let gallery = try Gallery()
    let evaluator = try gallery.evaluator()
    let found = try evaluator.neighbours(of: ["en", "tr"], pivot: "en", k: 1)
    #expect(found.map(\.language) == ["en", "tr"])
    let english = try #require(found.first)
    // Four first captions, one picture each; the hub's share is what the others lack.
    #expect(english.hubness.n == 4 && english.neverFound.n == 4 && english.agreement == nil)
    #expect(english.hub.captions >= 1 && english.hub.captions <= 4)
    #expect(english.neverFound.value <= Double(4 - 1) / 4)
    // Of the third picture there is no Turkish caption, so its English one is astray at least.
    #expect(english.astray?.n == 4 && (english.astray?.value ?? 0) >= 0.25)
    #expect(english.nearestWrong?.language == "tr" && english.nearestWrong?.share.value == 1)
    #expect(found[1].agreement?.n == 3 && abs(found[1].agreement?.value ?? 9) <= 1)
    let alone = try evaluator.neighbours(of: ["en"], pivot: "en", k: 4)
    #expect(alone[0].astray == nil && alone[0].nearestWrong == nil)
    // Every picture is among the first four of every caption.
    #expect(alone[0].hubness.value == 0 && alone[0].neverFound.value == 0)
  }

  @Test func aRunIsExplained() throws {
    let gallery = try Gallery()
    let evaluator = try gallery.evaluator()
    // Pictures 1, 2 and 4 of the file have captions in both; the split numbers them 0, 1 and 3.
    let gap = try evaluator.transferGap("tr", pivot: "en", k: 4)
    #expect(gap.gap.n == 3 && gap.recall.value == 1 && gap.pivotRecall.value == 1)
    #expect(try evaluator.transferGap("en", pivot: "en", k: 1).textRecall.value == 1)
    let attribution = try evaluator.attribution("tr", metric: .recall(at: 4))
    #expect(attribution.groups.first?.estimate.n == 3)
    #expect(attribution.groups.first?.estimate.value == 1)
    // "inek" cannot be spelt.
    #expect(attribution.groups.first { $0.name == "unknown pieces" }?.estimate.n == 1)
  }
}
