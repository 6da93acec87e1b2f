/// How far each tower of a run went from its pretrained weights: 0 not at all, 1 as it was trained.
public struct Interpolation: Codable, Sendable, Equatable {
  public let text: Double
  public let image: Double
  /// The trained run's folder name, and the SHA-256 of its weights.
  public let run: String
  public let hash: String
}
