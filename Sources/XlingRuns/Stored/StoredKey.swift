import Foundation
import XlingAlignment
import XlingExperiments

/// Stored keys do not depend on the version that wrote them: they are compared by what they mean.
extension RunKey {
  /// With the configuration as this version writes it, all that changes no bits at its default. A text
  /// that is no configuration stays.
  public var canonical: RunKey {
    let stored = try? JSONDecoder().decode(AlignmentConfiguration.self, from: Data(recipe.utf8))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let text = try? stored.map({ try encoder.encode($0.decisive) }) else { return self }
    var key = self
    key.recipe = String(decoding: text, as: UTF8.self)
    return key
  }

  /// Whether both are keys of one run.
  public func isSameRun(as other: RunKey) -> Bool { self == other || canonical == other.canonical }

  /// As another version wrote the key of the same run; another run's stays as it is, to be told apart.
  public func written(as stored: RunKey) -> RunKey { isSameRun(as: stored) ? stored : self }
}
