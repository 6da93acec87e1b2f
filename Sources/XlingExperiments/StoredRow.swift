import Foundation
import GRDB

/// A row whose values are what its columns say: SQLite keeps text in a column of numbers, and others'
/// programs put it there. All methods throw ``ExperimentFailure/damaged(path:what:)``.
struct StoredRow {
  let row: Row
  let table: String
  /// The store, for messages.
  let path: String

  /// `column` must be among those selected.
  func value(_ column: String) -> DatabaseValue { row[column] }

  func text(_ column: String) throws(ExperimentFailure) -> String {
    guard case .string(let text) = value(column).storage else { throw wrong(column, "text") }
    return text
  }

  /// Nil for NULL.
  func optionalText(_ column: String) throws(ExperimentFailure) -> String? {
    value(column).isNull ? nil : try text(column)
  }

  func count(_ column: String, in range: ClosedRange<Int> = 0...Int.max)
    throws(ExperimentFailure) -> Int
  {
    guard case .int64(let number) = value(column).storage, range.contains(Int(number)) else {
      throw wrong(column, "a whole number from \(range.lowerBound) on")
    }
    return Int(number)
  }

  func number(_ column: String) throws(ExperimentFailure) -> Double {
    switch value(column).storage {
    case .double(let number) where number.isFinite: number
    case .int64(let number): Double(number)
    default: throw wrong(column, "a number")
    }
  }

  /// Nil for NULL.
  func optionalNumber(_ column: String) throws(ExperimentFailure) -> Double? {
    value(column).isNull ? nil : try number(column)
  }

  /// NaN for NULL, as which SQLite keeps it; infinite ones are let through.
  func measured(_ column: String) throws(ExperimentFailure) -> Double {
    switch value(column).storage {
    case .null: .nan
    case .double(let number): number
    case .int64(let number): Double(number)
    default: throw wrong(column, "a number")
    }
  }

  /// A time of this millennium, or a span within it, in seconds.
  func seconds(_ column: String) throws(ExperimentFailure) -> Double {
    let seconds = try number(column)
    guard (0...32_503_680_000).contains(seconds) else {
      throw wrong(column, "a number of seconds up to the year 3000")
    }
    return seconds
  }

  func blob(_ column: String) throws(ExperimentFailure) -> Data {
    guard case .blob(let data) = value(column).storage else { throw wrong(column, "a blob") }
    return data
  }

  func optionalBlob(_ column: String) throws(ExperimentFailure) -> Data? {
    value(column).isNull ? nil : try blob(column)
  }

  /// As many Int32 as are expected.
  func integers(_ column: String, count: Int) throws(ExperimentFailure) -> [Int32] {
    let data = try blob(column)
    guard data.count == count * 4 else {
      throw .damaged(
        path: path,
        what: "\(table).\(column) holds \(data.count) bytes where \(count * 4) belong")
    }
    return ExperimentStore.unpack(data)
  }

  func wrong(_ column: String, _ expected: String) -> ExperimentFailure {
    let found =
      switch value(column).storage {
      case .null: "nothing"
      case .int64(let number): "\(number)"
      case .double(let number): "\(number)"
      case .string(let text): "the text '\(text.prefix(40))'"
      case .blob(let data): "a blob of \(data.count) bytes"
      }
    return .damaged(path: path, what: "\(table).\(column) holds \(found), expected \(expected)")
  }
}
