/// How often each word occurs, words being what the encoder of the same configuration would cut.
public struct WordCounts: Sendable {
  private let splitter: WordSplitter
  private let addedTokens: AddedTokens
  private var table = ByteTable()
  private(set) var counts: [Int64] = []
  /// Lines read so far, and words in them.
  public private(set) var lineCount = 0
  public private(set) var total: Int64 = 0

  public var distinctCount: Int { table.count }

  /// Throws ``TokenizerFailure/unicode(reason:)`` when ICU lacks its data.
  public init(configuration: BertConfiguration) throws {
    splitter = try WordSplitter(configuration)
    addedTokens = AddedTokens(
      configuration.specialTokens.map { AddedToken(utf8: Array($0.utf8), id: 0) })
  }

  /// Counts a line `weight` times. Special tokens in it are no words.
  public mutating func add(_ line: String, weight: Int64 = 1) {
    var line = line
    line.withUTF8 { add(UnsafeRawBufferPointer($0), weight: weight) }
  }

  public mutating func add(_ utf8: UnsafeRawBufferPointer, weight: Int64 = 1) {
    precondition(weight >= 0, "a weight is not negative")
    lineCount += 1
    let addedTokens = addedTokens.reader
    var start = 0
    var at = 0
    while at < utf8.count {
      guard let token = addedTokens.match(utf8, at: at) else {
        at += 1
        continue
      }
      count(UnsafeRawBufferPointer(rebasing: utf8[start..<at]), weight)
      at += token.count
      start = at
    }
    count(UnsafeRawBufferPointer(rebasing: utf8[start...]), weight)
  }

  private mutating func count(_ utf8: UnsafeRawBufferPointer, _ weight: Int64) {
    splitter.words(of: utf8) { word in
      let index = table.insert(word.bytes)
      if index == counts.count { counts.append(0) }
      counts[index] += weight
      total += weight
    }
  }

  func word(_ index: Int) -> ArraySlice<UInt8> { table[index] }

  func forEachScalar(of index: Int, _ body: (UInt32) -> Void) {
    word(index).withUnsafeBufferPointer { bytes in
      guard let text = bytes.baseAddress else { return }
      var at = 0
      while at < bytes.count {
        let (scalar, length) = UTF8Scalar.decode(text, at, bytes.count)
        body(scalar)
        at += length
      }
    }
  }

  /// The same words give the same result in whatever order they came: sorted by bytes.
  func sortedIndices() -> [Int] { table.list.sorted().order.map(Int.init) }

  /// Whether the scalar is always a word by itself, so that no piece continues with it.
  func standsAlone(_ scalar: UInt32) -> Bool {
    let bits = splitter.classes[scalar]
    return bits & ScalarClasses.punctuation != 0
      || (splitter.spacesChinese && bits & ScalarClasses.cjk != 0)
  }
}
