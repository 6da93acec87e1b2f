import Testing
import XlingTensor

@testable import XlingTowers

/// Rows behind a tower's table.
struct AddedWordsTests {
  private func tower(_ words: Int) -> TextTower {
    let tower = TextTower(
      BERTConfiguration(
        vocabularySize: words, hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16,
        maximumPositions: 8))
    tower.initialize(seed: 4, deviation: 0.2)
    return tower
  }

  private let parts: [[Int32]] = [[5, 6], [7], [5, 6, 7]]

  @Test func rowsStartAsMeans() throws {
    let tower = tower(10)
    tower.addWords(parts, from: 9)
    let rows = try #require(tower.addedWords).rows
    #expect(rows.shape == [3, 8] && tower.wordCount == 12)
    let table = tower.wordEmbeddings.value
    for column in 0..<8 {
      let (a, b, c) = (table[5 * 8 + column], table[6 * 8 + column], table[7 * 8 + column])
      #expect(rows.value[column] == Float((Double(a) + Double(b)) / 2))
      #expect(rows.value[8 + column] == c)
      #expect(rows.value[16 + column] == Float((Double(a) + Double(b) + Double(c)) / 3))
    }
    // A tower filled anew: means of what is there then.
    tower.initialize(seed: 5)
    #expect(rows.value[8] == table[7 * 8])
    // They are no part of a checkpoint.
    #expect(tower.parameters.all.contains { $0 === rows })
    #expect(!tower.checkpointParameters.contains { $0 === rows })
  }

  @Test func aTableWithTheRowsComputesTheSame() throws {
    let (apart, whole) = (tower(9), tower(12))
    for (own, other) in zip(whole.parameters.all, apart.parameters.all)
    where own !== whole.wordEmbeddings {
      own.value.update(from: other.value, count: own.count)
    }
    apart.addWords(parts, from: 9)
    let rows = try #require(apart.addedWords).rows
    whole.wordEmbeddings.value.update(from: apart.wordEmbeddings.value, count: 9 * 8)
    (whole.wordEmbeddings.value + 9 * 8).update(from: rows.value, count: 3 * 8)
    let batch = TokenBatch([[2, 9, 5, 11, 3], [2, 9, 3]])
    func step(_ tower: TextTower) -> [Float] {
      let workspace = Workspace(blockBytes: 1 << 16)
      let activations = tower.forward(batch, in: workspace, training: true)
      let hidden = activations.hidden
      let gradient = workspace.take(hidden.rows, hidden.columns)
      for index in 0..<hidden.rows * hidden.columns {
        gradient.pointer[index] = Float(index % 7) - 3
      }
      tower.backward(activations, dHidden: gradient, in: workspace)
      return (0..<hidden.rows * hidden.columns).map { hidden.pointer[$0] }
    }
    rows.isTrainable = true
    whole.wordEmbeddings.isTrainable = true
    #expect(step(apart) == step(whole))
    // Old words are frozen; the new ones get the gradient that they have in one table.
    #expect(apart.wordEmbeddings.gradient == nil)
    let gradient = try #require(rows.gradient)
    let other = try #require(whole.wordEmbeddings.gradient) + 9 * 8
    #expect((0..<24).allSatisfy { gradient[$0] == other[$0] })
    #expect((8..<16).allSatisfy { gradient[$0] == 0 } && (0..<8).contains { gradient[$0] != 0 })
  }
}
