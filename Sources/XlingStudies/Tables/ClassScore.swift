import Foundation
import XlingCore

/// One metric of a classifier on one set of test pictures, with what each adds to it.
public struct ClassScore: Sendable, Equatable {
  public let test: ClassTest
  /// `top-1` or `top-5`.
  public let metric: String
  /// Among which a picture's is looked for.
  public let classes: Int
  /// By picture: 1 where its class is among the first, else 0.
  public let hits: [Double]

  public init(test: ClassTest, metric: String, classes: Int, hits: [Double]) {
    (self.test, self.metric, self.classes, self.hits) = (test, metric, classes, hits)
  }

  public var value: Double { hits.reduce(0, +) / Double(max(1, hits.count)) }

  /// What guessing reaches.
  var chance: Double {
    let first = metric.split(separator: "-").last.flatMap { Double($0) } ?? 1
    return min(1, first / Double(max(1, classes)))
  }
}

/// `accuracies.csv` of a study of classifiers.
extension ClassScore {
  private static let columns = ["cell", "test", "metric", "value", "n", "classes", "hits"]

  private static func path(_ folder: String) -> String { folder + "/accuracies.csv" }

  /// Cells in their order. Throws `FileFailure`.
  static func write(_ tables: StudyTables, to folder: String) throws {
    let rows = tables.cells.flatMap { cell in
      (tables.accuracies[cell.hash] ?? []).map { score in
        [
          cell.hash, score.test.name, score.metric, "\(score.value)", "\(score.hits.count)",
          "\(score.classes)", NumberRow.text(score.hits),
        ]
      }
    }
    try AtomicFile.write(CSVTable(columns, rows).text, to: path(folder))
  }

  /// By cell. Throws ``StudyFailure/badTable(path:line:expected:found:)``, `FileFailure`.
  static func read(_ folder: String) throws -> [String: [ClassScore]] {
    let table = try CSVTable(reading: path(folder), expected: columns)
    var found: [String: [ClassScore]] = [:]
    for (index, row) in table.rows.enumerated() {
      guard let classes = Int(table.value("classes", row)),
        let hits = NumberRow.values(table.value("hits", row)),
        hits.count == Int(table.value("n", row))
      else {
        throw StudyFailure.badTable(
          path: path(folder), line: index + 2, expected: "a number of classes, and n hits",
          found: "\"\(table.value("classes", row))\", \"\(table.value("hits", row))\"")
      }
      found[table.value("cell", row), default: []].append(
        ClassScore(
          test: ClassTest(name: table.value("test", row)), metric: table.value("metric", row),
          classes: classes, hits: hits))
    }
    return found
  }
}
