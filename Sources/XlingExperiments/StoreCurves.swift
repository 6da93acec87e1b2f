import GRDB

extension ExperimentStore {
  /// Adds logged steps; a step that is stored already (after a resume) is replaced.
  public func append(_ steps: [TrainStep], to name: String) throws(ExperimentFailure) {
    guard !steps.isEmpty else { return }
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
        database,
        sql: """
          SELECT step, loss, learning_rate, temperature FROM train_steps WHERE run = ?
          ORDER BY step
          """, arguments: [try self.require(name, database)]
      ).map { row in
        let row = StoredRow(row: row, table: "train_steps", path: self.path)
        return TrainStep(
          step: try row.count("step"), loss: try row.measured("loss"),
          learningRate: try row.number("learning_rate"),
          temperature: try row.measured("temperature"))
      }
    }
  }

  /// The last step that is stored.
  public func lastStep(of name: String) throws(ExperimentFailure) -> Int? {
    try read { database in
      let step = try DatabaseValue.fetchOne(
        database, sql: "SELECT max(step) FROM train_steps WHERE run = ?",
        arguments: [try self.require(name, database)])
      guard case .int64(let number)? = step?.storage else { return nil }
      return Int(number)
    }
  }

  /// Adds validations; one of a step that is stored already is replaced.
  public func append(_ steps: [ValidationStep], to name: String) throws(ExperimentFailure) {
    guard !steps.isEmpty else { return }
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
        database,
        sql: """
          SELECT step, loss, text_to_image, image_to_text, pairs FROM validations WHERE run = ?
          ORDER BY step
          """, arguments: [try self.require(name, database)]
      ).map { row in
        let row = StoredRow(row: row, table: "validations", path: self.path)
        return ValidationStep(
          step: try row.count("step"), loss: try row.measured("loss"),
          textToImage: try row.number("text_to_image"),
          imageToText: try row.number("image_to_text"), pairs: try row.count("pairs"))
      }
    }
  }
}
