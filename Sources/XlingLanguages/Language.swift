/// What a card in languages/ says about one language.
public struct Language: Sendable, Equatable {
  public enum Direction: String, Sendable {
    case leftToRight = "ltr"
    case rightToLeft = "rtl"
  }

  /// BCP 47: "tr", "zh-Hant".
  public let code: String
  /// In English.
  public let name: String
  /// In the language itself.
  public let nativeName: String
  /// ISO 15924: "Latn".
  public let script: String
  public let direction: Direction
  /// Other codes for it in use ("nb" for "no").
  public let aliases: [String]
}
