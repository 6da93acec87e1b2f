import Testing
import XlingCore
import XlingTensor

@Suite struct DropoutTests {
  let workspace = Workspace(blockBytes: 1 << 20)

  private func ones(_ rows: Int, _ columns: Int) -> Matrix {
    let x = workspace.take(rows, columns)
    x.fill(1)
    return x
  }

  private func keys(_ count: Int) -> [UInt64] {
    var stream = RandomStream(seed: 1, "keys")
    return (0..<count).map { _ in stream.next() }
  }

  /// Numbers are zero or grown, and as many are zero as the rate says, within five deviations, over
  /// all, in every column and in every row.
  @Test(arguments: [Float(0.1), 0.5, 0.9])
  func leavesOutItsShare(_ rate: Float) {
    let (rows, columns) = (500, 384)
    let x = ones(rows, columns)
    Dropout(rate: rate, keys: keys(rows), site: 7).apply(to: x)
    let grown = 1 / (1 - rate)
    #expect(x.array().allSatisfy { $0 == 0 || abs($0 - grown) < 1e-5 })
    func isFair(_ zeros: Int, of count: Int) -> Bool {
      let (n, p) = (Double(count), Double(rate))
      return abs(Double(zeros) - n * p) < 5 * (n * p * (1 - p)).squareRoot()
    }
    #expect(isFair(x.array().count { $0 == 0 }, of: rows * columns))
    for column in 0..<columns {
      #expect(isFair((0..<rows).count { x[$0, column] == 0 }, of: rows), "column \(column)")
    }
    for row in 0..<rows {
      #expect(isFair((0..<columns).count { x[row, $0] == 0 }, of: columns), "row \(row)")
    }
  }

  /// A row's mask is its own, whatever rows are beside it; sites differ.
  @Test func rowsAreDrawnApart() {
    let keys = keys(300)
    let all = ones(300, 40)
    Dropout(rate: 0.3, keys: keys, site: 2).apply(to: all)
    let some = ones(3, 40)
    Dropout(rate: 0.3, keys: [keys[299], keys[0], keys[7]], site: 2).apply(to: some)
    #expect(some.array() == [299, 0, 7].flatMap { all.slice(rows: $0..<$0 + 1).array() })
    let elsewhere = ones(300, 40)
    Dropout(rate: 0.3, keys: keys, site: 3).apply(to: elsewhere)
    #expect(elsewhere.array() != all.array())
  }

  @Test func rateZeroChangesNothing() {
    let x = ones(4, 10)
    Dropout(rate: 0, keys: keys(4), site: 0).apply(to: x)
    #expect(x.array() == ones(4, 10).array())
  }
}
