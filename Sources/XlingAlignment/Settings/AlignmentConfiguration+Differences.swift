import Foundation

extension AlignmentConfiguration {
  /// The fields in which two configurations differ, by name, as `run.json` calls them. Throws what encoding
  /// throws.
  ///
  /// Each field's value is compared as encoded bytes with sorted keys: Foundation, linked statically, calls two
  /// equal `NSDictionary` that hold dictionaries unequal.
  public func differences(from other: AlignmentConfiguration) throws -> [String] {
    guard self != other else { return [] }
    func fields(_ value: AlignmentConfiguration) throws -> [String: Data] {
      let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
      return try (object as? [String: Any] ?? [:]).mapValues {
        try JSONSerialization.data(withJSONObject: $0, options: [.sortedKeys, .fragmentsAllowed])
      }
    }
    let (a, b) = (try fields(self), try fields(other))
    return Set(a.keys).union(b.keys).sorted().filter { a[$0] != b[$0] }
  }
}
