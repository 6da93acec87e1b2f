import Foundation
import Testing
import XlingCore
import XlingData

@testable import XlingAlignment

/// Forty places of their own, behind them pairs of other languages.
private struct NumberedPairs: PairSource {
  let count = 40
  let mixed: [MixedCaptions]

  func captionCount(_ image: Int) -> Int { 1 }
  func tokens(_ image: Int, caption: Int) -> [Int32] { [2, Int32(image), 3] }
  func picture(_ image: Int) throws -> Picture { Picture(width: 1, height: 1, pixels: [0, 0, 0]) }
}

@Suite("pairs of other languages in a batch")
struct MixedRowsTests {
  private func rows(
    _ pictures: [[Int]], share: Double = 0.25, size: Int = 8
  ) throws -> (rows: MixedRows, pictureOf: [Int]) {
    var first = 40
    let mixed = pictures.enumerated().map { place, pictures in
      defer { first += pictures.count }
      return MixedCaptions(language: "l\(place)", first: first, pictures: pictures)
    }
    var configuration = AlignmentConfiguration(recipe: try .named("lwa"), seed: 3, steps: 10)
    configuration.mix = try MixSamples.mix(share: share)
    let rows = try #require(
      MixedRows(configuration, NumberedPairs(mixed: mixed), batchSize: size))
    return (rows, Array(0..<40) + pictures.flatMap { $0 })
  }

  private func batches(
    _ pictures: [[Int]], share: Double = 0.25, size: Int = 8, steps: Int = 60
  ) throws -> [[Int]] {
    let (rows, pictureOf) = try rows(pictures, share: share, size: size)
    var sampler = BatchSampler(seed: 3, count: 40, batchSize: size)
    return (0..<steps).map { step in
      let own = sampler.images(step: step)
      let mixed = rows.mixed(into: own, step: step)
      // The same whenever it is asked for.
      #expect(rows.mixed(into: own, step: step) == mixed)
      #expect(Set(mixed.map { pictureOf[$0] }).count == size)
      // Every row that is the language's own stays where it was.
      #expect(zip(own, mixed).allSatisfy { $0 == $1 || $1 >= 40 })
      return mixed
    }
  }

  @Test func asManyRowsAsTheShareSaysAndEveryPairInTurn() throws {
    let found = try batches([[3, 9, 12, 33]])
    #expect(found.allSatisfy { $0.count { $0 >= 40 } == 2 })
    let shown = found.flatMap { batch in batch.filter { $0 >= 40 } }
    // Four pairs, two a batch: each once in two batches.
    var orders: Set<[Int]> = []
    for start in stride(from: 0, to: shown.count, by: 4) {
      let order = Array(shown[start..<start + 4])
      #expect(Set(order).count == 4)
      orders.insert(order)
    }
    #expect(orders.count > 1)
  }

  @Test func fewerPairsThanRowsTakeFewerRows() throws {
    #expect(try batches([[3]]).allSatisfy { $0.count { $0 >= 40 } == 1 })
    // A batch of all pictures: the pair takes the row of its picture.
    let (rows, _) = try rows([[3]], size: 40)
    let mixed = rows.mixed(into: Array(0..<40), step: 0)
    #expect(mixed[3] == 40 && mixed.count { $0 >= 40 } == 1)
  }

  @Test func languagesOfOnePictureTakeTurns() throws {
    let found = try batches([[3], [3]])
    #expect(found.allSatisfy { $0.count { $0 >= 40 } == 1 })
    let first = found.count { $0.contains(40) }
    #expect(first == 30)
    let three = try batches([[3, 4, 5], [3, 4, 6], [7]], share: 0.9)
    let counts = (0..<7).map { pair in three.count { $0.contains(40 + pair) } }
    #expect(counts.allSatisfy { $0 > 10 }, "\(counts)")
  }

  /// Pictures that are none of the source's own, as with --pairs.
  @Test func picturesBeyondTheSourcesOwnAreShownToo() throws {
    let found = try batches([[40, 41, 42]])
    #expect(found.allSatisfy { $0.count { $0 >= 40 } == 2 })
  }

  @Test func theShareIsRoundedAndNeverAll() throws {
    let mix = try #require(try MixSamples.mix(share: 0.125))
    #expect([2, 8, 12, 64].map(mix.rows) == [1, 1, 2, 8])
    let most = try #require(try MixSamples.mix(share: 0.9))
    #expect([2, 3, 10].map(most.rows) == [1, 2, 9])
  }

  @Test func wordsSayWhatWasShown() throws {
    var configuration = AlignmentConfiguration(recipe: try .named("lwa"), seed: 3, steps: 10)
    #expect(configuration.fewShot.words == nil)
    configuration.mix = try MixSamples.mix(share: 0.5)
    #expect(configuration.fewShot.words == "few-shot tr=10")
    configuration.mixedBefore = configuration.mix?.parts
    #expect(configuration.fewShot.words == "few-shot tr=10, tr=10 before")
  }
}

enum MixSamples {
  static func mix(share: Double) throws -> CaptionMix? {
    try JSONDecoder().decode(
      CaptionMix.self,
      from: Data(
        #"{"parts": [{"language": "tr", "pairs": 10, "hash": "h"}], "share": \#(share)}"#.utf8))
  }
}
