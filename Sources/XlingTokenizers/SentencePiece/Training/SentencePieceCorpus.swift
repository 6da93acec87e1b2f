/// Training text as SentencePiece's trainers see it: normalized, cut ahead of every ▁, equal words
/// counted together. The order of the lines makes no difference.
public struct SentencePieceCorpus: Sendable {
  /// Longer lines are left out, as the reference does.
  static let longestLine = 4192
  /// Stands for characters that are left out; lines that hold it are left out themselves.
  static let unknown: UInt32 = 0x2585
  static let space: UInt32 = 0x2581
  private static let unknownBytes: [UInt8] = [0xE2, 0x96, 0x85]
  /// The pieces of every model; where a text spells one out, a TAB is read.
  static let metaPieces = ["<unk>", "<s>", "</s>"]

  let charsmap: [UInt8]
  private let normalizer: SentencePieceNormalizer
  /// Words, with a NUL behind those that end their line.
  private var table = ByteTable()
  private var counts: [Int64] = []
  public private(set) var lineCount = 0
  public private(set) var skippedLineCount = 0

  /// Normalizes by ICU's NFKC in the manner of `nmt_nfkc`, or not at all. Throws ``UnicodeFailure``.
  public init(normalizes: Bool = true) throws {
    var model = SentencePieceModel()
    model.charsmap = normalizes ? try CharsmapCompiler.multilingual() : []
    charsmap = model.charsmap
    normalizer = SentencePieceNormalizer(
      model, charsmap: charsmap.isEmpty ? nil : try Charsmap(charsmap), symbols: nil,
      cutsAtSpaces: true)
  }

  /// Counts lines, each `weight` times.
  public mutating func add(_ lines: some Sequence<[UInt8]>, weight: Int64 = 1) {
    precondition(weight >= 0, "a weight is not negative")
    let text = NormalizedText()
    for line in lines { add(line, weight, text) }
  }

  private mutating func add(_ line: [UInt8], _ weight: Int64, _ text: NormalizedText) {
    lineCount += 1
    if line.count > Self.longestLine || Self.holds(line, Self.unknownBytes) {
      skippedLineCount += 1
      return
    }
    var line = line
    for piece in Self.metaPieces { Self.replace(Array(piece.utf8), in: &line) }
    line.withUnsafeBufferPointer { normalizer.normalize($0, .bytes, into: text) }
    let space = SentencePieceModel.space
    var start = 0
    var word: [UInt8] = []
    func isSpace(_ at: Int) -> Bool {
      at + 3 <= text.count && text.bytes[at] == space[0] && text.bytes[at + 1] == space[1]
        && text.bytes[at + 2] == space[2]
    }
    while start < text.count {
      var end = start + (isSpace(start) ? 3 : 1)
      while end < text.count, !isSpace(end) { end += 1 }
      word.removeAll(keepingCapacity: true)
      word.append(contentsOf: UnsafeBufferPointer(start: text.bytes + start, count: end - start))
      if end == text.count { word.append(0) }
      let index = table.insert(word)
      if index == counts.count { counts.append(0) }
      counts[index] += weight
      start = end
    }
  }

  private static func holds(_ line: [UInt8], _ part: [UInt8]) -> Bool {
    line.count >= part.count
      && (0...line.count - part.count).contains { at in
        line[at] == part[0] && line[at..<at + part.count].elementsEqual(part)
      }
  }

  private static func replace(_ part: [UInt8], in line: inout [UInt8]) {
    guard line.contains(part[0]) else { return }
    var at = 0
    while at + part.count <= line.count {
      if line[at..<at + part.count].elementsEqual(part) {
        line.replaceSubrange(at..<at + part.count, with: [0x09])
      }
      at += 1
    }
  }

  /// A word's scalars; what follows it, 0 at the end of a line, else ▁; and its count.
  struct Word {
    var scalars: [UInt32]
    let follower: UInt32
    let count: Int64
  }

  /// All words, those with more occurrences first, ties by bytes.
  func words() -> [Word] {
    let order = (0..<table.count).sorted { left, right in
      counts[left] != counts[right]
        ? counts[left] > counts[right] : table[left].lexicographicallyPrecedes(table[right])
    }
    return order.map { index in
      let bytes = table[index]
      let endsLine = bytes.last == 0
      var scalars: [UInt32] = []
      (endsLine ? bytes.dropLast() : bytes).withUnsafeBufferPointer { bytes in
        guard let text = bytes.baseAddress else { return }
        var at = 0
        while at < bytes.count {
          // Normalized text is well-formed.
          let scalar = UTF8Scalars.scalar(text, at, bytes.count) ?? (Self.unknown, 1)
          scalars.append(scalar.value)
          at += scalar.length
        }
      }
      return Word(scalars: scalars, follower: endsLine ? 0 : Self.space, count: counts[index])
    }
  }
}

/// The characters that a vocabulary must hold.
struct RequiredCharacters {
  /// The most frequent first, ties by code point.
  let ranked: [(scalar: UInt32, count: Int64)]
  /// Different characters seen.
  let seenCount: Int
  private let isRequired: Set<UInt32>

  /// As many of the most frequent characters as make up `coverage` of all.
  init(_ words: [SentencePieceCorpus.Word], coverage: Float) {
    var counts: [UInt32: Int64] = [:]
    var total: Int64 = 0
    for word in words {
      for scalar in word.scalars where scalar != 0 {
        counts[scalar, default: 0] += word.count
        total += word.count
      }
    }
    let sorted = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    var covered: Int64 = 0
    var ranked: [(scalar: UInt32, count: Int64)] = []
    for (scalar, count) in sorted {
      if Float(Double(covered) / Double(total)) >= coverage { break }
      covered += count
      ranked.append((scalar, count))
    }
    self.ranked = ranked
    seenCount = counts.count
    isRequired = Set(ranked.map(\.scalar))
  }

  /// Puts ▅ in the place of all other characters.
  func replaceOthers(in words: inout [SentencePieceCorpus.Word]) {
    for index in words.indices {
      for at in words[index].scalars.indices
      where !isRequired.contains(words[index].scalars[at]) {
        words[index].scalars[at] = SentencePieceCorpus.unknown
      }
    }
  }
}
