import XlingAdapters
import XlingCore
import XlingTensor
import XlingTowers

/// Two towers, a trained linear projection on each, and a trained temperature
/// (LilT, Khan and Fu 2023; CLIP, Radford et al. 2021).
public final class DualEncoder {
  public let text: TextTower
  public let image: ImageTower
  /// [embedding width, text width], with bias.
  public let textProjection: Linear
  /// [embedding width, image width], with bias.
  public let imageProjection: Linear
  /// A scalar: logits are cosine / temperature.
  public let temperature: Parameter
  public let recipe: Recipe

  /// The temperature stays in this range.
  public static let temperatureRange: ClosedRange<Float> = 0.001...0.5

  /// Applies the recipe to towers as loaded; projections start normal with deviation
  /// width^-0.5 (CLIP's), biases zero. Throws `AdapterFailure`.
  public init(
    text: TextTower, image: ImageTower, recipe: Recipe, seed: UInt64, embeddingWidth: Int = 256,
    temperature start: Float = 0.07
  ) throws(AdapterFailure) {
    self.text = text
    self.image = image
    self.recipe = recipe
    try recipe.apply(text: text, image: image, seed: seed)
    textProjection = Linear("text_projection", from: text.width, to: embeddingWidth)
    imageProjection = Linear("image_projection", from: image.width, to: embeddingWidth)
    temperature = Parameter("temperature", [])
    temperature.value.pointee = start
    for projection in [textProjection, imageProjection] {
      let deviation = 1 / Float(projection.weight.shape[1]).squareRoot()
      Initialization.truncatedNormal(projection.weight, seed: seed, deviation: deviation)
    }
    for parameter in headParameters { parameter.isTrainable = true }
    clampTemperature()
  }

  var headParameters: [Parameter] {
    textProjection.parameters + imageProjection.parameters + [temperature]
  }

  public var embeddingWidth: Int { textProjection.outputs }
  public var textIsTrained: Bool { !text.parameters.trainable.isEmpty }
  public var imageIsTrained: Bool { !image.parameters.trainable.isEmpty }

  /// A parameter under the name that it has in the whole model.
  public typealias NamedParameter = (name: String, parameter: Parameter)

  /// All parameters in a fixed order: `text.…`, `image.…`, the projections, the temperature.
  public var parameters: [NamedParameter] {
    text.parameters.all.map { ("text." + $0.name, $0) }
      + image.parameters.all.map { ("image." + $0.name, $0) }
      + headParameters.map { ($0.name, $0) }
  }

  /// What the recipe trains, in the order of ``parameters``.
  public var trainedParameters: [NamedParameter] {
    parameters.filter { $0.parameter.isTrainable }
  }

  public func zeroGradients() {
    for (_, parameter) in trainedParameters { parameter.zeroGradient() }
  }

  func clampTemperature() {
    let range = Self.temperatureRange
    let value = temperature.value.pointee
    temperature.value.pointee = min(max(value, range.lowerBound), range.upperBound)
  }
}
