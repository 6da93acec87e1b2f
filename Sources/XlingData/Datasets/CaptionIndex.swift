import Foundation

/// The bytes of a captions.jsonl, and where in them the texts of each line and language begin.
final class CaptionIndex: Sendable {
  struct Entry: Sendable {
    /// Its number among ``languages``.
    var language: Int32
    /// Of the list of texts.
    let start: Int
  }

  let data: Data
  let languages: [String]
  /// Line by line, of a line ordered by the languages' numbers.
  let entries: [Entry]
  private let numbers: [String: Int32]

  init(data: Data, languages: [String], numbers: [String: Int32], entries: [Entry]) {
    self.data = data
    self.languages = languages
    self.numbers = numbers
    self.entries = entries
  }

  func place(of language: String, in range: Range<Int>) -> Int? {
    guard let number = numbers[language] else { return nil }
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].language < number { low = middle + 1 } else { high = middle }
    }
    return low < range.upperBound && entries[low].language == number ? low : nil
  }

  func texts(at place: Int) -> [String] {
    data.withUnsafeBytes { bytes in
      var scan = LineScan(UnsafeRawBufferPointer(rebasing: bytes[entries[place].start...]))
      return scan.list() ?? []
    }
  }
}
