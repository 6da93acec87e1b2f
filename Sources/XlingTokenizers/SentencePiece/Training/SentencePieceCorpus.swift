import Foundation

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
    line.withUnsafeBufferPointer { normalizer.reader.normalize($0, .bytes, into: text) }
    let normalized = UnsafeBufferPointer(start: text.bytes, count: text.count)
    var start = 0
    while start < normalized.count {
      // A ▁ ends the word ahead of it.
      let end =
        Self.find(SentencePieceModel.space, in: normalized, from: start + 1) ?? normalized.count
      let word = UnsafeBufferPointer(rebasing: normalized[start..<end])
      let index = end < normalized.count ? table.insert(word) : table.insert(word + [0])
      if index == counts.count { counts.append(0) }
      counts[index] += weight
      start = end
    }
  }

  /// Where a part begins, `from` or behind it.
  private static func find(
    _ part: [UInt8], in text: UnsafeBufferPointer<UInt8>, from: Int
  ) -> Int? {
    guard let base = text.baseAddress else { return nil }
    var at = from
    while at + part.count <= text.count {
      let rest = text.count - part.count + 1 - at
      guard let found = memchr(base + at, Int32(part[0]), rest) else { return nil }
      at = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      if memcmp(base + at, part, part.count) == 0 { return at }
      at += 1
    }
    return nil
  }

  private static func holds(_ line: [UInt8], _ part: [UInt8]) -> Bool {
    line.withUnsafeBufferPointer { find(part, in: $0, from: 0) } != nil
  }

  private static func replace(_ part: [UInt8], in line: inout [UInt8]) {
    var from = 0
    while let at = line.withUnsafeBufferPointer({ find(part, in: $0, from: from) }) {
      line.replaceSubrange(at..<at + part.count, with: [0x09])
      from = at + 1
    }
  }

  /// All words that occur, those with more occurrences first, ties by bytes.
  func words() -> Words {
    var ranked: [(count: Int64, rank: Int32, index: Int32)] = []
    for (rank, index) in table.list.sorted().order.enumerated() where counts[Int(index)] > 0 {
      ranked.append((counts[Int(index)], Int32(rank), index))
    }
    ranked.sort { $0.count != $1.count ? $0.count > $1.count : $0.rank < $1.rank }
    return Words(ranked.lazy.map { (table[Int($0.index)], $0.count) }, count: ranked.count)
  }

  /// Words in one buffer of scalars.
  struct Words: RandomAccessCollection {
    struct Word {
      let scalars: ArraySlice<UInt32>
      /// What comes behind it: 0 at the end of a line, else ▁.
      let follower: UInt32
      let count: Int64
    }

    private(set) var scalars: [UInt32] = []
    /// Where the scalars of each word end.
    private(set) var ends: [Int32] = []
    private(set) var counts: [Int64] = []
    private var endsLine: [Bool] = []

    fileprivate init(_ words: some Sequence<(ArraySlice<UInt8>, Int64)>, count: Int) {
      ends.reserveCapacity(count)
      counts.reserveCapacity(count)
      endsLine.reserveCapacity(count)
      for (bytes, count) in words {
        let isLast = bytes.last == 0
        (isLast ? bytes.dropLast() : bytes).withUnsafeBufferPointer { bytes in
          guard let text = bytes.baseAddress else { return }
          var at = 0
          while at < bytes.count {
            // Normalized text is well-formed.
            let scalar =
              UTF8Scalar.scalar(text, at, bytes.count) ?? (SentencePieceCorpus.unknown, 1)
            scalars.append(scalar.value)
            at += scalar.length
          }
        }
        ends.append(Int32(scalars.count))
        counts.append(count)
        endsLine.append(isLast)
      }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { ends.count }

    subscript(index: Int) -> Word {
      let range = (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
      return Word(
        scalars: scalars[range], follower: endsLine[index] ? 0 : SentencePieceCorpus.space,
        count: counts[index])
    }

    /// Puts ▅ in the place of the scalars for which `isKept` is false.
    mutating func replaceScalars(unless isKept: (UInt32) -> Bool) {
      for at in scalars.indices where !isKept(scalars[at]) {
        scalars[at] = SentencePieceCorpus.unknown
      }
    }
  }
}

/// The characters that a vocabulary must hold.
struct RequiredCharacters {
  /// The most frequent first, ties by code point.
  let ranked: [(scalar: UInt32, count: Int64)]
  /// Different characters seen.
  let seenCount: Int
  /// By scalar.
  private let isRequired: [Bool]

  /// As many of the most frequent characters as make up `coverage` of all.
  init(_ words: SentencePieceCorpus.Words, coverage: Float) {
    var counts = [Int64](repeating: 0, count: ScalarTable<Int64>.codePointCount)
    for word in words {
      for scalar in word.scalars { counts[Int(scalar)] += word.count }
    }
    counts[0] = 0
    let total = counts.reduce(0, +)
    let seen = counts.indices.filter { counts[$0] > 0 }
    let sorted = seen.sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
    var covered: Int64 = 0
    var ranked: [(scalar: UInt32, count: Int64)] = []
    var isRequired = [Bool](repeating: false, count: counts.count)
    for scalar in sorted {
      if Float(Double(covered) / Double(total)) >= coverage { break }
      covered += counts[scalar]
      ranked.append((UInt32(scalar), counts[scalar]))
      isRequired[scalar] = true
    }
    self.ranked = ranked
    self.isRequired = isRequired
    seenCount = seen.count
  }

  /// Puts ▅ in the place of all other characters.
  func replaceOthers(in words: inout SentencePieceCorpus.Words) {
    words.replaceScalars { isRequired[Int($0)] }
  }
}
