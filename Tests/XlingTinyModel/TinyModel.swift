import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingTowers

/// Towers of width 16 with two layers, and 22 made-up pairs.
public enum TinyModel {
  public static func text(dropout: DropoutRates = DropoutRates()) -> TextTower {
    var configuration = BERTConfiguration(
      vocabularySize: 40, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32,
      maximumPositions: 8)
    configuration.dropout = dropout
    let tower = TextTower(configuration)
    // Larger than in practice: the gradients then stand clear of the rounding.
    tower.initialize(seed: 1, deviation: 0.15)
    return tower
  }

  public static func image(dropout: DropoutRates = DropoutRates()) -> ImageTower {
    var configuration = ViTConfiguration(
      imageSize: 16, patchSize: 8, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32)
    configuration.dropout = dropout
    let tower = ImageTower(configuration)
    tower.initialize(seed: 2, deviation: 0.15)
    return tower
  }

  public static let methods = ((try? MethodCards.load()) ?? []).map(\.name)

  public static func dual(
    _ method: String, dropout: DropoutRates = DropoutRates()
  ) throws -> DualEncoder {
    let model = try DualEncoder(
      text: text(dropout: dropout), image: image(dropout: dropout), recipe: .named(method),
      seed: 5, embeddingWidth: 12)
    if model.recipe.text.start == .random { model.text.initialize(seed: 1, deviation: 0.15) }
    if model.recipe.image.start == .random { model.image.initialize(seed: 2, deviation: 0.15) }
    for prompt in [model.text.encoder.prompt, model.image.encoder.prompt].compactMap({ $0 }) {
      // A LayerNorm bends fast around so short a vector.
      for index in 0..<prompt.count { prompt.value[index] *= 4 }
    }
    return model
  }
}

/// Pictures of four coloured squares, 20 x 20, two or three captions each.
public struct TinyPairs: PairSource {
  public var count: Int
  public var mixed: [MixedCaptions] = []

  public init(count: Int = 22) { self.count = count }

  public func captionCount(_ image: Int) -> Int { image < count ? 2 + image % 2 : 1 }

  public func tokens(_ image: Int, caption: Int) -> [Int32] {
    var stream = RandomStream(seed: 3, "caption", image, caption)
    return [2] + (0..<1 + (image + caption) % 4).map { _ in Int32(5 + stream.index(35)) } + [3]
  }

  public func picture(_ image: Int) throws -> Picture {
    var stream = RandomStream(seed: 4, "picture", image)
    let colors = (0..<4 * 3).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
    let pixels = (0..<20 * 20 * 3).map { index in
      let (x, y) = (index / 3 % 20, index / 60)
      return colors[(y / 10 * 2 + x / 10) * 3 + index % 3]
    }
    return Picture(width: 20, height: 20, pixels: pixels)
  }

  public func pictureHash(_ image: Int) throws -> [UInt8]? {
    let digest = Digest()
    try picture(image).pixels.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }
}
