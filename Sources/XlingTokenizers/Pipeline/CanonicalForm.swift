import XlingUnicode

/// NFC as tokenizers 0.23.3 has it (the data of Unicode 9 for decompositions and classes), with the
/// changes that its alignments follow from.
struct CanonicalForm: Sendable {
  private let classes: ScalarClasses
  /// Marks that compose with what stands ahead of them.
  private let composing: Set<UInt32>

  /// To decompose with.
  init(_ classes: ScalarClasses) {
    self.classes = classes
    composing = []
  }

  /// Throws ``TokenizerFailure/unicode(reason:)``.
  init() throws(TokenizerFailure) {
    let classes = try ScalarClasses.shared(.reference)
    var composing: Set<UInt32> = []
    // Nothing above decomposes into two; syllables of Hangul do into letters, which are no marks.
    for scalar in UInt32(0xC0)..<0x12000 where !(0xAC00..<0xD7A4).contains(scalar) {
      guard classes[scalar] & ScalarClasses.decomposes != 0 else { continue }
      let parts = classes.decomposition(scalar)
      if parts.count > 1, let last = parts.last { composing.insert(last) }
    }
    self.classes = classes
    self.composing = composing
  }

  /// Whether the text may change. A scalar that may compose with another or be reordered decides.
  func isInDoubt(_ text: AlignedText) -> Bool {
    var doubt = false
    text.forEachScalar { scalar, _ in
      if scalar >= 0x80, classes[scalar] & ScalarClasses.leavesNFCInDoubt != 0 { doubt = true }
    }
    return doubt
  }

  /// 0 for scalars that stay as they are whatever surrounds them, a combining class for marks that
  /// do where their order is right, 255 for what may compose or decompose.
  func caution(_ scalar: UInt32) -> UInt8 {
    guard classes[scalar] & ScalarClasses.leavesNFCInDoubt != 0 else { return 0 }
    let order = classes.combiningClass(scalar)
    if order == 0 { return 255 }
    let isStable = classes.decomposition(scalar) == [scalar] && !composing.contains(scalar)
    return isStable ? order : 255
  }

  func normalize(_ text: inout AlignedText) {
    guard isInDoubt(text) else { return }
    text.transform(composed(decomposed(text)))
  }

  /// NFD.
  func decompose(_ text: inout AlignedText) {
    text.transform(
      decomposed(text).map { AlignedText.Change(scalar: $0.scalar, places: $0.places) })
  }

  private struct Part {
    var scalar: UInt32
    var places: Int
    var order: UInt8
  }

  /// Canonical decomposition and order.
  private func decomposed(_ text: AlignedText) -> [Part] {
    var parts: [Part] = []
    text.forEachScalar { scalar, _ in
      var isFirst = true
      for part in classes.decomposition(scalar) {
        let order = classes.combiningClass(part)
        var at = parts.count
        if order != 0 {
          while at > 0, parts[at - 1].order > order { at -= 1 }
        }
        parts.insert(Part(scalar: part, places: isFirst ? 0 : 1, order: order), at: at)
        isFirst = false
      }
    }
    return parts
  }

  private func composed(_ parts: [Part]) -> [AlignedText.Change] {
    var result: [Part] = []
    // Where the scalar is that what follows may compose with.
    var base: Int?
    var lastOrder: UInt8?
    for part in parts {
      guard let at = base else {
        if part.order == 0 {
          base = result.count
          lastOrder = nil
        }
        result.append(part)
        continue
      }
      let isBlocked = lastOrder.map { $0 >= part.order } ?? false
      if !isBlocked, let whole = composition(result[at].scalar, part.scalar) {
        result[at].scalar = whole
        result[at].places += part.places - 1
        continue
      }
      if part.order == 0 {
        base = result.count
        lastOrder = nil
      } else {
        lastOrder = part.order
      }
      result.append(part)
    }
    return result.map { AlignedText.Change(scalar: $0.scalar, places: $0.places) }
  }

  private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    // Dives Akuru's vowel sign came with Unicode 13.
    ScalarProperties.composition(first, second).flatMap { $0 == 0x11938 ? nil : $0 }
  }
}
