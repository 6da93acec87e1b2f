import Foundation
import GRDB
import XlingCore
import XlingExperiments

/// Who works on a cell.
public struct CellClaim: Sendable, Equatable {
  public let host: String
  public let process: ProcessMark
  public let since: Date
  public let sign: Date

  /// After so long a silence a claim from another boot or machine is dead; a live worker gives a sign every
  /// quarter of a minute, so its machine would have had to stop.
  static let silence = 600.0

  /// On this boot the process itself tells, whatever its signs: a worker that was stopped for an hour is none
  /// the worse for it.
  func isDead(at now: Date) -> Bool {
    if process.boot == ProcessMark.current.boot { return !process.isAlive }
    return now.timeIntervalSince(sign) > Self.silence
  }
}

/// A cell that this process may do: what it was when it was claimed.
public struct CellTicket: Sendable, Equatable {
  public let hash: String
  /// How often it was begun before.
  public let attempts: Int
}

/// What became of a cell that was done.
public enum CellCompletion: Sendable, Equatable {
  case stored
  /// Another worker had taken the cell over and finished it: its result stays.
  case wasThere
}

extension StudyStore {
  /// How the given cells stand, with claims that are alive; one whose worker died is planned again. Throws
  /// `ExperimentFailure`.
  public func states(now: Date = Date()) throws(ExperimentFailure) -> [String: CellStanding] {
    try file.read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT hash, state, attempts, host, process, since, sign FROM cells")
      return Dictionary(try rows.map { row in (row["hash"], try self.standing(row, now)) }) { $1 }
    }
  }

  private func standing(_ row: Row, _ now: Date) throws -> CellStanding {
    guard let state = CellState(rawValue: row["state"]) else {
      throw ExperimentFailure.damaged(path: path, what: "a cell has an unknown state")
    }
    let claim = Self.claim(row)
    let isDead = state == .claimed && claim?.isDead(at: now) != false
    return CellStanding(
      state: isDead ? .planned : state, attempts: row["attempts"], claim: isDead ? nil : claim)
  }

  private static func claim(_ row: Row) -> CellClaim? {
    guard let process = (row["process"] as String?).flatMap({ ProcessMark($0) }) else { return nil }
    return CellClaim(
      host: row["host"] ?? "", process: process,
      since: Date(timeIntervalSince1970: row["since"] ?? 0),
      sign: Date(timeIntervalSince1970: row["sign"] ?? 0))
  }

  /// Takes a cell that is planned, failed, or whose worker is dead: one compare-and-swap. Nil where another was
  /// quicker, or nothing is left to do on it. Throws `ExperimentFailure`.
  public func claim(
    _ hash: String, by process: ProcessMark = .current, host: String = StudyStore.host,
    now: Date = Date()
  ) throws(ExperimentFailure) -> CellTicket? {
    try file.write { database in
      let row = try Row.fetchOne(
        database,
        sql: "SELECT state, attempts, host, process, since, sign FROM cells WHERE hash = ?",
        arguments: [hash])
      guard let row else { return nil }
      let standing = try self.standing(row, now)
      guard standing.state == .planned || standing.state == .failed else { return nil }
      try database.execute(
        sql: """
          UPDATE cells SET state = 'claimed', host = ?, process = ?, since = ?, sign = ?
          WHERE hash = ? AND state = ? AND process IS ?
          """,
        arguments: [
          host, process.description, now.timeIntervalSince1970, now.timeIntervalSince1970, hash,
          row["state"] as String, row["process"] as String?,
        ])
      guard database.changesCount == 1 else { return nil }
      return CellTicket(hash: hash, attempts: row["attempts"])
    }
  }

  public static let host = ProcessInfo.processInfo.hostName

  /// A sign of life of this process. Throws `ExperimentFailure`.
  public func sign(_ hash: String, by process: ProcessMark = .current) throws(ExperimentFailure) {
    try file.write { database in
      try database.execute(
        sql: "UPDATE cells SET sign = ? WHERE hash = ? AND process = ?",
        arguments: [Date().timeIntervalSince1970, hash, process.description])
    }
  }

  /// Gives a cell back as it was, for a worker that has to stop. Throws `ExperimentFailure`.
  public func giveBack(_ hash: String, by process: ProcessMark = .current) throws(ExperimentFailure)
  {
    try file.write { database in
      try database.execute(
        sql: """
          UPDATE cells SET state = 'planned', host = NULL, process = NULL, since = NULL, sign = NULL
          WHERE hash = ? AND process = ? AND state = 'claimed'
          """, arguments: [hash, process.description])
    }
  }

  /// One transaction, after the run's files are on the disk. A claim that was lost meanwhile matters only where
  /// another worker finished the cell. Throws `ExperimentFailure`.
  public func complete(
    _ hash: String, _ state: CellState, _ result: CellResult?, _ measured: CellMeasurements,
    error: String? = nil
  ) throws(ExperimentFailure) -> CellCompletion {
    try file.write { database in
      let stored = try String.fetchOne(
        database, sql: "SELECT state FROM cells WHERE hash = ?", arguments: [hash])
      if let state = stored.flatMap(CellState.init), state == .done || state == .diverged {
        return .wasThere
      }
      try Self.write(hash, state, result, measured, error, database)
      return .stored
    }
  }

  static func write(
    _ hash: String, _ state: CellState, _ result: CellResult?, _ measured: CellMeasurements,
    _ error: String?, _ database: Database
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try result.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    try database.execute(
      sql: """
        UPDATE cells SET state = ?, result = ?, error = ?, finished = ?, attempts = attempts + 1,
          host = NULL, process = NULL, since = NULL, sign = NULL WHERE hash = ?
        """,
      arguments: [state.rawValue, text, error, Date().timeIntervalSince1970, hash])
    try write(measured, of: hash, database)
  }

  /// An attempt that ended in an error; the last one gives the cell up. Throws `ExperimentFailure`.
  public func fail(
    _ hash: String, words: String, status: ExitStatus, retries: Int,
    by process: ProcessMark = .current
  ) throws(ExperimentFailure) {
    try file.write { database in
      try database.execute(
        sql: """
          UPDATE cells SET state = CASE WHEN attempts >= ? THEN 'given up' ELSE 'failed' END,
            attempts = attempts + 1, error = ?, error_status = ?, host = NULL, process = NULL,
            since = NULL, sign = NULL
          WHERE hash = ? AND state = 'claimed' AND process = ?
          """,
        arguments: [retries, words, Int(status.rawValue), hash, process.description])
    }
  }

  /// Cells that were given up, or failed and wait, are planned again with all their attempts; how many. Throws `ExperimentFailure`.
  public func renewGivenUp(_ hashes: Set<String>) throws(ExperimentFailure) -> Int {
    try file.write { database in
      let rows = try String.fetchAll(
        database, sql: "SELECT hash FROM cells WHERE state IN ('given up', 'failed')")
      let renewed = rows.filter(hashes.contains)
      for hash in renewed {
        try database.execute(
          sql: "UPDATE cells SET state = 'planned', attempts = 0 WHERE hash = ?", arguments: [hash])
      }
      return renewed.count
    }
  }

  /// The first cell that was given up, for the message. Throws `ExperimentFailure`.
  public func firstGivenUp(
    _ hashes: Set<String>
  ) throws(ExperimentFailure) -> (hash: String, words: String, status: ExitStatus)? {
    try file.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: "SELECT hash, error, error_status FROM cells WHERE state = 'given up' ORDER BY place")
      return rows.first { hashes.contains($0["hash"]) }.map { row in
        (
          row["hash"], row["error"] ?? "",
          (row["error_status"] as Int32?).flatMap(ExitStatus.init) ?? .internal
        )
      }
    }
  }
}

/// How a cell stands.
public struct CellStanding: Sendable, Equatable {
  /// `planned` where its worker died.
  public let state: CellState
  public let attempts: Int
  /// Of a worker that is alive.
  public let claim: CellClaim?
}
