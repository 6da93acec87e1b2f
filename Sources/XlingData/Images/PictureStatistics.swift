/// The normalization that an image tower was pretrained with.
public enum PictureStatistics: String, Codable, Sendable, CaseIterable {
  case half, imagenet, clip

  public var channels: ChannelStatistics {
    switch self {
    case .half: .half
    case .imagenet: .imagenet
    case .clip: .clip
    }
  }
}
