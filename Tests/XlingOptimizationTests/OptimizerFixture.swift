import Foundation
import Testing
import XlingTensor
import XlingTestSupport

/// Twenty updates by an optimizer of PyTorch or transformers, in float64, from given gradients.
struct OptimizerFixture {
  private static let folder = "fixtures/parity/optim"
  static var isPresent: Bool { SharedData.exists(folder) }

  /// With gradients.
  let parameters: [Parameter]
  private let inputs: TensorFile
  private let golden: TensorFile
  private let rates: [Double]

  init(_ name: String, parameters names: [String] = ["w1", "w2", "b1", "temp"]) throws {
    let folder = SharedData.path(Self.folder)
    inputs = try TensorFile(path: folder + "/inputs.safetensors")
    golden = try TensorFile(path: folder + "/\(name).safetensors")
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json"))
    let all = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let settings = (all?["cases"] as? [String: Any])?[name] as? [String: Any]
    rates =
      settings?["lr"] as? [Double]
      ?? (settings?["lr"] as? Double).map { Array(repeating: $0, count: 20) } ?? []
    let inputs = inputs
    parameters = try names.map { name in
      let parameter = Parameter(name, try inputs.shape("params." + name))
      for (index, value) in try inputs.floats("params." + name).enumerated() {
        parameter.value[index] = value
      }
      parameter.isTrainable = true
      return parameter
    }
  }

  /// The fixture's learning rate of update number `step`, counted from 0.
  func rate(_ step: Int) throws -> Double {
    try #require(rates.indices.contains(step) ? rates[step] : nil)
  }

  /// Fills the gradients of update number `step`.
  func give(_ step: Int) throws {
    for parameter in parameters {
      let gradients = try inputs.floats("grads." + parameter.name)
      for index in 0..<parameter.count {
        parameter.gradient?[index] = gradients[step * parameter.count + index]
      }
    }
  }

  func expect(after step: Int, within bound: Float) throws {
    for parameter in parameters {
      let all = try golden.floats("params." + parameter.name)
      let expected = Array(all[step * parameter.count..<(step + 1) * parameter.count])
      #expect(
        Distance.largest(Array(parameter.values), expected) < bound,
        "\(parameter.name) after step \(step)")
    }
  }

  /// A tensor of the optimizer's own at the end.
  func expect(_ state: Parameter, _ kind: String, of index: Int) throws {
    let expected = try golden.floats("state.\(kind).\(parameters[index].name)")
    let size = expected.reduce(0) { max($0, abs($1)) }
    #expect(
      Distance.largest(Array(state.values), expected) <= 2e-6 * size, "\(kind) of \(index)")
  }
}
