import XlingCore

extension Recipe {
  /// The methods by name; a new one is one entry here.
  public static let cards: [Recipe] = [
    Recipe(
      name: "projection", summary: "both towers locked, only the projections learn",
      text: .locked, image: .locked),
    Recipe(
      name: "layernorm", summary: "every LayerNorm of both towers",
      text: Side(thaw: [.layerNorm]), image: Side(thaw: [.layerNorm])),
    Recipe(
      name: "bitfit", summary: "every additive bias of both towers",
      text: Side(thaw: [.bias]), image: Side(thaw: [.bias])),
    Recipe(
      name: "lwa", summary: "two adapters in every layer of both towers, and the LayerNorms",
      text: Side(thaw: [.layerNorm], modules: [.layerwiseAdapters]),
      image: Side(thaw: [.layerNorm], modules: [.layerwiseAdapters])),
    Recipe(
      name: "da", summary: "one new layer on top of each locked tower, and the ViT's final norm",
      text: Side(modules: [.deepAdapter]),
      image: Side(thaw: [.finalNorm], modules: [.deepAdapter])),
    Recipe(
      name: "lit", summary: "image tower locked, text tower trained whole",
      text: Side(thaw: [.all]), image: .locked),
    Recipe(
      name: "full", summary: "both towers trained whole",
      text: Side(thaw: [.all]), image: Side(thaw: [.all])),
  ]

  /// Throws ``AdapterFailure/unknownMethod(name:nearest:known:)``.
  public static func named(_ name: String) throws(AdapterFailure) -> Recipe {
    if let card = cards.first(where: { $0.name == name }) { return card }
    let known = cards.map(\.name)
    throw .unknownMethod(
      name: name, nearest: Spelling.nearest(to: name.lowercased(), among: known), known: known)
  }
}
