import XlingAdapters
import XlingAlignment
import XlingJobs
import XlingTensor

/// How much of two towers a recipe trains, part by part.
struct MethodCount {
  struct Part: Encodable {
    let part: String
    let trained: Int
    let all: Int
  }

  let parts: [Part]
  /// Trained tensors and their shapes, in the model's order.
  let tensors: [(name: String, shape: [Int])]
  let embeddingWidth: Int

  var trained: Int { parts.reduce(0) { $0 + $1.trained } }
  var all: Int { parts.reduce(0) { $0 + $1.all } }

  /// Builds the model untrained; `heads`: of the image tower, where its file does not tell. Throws what
  /// loading towers and applying recipes throws.
  init(_ card: MethodCard, _ towers: TowerPair, heads: Int?) throws {
    var configuration = AlignmentConfiguration(recipe: card.recipe, seed: 0, steps: 1)
    card.training.apply(to: &configuration)
    if let heads { configuration.imageHeads = heads }
    let model = try DualEncoder(
      text: towers.text, image: towers.image, configuration: configuration)
    let parts = ["text tower", "image tower", "heads and temperature"]
    func part(_ role: ParameterRole) -> String {
      role.part == .head ? parts[2] : role.side == .text ? parts[0] : parts[1]
    }
    self.parts = parts.map { wanted in
      let own = model.parameters.filter { part($0.parameter.role) == wanted }
      return Part(
        part: wanted,
        trained: own.reduce(0) { $0 + ($1.parameter.isTrainable ? $1.parameter.count : 0) },
        all: own.reduce(0) { $0 + $1.parameter.count })
    }
    tensors = model.trainedParameters.map { ($0.name, $0.parameter.shape) }
    embeddingWidth = model.embeddingWidth
  }
}
