/// ZERO WIDTH NON-JOINER E2 80 8C and JOINER E2 80 8D.
enum Joiners {
  static func count(_ text: UnsafeRawBufferPointer) -> Int {
    guard text.count >= 3 else { return 0 }
    var count = 0
    for at in 0..<(text.count - 2)
    where text[at] == 0xE2 && text[at + 1] == 0x80 && text[at + 2] | 1 == 0x8D {
      count += 1
    }
    return count
  }
}

/// Texts without White_Space and ▁.
enum DenseText {
  /// Whether two texts are equal so.
  static func isSame(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    if first.elementsEqual(second) { return true }
    return of(first) == of(second)
  }

  private static func of(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    guard let bytes = text.bindMemory(to: UInt8.self).baseAddress else { return [] }
    var kept: [UInt8] = []
    var at = 0
    while at < text.count {
      let (scalar, end) = WellFormed.next(bytes, at)
      if !WhiteSpace.contains(scalar), scalar != 0x2581 { kept.append(contentsOf: text[at..<end]) }
      at = end
    }
    return kept
  }
}
