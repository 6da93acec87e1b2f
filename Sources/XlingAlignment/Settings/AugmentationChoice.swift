import XlingData

/// What is done to a picture before each training step, by name.
public enum AugmentationChoice: String, Codable, Sendable, CaseIterable {
  /// Nothing: what locked towers compute is then computed once.
  case none
  /// Crops of at least 60 %, flips, a little colour.
  case mild
  /// Crops of at least 90 %: CLIP's random square crop of resized pictures.
  case crop
  /// Crops of at least 8 %, flips (Szegedy et al. 2015), as LiT has them.
  case inception
  /// Crops of at least 20 %, flips, two operations of RandAugment: LilT's.
  case lilt

  public var augmentation: Augmentation? {
    var all = Augmentation()
    switch self {
    case .none: return nil
    case .mild: return all
    case .crop: (all.cropScale, all.flipProbability) = (0.9, 0)
    case .inception: all.cropScale = 0.08
    case .lilt: (all.cropScale, all.randAugment) = (0.2, .lilt)
    }
    (all.brightness, all.contrast, all.saturation) = (0, 0, 0)
    return all
  }
}
