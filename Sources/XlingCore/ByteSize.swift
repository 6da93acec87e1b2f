/// Sizes of files as people write and read them, in powers of ten.
public enum ByteSize {
  private static let units: [(word: String, bytes: Double)] = [
    ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3),
  ]

  /// `12 GB`, `4.8 GB`, `605 kB`, `96 bytes`: two digits at least.
  public static func text(_ bytes: Int) -> String {
    guard let unit = units.first(where: { Double(bytes) >= $0.bytes }) else {
      return "\(bytes) bytes"
    }
    let tenths = Int((Double(bytes) / unit.bytes * 10).rounded())
    return tenths < 100
      ? "\(tenths / 10).\(tenths % 10) \(unit.word)" : "\((tenths + 5) / 10) \(unit.word)"
  }

  /// Of `20GB`, `1.5 TB`, `500 mb`, `4GiB`, or a number of bytes; nil for anything else.
  public static func bytes(_ text: String) -> Int? {
    let words = text.lowercased().filter { $0 != " " }
    let digits = words.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), number >= 0 else { return nil }
    let unit = String(words.dropFirst(digits.count))
    let scale: Double? =
      switch unit {
      case "", "b": 1
      case "k", "kb": 1e3
      case "m", "mb": 1e6
      case "g", "gb": 1e9
      case "t", "tb": 1e12
      case "kib": 1024
      case "mib": 1024 * 1024
      case "gib": 1024 * 1024 * 1024
      case "tib": 1024 * 1024 * 1024 * 1024
      default: nil
      }
    guard let scale, number * scale < 9e18 else { return nil }
    return Int(number * scale)
  }
}
