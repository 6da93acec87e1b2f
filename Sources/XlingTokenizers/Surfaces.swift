/// Texts of tokens that their pieces do not spell, by token index, ascending; in one buffer, since
/// text in a script that a vocabulary lacks has one every few characters.
public struct Surfaces: Sendable, Equatable {
  private var tokens: [Int] = []
  /// Where each text ends in `bytes`.
  private var ends: [Int] = []
  private var bytes: [UInt8] = []

  public init() {}

  public var count: Int { tokens.count }

  /// `token` lies behind all that are there; `utf8` is its text.
  public mutating func append(token: Int, _ utf8: some Collection<UInt8>) {
    tokens.append(token)
    bytes.append(contentsOf: utf8)
    ends.append(bytes.count)
  }

  /// Lengthens the last text.
  public mutating func extendLast(_ utf8: some Collection<UInt8>) {
    bytes.append(contentsOf: utf8)
    ends[ends.count - 1] = bytes.count
  }

  public mutating func removeAll() {
    tokens.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Takes away the texts of tokens from `token` on.
  public mutating func remove(from token: Int) {
    while let last = tokens.last, last >= token {
      tokens.removeLast()
      ends.removeLast()
    }
    bytes.removeLast(bytes.count - (ends.last ?? 0))
  }

  /// Appends the texts of another text's tokens, which are `offset` further on here.
  public mutating func append(_ others: Surfaces, at offset: Int) {
    tokens += others.tokens.map { $0 + offset }
    ends += others.ends.map { $0 + bytes.count }
    bytes += others.bytes
  }

  /// The text of a token, nil when its piece spells it.
  public subscript(token: Int) -> [UInt8]? {
    var (low, high) = (0, tokens.count)
    while low < high {
      let middle = (low + high) / 2
      if tokens[middle] < token { low = middle + 1 } else { high = middle }
    }
    guard low < tokens.count, tokens[low] == token else { return nil }
    return Array(bytes[(low == 0 ? 0 : ends[low - 1])..<ends[low]])
  }
}
