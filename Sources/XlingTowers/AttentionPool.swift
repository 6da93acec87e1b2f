import Foundation
import XlingCore
import XlingTensor

/// SigLIP's head (Zhai et al. 2023; multihead attention pooling of Lee et al. 2019): one learned query
/// attends to all patches, y = a + mlp(norm(a)).
struct AttentionPool {
  let probe: Parameter
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let norm: LayerNorm
  let intermediate: Linear
  let last: Linear
  private let heads: Int
  private let activation: Activation

  init(_ configuration: ViTConfiguration, intermediate inner: Int) {
    let width = configuration.hiddenSize
    func dense(_ name: String, _ from: Int, _ to: Int, _ part: ParameterRole.Part) -> Linear {
      Linear("head." + name, from: from, to: to, part: part)
    }
    probe = Parameter("head.probe", [1, 1, width], role: ParameterRole(.embedding))
    query = dense("attention.query", width, width, .attention)
    key = dense("attention.key", width, width, .attention)
    value = dense("attention.value", width, width, .attention)
    output = dense("attention.output", width, width, .attention)
    norm = LayerNorm("head.layernorm", width: width, epsilon: configuration.layerNormEpsilon)
    intermediate = dense("intermediate", width, inner, .feedForward)
    last = dense("output", inner, width, .feedForward)
    (heads, activation) = (configuration.heads, configuration.activation)
  }

  var parameters: [Parameter] {
    [probe] + [query, key, value, output].flatMap(\.parameters) + norm.parameters
      + intermediate.parameters + last.parameters
  }

  struct Saved {
    let hidden: Matrix
    let query: Matrix
    let keys: Matrix
    let values: Matrix
    /// Of each row of `hidden`, by head; zero for rows that are no patches.
    let weights: Matrix
    let context: Matrix
    let norm: LayerNorm.Saved
    let normal: Matrix
    let before: Matrix
    let after: Matrix
  }

  /// hidden [rows, width] into y [pictures, width].
  func forward(
    _ hidden: Matrix, _ rows: PictureRows, into y: Matrix, in workspace: Workspace
  ) -> Saved {
    let width = hidden.columns
    let asked = workspace.take(1, width)
    query.forward(Matrix(probe.value, rows: 1, columns: width), into: asked)
    let keys = workspace.take(hidden.rows, width)
    let values = workspace.take(hidden.rows, width)
    key.forward(hidden, into: keys)
    value.forward(hidden, into: values)
    let weights = workspace.zeros(hidden.rows, heads)
    let context = workspace.zeros(rows.pictures, width)
    Parallel.ranges(rows.pictures, grain: 1) { range in
      for picture in range {
        for head in 0..<heads {
          attend(asked, keys, values, rows.patches[picture], head, weights, context.row(picture))
        }
      }
    }
    output.forward(context, into: y)
    let normal = workspace.take(y.rows, width)
    let kept = workspace.take(y.rows, width)
    Elementwise.copy(y, into: kept)
    let savedNorm = norm.forward(kept, into: normal, in: workspace)
    let before = workspace.take(y.rows, intermediate.outputs)
    intermediate.forward(normal, into: before)
    let after = workspace.take(y.rows, intermediate.outputs)
    Elementwise.activate(before, into: after, form: activation)
    let branch = workspace.take(y.rows, width)
    last.forward(after, into: branch)
    Elementwise.add(branch, to: y)
    return Saved(
      hidden: hidden, query: asked, keys: keys, values: values, weights: weights,
      context: context, norm: savedNorm, normal: normal, before: before, after: after)
  }

  /// One head of one picture: softmax of the scaled scores, and the mean of the values under it.
  private func attend(
    _ query: Matrix, _ keys: Matrix, _ values: Matrix, _ rows: Range<Int>, _ head: Int,
    _ weights: Matrix, _ context: UnsafeMutablePointer<Float>
  ) {
    let size = query.columns / heads
    let first = head * size
    let scale = 1 / Float(size).squareRoot()
    let asked = query.row(0)
    var largest = -Float.infinity
    for row in rows {
      let key = keys.row(row)
      var score: Float = 0
      for column in first..<first + size { score += asked[column] * key[column] }
      weights.row(row)[head] = score * scale
      largest = max(largest, score * scale)
    }
    var sum: Float = 0
    for row in rows {
      let weight = expf(weights.row(row)[head] - largest)
      weights.row(row)[head] = weight
      sum += weight
    }
    for row in rows {
      let weight = weights.row(row)[head] / sum
      weights.row(row)[head] = weight
      let value = values.row(row)
      for column in first..<first + size { context[column] += weight * value[column] }
    }
  }

  /// From the gradient of y; adds to dHidden when asked.
  func backward(
    _ saved: Saved, _ rows: PictureRows, dy: Matrix, addingTo dHidden: Matrix?,
    in workspace: Workspace
  ) {
    let width = dy.columns
    let dAttended = workspace.take(dy.rows, width)
    Elementwise.copy(dy, into: dAttended)
    let inner = workspace.take(dy.rows, intermediate.outputs)
    last.backward(saved.after, dy: dy, dx: inner)
    Elementwise.activationBackward(saved.before, dy: inner, form: activation)
    let dNormal = workspace.take(dy.rows, width)
    intermediate.backward(saved.normal, dy: inner, dx: dNormal)
    norm.backward(saved.norm, dy: dNormal, dx: dAttended, accumulate: true)
    let dContext = workspace.take(dy.rows, width)
    output.backward(saved.context, dy: dAttended, dx: dContext)
    let dKeys = workspace.zeros(saved.keys.rows, width)
    let dValues = workspace.zeros(saved.keys.rows, width)
    let dQueries = workspace.zeros(rows.pictures, width)
    Parallel.ranges(rows.pictures, grain: 1) { range in
      for picture in range {
        for head in 0..<heads {
          attendBackward(
            saved, rows.patches[picture], head, dContext.row(picture), dKeys, dValues,
            dQueries.row(picture))
        }
      }
    }
    let dQuery = workspace.zeros(1, width)
    for picture in 0..<rows.pictures {
      Elementwise.add(dQueries.slice(rows: picture..<picture + 1), to: dQuery)
    }
    let dProbe = workspace.take(1, width)
    query.backward(Matrix(probe.value, rows: 1, columns: width), dy: dQuery, dx: dProbe)
    if let gradient = probe.gradient {
      Elementwise.add(dProbe, to: Matrix(gradient, rows: 1, columns: width))
    }
    key.backward(saved.hidden, dy: dKeys, dx: dHidden, accumulate: true)
    value.backward(saved.hidden, dy: dValues, dx: dHidden, accumulate: true)
  }

  private func attendBackward(
    _ saved: Saved, _ rows: Range<Int>, _ head: Int, _ dContext: UnsafePointer<Float>,
    _ dKeys: Matrix, _ dValues: Matrix, _ dQuery: UnsafeMutablePointer<Float>
  ) {
    let size = saved.keys.columns / heads
    let columns = head * size..<(head + 1) * size
    let scale = 1 / Float(size).squareRoot()
    let asked = saved.query.row(0)
    var products = [Float](repeating: 0, count: rows.count)
    var mean: Float = 0
    for (index, row) in rows.enumerated() {
      let (value, dValue, weight) = (
        saved.values.row(row), dValues.row(row), saved.weights.row(row)[head]
      )
      for column in columns {
        products[index] += dContext[column] * value[column]
        dValue[column] += weight * dContext[column]
      }
      mean += weight * products[index]
    }
    for (index, row) in rows.enumerated() {
      let dScore = saved.weights.row(row)[head] * (products[index] - mean) * scale
      let (key, dKey) = (saved.keys.row(row), dKeys.row(row))
      for column in columns {
        dQuery[column] += dScore * key[column]
        dKey[column] += dScore * asked[column]
      }
    }
  }
}
