import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

@testable import XlingEvaluation

@Suite struct DriftTests {
  @Test func pearsonByHand() {
    #expect(LayerNormShift.pearson([0, 1, 2], [1, 2, 3]) == 1)
    #expect(LayerNormShift.pearson([0, 1, 2], [3, 2, 1]) == -1)
    // Deviations -1 0 1 and -1 1 0: 1 / sqrt(2 * 2).
    #expect(abs((LayerNormShift.pearson([0, 1, 2], [0, 2, 1]) ?? 0) - 0.5) < 1e-12)
    #expect(LayerNormShift.pearson([0, 1, 2], [4, 4, 4]) == nil)
    #expect(LayerNormShift.pearson([0, 1], [0, 1]) == nil)
  }

  @Test func kernelAlignmentByHand() throws {
    func states(_ values: [Float], _ width: Int) throws -> EmbeddingMatrix {
      try EmbeddingMatrix(values, width: width, name: "states")
    }
    let x = try states([1, 0, 0, 1, -1, 0, 0, -1], 2)
    // Rotated, scaled and moved.
    let y = try states([5, 7, 3, 5, 5, 3, 7, 5], 2)
    #expect(abs(try #require(KernelAlignment.linear(x, y)) - 1) < 1e-12)
    // One column of x alone: |XᵀY|² = 4, |XᵀX| = sqrt(8), |YᵀY| = 2.
    let half = try states([1, 0, -1, 0], 1)
    let found = try #require(KernelAlignment.linear(x, half))
    #expect(abs(found - 4 / (8.0.squareRoot() * 2)) < 1e-12)
    #expect(try KernelAlignment.linear(states([1, 1], 1), states([1, 2], 1)) == nil)
  }

  @Test func anUntouchedTowerHasNotMoved() throws {
    let configuration = BERTConfiguration(
      vocabularySize: 9, hiddenSize: 8, layers: 3, heads: 2, intermediateSize: 8)
    let (before, after) = (TextTower(configuration), TextTower(configuration))
    let still = LayerNormShift(tower: "text", before: before, after: after)
    #expect(still.layers.map(\.l1) == [0, 0, 0] && still.correlation == nil)
    after.encoder.layers[1].attentionNorm?.beta?.value[0] = -0.5
    after.encoder.layers[2].feedForwardNorm.gamma.value[3] = 1.25
    let moved = LayerNormShift(tower: "text", before: before, after: after)
    #expect(moved.layers.map(\.l1) == [0, 0.5, 0.25])
    #expect(moved.correlation != nil)
  }
}
