import XlingTensor

/// What both towers offer to methods, training and evaluation.
public protocol Tower: AnyObject {
  var encoder: Encoder { get }
  /// Everything but the encoder's layers: embeddings and, in the ViT, the final LayerNorm.
  var outerParameters: [Parameter] { get }
  /// Parameters of the checkpoint that the tower's vectors do not depend on.
  var unusedParameters: [Parameter] { get }
  /// Parameters that lie beside the checkpoint: dense layers behind the pooling.
  var addedParameters: [Parameter] { get }
  /// Name and shape for a new layer on top of the stack (a deep adapter).
  func makeLayer(named name: String) -> EncoderLayer
  /// A folder as Hugging Face lays it out: `config.json`, `model.safetensors`.
  func save(to folder: String, storage: Safetensors.Storage) throws
}

extension Tower {
  public var width: Int { encoder.width }
  public var unusedParameters: [Parameter] { [] }
  public var addedParameters: [Parameter] { [] }

  /// All parameters in a fixed order: embeddings, layers with their adapters, final norm.
  public var parameters: Parameters {
    Parameters(
      outerParameters + encoder.layers.flatMap { $0.parameters + $0.adapterParameters }
        + encoder.insertedParameters + addedParameters)
  }

  /// The pretrained parameters by their checkpoint names, without adapters.
  var checkpointParameters: [Parameter] {
    outerParameters + unusedParameters + encoder.layers.flatMap(\.parameters)
  }

  /// Of the dense layers' products.
  public func use(_ precision: Precision) {
    for parameter in parameters.all { parameter.precision = precision }
  }

  /// Names of parameters that hold NaN or infinity: a checkpoint so damaged computes nothing.
  /// Reads every weight.
  public var nonFiniteParameters: [String] {
    parameters.all.filter(\.isNonFinite).map(\.name)
  }

  /// Normal(0, deviation) for matrices, zero biases, unit norms: BERT's initialization
  /// (Devlin et al. 2019), the same for the ViT here.
  public func initialize(seed: UInt64, deviation: Float = 0.02) {
    for parameter in checkpointParameters {
      Initialization.standard(parameter, seed: seed, deviation: deviation)
    }
    (self as? TextTower)?.resetAddedWords()
  }
}

extension Parameter {
  /// Whether it holds NaN or infinity. Reads all of it.
  public var isNonFinite: Bool { values.holdsNonFinite }
}

extension UnsafeBufferPointer<Float> {
  /// Whether a number is NaN or infinity.
  var holdsNonFinite: Bool {
    // Without a sign, bits are ordered as magnitudes: one maximum, which vectorizes.
    var largest: UInt32 = 0
    for value in self { largest = Swift.max(largest, value.bitPattern & 0x7FFF_FFFF) }
    return largest >= Float.infinity.bitPattern
  }
}
