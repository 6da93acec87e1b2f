import Foundation
import XlingCore

/// What the tokenizer of a text tower makes of a language: of one caption of each picture that a study measures.
public struct LanguageCost: Codable, Sendable, Equatable {
  /// The value of `text_tower`; empty for the shipped one.
  public let tower: String
  public let language: String
  /// Of languages; nil: of none, or not known.
  public let family: String?
  public let captions: Int
  /// Tokens to those of the same pictures' English captions, unknown ones counted at their bytes; nil where there
  /// are none.
  public let premium: Double?
  /// Tokens to words by ICU's rules, each word alone.
  public let fertility: Double?

  public init(
    tower: String, language: String, family: String?, captions: Int, premium: Double?,
    fertility: Double?
  ) {
    (self.tower, self.language, self.family) = (tower, language, family)
    (self.captions, self.premium, self.fertility) = (captions, premium, fertility)
  }
}

/// `coverage.csv`, which studies of versions before it do not have.
extension LanguageCost {
  static let file = "coverage.csv"
  private static let columns = [
    "text_tower", "language", "family", "captions", "premium_unk_adjusted",
    "fertility_icu_isolated",
  ]

  static func write(_ costs: [LanguageCost], to folder: String) throws {
    func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
    let rows = costs.map {
      [
        $0.tower, $0.language, $0.family ?? "", "\($0.captions)", text($0.premium),
        text($0.fertility),
      ]
    }
    try AtomicFile.write(CSVTable(columns, rows).text, to: folder + "/" + file)
  }

  static func read(_ folder: String) throws -> [LanguageCost] {
    let path = folder + "/" + file
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let table = try CSVTable(reading: path, expected: columns)
    return try table.rows.enumerated().map { index, row in
      func optional(_ column: String) -> String? {
        let text = table.value(column, row)
        return text.isEmpty ? nil : text
      }
      guard let captions = Int(table.value("captions", row)) else {
        throw StudyFailure.badTable(
          path: path, line: index + 2, expected: "a number of captions",
          found: "\"\(table.value("captions", row))\"")
      }
      return LanguageCost(
        tower: table.value("text_tower", row), language: table.value("language", row),
        family: optional("family"), captions: captions,
        premium: optional(columns[4]).flatMap(Double.init),
        fertility: optional(columns[5]).flatMap(Double.init))
    }
  }
}
