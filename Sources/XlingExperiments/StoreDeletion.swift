import GRDB

extension ExperimentStore {
  /// What goes with a run when it is deleted.
  public struct Contents: Sendable, Equatable {
    public let evaluations: Int
    public let steps: Int
    public let validations: Int
  }

  /// Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  public func contents(of name: String) throws(ExperimentFailure) -> Contents {
    try read { database in try self.contents(try self.require(name, database), database) }
  }

  /// Deletes the run's row with all that was stored of it; its folder stays. The only way in which
  /// results leave a store. Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``, and
  /// ``ExperimentFailure/runIsLive(name:process:)`` while it is trained.
  @discardableResult
  public func delete(_ name: String) throws(ExperimentFailure) -> Contents {
    let run = try run(named: name)
    if run.status == .running, let process = run.process {
      throw .runIsLive(name: name, process: process.process)
    }
    return try write { database in
      let identifier = try self.require(name, database)
      let contents = try self.contents(identifier, database)
      try database.execute(sql: "DELETE FROM runs WHERE id = ?", arguments: [identifier])
      return contents
    }
  }

  private func contents(_ identifier: Int64, _ database: Database) throws -> Contents {
    func count(_ table: String) throws -> Int {
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM \(table) WHERE run = ?", arguments: [identifier]) ?? 0
    }
    return Contents(
      evaluations: try count("evaluations"), steps: try count("train_steps"),
      validations: try count("validations"))
  }
}
