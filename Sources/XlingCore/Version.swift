/// This program, as runs record what made them.
public enum Version {
  /// The released version, or the one being worked towards: see CHANGELOG.md.
  public static let current = "0.1.0"
  /// Raised only when the same command, seed and machine give other bits than before. Runs recorded before
  /// there was a number have the first.
  public static let numerics = firstNumerics
  public static let firstNumerics = 1
}
