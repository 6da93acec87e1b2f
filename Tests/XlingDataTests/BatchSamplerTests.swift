import Testing
import XlingData

@Suite struct BatchSamplerTests {
  @Test func everyPictureOccursOnceAnEpoch() {
    var sampler = BatchSampler(seed: 1, count: 20, batchSize: 5)
    let first = (0..<4).flatMap { sampler.images(step: $0) }
    let second = (4..<8).flatMap { sampler.images(step: $0) }
    #expect(first.sorted() == Array(0..<20) && second.sorted() == Array(0..<20))
    #expect(first != second)
    #expect(sampler.images(step: 0) == Array(first.prefix(5)))
  }
  /// In as many epochs as a picture has captions, each is shown once; pictures begin with different ones.
  @Test func captionsComeInTurn() {
    let sampler = BatchSampler(seed: 1, count: 20, batchSize: 5)
    for image in 0..<20 {
      let shown = (0..<3).map { sampler.captionInTurn(step: 4 * $0 + 1, image: image, of: 3) }
      #expect(shown.sorted() == [0, 1, 2])
      #expect(sampler.captionInTurn(step: 12, image: image, of: 3) == shown[0])
      #expect(sampler.captionInTurn(step: 3, image: image, of: 1) == 0)
    }
    let first = Set((0..<20).map { sampler.captionInTurn(step: 0, image: $0, of: 3) })
    #expect(first == [0, 1, 2])
  }
}
