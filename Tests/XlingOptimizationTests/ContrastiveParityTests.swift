import Foundation
import Testing
import XlingOptimization
import XlingTensor
import XlingTestSupport

/// Unit rows and the contrastive loss, forward and back, against PyTorch in float64.
@Suite(.enabled(if: SharedData.exists("fixtures/parity/nn"), "needs ../shared/fixtures/parity/nn"))
struct ContrastiveParityTests {
  let workspace = Workspace(blockBytes: 1 << 16)

  private struct Cases: Decodable {
    let deviations: [String: [String: Double]]

    enum CodingKeys: String, CodingKey { case deviations = "fp32_vs_fp64_max_abs" }
  }

  /// One fixture with the bounds that its README calls fair.
  private struct Fixture {
    let file: TensorFile
    let deviations: [String: Double]

    init(_ name: String) throws {
      let folder = SharedData.path("fixtures/parity/nn")
      file = try TensorFile(path: folder + "/\(name).safetensors")
      let cases = try Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json"))
      deviations = try JSONDecoder().decode(Cases.self, from: cases).deviations[name] ?? [:]
    }

    func matrix(_ name: String, in workspace: Workspace) throws -> Matrix {
      let (values, shape) = (try file.floats(name), try file.shape(name))
      let matrix = workspace.take(shape[0], shape[1])
      for (index, value) in values.enumerated() { matrix.pointer[index] = value }
      return matrix
    }

    func expect(_ found: [Float], _ name: String) throws {
      let bound = Float(4 * (deviations[name] ?? 0) + 1e-6)
      #expect(Distance.largest(found, try file.floats(name)) <= bound, "\(name)")
    }
  }

  @Test func unitRows() throws {
    let fixture = try Fixture("l2_normalize")
    let x = try fixture.matrix("in.x", in: workspace)
    let y = workspace.take(x.rows, x.columns)
    let norms = L2Normalization.forward(x, into: y, in: workspace)
    try fixture.expect(y.array(), "out.y")
    let dx = workspace.take(x.rows, x.columns)
    L2Normalization.backward(
      y, norms: norms, dy: try fixture.matrix("grad_out.y", in: workspace), into: dx)
    try fixture.expect(dx.array(), "grad.x")
  }

  @Test func aRowOfZerosStays() throws {
    let fixture = try Fixture("l2_normalize_zero_row")
    let x = try fixture.matrix("in.x", in: workspace)
    let y = workspace.take(x.rows, x.columns)
    _ = L2Normalization.forward(x, into: y, in: workspace)
    try fixture.expect(y.array(), "out.y")
  }

  /// From embeddings of any length, the way through unit rows and the loss and back again.
  @Test(arguments: [
    "infonce", "infonce_hot", "infonce_cold", "infonce_duplicates", "infonce_one_pair",
    "infonce_logit_scale",
  ])
  func lossAndGradients(name: String) throws {
    let fixture = try Fixture(name)
    let isScale = name == "infonce_logit_scale"
    let given = try fixture.file.floats(isScale ? "in.logit_scale" : "in.temp")[0]
    let temperature = isScale ? exp(-given) : given
    var sides: [(y: Matrix, norms: UnsafeMutablePointer<Float>)] = []
    for side in ["in.image", "in.text"] {
      let x = try fixture.matrix(side, in: workspace)
      let y = workspace.take(x.rows, x.columns)
      sides.append((y, L2Normalization.forward(x, into: y, in: workspace)))
    }
    let result = InfoNCE.forwardBackward(
      images: sides[0].y, texts: sides[1].y, temperature: temperature, in: workspace)
    try fixture.expect([result.loss], "out.loss")
    for (index, (dy, name)) in [(result.dImages, "grad.image"), (result.dTexts, "grad.text")]
      .enumerated()
    {
      let dx = workspace.take(dy.rows, dy.columns)
      L2Normalization.backward(sides[index].y, norms: sides[index].norms, dy: dy, into: dx)
      try fixture.expect(dx.array(), name)
    }
    if isScale {
      try fixture.expect([-temperature * result.dTemperature], "grad.logit_scale")
    } else {
      try fixture.expect([result.dTemperature], "grad.temp")
    }
  }
}
