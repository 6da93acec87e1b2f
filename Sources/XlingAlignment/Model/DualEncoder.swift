import XlingAdapters
import XlingCore
import XlingTensor
import XlingTowers

/// Two towers, a head on each, and a trained temperature (LilT, Khan and Fu 2023; CLIP, Radford et
/// al. 2021).
public final class DualEncoder {
  public let text: TextTower
  public let image: ImageTower
  public let textHead: Head
  public let imageHead: Head
  /// Of what the heads read; nil: as it comes.
  public let textStandardization: Standardization?
  public let imageStandardization: Standardization?
  /// A scalar: logits are cosine / temperature.
  public let temperature: Parameter
  public let recipe: Recipe
  public let embeddingWidth: Int

  /// Of the dense layers of both towers; heads and loss are float32 in both.
  public private(set) var precision = Precision.fp32

  /// The temperature stays in this range.
  public static let temperatureRange: ClosedRange<Float> = 0.001...0.5

  /// Applies the recipe to towers as loaded. Without a head on a side, embeddings are as wide as
  /// that side's vectors, whatever `embeddingWidth` says; `textHead` is what becomes of the text tower's own
  /// head. Throws `AdapterFailure`.
  public init(
    text: TextTower, image: ImageTower, recipe: Recipe, seed: UInt64, embeddingWidth: Int = 256,
    temperature start: Float = 0.07, textHead use: TextOutput.Head = .method
  ) throws(AdapterFailure) {
    self.text = text
    self.image = image
    self.recipe = recipe
    if use == .none { text.head = nil }
    try recipe.apply(text: text, image: image, seed: seed)
    if use != .method {
      for parameter in text.head?.parameters ?? [] { parameter.isTrainable = use == .trained }
    }
    self.embeddingWidth = try Self.width(text, image, recipe, embeddingWidth)
    textHead = Head(
      "text", recipe.text, from: recipe.text.head == .tokens ? text.width : text.outputWidth,
      to: self.embeddingWidth)
    imageHead = Head("image", recipe.image, from: image.outputWidth, to: self.embeddingWidth)
    func standardization(_ name: String, _ side: Recipe.Side, _ width: Int) -> Standardization? {
      side.options.headInput == .standardized ? Standardization(name, width: width) : nil
    }
    textStandardization = standardization("text", recipe.text, text.outputWidth)
    imageStandardization = standardization("image", recipe.image, image.outputWidth)
    temperature = Parameter("temperature", [])
    temperature.value.pointee = start
    for head in [textHead, imageHead] { head.initialize(seed: seed) }
    for parameter in headParameters { parameter.isTrainable = true }
    sayRoles()
    clampTemperature()
  }

  /// Each parameter's side; heads and temperature are of no tower.
  private func sayRoles() {
    for parameter in headParameters + moments { parameter.role.part = .head }
    let textMoments = textStandardization?.parameters ?? []
    let imageMoments = imageStandardization?.parameters ?? []
    for parameter in text.parameters.all + textHead.parameters + textMoments {
      parameter.role.side = .text
    }
    for parameter in image.parameters.all + imageHead.parameters + imageMoments {
      parameter.role.side = .image
    }
  }

  /// The parameters of a tower, under the names that they have in the whole model.
  public func parameters(of side: ParameterRole.Side) -> [NamedParameter] {
    parameters.filter { $0.parameter.role.side == side && $0.parameter.role.part != .head }
  }

  private static func width(
    _ text: TextTower, _ image: ImageTower, _ recipe: Recipe, _ wanted: Int
  ) throws(AdapterFailure) -> Int {
    switch (recipe.text.head, recipe.image.head) {
    case (.none, .none):
      guard text.outputWidth == image.outputWidth else {
        throw .doesNotFit(
          tower: "text",
          expected: "the image tower's width \(image.outputWidth), since neither has a head",
          found: "\(text.outputWidth)")
      }
      return image.outputWidth
    case (_, .none): return image.outputWidth
    case (.none, _): return text.outputWidth
    default: return wanted
    }
  }

  public var textProjection: Linear? { textHead.projection }
  public var imageProjection: Linear? { imageHead.projection }

  var headParameters: [Parameter] {
    textHead.parameters + imageHead.parameters + [temperature]
  }

  /// What heads standardize by: stored with a run, and not trained.
  private var moments: [Parameter] {
    (textStandardization?.parameters ?? []) + (imageStandardization?.parameters ?? [])
  }

  public var textIsTrained: Bool { !text.parameters.trainable.isEmpty }
  public var imageIsTrained: Bool { !image.parameters.trainable.isEmpty }

  /// A parameter under the name that it has in the whole model.
  public typealias NamedParameter = (name: String, parameter: Parameter)

  /// All parameters in a fixed order: `text.…`, `image.…`, the heads, the temperature, moments of the heads' input.
  public var parameters: [NamedParameter] {
    text.parameters.all.map { ("text." + $0.name, $0) }
      + image.parameters.all.map { ("image." + $0.name, $0) }
      + (headParameters + moments).map { ($0.name, $0) }
  }

  /// What the recipe trains, in the order of ``parameters``.
  public var trainedParameters: [NamedParameter] {
    parameters.filter { $0.parameter.isTrainable }
  }

  /// The dropout masks of the current update; nil in evaluation.
  var dropout: TrainingDropout?

  /// What the current update adds to and leaves out at the heads; nil in evaluation.
  var noise: TrainingNoise?

  /// Captions and pictures that went through the towers from their embeddings on, so far.
  package var passes = (texts: 0, pictures: 0)

  /// Of a finished run (``settle()``); nil in training.
  var settledTrunks: [ParameterRole.Side: Trunk?]?
  /// Of a finished run: whether nothing of a tower was trained.
  var settledTowers: [ParameterRole.Side: Bool]?

  /// Names of parameters that another run trained and this one took over: frozen or not, they are not the
  /// towers' own.
  public var carried: Set<String> = []

  /// What a run stores: everything that its towers' folders do not have.
  package var storedParameters: [NamedParameter] {
    let moments = Set(moments.map(\.name))
    return parameters.filter {
      $0.parameter.isTrainable || carried.contains($0.name) || moments.contains($0.name)
    }
  }

  public func zeroGradients() {
    for (_, parameter) in trainedParameters { parameter.zeroGradient() }
  }

  /// No observer of ``precision``: initializers, which set it, call none.
  public func use(_ precision: Precision) {
    self.precision = precision
    text.use(precision)
    image.use(precision)
  }

  func clampTemperature() {
    let range = Self.temperatureRange
    let value = temperature.value.pointee
    temperature.value.pointee = min(max(value, range.lowerBound), range.upperBound)
  }
}
