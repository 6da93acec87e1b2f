import XlingTensor

/// What a head reads, standardized: y = (x - mean) scale, column by column, where scale is 1 / deviation. Mean and
/// deviation are of the tower as it comes, over pairs that training will show; nothing of them is trained, and a
/// run stores them.
///
/// Sentence towers give vectors that mostly point the same way (Ethayarajh 2019; E5's have cosines around 0.8 for texts
/// that have nothing in common). What tells texts apart is small beside that, and noise in units of the vectors' length
/// drowns it. It is the affine part of batch normalization (Ioffe and Szegedy 2015, algorithm 1) with fixed moments, so
/// that a vector's embedding depends on no other.
public struct Standardization {
  /// [width].
  public let mean: Parameter
  /// [width]; 1 where a column does not vary.
  public let scale: Parameter

  /// Parameters `name_head.mean` and `.scale`, of the identity.
  init(_ name: String, width: Int) {
    mean = Parameter(name + "_head.mean", [width])
    scale = Parameter(name + "_head.scale", [width])
    for column in 0..<width { scale.value[column] = 1 }
  }

  public var parameters: [Parameter] { [mean, scale] }

  /// x [rows, width], standardized, from `workspace`.
  func applied(to x: Matrix, in workspace: Workspace) -> Matrix {
    let y = workspace.take(x.rows, x.columns)
    for row in 0..<x.rows {
      let (from, to) = (x.row(row), y.row(row))
      for column in 0..<x.columns {
        to[column] = (from[column] - mean.value[column]) * scale.value[column]
      }
    }
    return y
  }

  /// From the gradient of y [rows, width] that of x, in place.
  func backward(_ dy: Matrix) {
    for row in 0..<dy.rows {
      let gradient = dy.row(row)
      for column in 0..<dy.columns { gradient[column] *= scale.value[column] }
    }
  }

  /// The dense layer that does on x what `layer` does on y: W diag(scale), b - W diag(scale) mean, in double precision.
  public func folded(into layer: Linear) -> Linear {
    let (outputs, inputs) = (layer.weight.shape[0], layer.weight.shape[1])
    let weight = Parameter(layer.weight.name, layer.weight.shape)
    let bias = Parameter(layer.bias?.name ?? layer.weight.name + ".bias", [outputs])
    for row in 0..<outputs {
      var shift = Double(layer.bias?.value[row] ?? 0)
      for column in 0..<inputs {
        let factor =
          Double(layer.weight.value[row * inputs + column]) * Double(scale.value[column])
        shift -= factor * Double(mean.value[column])
        weight.value[row * inputs + column] = Float(factor)
      }
      bias.value[row] = Float(shift)
    }
    return Linear(weight: weight, bias: bias)
  }

  /// Sums over vectors, from which the moments come.
  struct Sums {
    private var count = 0.0
    private var sums: [Double]
    private var squares: [Double]

    init(width: Int) {
      sums = Array(repeating: 0, count: width)
      squares = sums
    }

    mutating func add(_ x: Matrix) {
      for row in 0..<x.rows {
        let vector = x.row(row)
        for column in 0..<x.columns {
          let value = Double(vector[column])
          sums[column] += value
          squares[column] += value * value
        }
      }
      count += Double(x.rows)
    }

    /// Columns whose deviation is nothing but rounding keep their scale.
    func write(to standardization: Standardization) {
      for column in 0..<sums.count {
        let mean = sums[column] / count
        let deviation = max(0, squares[column] / count - mean * mean).squareRoot()
        standardization.mean.value[column] = Float(mean)
        standardization.scale.value[column] =
          deviation > 1e-6 * max(1e-6, abs(mean)) ? Float(1 / deviation) : 1
      }
    }
  }
}

extension DualEncoder {
  /// Pairs whose vectors say where a head's input lies and how far it spreads, at most.
  static let standardizingPairs = 2_048

  /// Whether moments are to be taken: those of a run that this one starts from go with the weights that it took over.
  var lacksMoments: Bool {
    [textStandardization, imageStandardization].contains { side in
      side.map { !carried.contains($0.mean.name) } ?? false
    }
  }

  /// Takes the moments over the pairs that `draw` gives of each of `parts`. Throws what it throws.
  func takeMoments<Part>(
    _ parts: [Part], in workspace: Workspace,
    draw: (Part) throws -> (texts: TextInput, images: ImageInput)
  ) throws {
    var text = textStandardization.map { Standardization.Sums(width: $0.mean.count) }
    var image = imageStandardization.map { Standardization.Sums(width: $0.mean.count) }
    for part in parts {
      workspace.reset()
      let inputs = try draw(part)
      text?.add(EncodedSide(inputs.texts, of: self, training: false, in: workspace).vectors)
      image?.add(EncodedSide(inputs.images, of: self, training: false, in: workspace).vectors)
    }
    for (sums, side) in [(text, textStandardization), (image, imageStandardization)] {
      guard let sums, let side, !carried.contains(side.mean.name) else { continue }
      sums.write(to: side)
    }
  }
}
