import GRDB

/// Tables, by migration. A released migration never changes; later ones are added below it.
enum Schema {
  private static let firstName = "1 runs and evaluations"

  static func tables(_ folders: StoreFolders) -> StoreTables {
    StoreTables(migrator: migrator(folders), first: firstName, version: 5, keepsCopy: true)
  }

  private static func migrator(_ folders: StoreFolders) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(firstName) { database in
      try database.execute(sql: first)
    }
    migrator.registerMigration("2 ranks of every correct item") { database in
      try database.execute(sql: second)
    }
    migrator.registerMigration("3 validations") { database in
      try database.execute(sql: third)
    }
    // A store with rows that belong to none still opens: `check` tells of them.
    migrator.registerMigration("4 checksums and processes", foreignKeyChecks: .immediate) {
      database in
      try database.execute(sql: fourth)
      for row in try Row.fetchAll(database, sql: "SELECT id, folder FROM runs") {
        guard let folder = String.fromDatabaseValue(row["folder"]) else { continue }
        try database.execute(
          sql: "UPDATE runs SET folder = ? WHERE id = ?",
          arguments: [folders.renewed(folder), row["id"] as DatabaseValue])
      }
    }
    // Rows that belong to none come along: nobody asks for it while the table is made anew.
    migrator = migrator.disablingDeferredForeignKeyChecks()
    migrator.registerMigration("5 figures without intervals") { database in
      try database.execute(sql: fifth)
    }
    return migrator
  }

  private static let first = """
    CREATE TABLE runs (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      folder TEXT NOT NULL,
      method TEXT NOT NULL,
      recipe TEXT NOT NULL,
      dataset_hash TEXT NOT NULL,
      text_tower_hash TEXT NOT NULL,
      image_tower_hash TEXT NOT NULL,
      seed TEXT NOT NULL,
      key TEXT NOT NULL,
      status TEXT NOT NULL,
      started REAL NOT NULL,
      finished REAL,
      trainable_count INTEGER NOT NULL,
      parameter_count INTEGER NOT NULL,
      seconds REAL NOT NULL
    );
    CREATE TABLE train_steps (
      run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
      step INTEGER NOT NULL,
      loss REAL,
      learning_rate REAL NOT NULL,
      temperature REAL NOT NULL,
      PRIMARY KEY (run, step)
    ) WITHOUT ROWID;
    CREATE TABLE protocols (hash TEXT PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE evaluations (
      id INTEGER PRIMARY KEY,
      run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
      protocol TEXT NOT NULL REFERENCES protocols(hash),
      dataset TEXT NOT NULL,
      language TEXT NOT NULL,
      direction TEXT NOT NULL,
      n INTEGER NOT NULL,
      gallery INTEGER NOT NULL,
      ties INTEGER NOT NULL,
      queries_hash TEXT NOT NULL,
      started REAL NOT NULL,
      UNIQUE (run, protocol, language, direction)
    );
    -- Little-endian Int32, one value a query in each column.
    CREATE TABLE ranks (
      evaluation INTEGER PRIMARY KEY REFERENCES evaluations(id) ON DELETE CASCADE,
      above BLOB NOT NULL,
      tied_wrong BLOB NOT NULL,
      tied_gold BLOB NOT NULL,
      gold_count BLOB NOT NULL,
      picture BLOB NOT NULL
    );
    CREATE TABLE metrics (
      evaluation INTEGER NOT NULL REFERENCES evaluations(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      value REAL NOT NULL,
      low REAL NOT NULL,
      high REAL NOT NULL,
      n INTEGER NOT NULL,
      method TEXT NOT NULL,
      PRIMARY KEY (evaluation, name)
    ) WITHOUT ROWID;
    """

  private static let second = """
    -- Of every correct item, best first, queries after one another; NULL where the columns of the
    -- best one say it all, or where the row is older.
    ALTER TABLE ranks ADD COLUMN gold_above BLOB;
    ALTER TABLE ranks ADD COLUMN gold_tied BLOB;
    """

  private static let third = """
    -- On pairs held out during training; shares of 0 to 1.
    CREATE TABLE validations (
      run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
      step INTEGER NOT NULL,
      loss REAL,
      text_to_image REAL NOT NULL,
      image_to_text REAL NOT NULL,
      pairs INTEGER NOT NULL,
      PRIMARY KEY (run, step)
    ) WITHOUT ROWID;
    """

  private static let fourth = """
    -- The process that trains the run, while it does, and the command that began it.
    ALTER TABLE runs ADD COLUMN process TEXT;
    ALTER TABLE runs ADD COLUMN command TEXT;
    -- 128 bits of SHA-256 over what never changes in the row; of an evaluation with its ranks and
    -- metrics. NULL in rows of earlier versions.
    ALTER TABLE runs ADD COLUMN checksum BLOB;
    ALTER TABLE evaluations ADD COLUMN checksum BLOB;
    """

  private static let fifth = """
    -- low and high are NULL where fewer than 30 independent pictures lie behind a figure. SQLite cannot take
    -- NOT NULL from a column, so the table is made anew.
    CREATE TABLE metrics_of_5 (
      evaluation INTEGER NOT NULL REFERENCES evaluations(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      value REAL NOT NULL,
      low REAL,
      high REAL,
      n INTEGER NOT NULL,
      method TEXT NOT NULL,
      PRIMARY KEY (evaluation, name)
    ) WITHOUT ROWID;
    INSERT INTO metrics_of_5 SELECT evaluation, name, value, low, high, n, method FROM metrics;
    DROP TABLE metrics;
    ALTER TABLE metrics_of_5 RENAME TO metrics;
    """
}
