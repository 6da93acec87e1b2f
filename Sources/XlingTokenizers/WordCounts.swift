/// How often each word occurs, words being what the encoder of the same configuration would cut.
public struct WordCounts: Sendable {
  private let splitter: WordSplitter
  private var table = ByteTable()
  private(set) var counts: [Int64] = []
  /// Lines read so far, and words in them.
  public private(set) var lineCount = 0
  public private(set) var total: Int64 = 0

  public var distinctCount: Int { table.count }

  /// Throws ``TokenizerFailure/unicode(reason:)`` when ICU lacks its data.
  public init(configuration: BertConfiguration) throws {
    splitter = try WordSplitter(configuration)
  }

  /// Counts a line `weight` times. Special tokens in it are no words.
  public mutating func add(_ line: String, weight: Int64 = 1) {
    var line = line
    line.withUTF8 { add(UnsafeRawBufferPointer($0), weight: weight) }
  }

  public mutating func add(_ utf8: UnsafeRawBufferPointer, weight: Int64 = 1) {
    precondition(weight >= 0, "a weight is not negative")
    lineCount += 1
    splitter.split(utf8) { part in
      guard case .word(let word) = part else { return }
      let index = table.insert(word.bytes)
      if index == counts.count { counts.append(0) }
      counts[index] += weight
      total += weight
    }
  }

  func word(_ index: Int) -> ArraySlice<UInt8> { table[index] }

  /// The same words give the same result in whatever order they came: sorted by bytes.
  func sortedIndices() -> [Int] {
    (0..<table.count).sorted { table[$0].lexicographicallyPrecedes(table[$1]) }
  }

  /// Whether the scalar is always a word by itself, so that no piece continues with it.
  func standsAlone(_ scalar: UInt32) -> Bool {
    let bits = splitter.classes.bits[Int(scalar)]
    return bits & ScalarClasses.punctuation != 0
      || (splitter.spacesChinese && bits & ScalarClasses.cjk != 0)
  }
}
