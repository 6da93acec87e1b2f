/// Files of other versions: a key that is missing leaves the value that is there.
extension KeyedDecodingContainer {
  /// Throws what decoding throws, with the key.
  public func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
    if contains(key) { value = try decode(Value.self, forKey: key) }
  }

  /// A number that nobody writes outside of `range`. Throws what decoding throws, and
  /// `StrictKeys.Mistake`, with the key.
  public func read<Number: Decodable & Comparable>(
    _ key: Key, into value: inout Number, in range: ClosedRange<Number>
  ) throws {
    if contains(key) { value = try decode(key, in: range) }
  }

  /// The same where null is a value, too.
  public func read<Number: Decodable & Comparable>(
    _ key: Key, into value: inout Number?, in range: ClosedRange<Number>
  ) throws {
    guard contains(key) else { return }
    value = try decodeNil(forKey: key) ? nil : decode(key, in: range)
  }

  /// A number that has to be there. Throws as above.
  public func decode<Number: Decodable & Comparable>(
    _ key: Key, in range: ClosedRange<Number>
  ) throws -> Number {
    let number = try decode(Number.self, forKey: key)
    guard range.contains(number) else {
      throw StrictKeys.Mistake(
        at: codingPath + [key], expected: "\(range.lowerBound) to \(range.upperBound)",
        found: "\(number)")
    }
    return number
  }
}

extension Int {
  /// The largest number that is read where there is no closer bound: a sum of two stays one.
  public static let largestCount = 1 << 53
}
