import XlingTensor

/// What scores a picture against classes.
public struct ClassHead {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// A class is the vector of its sentences: cosine / temperature, in the common space (Radford et al.
    /// 2021, section 3.1).
    case text
    /// A fresh linear layer, from zero, on the image tower's vector before its projection (Radford et al.
    /// 2021, section 3.2).
    case linear
  }

  public let kind: Kind
  /// [classes, width].
  public let weight: Parameter
  /// Of a linear head, [classes].
  public let bias: Parameter?
  /// Of a text head, a scalar.
  public let temperature: Parameter?

  public var classes: Int { weight.shape[0] }
  public var width: Int { weight.shape[1] }
  public var parameters: [Parameter] { [weight] + [bias, temperature].compactMap { $0 } }

  /// `vectors` [classes, width], of unit length, and the temperature that the run was aligned to.
  public static func text(_ vectors: EmbeddingMatrix, temperature start: Float) -> ClassHead {
    let head = ClassHead(.text, classes: vectors.count, width: vectors.width)
    for row in 0..<vectors.count {
      head.weight.matrix.row(row).update(from: vectors.row(row), count: vectors.width)
    }
    head.temperature?.value.pointee = start
    return head
  }

  /// To be filled from a file.
  public static func emptyText(classes: Int, width: Int) -> ClassHead {
    ClassHead(.text, classes: classes, width: width)
  }

  public static func linear(classes: Int, width: Int) -> ClassHead {
    ClassHead(.linear, classes: classes, width: width)
  }

  private init(_ kind: Kind, classes: Int, width: Int) {
    self.kind = kind
    let role = ParameterRole(.head)
    weight = Parameter("classes.weight", [classes, width], role: role)
    bias =
      kind == .linear
      ? Parameter("classes.bias", [classes], role: ParameterRole(.head, isBias: true)) : nil
    temperature = kind == .text ? Parameter("classes.temperature", [], role: role) : nil
  }

  private var scale: Float { 1 / (temperature?.value.pointee ?? 1) }

  /// x [samples, width] into logits [samples, classes].
  func forward(_ x: Matrix, into logits: Matrix) {
    if let bias { Elementwise.broadcast(bias.value, into: logits) }
    Matmul.multiply(
      x, weight.matrix, into: logits, transposeB: true, alpha: scale, beta: bias == nil ? 0 : 1)
  }

  /// From the logits and their gradient: adds to the gradients of what is trained, and gives x's into `dx`.
  func backward(_ x: Matrix, logits: Matrix, dLogits: Matrix, dx: Matrix?) {
    if let gradient = weight.gradientMatrix {
      Matmul.multiply(dLogits, x, into: gradient, transposeA: true, alpha: scale, beta: 1)
    }
    if let gradient = bias?.gradient { Elementwise.addColumnSums(dLogits, into: gradient) }
    if let temperature, let gradient = temperature.gradient {
      // d loss / d temperature = - sum(gradient * logits) / temperature.
      var sum = 0.0
      for row in 0..<logits.rows {
        for column in 0..<logits.columns {
          sum -= Double(dLogits[row, column]) * Double(logits[row, column])
        }
      }
      gradient.pointee += Float(sum / Double(temperature.value.pointee))
    }
    if let dx { Matmul.multiply(dLogits, weight.matrix, into: dx, alpha: scale) }
  }

  func clampTemperature() {
    guard let temperature else { return }
    let range = DualEncoder.temperatureRange
    temperature.value.pointee = min(
      max(temperature.value.pointee, range.lowerBound), range.upperBound)
  }
}
