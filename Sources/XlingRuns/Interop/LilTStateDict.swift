import XlingAdapters
import XlingAlignment
import XlingTensor
import XlingTowers

/// A model's parameters under the names and in the shapes of LilT's code (Khan and Fu 2023), which
/// can load them as a checkpoint's `model`; its buffer of position ids, which it fills itself, is left
/// out.
public struct LilTStateDict {
  public struct Tensor: Equatable {
    public let name: String
    public let shape: [Int]
    public let values: [Float]
  }

  /// In the model's order.
  public let tensors: [Tensor]

  /// LilT's text tower has no token types: the first one, where ours adds it to every token, is added
  /// to the position embeddings. Throws ``RunFailure/configuration(reason:)`` for modules and
  /// heads that its code does not have.
  public init(_ model: DualEncoder) throws(RunFailure) {
    try Self.check(model)
    let names = LilTNames(model)
    var order: [String] = []
    var parts: [String: [Parameter]] = [:]
    for (name, parameter) in model.parameters {
      guard let place = names.place(of: name) else { continue }
      if parts[place.name] == nil { order.append(place.name) }
      // Queries, keys and values come in this order.
      parts[place.name, default: []].append(parameter)
    }
    let positions = names.place(of: "text." + model.text.positionEmbeddings.name)?.name
    tensors = order.map { name in
      name == positions && model.text.addsTokenTypes
        ? Self.positions(model.text, name) : Self.stacked(parts[name] ?? [], name)
    }
  }

  /// Throws for what LilT's code cannot build.
  static func check(_ model: DualEncoder) throws(RunFailure) {
    guard model.text.configuration.family == .bert else {
      throw .configuration(
        reason: "LilT's text tower is a BERT, this is "
          + "\(model.text.configuration.modelType), whose parameters have no names there")
    }
    guard model.text.addedWords == nil else {
      throw .configuration(
        reason:
          "this run's vocabulary is extended, and LilT's code has no place for the new words: export "
          + "it as a folder, for sentence-transformers or open_clip")
    }
    try model.text.checkIsPlain(for: "LilT's code")
    guard model.image.configuration.isPlain, model.image.pooling == .cls else {
      throw .configuration(
        reason:
          "LilT's image tower is a ViT read at its class token; this one has other parts, or is "
          + "pooled by \(model.image.pooling.rawValue)")
    }
    for (name, side) in [("text", model.recipe.text), ("image", model.recipe.image)] {
      let strange = side.modules.filter { $0 != .layerwiseAdapters && $0 != .deepAdapter }
      guard strange.isEmpty, side.head == .linear else {
        let what = strange.first.map(\.rawValue) ?? "a head \(side.head.rawValue)"
        throw .configuration(
          reason: "LilT's code has no \(what) in its \(name) tower: only lwa, da and linear heads "
            + "have names there")
      }
      guard side.options.headInput == .asIs else {
        throw .configuration(
          reason: "LilT's code has no place for the moments that the \(name) head standardizes by: "
            + "export the run for sentence-transformers or open_clip, which fold them into its weights"
        )
      }
    }
  }

  private static func positions(_ tower: TextTower, _ name: String) -> Tensor {
    let first = Array(tower.tokenTypeEmbeddings.values.prefix(tower.width))
    let table = tower.positionEmbeddings
    return Tensor(
      name: name, shape: table.shape,
      values: table.values.enumerated().map { $1 + first[$0 % tower.width] })
  }

  /// One below another.
  private static func stacked(_ parameters: [Parameter], _ name: String) -> Tensor {
    let shape = parameters[0].shape
    let rows = parameters.reduce(0) { $0 + ($1.shape.first ?? 0) }
    return Tensor(
      name: name, shape: shape.isEmpty ? [] : [rows] + shape.dropFirst(),
      values: parameters.flatMap { Array($0.values) })
  }
}
