import Foundation
import XlingCore
import XlingTensor

/// `config.json` of a Hugging Face BERT folder: the keys that shape the computation.
public struct BERTConfiguration: Codable, Sendable, Equatable {
  public var modelType = "bert"
  public var vocabularySize: Int
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  public var intermediateSize: Int
  public var maximumPositions: Int
  public var tokenTypes: Int
  public var layerNormEpsilon: Float
  public var activation = "gelu"

  public init(
    vocabularySize: Int, hiddenSize: Int, layers: Int, heads: Int, intermediateSize: Int,
    maximumPositions: Int = 64, tokenTypes: Int = 2, layerNormEpsilon: Float = 1e-12
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.maximumPositions = maximumPositions
    self.tokenTypes = tokenTypes
    self.layerNormEpsilon = layerNormEpsilon
  }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case vocabularySize = "vocab_size"
    case hiddenSize = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case intermediateSize = "intermediate_size"
    case maximumPositions = "max_position_embeddings"
    case tokenTypes = "type_vocab_size"
    case layerNormEpsilon = "layer_norm_eps"
    case activation = "hidden_act"
  }

  var layerShape: EncoderLayer.Shape {
    .init(
      width: hiddenSize, heads: heads, intermediateWidth: intermediateSize,
      epsilon: layerNormEpsilon)
  }
}

/// `config.json` of a Hugging Face ViT folder: the keys that shape the computation.
public struct ViTConfiguration: Codable, Sendable, Equatable {
  public var modelType = "vit"
  public var imageSize: Int
  public var patchSize: Int
  public var channels: Int
  public var hiddenSize: Int
  public var layers: Int
  public var heads: Int
  public var intermediateSize: Int
  public var layerNormEpsilon: Float
  public var queryBias: Bool
  public var activation = "gelu"

  public init(
    imageSize: Int, patchSize: Int, hiddenSize: Int, layers: Int, heads: Int,
    intermediateSize: Int, channels: Int = 3, layerNormEpsilon: Float = 1e-6,
    queryBias: Bool = true
  ) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.layerNormEpsilon = layerNormEpsilon
    self.queryBias = queryBias
  }

  enum CodingKeys: String, CodingKey {
    case modelType = "model_type"
    case imageSize = "image_size"
    case patchSize = "patch_size"
    case channels = "num_channels"
    case hiddenSize = "hidden_size"
    case layers = "num_hidden_layers"
    case heads = "num_attention_heads"
    case intermediateSize = "intermediate_size"
    case layerNormEpsilon = "layer_norm_eps"
    case queryBias = "qkv_bias"
    case activation = "hidden_act"
  }

  /// Patches of a picture, without the CLS token.
  public var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }

  var layerShape: EncoderLayer.Shape {
    .init(
      width: hiddenSize, heads: heads, intermediateWidth: intermediateSize,
      epsilon: layerNormEpsilon, queryBias: queryBias)
  }
}

/// What both kinds must say for a tower to be built.
protocol TowerConfiguration: Codable {
  static var expectedModelType: String { get }
  var modelType: String { get }
  var activation: String { get }
  var hiddenSize: Int { get }
  var heads: Int { get }
  var positiveSizes: [(String, Int)] { get }
}

extension BERTConfiguration: TowerConfiguration {
  static let expectedModelType = "bert"
  var positiveSizes: [(String, Int)] {
    [
      ("vocab_size", vocabularySize), ("hidden_size", hiddenSize),
      ("num_hidden_layers", layers), ("num_attention_heads", heads),
      ("intermediate_size", intermediateSize), ("max_position_embeddings", maximumPositions),
      ("type_vocab_size", tokenTypes),
    ]
  }
}

extension ViTConfiguration: TowerConfiguration {
  static let expectedModelType = "vit"
  var positiveSizes: [(String, Int)] {
    [
      ("image_size", imageSize), ("patch_size", patchSize), ("num_channels", channels),
      ("hidden_size", hiddenSize), ("num_hidden_layers", layers),
      ("num_attention_heads", heads), ("intermediate_size", intermediateSize),
    ]
  }
}

extension TowerConfiguration {
  /// Reads and checks `config.json`. Throws ``TowerFailure/configuration(path:reason:)``.
  static func read(_ path: String) throws -> Self {
    let data = try AtomicFile.read(
      path, hint: "A tower is a folder with config.json and model.safetensors.")
    let configuration: Self
    do {
      configuration = try JSONDecoder().decode(Self.self, from: data)
    } catch DecodingError.keyNotFound(let key, _) {
      throw TowerFailure.configuration(
        path: path, reason: "the key \"\(key.stringValue)\" is missing")
    } catch DecodingError.typeMismatch(let type, let context) {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw TowerFailure.configuration(path: path, reason: "\"\(key)\" is not of type \(type)")
    } catch DecodingError.valueNotFound(let type, let context) {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw TowerFailure.configuration(path: path, reason: "\"\(key)\" is null, expected \(type)")
    } catch {
      throw TowerFailure.configuration(path: path, reason: "not valid JSON")
    }
    try configuration.check(path)
    return configuration
  }

  private func check(_ path: String) throws {
    func refuse(_ reason: String) -> TowerFailure { .configuration(path: path, reason: reason) }
    guard modelType == Self.expectedModelType else {
      throw refuse("model_type is \"\(modelType)\", expected \"\(Self.expectedModelType)\"")
    }
    guard activation == "gelu" else {
      throw refuse("hidden_act is \"\(activation)\"; only \"gelu\" (erf) is supported")
    }
    for (name, size) in positiveSizes where size <= 0 || size > 1 << 24 {
      throw refuse("\(name) is \(size), expected a positive size")
    }
    guard hiddenSize % heads == 0 else {
      throw refuse("hidden_size \(hiddenSize) is not a multiple of \(heads) heads")
    }
  }
}
