/// What ``LanguageLetters`` says of each scalar, asked once: plain memory of one thread.
final class LetterKinds {
  static let unseen: UInt8 = 0
  static let noLetter: UInt8 = 1
  static let own: UInt8 = 2
  static let foreign: UInt8 = 3
  /// Scalars from here on are asked for every time.
  static let limit: UInt32 = 0x20000

  /// By scalar.
  let table: UnsafeMutablePointer<UInt8>

  init() {
    table = .allocate(capacity: Int(Self.limit))
    table.initialize(repeating: Self.unseen, count: Int(Self.limit))
  }

  deinit { table.deallocate() }

  func forget() { table.update(repeating: Self.unseen, count: Int(Self.limit)) }

  @inline(never)
  func see(_ scalar: UInt32, _ letters: LanguageLetters) -> UInt8 {
    let kind: UInt8 =
      switch letters.isForeign(scalar) {
      case nil: Self.noLetter
      case false: Self.own
      case true: Self.foreign
      }
    if scalar < Self.limit { table[Int(scalar)] = kind }
    return kind
  }
}
