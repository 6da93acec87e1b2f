import Foundation
import GRDB
import XlingCore

extension ExperimentStore {
  static let runColumns = """
    id, name, folder, method, recipe, dataset_hash, text_tower_hash, image_tower_hash, seed, key, \
    status, started, finished, trainable_count, parameter_count, seconds, process, command, checksum
    """

  /// Stores a new run. Throws ``ExperimentFailure/runExists(name:)``.
  public func begin(_ run: Run) throws(ExperimentFailure) {
    try write { database in
      guard try Self.identifier(run.name, database) == nil else {
        throw ExperimentFailure.runExists(name: run.name)
      }
      try self.insert(run, database)
    }
  }

  /// Stores a run that is new, or that was stored before with the same key, as when its folder was
  /// moved and it is trained again: then the row stays, with its evaluations.
  ///
  /// Throws ``ExperimentFailure/nameKept(name:field:folder:evaluations:path:)`` for a run of the same name
  /// and another key, ``ExperimentFailure/runIsLive(name:process:)`` while another process trains it.
  public func record(_ run: Run) throws(ExperimentFailure) {
    try write { database in
      guard let stored = try self.stored(run.name, database) else {
        return try self.insert(run, database)
      }
      try Self.requireIdle(stored)
      try self.requireSame(stored, run.key, database)
      try database.execute(
        sql: """
          UPDATE runs SET folder = ?, status = ?, started = ?, finished = ?, seconds = ?, process = ?,
            command = ? WHERE name = ?
          """,
        arguments: [
          self.folders.stored(run.folder), run.status.rawValue, run.started.timeIntervalSince1970,
          run.finished?.timeIntervalSince1970, run.seconds, run.process?.description,
          try self.json(run.command), run.name,
        ])
      try self.sign(run.name, database)
    }
  }

  /// What ``record(_:)`` would throw, before anything is made.
  public func check(name: String, key: RunKey) throws(ExperimentFailure) {
    try read { database in
      guard let stored = try self.stored(name, database) else { return }
      try Self.requireIdle(stored)
      try self.requireSame(stored, key, database)
    }
  }

  /// The stored run, marked running again by this process, when its key is the same.
  /// Throws ``ExperimentFailure/differentRun(name:field:stored:given:)`` naming what changed, and
  /// ``ExperimentFailure/runIsLive(name:process:)``.
  @discardableResult
  public func resume(
    _ name: String, key: RunKey, process: ProcessMark? = nil
  ) throws(ExperimentFailure) -> Run {
    try write { database in
      let identifier = try self.require(name, database)
      guard let run = try self.stored(name, database) else {
        throw ExperimentFailure.runNotFound(name: name, nearest: nil, path: self.path)
      }
      if let difference = run.key.firstDifference(from: key) {
        throw ExperimentFailure.differentRun(
          name: name, field: difference.field, stored: difference.first, given: difference.second)
      }
      try Self.requireIdle(run)
      try database.execute(
        sql: "UPDATE runs SET status = ?, finished = NULL, process = ? WHERE id = ?",
        arguments: [RunStatus.running.rawValue, process?.description, identifier])
    }
    return try run(named: name)
  }

  /// Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  public func update(
    _ name: String, status: RunStatus, finished: Date?, seconds: Double
  ) throws(ExperimentFailure) {
    try write { database in
      try database.execute(
        sql: """
          UPDATE runs SET status = ?, finished = ?, seconds = ?,
            process = CASE WHEN ? = 'running' THEN process END WHERE id = ?
          """,
        arguments: [
          status.rawValue, finished?.timeIntervalSince1970, seconds, status.rawValue,
          try self.require(name, database),
        ])
    }
  }

  /// Where the run lies now. Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  public func move(_ name: String, to folder: String) throws(ExperimentFailure) {
    try write { database in
      try database.execute(
        sql: "UPDATE runs SET folder = ? WHERE id = ?",
        arguments: [self.folders.stored(folder), try self.require(name, database)])
    }
  }

  /// Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``, suggesting the nearest name.
  public func run(named name: String) throws(ExperimentFailure) -> Run {
    try read { database in
      _ = try self.require(name, database)
      guard let run = try self.stored(name, database) else {
        throw ExperimentFailure.runNotFound(name: name, nearest: nil, path: self.path)
      }
      return run
    }
  }

  /// All runs, oldest first.
  public func runs() throws(ExperimentFailure) -> [Run] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT \(Self.runColumns) FROM runs ORDER BY id")
        .map(self.run)
    }
  }

  static func identifier(_ name: String, _ database: Database) throws -> Int64? {
    try Int64.fetchOne(database, sql: "SELECT id FROM runs WHERE name = ?", arguments: [name])
  }

  func require(_ name: String, _ database: Database) throws -> Int64 {
    if let identifier = try Self.identifier(name, database) { return identifier }
    let names = try String.fetchAll(
      database, sql: "SELECT name FROM runs WHERE typeof(name) = 'text' ORDER BY id")
    throw ExperimentFailure.runNotFound(
      name: name, nearest: Spelling.nearest(to: name, among: names), path: path)
  }

  // MARK: - Rows

  private func insert(_ run: Run, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO runs (name, folder, method, recipe, dataset_hash, text_tower_hash,
          image_tower_hash, seed, key, status, started, finished, trainable_count,
          parameter_count, seconds, process, command)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run.name, folders.stored(run.folder), run.key.method, run.key.recipe, run.key.datasetHash,
        run.key.textTowerHash, run.key.imageTowerHash, "\(run.key.seed)",
        try Self.json(run.key), run.status.rawValue, run.started.timeIntervalSince1970,
        run.finished?.timeIntervalSince1970, run.trainableCount, run.parameterCount, run.seconds,
        run.process?.description, try json(run.command),
      ])
    try sign(run.name, database)
  }

  private func json(_ command: RunCommand?) throws -> String? {
    guard var command else { return nil }
    command.folder = folders.stored(command.folder)
    return try Self.json(command)
  }

  private func stored(_ name: String, _ database: Database) throws -> Run? {
    try Row.fetchOne(
      database, sql: "SELECT \(Self.runColumns) FROM runs WHERE name = ?", arguments: [name]
    ).map(run)
  }

  private static func requireIdle(_ run: Run) throws {
    if run.status == .running, let process = run.process, process != .current {
      throw ExperimentFailure.runIsLive(name: run.name, process: process.process)
    }
  }

  private func requireSame(_ stored: Run, _ key: RunKey, _ database: Database) throws {
    guard let difference = stored.key.firstDifference(from: key) else { return }
    let evaluations = try Int.fetchOne(
      database,
      sql: "SELECT count(*) FROM evaluations JOIN runs ON runs.id = run WHERE name = ?",
      arguments: [stored.name])
    throw ExperimentFailure.nameKept(
      name: stored.name, field: difference.field, folder: stored.folder,
      evaluations: evaluations ?? 0, path: path)
  }

  /// From the values as they are stored, which may be others than were given (-0 becomes 0).
  private func sign(_ name: String, _ database: Database) throws {
    let row = try Row.fetchOne(
      database, sql: "SELECT \(Self.runColumns) FROM runs WHERE name = ?", arguments: [name])
    guard let row else { return }
    try database.execute(
      sql: "UPDATE runs SET checksum = ? WHERE name = ?",
      arguments: [Self.checksum(ofRun: row), name])
  }

  /// A row of an earlier version gets its checksum when something is stored of it.
  func signIfUnsigned(_ name: String, _ database: Database) throws {
    let isUnsigned = try Bool.fetchOne(
      database, sql: "SELECT checksum IS NULL FROM runs WHERE name = ?", arguments: [name])
    if isUnsigned == true { try sign(name, database) }
  }

  private static func checksum(ofRun row: Row) -> Data {
    let fixed = [
      "name", "method", "recipe", "dataset_hash", "text_tower_hash", "image_tower_hash", "seed",
      "key", "started", "trainable_count", "parameter_count",
    ]
    return Checksum.of(fixed.map { row[$0] })
  }

  /// Throws ``ExperimentFailure/damaged(path:what:)``.
  func run(_ row: Row) throws -> Run {
    let stored = StoredRow(row: row, table: "runs", path: path)
    let name = try stored.text("name")
    guard let status = RunStatus(rawValue: try stored.text("status")) else {
      throw ExperimentFailure.damaged(path: path, what: "run '\(name)' has an unknown status")
    }
    let key = try decode(RunKey.self, try stored.text("key"))
    let finished = stored.value("finished").isNull ? nil : try stored.seconds("finished")
    let process = try stored.optionalText("process").flatMap { ProcessMark($0) }
    var command = try stored.optionalText("command").map { try decode(RunCommand.self, $0) }
    if let folder = command?.folder { command?.folder = folders.resolvedPlace(folder) }
    let run = Run(
      name: name, folder: folders.resolved(try stored.text("folder")), key: key,
      status: status == .running && process?.isAlive == false ? .interrupted : status,
      started: Date(timeIntervalSince1970: try stored.seconds("started")),
      finished: finished.map { Date(timeIntervalSince1970: $0) },
      trainableCount: try stored.count("trainable_count"),
      parameterCount: try stored.count("parameter_count"),
      seconds: try stored.seconds("seconds"), process: process, command: command)
    if let checksum = try stored.optionalBlob("checksum"), checksum != Self.checksum(ofRun: row) {
      throw ExperimentFailure.damaged(
        path: path, what: "the row of run '\(name)' is not as it was stored (checksum)")
    }
    return run
  }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    do {
      let json = Data(text.utf8)
      try JSONFile.check(json, in: path)
      return try JSONDecoder().decode(type, from: json)
    } catch {
      throw ExperimentFailure.damaged(path: path, what: "a stored \(type) cannot be read")
    }
  }
}
