/// One line of the gold file.
struct GoldLine {
  let text: Int
  let images: [Int]
}

extension GoldLine {
  /// The line as it is nearly always written, keys in this order and plain numbers, a hundred times as
  /// fast as by a tree of JSON values. Nil for all else, which may still be right.
  init?(_ line: UnsafeRawBufferPointer) {
    var cursor = Cursor(bytes: line)
    guard cursor.take("{"), cursor.take("\"text\""), cursor.take(":"), let text = cursor.number(),
      cursor.take(","), cursor.take("\"images\""), cursor.take(":"), cursor.take("["),
      let first = cursor.number()
    else { return nil }
    var images = [first]
    while cursor.take(",") {
      guard let image = cursor.number() else { return nil }
      images.append(image)
    }
    guard cursor.take("]"), cursor.take("}"), cursor.isAtEnd else { return nil }
    (self.text, self.images) = (text, images)
  }

  private struct Cursor {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool {
      mutating get {
        skipSpace()
        return position == bytes.count
      }
    }

    mutating func take(_ mark: StaticString) -> Bool {
      skipSpace()
      let length = mark.utf8CodeUnitCount
      guard position + length <= bytes.count else { return false }
      for index in 0..<length where bytes[position + index] != mark.utf8Start[index] {
        return false
      }
      position += length
      return true
    }

    /// Up to nine digits.
    mutating func number() -> Int? {
      skipSpace()
      let start = position
      var value = 0
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
        value = value * 10 + Int(bytes[position] - 0x30)
        position += 1
        guard position - start < 10 else { return nil }
      }
      return position > start ? value : nil
    }

    private mutating func skipSpace() {
      while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
        position += 1
      }
    }
  }
}
