import Foundation
import XlingCore
import XlingRetrieval

/// A file that keeps what a long evaluation of given embeddings has counted, so that it goes on where
/// it was interrupted or killed, to the same result: counts are whole numbers and add up.
public struct RankCheckpoint: Sendable {
  public let path: String
  /// Captions that are counted between two looks at the clock.
  let block: Int
  /// Seconds between two writes.
  let interval: Double

  public init(_ path: String, block: Int = 16_384, interval: Double = 60) {
    (self.path, self.block, self.interval) = (path, block, interval)
  }

  private struct State: Codable {
    static let currentSchema = "xling.ranks/1"
    var schema = currentSchema
    let inputs: String
    let rows: Range<Int>
    /// Rows up to here are counted.
    let next: Int
    let counts: RankCounts
  }

  /// Counts `rows`, those that the file has excepted, and keeps the counts in the file, at the latest
  /// when `progress` throws. The file goes once all is counted. Throws what `progress` throws,
  /// ``EvaluationFailure/checkpoint(path:reason:)``, `FileFailure`.
  func count(
    _ rows: Range<Int>, inputs: String, _ ranks: inout DotProductRanks,
    progress: (Double) throws -> Void
  ) throws -> RankCounts {
    var next = try restore(rows, inputs, &ranks)
    var saved = ProgressBar.uptime()
    while next < rows.upperBound {
      let part = next..<min(rows.upperBound, next + block)
      // A part that is interrupted is half counted; only whole ones are kept.
      let before = ranks.counts
      let (done, all) = (Double(next - rows.lowerBound), Double(rows.count))
      do {
        try ranks.count(rows: part) { share in
          try progress((done + share * Double(part.count)) / all)
        }
      } catch {
        try save(State(inputs: inputs, rows: rows, next: next, counts: before))
        throw error
      }
      next = part.upperBound
      if ProgressBar.uptime() - saved > interval, next < rows.upperBound {
        try save(State(inputs: inputs, rows: rows, next: next, counts: ranks.counts))
        saved = ProgressBar.uptime()
      }
    }
    if FileManager.default.fileExists(atPath: path) {
      try FileManager.default.removeItem(atPath: path)
    }
    return ranks.counts
  }

  private func restore(
    _ rows: Range<Int>, _ inputs: String, _ ranks: inout DotProductRanks
  ) throws -> Int {
    guard FileManager.default.fileExists(atPath: path) else { return rows.lowerBound }
    func bad(_ reason: String) -> EvaluationFailure { .checkpoint(path: path, reason: reason) }
    guard let state = try? JSONDecoder().decode(State.self, from: try AtomicFile.read(path)),
      state.schema == State.currentSchema, state.counts.isConsistent
    else { throw bad("it is no such file, or a broken one") }
    guard state.inputs == inputs, state.rows == rows,
      (rows.lowerBound...rows.upperBound).contains(state.next)
    else { throw bad("it is of other embeddings, gold or options") }
    do {
      try ranks.add(state.counts)
    } catch {
      throw bad("its counts do not fit the embeddings")
    }
    return state.next
  }

  private func save(_ state: State) throws {
    try AtomicFile.write(try JSONEncoder().encode(state), to: path)
  }
}
