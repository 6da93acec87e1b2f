import Foundation
import XlingTensor
import XlingTestSupport

/// One operation of the shared `nn` fixtures: inputs, results and gradients computed in float64,
/// and what a float32 run of the reference itself deviates by.
struct KernelFixture {
  static let folder = ParityFixtures.root(of: "nn")
  static var isPresent: Bool { folder != nil }

  private let file: TensorFile
  private let deviations: [String: Double]

  init(_ name: String) throws {
    let folder = Self.folder ?? ""
    file = try TensorFile(path: folder + "/\(name).safetensors")
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json"))
    let cases = try JSONDecoder().decode(Cases.self, from: data)
    deviations = cases.deviations[name] ?? [:]
  }

  private struct Cases: Decodable {
    let deviations: [String: [String: Double]]

    enum CodingKeys: String, CodingKey { case deviations = "fp32_vs_fp64_max_abs" }
  }

  func floats(_ name: String) throws -> [Float] { try file.floats(name) }
  func shape(_ name: String) throws -> [Int] { try file.shape(name) }

  /// Four times the reference's own deviation plus 1e-6: the fixtures' README calls it fair.
  func bound(_ name: String) -> Float { Float(4 * (deviations[name] ?? 0) + 1e-6) }

  /// Largest difference of a result, as a multiple of its bound: at most 1 is right.
  func error(_ name: String, _ found: [Float]) throws -> Float {
    Distance.largest(found, try floats(name)) / bound(name)
  }

  /// A tensor as rows of its last dimension.
  func matrix(_ name: String, in workspace: Workspace) throws -> Matrix {
    let columns = try shape(name).last ?? 1
    return try workspace.matrix(floats(name), columns: columns)
  }
}

extension Workspace {
  /// A copy of `values` as rows of `columns`.
  func matrix(_ values: [Float], columns: Int) -> Matrix {
    let matrix = take(values.count / columns, columns)
    for (index, value) in values.enumerated() { matrix.pointer[index] = value }
    return matrix
  }
}

extension Parameter {
  func fill(_ values: [Float]) {
    precondition(values.count == count)
    for (index, value) in values.enumerated() { self.value[index] = value }
  }

  /// The gradient as an array; empty while frozen.
  var gradients: [Float] {
    gradient.map { Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
  }
}
