import Foundation
import XlingTensor

/// What a checkpoint computes from the CLS vector beside the tower: BERT's and Hugging Face's pooler,
/// timm's classifier. No part of a tower and never trained; for comparing with its framework only.
public struct Readout {
  /// As the fixtures call the result.
  public let name: String
  private let dense: Linear
  private let usesTanh: Bool

  private init(_ name: String, weight: StoredTensor, bias: StoredTensor, usesTanh: Bool) {
    self.name = name
    self.usesTanh = usesTanh
    dense = Linear(name, from: weight.shape[1], to: weight.shape[0])
    weight.place(into: dense.weight)
    if let target = dense.bias { bias.place(into: target) }
  }

  /// x [rows, width] to [rows, outputs].
  func apply(_ x: Matrix, in workspace: Workspace) -> Matrix {
    let y = workspace.take(x.rows, dense.outputs)
    dense.forward(x, into: y)
    if usesTanh { for index in 0..<y.count { y.pointer[index] = tanh(y.pointer[index]) } }
    return y
  }

  /// Those of a checkpoint that fit a tower of `width`.
  static func all(in checkpoint: Checkpoint, _ map: KeyMap, width: Int) -> [Readout] {
    let kinds: [(stem: String, name: String, usesTanh: Bool)] = [
      ("pooler.dense", "pooler_output", true), ("head", "head_logits", false),
    ]
    return kinds.compactMap { kind in
      func find(_ end: String) -> StoredTensor? {
        let name = checkpoint.tensors.keys.first { map.shortName($0) == kind.stem + end }
        return name.flatMap { checkpoint.tensors[$0] }
      }
      guard let weight = find(".weight"), let bias = find(".bias"), weight.shape.count == 2,
        weight.shape[1] == width, bias.shape == [weight.shape[0]], weight.type.isWeight,
        bias.type.isWeight, weight.count > 0, weight.fitsFile
      else { return nil }
      return Readout(kind.name, weight: weight, bias: bias, usesTanh: kind.usesTanh)
    }
  }
}

extension TowerCheckpoint {
  /// The readouts that lie beside the tower.
  public var readouts: [Readout] {
    switch configuration {
    case .text(let text): Readout.all(in: checkpoint, text.keyMap, width: text.hiddenSize)
    case .image(let image): Readout.all(in: checkpoint, image.keyMap, width: image.hiddenSize)
    }
  }
}
