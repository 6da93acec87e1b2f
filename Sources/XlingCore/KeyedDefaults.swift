/// Files of other versions: a key that is missing leaves the value that is there.
extension KeyedDecodingContainer {
  /// Throws what decoding throws, with the key.
  public func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
    if contains(key) { value = try decode(Value.self, forKey: key) }
  }
}
