import Foundation
import XlingTensor

/// What a checkpoint computes from the CLS vector beside the tower: BERT's and Hugging Face's pooler,
/// timm's classifier. No part of a tower and never trained; for comparing with its framework only.
public struct Readout {
  /// As the fixtures call the result.
  public let name: String
  private let dense: Linear
  private let usesTanh: Bool
  /// Whether it reads class and distillation token side by side: the mean of DeiT's two classifiers.
  let isOfDistillation: Bool

  private init(_ name: String, weight: StoredTensor, bias: StoredTensor, usesTanh: Bool) {
    self.name = name
    self.usesTanh = usesTanh
    isOfDistillation = false
    dense = Linear(name, from: weight.shape[1], to: weight.shape[0])
    weight.place(into: dense.weight)
    if let target = dense.bias { bias.place(into: target) }
  }

  /// Half of each of two classifiers.
  private init(_ one: Readout, _ other: Readout) {
    (name, usesTanh, isOfDistillation) = (one.name, false, true)
    let (width, outputs) = (one.dense.weight.shape[1], one.dense.outputs)
    dense = Linear(one.name, from: 2 * width, to: outputs)
    for row in 0..<outputs {
      for (half, part) in [one.dense, other.dense].enumerated() {
        let target = dense.weight.value + (2 * row + half) * width
        for column in 0..<width { target[column] = part.weight.value[row * width + column] / 2 }
        if let bias = part.bias, let target = dense.bias {
          target.value[row] += bias.value[row] / 2
        }
      }
    }
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
      ("head_dist", "head_logits", false),
    ]
    let found: [Readout] = kinds.compactMap { kind in
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
    let classifiers = found.filter { $0.name == "head_logits" }
    guard classifiers.count == 2, classifiers[0].dense.outputs == classifiers[1].dense.outputs
    else { return found }
    return found.filter { $0.name != "head_logits" } + [Readout(classifiers[0], classifiers[1])]
  }
}

extension TowerCheckpoint {
  /// The readouts that lie beside the tower.
  public var readouts: [Readout] {
    switch configuration {
    case .text(let text): Readout.all(in: checkpoint, text.keyMap, width: text.hiddenSize)
    case .image(let image): Readout.all(in: checkpoint, image.keyMap, width: image.hiddenSize)
    case .whole: []
    }
  }
}
