import XlingAlignment
import XlingTowers

/// What LilT's code (Khan and Fu 2023) calls the parameters of a model.
struct LilTNames {
  struct Place: Equatable {
    let name: String
    /// Which third of a tensor of queries, keys and values; nil is the whole.
    let third: Int?
  }

  /// Buffers that its constructor fills; no weights.
  static let buffers: Set = ["text_encoder.embeddings.position_ids"]

  /// Layers of the towers without deep adapters, which LilT counts on as layers of the tower.
  private let layers: (text: Int, image: Int)

  init(_ model: DualEncoder) {
    layers = (model.text.configuration.layers, model.image.configuration.layers)
  }

  /// nil for the token types, which LilT's text tower lacks.
  func place(of ours: String) -> Place? {
    if ours == "temperature" { return Place(name: "temp", third: nil) }
    for (head, name) in [("text_projection.", "text_proj."), ("image_projection.", "vision_proj.")]
    where ours.hasPrefix(head) {
      return Place(name: name + ours.dropFirst(head.count), third: nil)
    }
    if ours.hasPrefix("text.") {
      return text(Self.numbered(ours.dropFirst("text.".count), from: layers.text))
    }
    return image(Self.numbered(ours.dropFirst("image.".count), from: layers.image))
  }

  /// A deep adapter's layer as one of the tower's.
  private static func numbered(_ name: Substring, from count: Int) -> String {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "deep_adapter", let index = Int(parts[1]) else {
      return String(name)
    }
    return "encoder.layer.\(count + index).\(parts[2])"
  }

  private func text(_ name: String) -> Place? {
    guard !name.hasPrefix("embeddings.token_type_embeddings") else { return nil }
    let sites = [
      ".attention_adapter.": ".attention.output.adapter.",
      ".feed_forward_adapter.": ".output.adapter.",
    ]
    return Place(name: "text_encoder." + Self.adapters(name, sites), third: nil)
  }

  private func image(_ name: String) -> Place? {
    let map = KeyMap.lilt
    if let fused = map.fusion(of: name) {
      return Place(
        name: "visual_encoder." + fused.name, third: fused.parts.firstIndex(of: name))
    }
    let sites = [".attention_adapter.": ".adapter1.", ".feed_forward_adapter.": ".adapter2."]
    let adapted = Self.adapters(name, sites)
    guard adapted == name else {
      return Place(
        name: "visual_encoder." + adapted.replacingPrefix("encoder.layer.", with: "blocks."),
        third: nil)
    }
    return Place(name: "visual_encoder." + map.fileName(of: name), third: nil)
  }

  /// The names of adapters at a layer's sites; other names stay.
  private static func adapters(_ name: String, _ sites: [String: String]) -> String {
    for (ours, lilts) in sites {
      guard let place = name.range(of: ours) else { continue }
      let rest = name[place.upperBound...]
      let dense = rest.hasPrefix("down.") ? "down_sampler" : "up_sampler"
      return "\(name[..<place.lowerBound])\(lilts)\(dense).\(rest.split(separator: ".").last ?? "")"
    }
    return name
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
    hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
  }
}
