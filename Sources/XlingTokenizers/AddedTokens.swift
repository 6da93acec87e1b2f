/// A token that is found in raw text before anything else is done to it.
struct AddedToken: Sendable, Equatable {
  var utf8: [UInt8]
  var id: Int32
  /// Takes the white space on that side with it.
  var stripsLeft = false
  var stripsRight = false
}

/// Finds added tokens: leftmost, and of those that begin at one place the longest; letter for
/// letter.
struct AddedTokens: Sendable {
  /// Longest first; the first of equal length wins.
  let tokens: [AddedToken]
  /// By byte: whether any token begins with it.
  let beginsWith: [Bool]

  /// No token is empty.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens.enumerated().sorted {
      let (left, right) = ($0.element.utf8.count, $1.element.utf8.count)
      return left != right ? left > right : $0.offset < $1.offset
    }.map(\.element)
    var begins = [Bool](repeating: false, count: 256)
    for token in tokens { begins[Int(token.utf8[0])] = true }
    beginsWith = begins
  }

  /// The token that begins at `at`, if any.
  func match(_ utf8: UnsafeRawBufferPointer, at: Int) -> AddedToken? {
    guard beginsWith[Int(utf8[at])] else { return nil }
    return tokens.first { token in
      at + token.utf8.count <= utf8.count
        && utf8[at..<at + token.utf8.count].elementsEqual(token.utf8)
    }
  }
}
