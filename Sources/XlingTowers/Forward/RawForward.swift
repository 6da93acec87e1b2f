import Foundation
import XlingCore
import XlingTensor

/// A tower's hidden states for raw tensors, under the names of the parity fixtures: for comparing
/// with another framework, layer by layer.
public enum RawForward {
  /// Float32, row-major.
  public struct Output {
    public let name: String
    public let shape: [Int]
    public let values: [Float]
  }

  /// A vector that a folder's library gives, by its name there: the pooled one, or what is behind the head.
  public struct TextVector: Equatable {
    public let name: String
    let isPooled: Bool
  }

  /// Which token-type embeddings are added.
  public enum TokenTypes: String, CaseIterable, Sendable {
    /// Those of `token_type_ids`, the first where there are none.
    case given
    /// The first for every token.
    case first
    /// None at all, as LilT's text tower.
    case none
  }

  /// What stands before `input_ids` or `pixel_values` in the names of a file ("b0."), in order. Every
  /// tensor must be one of the inputs known; of a model of two towers, or of one of those `beside`, the other
  /// tower's. Throws ``TowerFailure/input(path:reason:)``.
  static func batches(
    _ inputs: Checkpoint, _ main: String, _ others: [String], beside: [String] = []
  ) throws -> [String] {
    let prefixes = inputs.tensors.keys.filter { $0 == main || $0.hasSuffix("." + main) }
      .map { String($0.dropLast(main.count)) }.sorted()
    guard !prefixes.isEmpty else {
      throw refuse(inputs, "it has no \(main), which this tower takes")
    }
    let known = Set(prefixes.flatMap { prefix in ([main] + others).map { prefix + $0 } })
    func isBeside(_ name: String) -> Bool {
      guard let input = name.split(separator: ".").last, beside.contains(String(input)) else {
        return false
      }
      return !prefixes.contains(String(name.dropLast(input.count)))
    }
    if let stranger = inputs.tensors.keys.sorted().first(where: {
      !known.contains($0) && !isBeside($0)
    }) {
      throw refuse(
        inputs, "the tensor \"\(stranger)\" is none of " + ([main] + others).joined(separator: ", ")
      )
    }
    return prefixes
  }

  static func refuse(_ inputs: Checkpoint, _ reason: String) -> TowerFailure {
    .input(path: inputs.path, reason: reason)
  }

  /// `input_ids` [batch, tokens], and where given `attention_mask` and `token_type_ids` of the same
  /// shape. For each batch: `layer_input_0`, `layer_output_N` and `last_hidden_state` [batch, tokens,
  /// width], padded places included, `cls` (the first token's) [batch, width], what `readouts` make of
  /// it, `mean`, over the tokens kept, and the vectors `named`. Throws
  /// ``TowerFailure/input(path:reason:)``.
  public static func run(
    _ tower: TextTower, on inputs: Checkpoint, readouts: [Readout] = [],
    named: [TextVector] = [], tokenTypes: TokenTypes = .given, beside others: [String] = []
  ) throws -> [Output] {
    tower.addsTokenTypes = tokenTypes != .none
    let prefixes = try batches(
      inputs, "input_ids", Array(textInputs.dropFirst()), beside: others)
    let workspace = Workspace()
    var outputs: [Output] = []
    for prefix in prefixes {
      workspace.reset()
      let (batch, shape) = try tokens(
        inputs, prefix, tower.configuration, withTypes: tokenTypes == .given)
      let activations = tower.forward(batch, in: workspace, training: false)
      outputs += hidden(activations.encoder.hidden, prefix, shape)
      outputs.append(output(prefix + "last_hidden_state", activations.hidden, shape))
      outputs += vectors(of: tower, activations, prefix, shape, named, readouts, workspace)
    }
    return outputs
  }

  /// The inputs of each tower, by the last part of their names.
  public static let textInputs = ["input_ids", "attention_mask", "token_type_ids"]
  public static let pictureInputs = ["pixel_values"]

  /// Whether a file has such inputs.
  public static func has(_ input: String, _ inputs: Checkpoint) -> Bool {
    inputs.tensors.keys.contains { $0.split(separator: ".").last == input[...] }
  }

  /// The size of the pictures in a file, [batch, channels, size, size]; nil when there are several.
  public static func pictureSize(_ inputs: Checkpoint) -> Int? {
    let sizes = Set(
      inputs.tensors.filter { $0.key.hasSuffix("pixel_values") }.map(\.value.shape.last))
    return sizes.count == 1 ? sizes.first.flatMap { $0 } : nil
  }

  /// All outputs as float32 safetensors, whole or not at all. Throws `FileFailure`.
  public static func write(_ outputs: [Output], to path: String) throws {
    // The values stay where they are while the pointers to them are used.
    let parameters = outputs.map { output in
      let parameter = Parameter(output.name, output.shape)
      for (index, value) in output.values.enumerated() { parameter.value[index] = value }
      return parameter
    }
    try Safetensors.write(parameters, to: path)
  }

  static func output(_ name: String, _ matrix: Matrix, _ shape: [Int]) -> Output {
    Output(name: name, shape: shape + [matrix.columns], values: matrix.array())
  }

  static func hidden(_ states: [Matrix], _ prefix: String, _ shape: [Int]) -> [Output] {
    states.enumerated().map { index, state in
      output(prefix + (index == 0 ? "layer_input_0" : "layer_output_\(index - 1)"), state, shape)
    }
  }

  /// A text tower's vectors: `cls`, the first token's state whatever is masked, `mean`, and `named`.
  private static func vectors(
    of tower: TextTower, _ activations: TextTower.Activations, _ prefix: String, _ shape: [Int],
    _ named: [TextVector], _ readouts: [Readout], _ workspace: Workspace
  ) -> [Output] {
    let hidden = activations.hidden
    let first = workspace.take(shape[0], tower.width)
    hidden.gather(rows: (0..<shape[0]).map { $0 * shape[1] }, into: first)
    var outputs = pool(first, prefix, readouts, workspace)
    let mean = tower.pool(activations, hidden, by: .mean, in: workspace)
    outputs.append(output(prefix + "mean", mean, [shape[0]]))
    guard !named.isEmpty else { return outputs }
    let made = tower.output(activations, in: workspace)
    for vector in named {
      let rows = vector.isPooled ? made.pooled : made.vectors
      outputs.append(output(prefix + vector.name, rows, [shape[0]]))
    }
    return outputs
  }

  static func pool(
    _ pooled: Matrix, _ prefix: String, _ readouts: [Readout], _ workspace: Workspace
  ) -> [Output] {
    [output(prefix + "cls", pooled, [pooled.rows])]
      + readouts.map { readout in
        output(prefix + readout.name, readout.apply(pooled, in: workspace), [pooled.rows])
      }
  }

  /// One batch of `inputs`, and its shape, [batch, tokens]. Throws ``TowerFailure/input(path:reason:)``.
  static func tokens(
    _ inputs: Checkpoint, _ prefix: String, _ configuration: BERTConfiguration,
    withTypes: Bool
  ) throws -> (TokenBatch, [Int]) {
    let shape = inputs.tensors[prefix + "input_ids"]?.shape ?? []
    guard shape.count == 2, shape[0] > 0, (1...configuration.maximumTokens).contains(shape[1])
    else {
      throw refuse(
        inputs,
        "\(prefix)input_ids has the shape \(shape), expected sequences of 1 to "
          + "\(configuration.maximumTokens) tokens")
    }
    func integers(_ name: String, below limit: Int) throws -> [Int]? {
      guard let tensor = inputs.tensors[prefix + name] else { return nil }
      guard tensor.shape == shape, tensor.fitsFile, let values = tensor.integers() else {
        throw refuse(
          inputs,
          "\(prefix)\(name) is \(tensor.type.rawValue) \(tensor.shape), expected whole "
            + "numbers \(shape)")
      }
      if let wrong = values.first(where: { $0 < 0 || $0 >= limit }) {
        throw refuse(inputs, "\(prefix)\(name) holds \(wrong), expected 0 to \(limit - 1)")
      }
      return values
    }
    let ids = try integers("input_ids", below: configuration.vocabularySize) ?? []
    var mask = try integers("attention_mask", below: 2)?.map(UInt8.init)
    if mask == nil, configuration.masksPadding {
      mask = ids.map { $0 == configuration.paddingId ? 0 : 1 }
    }
    let types = try integers("token_type_ids", below: max(configuration.tokenTypes, 1))
    let batch = TokenBatch(
      ids: ids.map(Int32.init), lengths: Array(repeating: shape[1], count: shape[0]), keep: mask,
      types: withTypes ? types?.map(Int32.init) : nil)
    return (batch, shape)
  }
}
