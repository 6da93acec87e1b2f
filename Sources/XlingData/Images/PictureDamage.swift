import Synchronization

/// What was wrong with pictures that a policy let pass, noted by whichever thread read them.
public final class PictureDamage: Sendable {
  private let found = Mutex<[String: String]>([:])

  public init() {}

  public func note(_ path: String, _ reason: String) { found.withLock { $0[path] = reason } }

  /// By path.
  public var all: [(path: String, reason: String)] {
    found.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
  }
}
