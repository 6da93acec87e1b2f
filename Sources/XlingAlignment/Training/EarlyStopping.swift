/// The best validation so far, and how long ago it was.
public struct EarlyStopping: Codable, Sendable, Equatable {
  public private(set) var best: ValidationPoint?
  /// Validations since the best one.
  public private(set) var waited = 0

  public init() {}

  /// Whether `point` is better than all before it: a lower loss.
  mutating func note(_ point: ValidationPoint) -> Bool {
    if let best, point.loss >= best.loss {
      waited += 1
      return false
    }
    best = point
    waited = 0
    return true
  }

  func isOver(patience: Int?) -> Bool { patience.map { waited >= $0 } ?? false }
}
