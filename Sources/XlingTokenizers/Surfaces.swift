/// Texts of tokens that their pieces do not spell, by token index, ascending; in one buffer, since
/// text in a script that a vocabulary lacks has one every few characters.
public struct Surfaces: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    var token: Int
    /// Where its text ends in `bytes`.
    var end: Int
  }

  private var entries: [Entry] = []
  private var bytes: [UInt8] = []

  public init() {}

  public var count: Int { entries.count }

  /// `token` lies behind all that are there; `utf8` is its text.
  public mutating func append(token: Int, _ utf8: some Collection<UInt8>) {
    bytes.append(contentsOf: utf8)
    entries.append(Entry(token: token, end: bytes.count))
  }

  /// Lengthens the last text.
  public mutating func extendLast(_ utf8: some Collection<UInt8>) {
    bytes.append(contentsOf: utf8)
    entries[entries.count - 1].end = bytes.count
  }

  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Takes away the texts of tokens from `token` on.
  public mutating func remove(from token: Int) {
    while let last = entries.last, last.token >= token { entries.removeLast() }
    bytes.removeLast(bytes.count - (entries.last?.end ?? 0))
  }

  /// Appends the texts of another text's tokens, which are `offset` further on here.
  public mutating func append(_ others: Surfaces, at offset: Int) {
    for entry in others.entries {
      entries.append(Entry(token: entry.token + offset, end: entry.end + bytes.count))
    }
    bytes += others.bytes
  }

  /// The text of a token, nil when its piece spells it.
  public subscript(token: Int) -> [UInt8]? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].token < token { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].token == token else { return nil }
    return Array(bytes[(low == 0 ? 0 : entries[low - 1].end)..<entries[low].end])
  }
}
