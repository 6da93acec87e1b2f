import Foundation
import XlingCore
import XlingRetrieval

/// A file that keeps what a long evaluation of given embeddings has counted, so that it goes on where
/// it was interrupted or killed, to the same result: counts are whole numbers and add up.
public struct RankCheckpoint: Sendable {
  public let path: String
  /// Captions that are counted between two looks at the clock; nil: as many as take some seconds.
  let block: Int?
  /// Seconds between two writes, a part more at the most: with parts of some seconds the file is never
  /// a minute old.
  let interval: Double

  public init(_ path: String, block: Int? = nil, interval: Double = 30) {
    (self.path, self.block, self.interval) = (path, block, interval)
  }

  private struct State: Codable, Equatable {
    var schema = "xling.ranks/2"
    let inputs: String
    let rows: Range<Int>
    /// Rows up to here are counted.
    var next: Int
  }

  /// Multiplications of the first part: less than a second's on any machine. The next ones follow the
  /// clock, since how fast a shape is counted is not known before.
  private static let firstWork = 1 << 33
  private static let partSeconds = 4.0

  /// Counts `rows`, those that the file has excepted, and keeps the counts in the file, at the latest
  /// when `progress` throws. The file goes once all is counted; nobody else may count into it meanwhile.
  /// `work`: multiplications that a row takes. Throws what `progress` throws,
  /// ``EvaluationFailure/checkpoint(path:reason:)``, `FileFailure`, `LockFailure`.
  func count(
    _ rows: Range<Int>, inputs: String, work: Int, _ ranks: inout DotProductRanks,
    progress: (Double) throws -> Void
  ) throws -> RankCounts {
    let lock = try FileLock(output: path)
    defer { withExtendedLifetime(lock) {} }
    var state = State(inputs: inputs, rows: rows, next: rows.lowerBound)
    try restore(&state, &ranks)
    var size = block ?? max(1, Self.firstWork / max(1, work))
    var saved = (time: ProgressBar.uptime(), next: state.next)
    while state.next < rows.upperBound {
      let part = state.next..<min(rows.upperBound, state.next + size)
      // A part that is interrupted is half counted; only whole ones are kept.
      let before = ranks.counts.columns
      let (done, all) = (Double(part.lowerBound - rows.lowerBound), Double(rows.count))
      let began = ProgressBar.uptime()
      do {
        try ranks.count(rows: part) { share in
          try progress((done + share * Double(part.count)) / all)
        }
      } catch {
        if state.next > saved.next { try save(state, before) }
        throw error
      }
      state.next = part.upperBound
      let now = ProgressBar.uptime()
      if block == nil { size = Self.rows(after: size, took: now - began) }
      if now - saved.time > interval, state.next < rows.upperBound {
        try save(state, ranks.counts.columns)
        saved = (now, state.next)
      }
    }
    if FileManager.default.fileExists(atPath: path) {
      try FileManager.default.removeItem(atPath: path)
    }
    return ranks.counts
  }

  /// Rows of the part after one of `size` rows that took so many seconds. Twice as many at the most: a
  /// short part says little.
  package static func rows(after size: Int, took seconds: Double) -> Int {
    max(1, Int(Double(size) * min(2, partSeconds / max(seconds, 1e-3))))
  }

  private func restore(_ state: inout State, _ ranks: inout DotProductRanks) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    func bad(_ reason: String) -> EvaluationFailure { .checkpoint(path: path, reason: reason) }
    guard let file = try CountFile<State>.read(path), file.header.schema == state.schema else {
      throw bad("it is no such file, or a broken one")
    }
    state.next = file.header.next
    guard file.header == state, (state.rows.lowerBound...state.rows.upperBound).contains(state.next)
    else { throw bad("it is of other embeddings, gold or options") }
    do {
      try ranks.add(
        columns: file.columns.map { if case .whole(let values) = $0 { values } else { [] } })
    } catch {
      throw bad("its counts do not fit the embeddings")
    }
  }

  private func save(_ state: State, _ columns: [[Int32]]) throws {
    try CountFile(header: state, columns: columns.map { .whole($0) }).write(to: path)
  }
}
