import Testing

@testable import XlingAlignment

struct PatchDropoutTests {
  private let half = PatchDropout(patches: 64, share: 0.5, seed: 3)

  @Test func theShareIsLeftOutAndTheRestIsInOrder() {
    let kept = half.kept(step: 0, row: 0)
    #expect(kept.count == 32)
    #expect(kept == Array(Set(kept)).sorted())
    #expect(kept.allSatisfy { (0..<64).contains($0) })
    #expect(PatchDropout(patches: 4, share: 0.99, seed: 3).kept(step: 0, row: 0).count == 1)
  }

  @Test func stepRowAndSeedDecideWhich() {
    #expect(half.kept(step: 1, row: 2) == half.kept(step: 1, row: 2))
    #expect(half.kept(step: 1, row: 2) != half.kept(step: 2, row: 2))
    #expect(half.kept(step: 1, row: 2) != half.kept(step: 1, row: 3))
    #expect(
      half.kept(step: 1, row: 2)
        != PatchDropout(patches: 64, share: 0.5, seed: 4).kept(step: 1, row: 2))
  }
}
