/// A folder that holds both towers of one model: Hugging Face's CLIP or SigLIP, or open_clip's. Each half
/// is read on its own.
public struct WholeConfiguration: Sendable, Equatable {
  public enum Layout: Sendable, Equatable {
    case clip
    case siglip
    case openCLIP
  }

  public let layout: Layout
  /// The file that says what both are.
  public let path: String
  public let image: ViTConfiguration
  /// nil where the text half is none that is read: see ``textRefusal``.
  public let text: BERTConfiguration?
  /// What is thrown when the text half is asked for; the image half is read all the same.
  public let textRefusal: TowerFailure?

  static let modelTypes: [String: Layout] = ["clip": .clip, "siglip": .siglip]

  /// Hugging Face's `config.json` of one of ``modelTypes``. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(_ fields: ConfigurationFields, _ layout: Layout) throws(TowerFailure) {
    self.layout = layout
    path = fields.path
    var vision = fields.section("vision_config")
    // Configurations of before 2023 have both forms.
    if vision.keys.isEmpty { vision = fields.section("vision_config_dict") }
    guard !vision.keys.isEmpty else { throw fields.refuse("the key \"vision_config\" is missing") }
    switch layout {
    case .siglip: image = try ViTConfiguration(siglip: vision, isWhole: true)
    default:
      image = try ViTConfiguration(
        clip: vision, projection: fields.size("projection_dim", default: 512))
    }
    var words = fields.section("text_config")
    if words.keys.isEmpty { words = fields.section("text_config_dict") }
    let outputs = try fields.size("projection_dim", default: 512)
    (text, textRefusal) = Self.half { () throws(TowerFailure) in
      layout == .siglip
        ? try BERTConfiguration(siglip: words)
        : try BERTConfiguration(clip: words, outputs: outputs)
    }
  }

  private static func half(
    _ read: () throws(TowerFailure) -> BERTConfiguration
  ) -> (BERTConfiguration?, TowerFailure?) {
    do {
      return (try read(), nil)
    } catch { return (nil, error) }
  }

  /// `open_clip_config.json`, whose towers may have sizes that only `checkpoint` tells. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(
    openCLIP fields: ConfigurationFields, _ checkpoint: Checkpoint, heads: Int?
  ) throws(TowerFailure) {
    layout = .openCLIP
    path = fields.path
    image = try ViTConfiguration(openCLIP: fields, checkpoint, heads: heads)
    (text, textRefusal) = Self.half { () throws(TowerFailure) in
      try BERTConfiguration(openCLIP: fields.section("model_cfg"), checkpoint)
    }
  }
}
