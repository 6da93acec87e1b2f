import Foundation
import XlingAlignment
import XlingExperiments

extension Run {
  /// The pairs of other languages that it was trained on, as the store's configuration has them.
  public var fewShot: FewShotPairs {
    let known = try? JSONDecoder().decode(FewShotPairs.self, from: Data(key.recipe.utf8))
    return known ?? FewShotPairs()
  }
}
