import XlingAdapters
import XlingAlignment
import XlingTensor
import XlingTowers

/// A checkpoint as LilT's code saves it: both towers, adapters among them, and the heads.
struct LilTCheckpoint {
  let checkpoint: Checkpoint
  private static let prefixes = [
    "visual_encoder.", "text_encoder.", "vision_proj.", "text_proj.", "temp",
  ]

  /// Opening reads headers only. Throws ``RunFailure/configuration(reason:)`` for a file without
  /// LilT's names, `TowerFailure`, `FileFailure`.
  init(_ path: String) throws {
    checkpoint = try Checkpoint(path)
    let names = checkpoint.tensors.keys
    for prefix in Self.prefixes where !names.contains(where: { $0.hasPrefix(prefix) }) {
      throw RunFailure.configuration(
        reason: "\(checkpoint.path) is no checkpoint of LilT's code: none of its \(names.count) "
          + "tensors is called \(prefix)…. A plain tower needs no import: give its folder to "
          + "--text-tower or --image-tower.")
    }
  }

  func shape(_ name: String) -> [Int]? { checkpoint.tensors[name]?.shape }

  /// Which side has layerwise adapters.
  var textIsAdapted: Bool { has("text_encoder.", "adapter.down_sampler.") }
  var imageIsAdapted: Bool { has("visual_encoder.", ".down_sampler.") }

  private func has(_ prefix: String, _ part: String) -> Bool {
    checkpoint.tensors.keys.contains { $0.hasPrefix(prefix) && $0.contains(part) }
  }

  /// LilT's BERT without token types, from the tensors; `deep` of its layers are deep adapters. Heads
  /// leave no trace: `heads`, or the width in heads of 64 that all published sizes have. Throws
  /// ``RunFailure/configuration(reason:)``.
  func textConfiguration(deep: Int, heads given: Int?) throws(RunFailure) -> BERTConfiguration {
    let embeddings = "text_encoder.embeddings."
    func layer(_ index: Int) -> String {
      "text_encoder.encoder.layer.\(index).intermediate.dense.weight"
    }
    guard let words = shape(embeddings + "word_embeddings.weight"), words.count == 2,
      let places = shape(embeddings + "position_embeddings.weight"), places.count == 2,
      let inner = shape(layer(0)), inner.count == 2,
      (words + places + inner).allSatisfy({ (1...1 << 24).contains($0) })
    else {
      throw .configuration(
        reason: "\(checkpoint.path): its text tower's tensors are not those of a BERT, from which "
          + "the sizes could be read")
    }
    let layers = ((0...1000).first { shape(layer($0)) == nil } ?? 0) - deep
    guard let heads = given ?? (words[1] % 64 == 0 ? words[1] / 64 : nil), heads > 0,
      words[1] % heads == 0, layers > 0
    else {
      throw .configuration(
        reason: given.map {
          "\(checkpoint.path): its text tower's width \(words[1]) and \(layers) "
            + "layers do not go with \($0) heads and \(deep) deep adapters"
        }
          ?? "\(checkpoint.path): its text tower's width \(words[1]) is none of the published ones, "
          + "so its heads are unknown. Give --text-heads, or the tower by --text-tower.")
    }
    return BERTConfiguration(
      vocabularySize: words[0], hiddenSize: words[1], layers: layers, heads: heads,
      intermediateSize: inner[0], maximumPositions: places[0])
  }

  /// Throws ``RunFailure/configuration(reason:)``, `TowerFailure`.
  func imageConfiguration(deep: Int, heads: Int?) throws -> ViTConfiguration {
    var configuration = try ViTConfiguration(inferredFrom: checkpoint, heads: heads)
    configuration.layers -= deep
    guard configuration.layers > 0 else {
      throw RunFailure.configuration(
        reason: "\(checkpoint.path): its image tower has no layer below \(deep) deep adapters")
    }
    return configuration
  }

  /// Fills every parameter of the model but the token types, which LilT's tower does not add.
  /// Returns what does not fit: each tensor of the checkpoint is a parameter, a buffer or a problem, and
  /// so is each parameter without its tensor.
  func fill(_ model: DualEncoder) -> [String] {
    let names = LilTNames(model)
    var problems: [String] = []
    var used = LilTNames.buffers
    for (name, parameter) in model.parameters {
      guard let place = names.place(of: name) else { continue }
      guard let whole = checkpoint.tensors[place.name] else {
        if place.third ?? 0 == 0 { problems.append("missing: \(place.name)") }
        continue
      }
      used.insert(place.name)
      var expected = parameter.shape
      if place.third != nil { expected[0] *= 3 }
      guard whole.shape == expected, whole.type.isWeight else {
        if place.third ?? 0 == 0 {
          problems.append(
            "\(place.name): \(whole.type.rawValue) \(whole.shape), expected weights \(expected)")
        }
        continue
      }
      let rows = parameter.shape.first ?? 1
      (place.third.map { whole.rows($0 * rows..<($0 + 1) * rows) } ?? whole).place(into: parameter)
    }
    problems += checkpoint.tensors.keys.filter { !used.contains($0) }.sorted().map {
      "unexpected: \($0) \(shape($0) ?? [])"
    }
    return problems
  }
}
