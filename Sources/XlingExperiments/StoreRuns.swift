import Foundation
import GRDB
import XlingCore

extension ExperimentStore {
  /// Stores a new run. With `replacing`, one of that name goes first, with its evaluations.
  /// Throws ``ExperimentFailure/runExists(name:)``.
  public func begin(_ run: Run, replacing: Bool = false) throws(ExperimentFailure) {
    try write { database in
      if replacing {
        try database.execute(sql: "DELETE FROM runs WHERE name = ?", arguments: [run.name])
      } else if try Self.identifier(run.name, database) != nil {
        throw ExperimentFailure.runExists(name: run.name)
      }
      try database.execute(
        sql: """
          INSERT INTO runs (name, folder, method, recipe, dataset_hash, text_tower_hash,
            image_tower_hash, seed, key, status, started, finished, trainable_count,
            parameter_count, seconds)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run.name, run.folder, run.key.method, run.key.recipe, run.key.datasetHash,
          run.key.textTowerHash, run.key.imageTowerHash, "\(run.key.seed)",
          try Self.json(run.key), run.status.rawValue, run.started.timeIntervalSince1970,
          run.finished?.timeIntervalSince1970, run.trainableCount, run.parameterCount, run.seconds,
        ])
    }
  }

  /// The stored run, marked running again, when its key is the same.
  /// Throws ``ExperimentFailure/differentRun(name:field:stored:given:)`` naming what changed.
  @discardableResult
  public func resume(_ name: String, key: RunKey) throws(ExperimentFailure) -> Run {
    let run = try run(named: name)
    if let difference = run.key.firstDifference(from: key) {
      throw .differentRun(
        name: name, field: difference.field, stored: difference.first, given: difference.second)
    }
    try update(name, status: .running, finished: nil, seconds: run.seconds)
    return try self.run(named: name)
  }

  /// Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  public func update(
    _ name: String, status: RunStatus, finished: Date?, seconds: Double
  ) throws(ExperimentFailure) {
    try write { database in
      try database.execute(
        sql: "UPDATE runs SET status = ?, finished = ?, seconds = ? WHERE id = ?",
        arguments: [
          status.rawValue, finished?.timeIntervalSince1970, seconds,
          try self.require(name, database),
        ])
    }
  }

  /// Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``, suggesting the nearest name.
  public func run(named name: String) throws(ExperimentFailure) -> Run {
    try read { database in
      let identifier = try self.require(name, database)
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM runs WHERE id = ?", arguments: [identifier])
      guard let row else {
        throw ExperimentFailure.runNotFound(name: name, nearest: nil, path: self.path)
      }
      return try self.run(row)
    }
  }

  /// All runs, oldest first.
  public func runs() throws(ExperimentFailure) -> [Run] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM runs ORDER BY id").map(self.run)
    }
  }

  /// Adds logged steps; a step that is stored already (after a resume) is replaced.
  public func append(_ steps: [TrainStep], to name: String) throws(ExperimentFailure) {
    try write { database in
      let identifier = try self.require(name, database)
      let statement = try database.makeStatement(
        sql: "INSERT OR REPLACE INTO train_steps VALUES (?, ?, ?, ?, ?)")
      for step in steps {
        try statement.execute(arguments: [
          identifier, step.step, step.loss, step.learningRate, step.temperature,
        ])
      }
    }
  }

  /// Steps in their order. A loss that was not a number comes back as NaN.
  public func trainSteps(of name: String) throws(ExperimentFailure) -> [TrainStep] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM train_steps WHERE run = ? ORDER BY step",
        arguments: [try self.require(name, database)]
      ).map {
        TrainStep(
          step: $0["step"], loss: $0["loss"] ?? .nan, learningRate: $0["learning_rate"],
          temperature: $0["temperature"])
      }
    }
  }

  /// Adds validations; one of a step that is stored already is replaced.
  public func append(_ steps: [ValidationStep], to name: String) throws(ExperimentFailure) {
    try write { database in
      let identifier = try self.require(name, database)
      let statement = try database.makeStatement(
        sql: "INSERT OR REPLACE INTO validations VALUES (?, ?, ?, ?, ?, ?)")
      for step in steps {
        try statement.execute(arguments: [
          identifier, step.step, step.loss, step.textToImage, step.imageToText, step.pairs,
        ])
      }
    }
  }

  /// Validations in the order of their steps.
  public func validations(of name: String) throws(ExperimentFailure) -> [ValidationStep] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM validations WHERE run = ? ORDER BY step",
        arguments: [try self.require(name, database)]
      ).map {
        ValidationStep(
          step: $0["step"], loss: $0["loss"] ?? .nan, textToImage: $0["text_to_image"],
          imageToText: $0["image_to_text"], pairs: $0["pairs"])
      }
    }
  }

  static func identifier(_ name: String, _ database: Database) throws -> Int64? {
    try Int64.fetchOne(database, sql: "SELECT id FROM runs WHERE name = ?", arguments: [name])
  }

  func require(_ name: String, _ database: Database) throws -> Int64 {
    if let identifier = try Self.identifier(name, database) { return identifier }
    let names = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY id")
    throw ExperimentFailure.runNotFound(
      name: name, nearest: Spelling.nearest(to: name, among: names), path: path)
  }

  private func run(_ row: Row) throws -> Run {
    let name: String = row["name"]
    guard let status = RunStatus(rawValue: row["status"]) else {
      throw ExperimentFailure.damaged(path: path, what: "run '\(name)' has an unknown status")
    }
    let finished: Double? = row["finished"]
    return Run(
      name: name, folder: row["folder"], key: try decode(RunKey.self, row["key"]), status: status,
      started: Date(timeIntervalSince1970: row["started"]),
      finished: finished.map { Date(timeIntervalSince1970: $0) },
      trainableCount: row["trainable_count"], parameterCount: row["parameter_count"],
      seconds: row["seconds"])
  }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch {
      throw ExperimentFailure.damaged(path: path, what: "a stored \(type) cannot be read")
    }
  }
}
