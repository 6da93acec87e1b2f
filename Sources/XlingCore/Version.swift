/// This program, as runs record what made them.
public enum Version {
  /// The released version, or the one being worked towards: see CHANGELOG.md.
  public static let current = "0.1.0"
  /// Raised only when the same command, seed and machine give other bits than before. Runs recorded before
  /// there was a number have the first.
  /// 2: rows of frozen towers do not depend on their batch with AVX2 kernels either.
  /// 3: nor do those of frozen layers below trained ones.
  /// 4: the last layer's queries are of the rows that are read alone: other last bits where it is trained.
  public static let numerics = 4
  public static let firstNumerics = 1
}
