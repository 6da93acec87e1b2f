/// Numbers of pictures in one field of a table: blanks between them, and `VALUE*COUNT` for what stands several times
/// in a row. Exact: what is read is what was written.
enum NumberRow {
  static func text(_ values: [Double]) -> String {
    var words: [String] = []
    var start = 0
    while start < values.count {
      var end = start + 1
      while end < values.count, values[end] == values[start] { end += 1 }
      let word = shown(values[start])
      words.append(end - start > 1 ? "\(word)*\(end - start)" : word)
      start = end
    }
    return words.joined(separator: " ")
  }

  private static func shown(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  /// Likewise of single precision, each with the fewest digits that bring it back.
  static func text(single values: [Float]) -> String {
    values.map { "\($0)" }.joined(separator: " ")
  }

  /// Nil for anything else.
  static func floats(_ text: String) -> [Float]? {
    let values = text.split(separator: " ").compactMap { Float($0) }
    let isWhole = values.allSatisfy(\.isFinite) && !values.isEmpty
    return isWhole && values.count == text.split(separator: " ").count ? values : nil
  }

  /// Nil for anything else.
  static func values(_ text: String) -> [Double]? {
    var values: [Double] = []
    for word in text.utf8.split(separator: 0x20) {
      let parts = word.split(separator: 0x2A, omittingEmptySubsequences: false)
      guard parts.count <= 2, let value = Double(String(decoding: parts[0], as: UTF8.self)),
        value.isFinite
      else { return nil }
      guard parts.count == 2 else {
        values.append(value)
        continue
      }
      guard let count = Int(String(decoding: parts[1], as: UTF8.self)),
        (1...10_000_000).contains(count)
      else { return nil }
      values.append(contentsOf: repeatElement(value, count: count))
    }
    return values
  }
}
