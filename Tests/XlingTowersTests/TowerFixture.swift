import Foundation
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

/// A tower folder with inputs and what PyTorch computes from them in float64.
struct TowerFixture {
  let folder: String
  let inputs: TensorFile
  let expected: TensorFile

  /// `folder` is a path.
  init(_ folder: String) throws {
    self.folder = folder
    inputs = try TensorFile(path: folder + "/inputs.safetensors")
    expected = try TensorFile(path: folder + "/expected.safetensors")
  }

  /// The project's own: `bert` or `vit`.
  static func own(_ name: String) throws -> TowerFixture {
    try TowerFixture(Fixtures.path("parity/" + name))
  }

  /// Tokens whose mask is 1, sequence by sequence.
  func tokens() throws -> TokenBatch {
    let ids = try inputs.integers("input_ids")
    let mask = try inputs.integers("attention_mask")
    let shape = try inputs.shape("input_ids")
    return TokenBatch(
      (0..<shape[0]).map { row in
        (row * shape[1]..<(row + 1) * shape[1]).filter { mask[$0] == 1 }.map { Int32(ids[$0]) }
      })
  }

  /// The rows of an expected [batch, tokens, width] tensor that are no padding.
  func rows(_ name: String, _ layout: SequenceLayout) throws -> [Float] {
    let values = try expected.floats(name)
    let shape = try expected.shape(name)
    return (0..<shape[0]).flatMap { sequence -> [Float] in
      let start = sequence * shape[1] * shape[2]
      return Array(values[start..<start + layout.length(sequence) * shape[2]])
    }
  }

  func pixels(_ prefix: String = "") throws -> Pixels {
    Pixels(try inputs.floats(prefix + "pixel_values"))
  }
}

/// Pixels that stay where they are as long as the value lives.
final class Pixels {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(_ values: [Float]) {
    count = values.count
    pointer = .allocate(capacity: values.count)
    pointer.initialize(from: values, count: values.count)
  }

  deinit { pointer.deallocate() }

  func batch(of tower: ImageTower, first: Int = 0, count pictures: Int? = nil) -> PictureBatch {
    let size = tower.configuration.imageSize
    let each = tower.configuration.channels * size * size
    return PictureBatch(
      pixels: pointer + first * each, count: pictures ?? count / each)
  }
}

extension Workspace {
  func matrix(_ values: [Float], columns: Int) -> Matrix {
    let matrix = take(values.count / columns, columns)
    for (index, value) in values.enumerated() { matrix.pointer[index] = value }
    return matrix
  }
}

extension Parameter {
  var gradients: [Float] {
    gradient.map { Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
  }
}

extension Tower {
  /// Trains exactly the parameters chosen; all gradients zero.
  func train(_ chosen: (Parameter) -> Bool) {
    for parameter in parameters.all {
      parameter.isTrainable = chosen(parameter)
      parameter.zeroGradient()
    }
  }

  /// Gradients of what is trained, by name.
  var gradients: [String: [Float]] {
    Dictionary(uniqueKeysWithValues: parameters.trainable.map { ($0.name, $0.gradients) })
  }
}

/// One training step of a tower up to its gradients, the same way for text and pictures.
protocol TowerRun {
  associatedtype Model: Tower
  var tower: Model { get }
  /// Forward with `training`, backward from the weights of the loss sum(pooled * weights).
  func step(reading outputs: OutputRows, in workspace: Workspace) throws -> [Float]
}

extension TowerRun {
  /// As training does: only what is pooled leaves the last layer.
  func step(in workspace: Workspace) throws -> [Float] {
    try step(reading: .pooled, in: workspace)
  }
}

struct TextRun: TowerRun {
  let tower: TextTower
  let fixture: TowerFixture

  init() throws {
    fixture = try .own("bert")
    tower = try TextTower.load(fixture.folder)
  }

  func step(reading outputs: OutputRows, in workspace: Workspace) throws -> [Float] {
    let activations = tower.forward(
      try fixture.tokens(), reading: outputs, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let weights = workspace.matrix(
      try fixture.expected.floats("weight.cls"), columns: tower.width)
    tower.backward(activations, dPooled: weights, in: workspace)
    return pooled.array()
  }
}

struct ImageRun: TowerRun {
  let tower: ImageTower
  let fixture: TowerFixture
  let pixels: Pixels

  init() throws {
    fixture = try .own("vit")
    tower = try ImageTower.load(fixture.folder)
    pixels = try fixture.pixels()
  }

  func step(reading outputs: OutputRows, in workspace: Workspace) throws -> [Float] {
    let activations = tower.forward(
      pixels.batch(of: tower), reading: outputs, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let weights = workspace.matrix(
      try fixture.expected.floats("weight.cls"), columns: tower.width)
    tower.backward(activations, pooled, dPooled: weights, in: workspace)
    return pooled.vectors.array()
  }
}
