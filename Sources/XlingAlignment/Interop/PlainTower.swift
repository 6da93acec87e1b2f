import XlingAdapters
import XlingTensor
import XlingTowers

/// A trained tower as one of its family, which other programs can build: deep adapters are layers of
/// it, low-rank updates part of its weights.
enum PlainTower {
  /// Throws ``AlignmentFailure/configuration(reason:)`` for modules that no weights of the family say.
  static func text(_ model: DualEncoder, for program: String) throws(AlignmentFailure) -> TextTower
  {
    let foreign = model.recipe.text.modules.filter { $0 != .deepAdapter && $0 != .lowRank }
    guard foreign.isEmpty else {
      let names = foreign.map(\.rawValue).joined(separator: ", ")
      throw .configuration(
        reason:
          "\(program) has no \(names) in a \(model.text.configuration.modelType): only towers "
          + "without inserted modules, or with da or lora, can be exported to it")
    }
    var configuration = model.text.configuration
    configuration.layers = model.text.encoder.layers.count
    let plain = TextTower(configuration)
    copy(model.text.outerParameters, into: plain.outerParameters)
    if !model.text.addsTokenTypes {
      let types = plain.tokenTypeEmbeddings
      types.value.update(repeating: 0, count: types.count)
    }
    for (trained, layer) in zip(model.text.encoder.layers, plain.encoder.layers) {
      copy(trained.parameters, into: layer.parameters)
      let (from, to) = (trained.attention, layer.attention)
      for (dense, target) in [
        (from.query, to.query), (from.key, to.key), (from.value, to.value),
        (from.output, to.output),
      ] { dense.lowRank?.merge(into: target.weight) }
    }
    return plain
  }

  private static func copy(_ values: [Parameter], into parameters: [Parameter]) {
    for (source, target) in zip(values, parameters) {
      precondition(source.shape == target.shape, "both towers have the same parts")
      target.value.update(from: source.value, count: source.count)
    }
  }
}
