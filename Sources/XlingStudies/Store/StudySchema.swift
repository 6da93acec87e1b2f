import GRDB
import XlingExperiments

/// Tables of a study's store, by migration; the first tells it from stores of runs and results. A released
/// migration never changes; later ones are added below it.
enum StudySchema {
  private static let firstName = "1 a study's cells"

  static let tables: StoreTables = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(firstName) { database in try database.execute(sql: first) }
    migrator.registerMigration("2 translations and centroids") { database in
      try database.execute(sql: second)
    }
    migrator.registerMigration("3 accuracies of classifiers") { database in
      try database.execute(sql: third)
    }
    return StoreTables(migrator: migrator, first: firstName, version: 3, keepsCopy: true)
  }()

  private static let first = """
    CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE cells (
      hash TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      -- Of the same content but for the seed.
      family TEXT NOT NULL,
      place INTEGER NOT NULL,
      factors TEXT NOT NULL,
      seed TEXT NOT NULL,
      rate TEXT,
      -- Whether the study, as it was last planned, has it.
      studied INTEGER NOT NULL,
      state TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      error TEXT,
      error_status INTEGER,
      -- The claim: who is at work on it, since when, and the last sign of life.
      host TEXT,
      process TEXT,
      since REAL,
      sign REAL,
      result TEXT,
      finished REAL
    );
    CREATE INDEX cells_by_state ON cells (state);
    CREATE TABLE scores (
      cell TEXT NOT NULL REFERENCES cells(hash) ON DELETE CASCADE,
      language TEXT NOT NULL,
      direction TEXT NOT NULL,
      metric TEXT NOT NULL,
      place INTEGER NOT NULL,
      value REAL NOT NULL,
      n INTEGER NOT NULL,
      chance REAL,
      -- By picture, as in pictures.csv.
      sums TEXT NOT NULL,
      counts TEXT NOT NULL,
      PRIMARY KEY (cell, language, direction, metric)
    ) WITHOUT ROWID;
    """

  private static let second = """
    -- As scores, of translations in the place of a language's captions.
    CREATE TABLE translated (
      cell TEXT NOT NULL REFERENCES cells(hash) ON DELETE CASCADE,
      language TEXT NOT NULL,
      direction TEXT NOT NULL,
      metric TEXT NOT NULL,
      place INTEGER NOT NULL,
      value REAL NOT NULL,
      n INTEGER NOT NULL,
      chance REAL,
      sums TEXT NOT NULL,
      counts TEXT NOT NULL,
      PRIMARY KEY (cell, language, direction, metric)
    ) WITHOUT ROWID;
    CREATE TABLE centroids (
      cell TEXT NOT NULL REFERENCES cells(hash) ON DELETE CASCADE,
      language TEXT NOT NULL,
      place INTEGER NOT NULL,
      captions INTEGER NOT NULL,
      -- As in centroids.csv.
      mean TEXT NOT NULL,
      PRIMARY KEY (cell, language)
    ) WITHOUT ROWID;
    """

  private static let third = """
    CREATE TABLE accuracies (
      cell TEXT NOT NULL REFERENCES cells(hash) ON DELETE CASCADE,
      -- Data and which classes, as in accuracies.csv.
      test TEXT NOT NULL,
      metric TEXT NOT NULL,
      place INTEGER NOT NULL,
      classes INTEGER NOT NULL,
      -- By picture, 1 or 0.
      hits TEXT NOT NULL,
      PRIMARY KEY (cell, test, metric)
    ) WITHOUT ROWID;
    """
}
