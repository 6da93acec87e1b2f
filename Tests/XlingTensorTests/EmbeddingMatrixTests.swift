import Testing
import XlingTensor

@Suite struct EmbeddingMatrixTests {
  @Test func rowsOwnTheirNumbers() throws {
    var one = try EmbeddingMatrix([3, 4, 0, 0, 0, -2], width: 2, name: "rows")
    let other = one
    #expect(one.count == 3 && one.norms == [5, 0, 2] && one.largestNorm == 5)
    one.scaleToUnitLength()
    #expect(one.isUnitLength && !other.isUnitLength)
    #expect(one.array() == [0.6, 0.8, 0, 0, 0, -1] && other.array() == [3, 4, 0, 0, 0, -2])
    #expect(one.rows([2, 0]).array() == [0, -1, 0.6, 0.8])
    #expect(one != other && other == other.rows([0, 1, 2]))
  }

  @Test func whatIsNoDirectionIsNamed() throws {
    let rows = try EmbeddingMatrix([1, 0, 0, 0, 0, 0], width: 2, name: "rows")
    #expect(throws: EmbeddingFailure.zeroRows(what: "texts", rows: [1, 2], count: 2)) {
      try rows.checkDirections("texts")
    }
    #expect(throws: EmbeddingFailure.notFinite(what: "rows", rows: [1], count: 1)) {
      try EmbeddingMatrix(count: 2, width: 2, name: "rows") {
        $0.fill(.greatestFiniteMagnitude)
        $0[1, 1] = .nan
      }
    }
    #expect(throws: EmbeddingFailure.shape(what: "rows", width: 2, values: 3)) {
      try EmbeddingMatrix([1, 2, 3], width: 2, name: "rows")
    }
  }
}
