import Testing
import XlingTensor
import XlingTestSupport

@testable import XlingTowers

/// The forms of a layer that families after BERT have: way back against central differences, and what
/// a query may see.
struct LayerFormTests {
  private static let width = 24
  private let layout = SequenceLayout(lengths: [5, 1, 4])
  private let workspace = Workspace(blockBytes: 1 << 16)

  /// EuroBERT's, ModernBERT's first and another, CLIP's, and DINOv2's with a gate.
  static let forms: [String] = ["grouped", "first", "window", "causal", "scaled"]

  private func layer(_ form: String) -> EncoderLayer {
    var shape = EncoderLayer.Shape(
      width: Self.width, heads: 4, intermediateWidth: 10, epsilon: 1e-5)
    switch form {
    case "grouped":
      shape.keyValueHeads = 2
      shape.norm = .rootMeanSquare
      shape.biases = .none
      shape.activation = .silu
      shape.isGated = true
    case "first", "window":
      shape.norm = .centredWithoutBias
      shape.biases = [.value]
      shape.isGated = true
    case "causal":
      shape.activation = .quickGELU
    default:
      shape.hasLayerScale = true
      shape.isGated = true
      shape.activation = .silu
      shape.biases = [.query, .value, .attentionOutput, .feedForward]
    }
    let layer = EncoderLayer(
      "layer", names: .bert("layer"), arrangement: .preNorm, shape: shape,
      hasAttentionNorm: form != "first")
    switch form {
    case "grouped", "first":
      layer.attention.rotary = RotaryPositions(theta: 100, headWidth: 6, places: 4)
    case "window":
      layer.attention.rotary = RotaryPositions(theta: 100, headWidth: 6, places: 8)
      layer.attention.span = .window(each: 1)
    case "causal": layer.attention.span = .causal
    default: break
    }
    for (seed, parameter) in layer.parameters.enumerated() {
      let isScale = parameter.name.hasSuffix("Norm.weight")
      fill(parameter.matrix, seed: seed + 1, around: isScale ? 1 : 0)
      parameter.isTrainable = true
    }
    return layer
  }

  /// Numbers without a pattern between -0.5 and 0.5, moved by `around`.
  private func fill(_ matrix: Matrix, seed: Int, around: Float = 0) {
    var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 | 1)
    for index in 0..<matrix.count {
      state = state &* 1_664_525 &+ 1_013_904_223
      matrix.pointer[index] = around + Float(state >> 8) / Float(1 << 24) - 0.5
    }
  }

  /// The sum of what leaves the layer, each number times one of `weights`, in double precision.
  private func loss(_ layer: EncoderLayer, _ x: Matrix, _ weights: Matrix) -> Double {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let y = workspace.take(x.rows, Self.width)
    _ = layer.forward(x, layout, into: y, in: workspace, saving: false)
    return (0..<y.count).reduce(0) { $0 + Double(y.pointer[$1]) * Double(weights.pointer[$1]) }
  }

  @Test(arguments: forms)
  func theWayBackIsTheSlope(form: String) throws {
    let layer = layer(form)
    let x = workspace.take(layout.rows, Self.width)
    let weights = workspace.take(layout.rows, Self.width)
    fill(x, seed: 77)
    fill(weights, seed: 78)
    let y = workspace.take(x.rows, Self.width)
    let dx = workspace.take(x.rows, Self.width)
    let saved = try #require(layer.forward(x, layout, into: y, in: workspace, saving: true))
    layer.backward(saved, layout, dy: weights, dx: dx, in: workspace)
    func slope(_ at: UnsafeMutablePointer<Float>) -> Float {
      let (value, step) = (at.pointee, Float(0.01))
      at.pointee = value + step
      let above = loss(layer, x, weights)
      at.pointee = value - step
      let below = loss(layer, x, weights)
      at.pointee = value
      return Float((above - below) / (2 * Double(step)))
    }
    let found = layer.parameters.map { ($0.name, $0.matrix, $0.gradients) } + [("x", x, dx.array())]
    for (name, values, gradients) in found {
      let places = stride(from: 0, to: values.count, by: max(1, values.count / 23))
      let slopes = places.map { slope(values.pointer + $0) }
      let mine = places.map { gradients[$0] }
      // Softmax ignores what all keys share.
      let size = name.hasSuffix("key.bias") ? 1 : slopes.map(abs).max() ?? 0
      #expect(size > 0, "\(name)")
      #expect(Distance.largest(mine, slopes) < 0.01 * size, "\(name)")
    }
  }

  /// A changed row is seen by those rows alone that may attend to it.
  @Test(arguments: [("causal", [2, 3, 4]), ("window", [1, 2, 3])])
  func whoSeesThePlace(form: String, seeing: [Int]) {
    let layer = layer(form)
    let x = workspace.take(layout.rows, Self.width)
    fill(x, seed: 5)
    func rows() -> [[Float]] {
      let y = workspace.take(x.rows, Self.width)
      _ = layer.forward(x, layout, into: y, in: workspace, saving: false)
      return (0..<y.rows).map { y.slice(rows: $0..<$0 + 1).array() }
    }
    let before = rows()
    x.row(2)[3] += 1
    let after = rows()
    #expect((0..<x.rows).filter { before[$0] != after[$0] } == seeing)
  }

  /// Scores depend on how far two places are from each other alone (Su et al. 2021, eq. 16), and a row
  /// beyond the table is left as it is.
  @Test func rotationsKeepDistances() {
    let rotary = RotaryPositions(theta: 50, headWidth: 6, places: 9)
    let layout = SequenceLayout(lengths: [10])
    let (a, b) = (workspace.take(1, 6), workspace.take(1, 6))
    fill(a, seed: 1)
    fill(b, seed: 2)
    func turned(_ row: Matrix) -> Matrix {
      let rows = workspace.take(10, 6)
      for index in 0..<10 { rows.row(index).update(from: row.pointer, count: 6) }
      rotary.turn(rows, layout)
      return rows
    }
    let (queries, keys) = (turned(a), turned(b))
    func score(_ query: Int, _ key: Int) -> Float {
      (0..<6).reduce(0) { $0 + queries[query, $1] * keys[key, $1] }
    }
    #expect(abs(score(5, 3) - score(8, 6)) < 1e-6)
    #expect(abs(score(5, 3) - score(5, 4)) > 1e-3)
    #expect((0..<6).allSatisfy { queries[9, $0] == a[0, $0] && queries[0, $0] == a[0, $0] })
    rotary.turn(queries, layout, back: true)
    #expect((0..<6).allSatisfy { abs(queries[7, $0] - a[0, $0]) < 1e-6 })
  }
}
