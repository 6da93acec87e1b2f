import Foundation
import XlingCore
import XlingTokenizers

/// Learns from texts which pieces, put behind a tokenizer's own, save most tokens a row.
///
/// A text costs its tokens, where each character that the vocabulary lacks counts at its bytes, as in the
/// unknown-adjusted premium. A candidate is a run of up to ``longest`` symbols of one word; one row makes one
/// token of it wherever it stands, so it saves (cost of the run − 1) times its occurrences. The candidate that
/// saves most is taken, words are cut anew, and so on: greedy, as BPE, but a run needs no row for each of its
/// parts (cf. vocabulary augmentation, Wang et al. 2019, arXiv:1906.01861; Chau et al. 2020, arXiv:2009.14124).
public struct VocabularyRepair {
  /// Symbols and scalars of a candidate.
  static let longest = 8
  static let longestScalars = 16

  private let tokenizer: any Tokenizer
  private var words: RepairWords

  public init(_ tokenizer: any Tokenizer) {
    self.tokenizer = tokenizer
    words = RepairWords(tokenizer)
  }

  public struct Learned: Sendable, Equatable {
    public let pieces: [VocabularyExtension.Piece]
    public let saved: [Int]
    /// Tokens before, unknown ones at their bytes.
    public let cost: Int
    /// Whether rare words were let go.
    public let isPruned: Bool
  }

  /// Returns its lines without the blank ones. Throws as `CoverageMeter.measure` does for what is no text.
  public mutating func add(_ text: CoverageText) throws -> Int { try words.add(text) }

  /// At most `count` pieces, that which saves most first, then by bytes; none that saves fewer than `fewest`
  /// tokens. Throws `InterruptionFailure`.
  public mutating func learn(_ count: Int, fewest: Int = 2) throws -> Learned {
    words.cut()
    var candidates = RepairCandidates(words)
    var pieces: [VocabularyExtension.Piece] = []
    var saved: [Int] = []
    while pieces.count < count {
      if pieces.count % 64 == 0 { try Interruption.check("nothing is kept") }
      guard let best = candidates.takeBest(), best.saving >= max(1, fewest) else { break }
      pieces.append(
        VocabularyExtension.Piece(
          piece: String(decoding: best.text, as: UTF8.self), parts: best.parts,
          score: score(best.parts, occurrences: best.occurrences)))
      saved.append(best.saving)
    }
    return Learned(pieces: pieces, saved: saved, cost: words.cost, isPruned: words.isPruned)
  }

  /// Of a Unigram model: ln of the piece's share of the text's tokens, and above what its parts come to, or no
  /// path would take it.
  private func score(_ parts: [Int32], occurrences: Int) -> Float? {
    let scores = parts.compactMap { tokenizer.unigramScore($0) }
    guard scores.count == parts.count else { return nil }
    let share = log(Float(max(1, occurrences)) / Float(max(1, words.tokens)))
    return max(share, scores.reduce(0, +) + 0.1)
  }
}

/// Runs of symbols, and what each would save. A run is known by the text that it is written with; a tree of
/// symbols finds that of each without spelling it again.
struct RepairCandidates {
  struct Best {
    let text: [UInt8]
    let parts: [Int32]
    let saving: Int
    let occurrences: Int
  }

  private struct Entry {
    let text: [UInt8]
    let parts: [Int32]
    /// No candidate: a piece already, or too long.
    var isBarred: Bool
    let isTooLong: Bool
    var saving = 0
    var occurrences = 0
    /// Words that have it, or had it; some twice.
    var places: [Int32] = []
  }

  private let table: RepairWords
  private var symbols: [RepairSymbol] = []
  private var numbers: [RepairSymbol: Int32] = [:]
  /// By symbols' numbers.
  private var words: [(symbols: [Int32], count: Int)] = []
  /// By (parent + 1) << 32 | symbol.
  private var children: [UInt64: Int32] = [:]
  /// Of each node of the tree the place of its text in `entries`.
  private var textOfNode: [Int32] = []
  private var entries: [Entry] = []
  private var places: [[UInt8]: Int32] = [:]
  private var queue = SavingQueue()

  init(_ table: RepairWords) {
    self.table = table
    for word in table.words {
      words.append((word.symbols.map { number($0) }, word.count))
    }
    for place in words.indices { count(place, sign: 1, tells: false) }
    for (index, entry) in entries.enumerated() where entry.saving > 0 {
      queue.push(entry.saving, entry.text, Int32(index))
    }
  }

  private mutating func number(_ symbol: RepairSymbol) -> Int32 {
    if let number = numbers[symbol] { return number }
    numbers[symbol] = Int32(symbols.count)
    symbols.append(symbol)
    return Int32(symbols.count - 1)
  }

  /// The one that saves most, which is then one symbol wherever it stands; nil where none saves anything.
  mutating func takeBest() -> Best? {
    while let (saving, index) = queue.pop() {
      let entry = entries[Int(index)]
      guard entry.saving == saving, saving > 0, !entry.isBarred else { continue }
      let best = Best(
        text: entry.text, parts: entry.parts, saving: saving, occurrences: entry.occurrences)
      let symbol = number(RepairSymbol(text: entry.text, parts: entry.parts, cost: 1))
      var last: Int32 = -1
      for place in entry.places.sorted() where place != last {
        last = place
        merge(index, at: Int(place), symbol)
      }
      entries[Int(index)].isBarred = true
      return best
    }
    return nil
  }

  private mutating func merge(_ index: Int32, at place: Int, _ symbol: Int32) {
    let old = words[place].symbols
    var merged: [Int32] = []
    var start = 0
    while start < old.count {
      if let end = run(old, from: start, index) {
        merged.append(symbol)
        start = end
      } else {
        merged.append(old[start])
        start += 1
      }
    }
    guard merged.count < old.count || merged != old else { return }
    count(place, sign: -1)
    words[place].symbols = merged
    count(place, sign: 1)
  }

  /// Where the run ends that begins at `start` and is written as the entry is.
  private mutating func run(_ word: [Int32], from start: Int, _ index: Int32) -> Int? {
    var node: Int32 = -1
    for end in start..<min(word.count, start + VocabularyRepair.longest) {
      node = child(of: node, word[end])
      if textOfNode[Int(node)] == index { return end + 1 }
    }
    return nil
  }

  /// Adds or takes away what a word's runs would save.
  private mutating func count(_ place: Int, sign: Int, tells: Bool = true) {
    let (word, occurrences) = words[place]
    for start in word.indices {
      var cost = 0
      var node: Int32 = -1
      for end in start..<min(word.count, start + VocabularyRepair.longest) {
        cost += symbols[Int(word[end])].cost
        node = child(of: node, word[end])
        let index = Int(textOfNode[Int(node)])
        if entries[index].isTooLong { break }
        guard cost > 1, !entries[index].isBarred else { continue }
        entries[index].saving += sign * occurrences * (cost - 1)
        entries[index].occurrences += sign * occurrences
        if sign > 0 { entries[index].places.append(Int32(place)) }
        if tells, entries[index].saving > 0 {
          queue.push(entries[index].saving, entries[index].text, Int32(index))
        }
      }
    }
  }

  private mutating func child(of parent: Int32, _ symbol: Int32) -> Int32 {
    let key = UInt64(UInt32(bitPattern: parent + 1)) << 32 | UInt64(UInt32(bitPattern: symbol))
    if let node = children[key] { return node }
    let node = Int32(textOfNode.count)
    children[key] = node
    let own = symbols[Int(symbol)]
    let before = parent < 0 ? nil : entries[Int(textOfNode[Int(parent)])]
    let text = table.joined(before?.text ?? [], own.text)
    if let place = places[text] {
      textOfNode.append(place)
    } else {
      let isTooLong = text.count { $0 & 0xC0 != 0x80 } > VocabularyRepair.longestScalars
      places[text] = Int32(entries.count)
      textOfNode.append(Int32(entries.count))
      entries.append(
        Entry(
          text: text, parts: (before?.parts ?? []) + own.parts,
          isBarred: isTooLong || table.known[text] != nil, isTooLong: isTooLong))
    }
    return node
  }
}

/// The largest saving first, then the text whose bytes come first; what is out of date is passed over by
/// whoever takes from it.
private struct SavingQueue {
  private var heap: [(saving: Int, text: [UInt8], index: Int32)] = []

  private func isBefore(_ one: Int, _ other: Int) -> Bool {
    heap[one].saving != heap[other].saving
      ? heap[one].saving > heap[other].saving
      : heap[one].text.lexicographicallyPrecedes(heap[other].text)
  }

  mutating func push(_ saving: Int, _ text: [UInt8], _ index: Int32) {
    heap.append((saving, text, index))
    var child = heap.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (saving: Int, index: Int32)? {
    guard let top = heap.first else { return nil }
    let first = (top.saving, top.index)
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var best = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if isBefore(child, best) { best = child }
      }
      if best == parent { return first }
      heap.swapAt(parent, best)
      parent = best
    }
  }
}
