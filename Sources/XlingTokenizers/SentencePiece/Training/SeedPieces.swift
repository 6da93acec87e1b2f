/// Substrings to begin Unigram training with: those that occur at least twice, before different
/// bytes, by occurrences times length (Kudo 2018; the inner nodes of the text's suffix tree, which
/// sentencepiece 0.2.3 builds over bytes: a substring is none when all that follow it are characters
/// with the same first byte). Pieces never cross a ▁ and are short, so the suffixes of the different
/// words, sorted by their first characters, stand for those of the whole text.
struct SeedPieces {
  private let text: [UInt32]
  /// Occurrences of the word that a suffix belongs to, by word.
  private let counts: [Int64]
  private let maximumLength: Int

  private struct Suffix: BitwiseCopyable {
    var start: Int32
    var word: Int32
  }

  private var suffixes: [Suffix] = []

  struct Seed {
    let scalars: ArraySlice<UInt32>
    let score: Int64
  }

  /// Suffixes end with what follows their word, ▁ or 0.
  init(_ words: SentencePieceCorpus.Words, maximumLength: Int) {
    var text: [UInt32] = []
    for (index, word) in words.enumerated() {
      for scalar in word.scalars {
        suffixes.append(Suffix(start: Int32(text.count), word: Int32(index)))
        text.append(scalar)
      }
      text.append(word.follower)
    }
    self.text = text
    counts = words.counts
    self.maximumLength = maximumLength
  }

  /// The best `limit` seeds of at least two characters, ties in the order of their characters.
  mutating func best(_ limit: Int) -> [Seed] {
    text.withUnsafeBufferPointer { text in
      suffixes.withUnsafeMutableBufferPointer { suffixes in
        Self.sort(suffixes, text, maximumLength + 1)
      }
    }
    var found: [(start: Int, length: Int, score: Int64, order: Int)] = []
    var scripts = PieceScript()
    forEachRepeat { start, length, count in
      if isValid(text[start..<start + length], &scripts) {
        found.append((start, length, count * Int64(length), found.count))
      }
    }
    found.sort { $0.score != $1.score ? $0.score > $1.score : $0.order < $1.order }
    return found.prefix(limit).map {
      Seed(scalars: text[$0.start..<$0.start + $0.length], score: $0.score)
    }
  }

  /// Suffixes by their first `depth` characters: three-way radix quicksort (Bentley and Sedgewick
  /// 1997) with a stack of its own. A follower ends its suffix.
  private static func sort(
    _ suffixes: UnsafeMutableBufferPointer<Suffix>, _ text: UnsafeBufferPointer<UInt32>,
    _ depth: Int
  ) {
    var open: [(range: Range<Int>, depth: Int)] = [(0..<suffixes.count, 0)]
    while let (range, at) = open.popLast() {
      if range.count < 2 || at == depth { continue }
      @inline(__always)
      func key(_ index: Int) -> UInt32 { text[Int(suffixes[index].start) + at] }
      let (a, b, c) = (
        key(range.lowerBound), key(range.lowerBound + range.count / 2), key(range.upperBound - 1)
      )
      let pivot = max(min(a, b), min(max(a, b), c))
      var (less, index, greater) = (range.lowerBound, range.lowerBound, range.upperBound)
      while index < greater {
        let value = key(index)
        if value < pivot {
          suffixes.swapAt(less, index)
          less += 1
          index += 1
        } else if value > pivot {
          greater -= 1
          suffixes.swapAt(index, greater)
        } else {
          index += 1
        }
      }
      open.append((range.lowerBound..<less, at))
      open.append((greater..<range.upperBound, at))
      let isEnd = at > 0 && (pivot == 0 || pivot == SentencePieceCorpus.space)
      if !isEnd { open.append((less..<greater, at + 1)) }
    }
  }

  /// How deep two suffixes go together: the characters that they have in common, no more than one
  /// above the longest piece, and the first bytes of the next two.
  private struct Depth: Comparable {
    var characters = 0
    var bytes = 0

    static func < (left: Self, right: Self) -> Bool {
      (left.characters, left.bytes) < (right.characters, right.bytes)
    }
  }

  private func common(_ left: Int, _ right: Int) -> Depth {
    let (first, second) = (Int(suffixes[left].start), Int(suffixes[right].start))
    var length = 0
    while length <= maximumLength, text[first + length] == text[second + length] {
      let scalar = text[first + length]
      let isEnd = length > 0 && (scalar == 0 || scalar == SentencePieceCorpus.space)
      length += 1
      if isEnd { return Depth(characters: length) }
    }
    if length > maximumLength { return Depth(characters: length) }
    let difference =
      UTF8Scalar.leftAligned(text[first + length]) ^ UTF8Scalar.leftAligned(text[second + length])
    return Depth(characters: length, bytes: difference.leadingZeroBitCount / 8)
  }

  /// Calls `body` with every inner node's start, length and occurrences, from the intervals of
  /// equal beginnings.
  private func forEachRepeat(_ body: (Int, Int, Int64) -> Void) {
    var open: [(depth: Depth, count: Int64)] = []
    for index in suffixes.indices {
      let depth = index + 1 < suffixes.count ? common(index, index + 1) : Depth()
      var count = counts[Int(suffixes[index].word)]
      while let top = open.last, top.depth > depth {
        open.removeLast()
        count += top.count
        // Within a character, nothing ends.
        if top.depth.bytes == 0 {
          body(Int(suffixes[index].start), top.depth.characters, count)
        }
      }
      if let top = open.last, top.depth == depth {
        open[open.count - 1].count = top.count + count
      } else if depth > Depth() {
        open.append((depth, count))
      }
    }
  }

  private func isValid(_ scalars: ArraySlice<UInt32>, _ scripts: inout PieceScript) -> Bool {
    guard 2...maximumLength ~= scalars.count else { return false }
    var script = PieceScript.any
    for (at, scalar) in scalars.enumerated() {
      if scalar == 0 || scalar == 9 || scalar == SentencePieceCorpus.unknown { return false }
      if scalar == SentencePieceCorpus.space && at > 0 { return false }
      guard let joined = PieceScript.joined(script, scripts.of(scalar)) else { return false }
      script = joined
    }
    return true
  }
}
