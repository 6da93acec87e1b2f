import Foundation
import XlingCore
import XlingRetrieval

/// What was measured of cells, as tables: `scores.csv` and `pictures.csv`, `translated.csv`, `centroids.csv`. Studies
/// of versions before them do not have the last two.
enum MeasuredTables {
  typealias Read = (
    scores: [String: [CellScore]], translated: [String: [CellScore]],
    centroids: [String: [LanguageCentroid]]
  )

  private static let key = ["cell", "language", "direction", "metric"]
  private static let values = ["value", "n", "chance"]
  private static let byPicture = ["sums", "counts"]
  private static let centroidColumns = ["cell", "language", "captions", "centroid"]

  // MARK: - Writing

  /// Cells in their order. Throws `FileFailure`.
  static func write(_ tables: StudyTables, to folder: String) throws {
    let cells = tables.cells.map(\.hash)
    var (scores, pictures) = (CSVTable(key + values), CSVTable(key + byPicture))
    var translated = CSVTable(key + values + byPicture)
    var centroids = CSVTable(centroidColumns)
    for cell in cells {
      for score in tables.scores[cell] ?? [] {
        let names = names(score, of: cell)
        scores.rows.append(names + figures(score))
        pictures.rows.append(names + rows(score))
      }
      for score in tables.translated[cell] ?? [] {
        translated.rows.append(names(score, of: cell) + figures(score) + rows(score))
      }
      for one in tables.centroids[cell] ?? [] {
        centroids.rows.append([
          cell, one.language, "\(one.captions)", NumberRow.text(single: one.mean),
        ])
      }
    }
    for (name, table) in [
      ("scores", scores), ("pictures", pictures), ("translated", translated),
      ("centroids", centroids),
    ] { try AtomicFile.write(table.text, to: "\(folder)/\(name).csv") }
  }

  private static func names(_ score: CellScore, of cell: String) -> [String] {
    [cell, score.language, score.direction, score.metric]
  }

  private static func figures(_ score: CellScore) -> [String] {
    ["\(score.value)", "\(score.n)", score.chance.map { "\($0)" } ?? ""]
  }

  private static func rows(_ score: CellScore) -> [String] {
    [NumberRow.text(score.sums), NumberRow.text(score.counts)]
  }

  // MARK: - Reading

  /// Throws ``StudyFailure/badTable(path:line:expected:found:)``, `FileFailure`.
  static func read(_ folder: String) throws -> Read {
    let (path, other) = (folder + "/scores.csv", folder + "/pictures.csv")
    let scores = try CSVTable(reading: path, expected: key + values)
    let pictures = try CSVTable(reading: other, expected: key + byPicture)
    let own = try parts(pictures, other)
    var read: Read = (try self.scores(scores, path, parts: own), [:], [:])
    let translated = folder + "/translated.csv"
    if FileManager.default.fileExists(atPath: translated) {
      let table = try CSVTable(reading: translated, expected: key + values + byPicture)
      read.translated = try self.scores(table, translated, parts: parts(table, translated))
    }
    let centroids = folder + "/centroids.csv"
    if FileManager.default.fileExists(atPath: centroids) {
      read.centroids = try self.centroids(centroids)
    }
    return read
  }

  private typealias Parts = [[String]: (sums: [Double], counts: [Double])]

  private static func names(_ table: CSVTable, _ row: [String]) -> [String] {
    key.map { table.value($0, row) }
  }

  /// What each picture adds, by names.
  private static func parts(_ table: CSVTable, _ path: String) throws -> Parts {
    var parts: Parts = [:]
    for (index, row) in table.rows.enumerated() {
      guard let sums = NumberRow.values(table.value("sums", row)),
        let counts = NumberRow.values(table.value("counts", row)), sums.count == counts.count
      else {
        throw StudyFailure.badTable(
          path: path, line: index + 2, expected: "as many sums as counts", found: "others")
      }
      parts[names(table, row)] = (sums, counts)
    }
    return parts
  }

  private static func scores(
    _ table: CSVTable, _ path: String, parts: Parts
  ) throws -> [String: [CellScore]] {
    var found: [String: [CellScore]] = [:]
    for (index, row) in table.rows.enumerated() {
      let names = names(table, row)
      guard let value = Double(table.value("value", row)), let n = Int(table.value("n", row)),
        let parts = parts[names]
      else {
        throw StudyFailure.badTable(
          path: path, line: index + 2, expected: "a value, n, and a row of pictures.csv",
          found: row.joined(separator: ","))
      }
      found[names[0], default: []].append(
        CellScore(
          language: names[1], direction: names[2], metric: names[3], value: value, n: n,
          chance: Double(table.value("chance", row)), sums: parts.sums, counts: parts.counts))
    }
    return found
  }

  private static func centroids(_ path: String) throws -> [String: [LanguageCentroid]] {
    let table = try CSVTable(reading: path, expected: centroidColumns)
    var found: [String: [LanguageCentroid]] = [:]
    for (index, row) in table.rows.enumerated() {
      guard let captions = Int(table.value("captions", row)),
        let mean = NumberRow.floats(table.value("centroid", row))
      else {
        throw StudyFailure.badTable(
          path: path, line: index + 2, expected: "a number of captions, and numbers",
          found: "\"\(table.value("captions", row))\", \"\(table.value("centroid", row))\"")
      }
      found[table.value("cell", row), default: []].append(
        LanguageCentroid(
          language: table.value("language", row), captions: captions, mean: mean))
    }
    return found
  }
}
