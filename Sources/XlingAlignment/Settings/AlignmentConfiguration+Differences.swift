import Foundation

extension AlignmentConfiguration {
  /// The fields in which two configurations differ, by name, as `run.json` calls them. Throws what encoding
  /// throws.
  public func differences(from other: AlignmentConfiguration) throws -> [String] {
    guard self != other else { return [] }
    func keys(_ value: AlignmentConfiguration) throws -> NSDictionary {
      let data = try JSONEncoder().encode(value)
      return try JSONSerialization.jsonObject(with: data) as? NSDictionary ?? [:]
    }
    let (a, b) = (try keys(self), try keys(other))
    let names = Set((a.allKeys + b.allKeys).compactMap { $0 as? String })
    return names.sorted().filter { name in
      switch (a[name] as? NSObject, b[name] as? NSObject) {
      case (nil, nil): false
      case (let x?, let y?): !x.isEqual(y)
      default: true
      }
    }
  }
}
