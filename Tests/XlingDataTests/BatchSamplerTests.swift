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
}
