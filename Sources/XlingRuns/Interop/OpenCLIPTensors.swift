import Foundation
import XlingTensor
import XlingTowers

/// Two towers without biases in patches and projections, under the names of open_clip's
/// `CustomTextCLIP`.
final class OpenCLIPTensors {
  private(set) var tensors: [Safetensors.Tensor] = []
  /// What is put together from several parameters, for as long as `tensors` point to it.
  private var made: [Parameter] = []

  /// Heads are weights [width, tower's width], nil where the pooled vector is the embedding.
  init(
    _ text: TextTower, _ textHead: Parameter?, _ image: ImageTower, _ imageHead: Parameter?,
    width: Int, temperature: Float
  ) {
    addImage(image)
    addProjection(imageHead, image.width, width)
    for parameter in text.parameters.all { add("text.transformer." + parameter.name, parameter) }
    add("text.proj.weight", textHead)
    let scale = Parameter("", [])
    scale.value.pointee = -Foundation.log(temperature)
    made.append(scale)
    add("logit_scale", scale)
  }

  private func addImage(_ tower: ImageTower) {
    let width = tower.width
    stack("visual.class_embedding", [width], [tower.classToken])
    // DeiT-III's class token has no position.
    let first = tower.configuration.hasPrefixPositions ? [] : [Parameter("", [width])]
    stack(
      "visual.positional_embedding", [tower.configuration.patches + 1, width],
      first + [tower.positionEmbeddings])
    add("visual.conv1.weight", tower.patchWeight)
    for (index, layer) in tower.encoder.layers.enumerated() {
      let block = "visual.transformer.resblocks.\(index)"
      let inputs = [layer.attention.query, layer.attention.key, layer.attention.value]
      add(block + ".ln_1", layer.attentionNorm)
      stack(block + ".attn.in_proj_weight", [3 * width, width], inputs.map(\.weight))
      stack(block + ".attn.in_proj_bias", [3 * width], inputs.compactMap(\.bias))
      add(block + ".attn.out_proj", layer.attention.output)
      add(block + ".ls_1.gamma", layer.attentionScale?.gamma)
      add(block + ".ln_2", layer.feedForwardNorm)
      add(block + ".mlp.c_fc", layer.feedForward.intermediate)
      add(block + ".mlp.c_proj", layer.feedForward.output)
      add(block + ".ls_2.gamma", layer.feedForwardScale?.gamma)
    }
    if let norm = tower.finalNorm { add("visual.ln_post", norm) }
  }

  /// [width, outputs], transposed as open_clip has it; the identity without a head.
  private func addProjection(_ head: Parameter?, _ width: Int, _ outputs: Int) {
    let projection = Parameter("", [width, outputs])
    for row in 0..<width {
      for column in 0..<outputs {
        let value = head.map { $0.value[column * width + row] } ?? (row == column ? 1 : 0)
        projection.value[row * outputs + column] = value
      }
    }
    made.append(projection)
    add("visual.proj", projection)
  }

  private func add(_ name: String, _ parameter: Parameter?) {
    if let parameter { tensors.append((name, parameter.shape, parameter.values)) }
  }

  private func add(_ name: String, _ norm: LayerNorm?) {
    add(name + ".weight", norm?.gamma)
    add(name + ".bias", norm?.beta)
  }

  private func add(_ name: String, _ dense: Linear) {
    add(name + ".weight", dense.weight)
    add(name + ".bias", dense.bias)
  }

  /// One tensor of the parts one behind another; of zeros where there are none.
  private func stack(_ name: String, _ shape: [Int], _ parts: [Parameter]) {
    let whole = Parameter("", shape)
    var at = 0
    for part in parts {
      (whole.value + at).update(from: part.value, count: part.count)
      at += part.count
    }
    precondition(parts.isEmpty || at == whole.count, "a tensor is as large as its parts")
    made.append(whole)
    add(name, whole)
  }
}
