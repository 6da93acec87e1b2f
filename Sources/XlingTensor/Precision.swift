import CONeDNN
import XlingCore

/// What the numbers are that enter the products of towers' dense layers. Everything else is float32 in
/// both: what is trained, sums of products, softmax, norms, loss and optimizer.
public enum Precision: String, Codable, Sendable, CaseIterable {
  case fp32
  /// Rounded to bfloat16, to nearest even (8 bits of mantissa, the exponents of float32).
  case bf16

  /// What people ask for.
  public enum Choice: String, Sendable, CaseIterable {
    case fp32, bf16
    /// Whichever is faster here (``Precision/measure(width:rows:)``), to be asked for.
    case auto

    /// nil: fp32, as a configuration has it, or not known yet.
    public var precision: Precision? { self == .bf16 ? .bf16 : nil }
  }
}

extension Precision {
  /// Who forms products in bf16 on this machine.
  public enum Unit: Sendable, Equatable {
    /// oneDNN: the instructions and the library's version.
    case library(String)
    /// Rounded operands, multiplied in float32: right, and no faster than fp32.
    case rounding
  }

  public static let unit: Unit = xod_kernel().map { .library(String(cString: $0)) } ?? .rounding

  /// Whether this build looks for the library at all.
  public static let isBuilt = xod_is_built() != 0

  /// Whether it can be loaded, which asking does.
  public static let isThere = xod_is_there() != 0

  /// Whether the processor itself multiplies bf16.
  public static let hasHardware: Bool = {
    guard case .library(let name) = unit else { return false }
    return name.hasPrefix("amx") || name.hasPrefix("avx512_bf16")
  }()

  /// As keys of results have it.
  public var stored: String { self == .fp32 ? "float32" : rawValue }

  /// What decides the bits of products besides the operands: the BLAS kernel set, and in bf16 who forms
  /// them.
  public var kernels: String {
    guard self == .bf16 else { return Matmul.coreName }
    switch Self.unit {
    case .library(let name): return "\(Matmul.coreName), bf16 \(name)"
    case .rounding: return "\(Matmul.coreName), bf16 rounded"
    }
  }

  /// A short measurement.
  public struct Measurement: Sendable {
    public let fastest: Precision
    /// Operations a second in each, on all threads.
    public let fp32: Double
    public let bf16: Double

    /// What was taken, and why, in one line.
    public var text: String {
      guard bf16 > 0 else {
        return
          "--precision auto takes fp32: this processor has no bf16 arithmetic, or oneDNN is missing"
      }
      return "--precision auto takes \(fastest.rawValue): products of this shape run at "
        + "\(Int(fp32 / 1e9)) GFLOP/s in fp32, \(Int(bf16 / 1e9)) in bf16"
    }
  }

  /// Times both for products of a tower's shape, [rows, width] by [width, 4 width]: about 0.1 s.
  public static func measure(width: Int, rows: Int = 1_024) -> Measurement {
    guard hasHardware else { return Measurement(fastest: .fp32, fp32: 0, bf16: 0) }
    let workspace = Workspace()
    let x = workspace.zeros(rows, width)
    let y = workspace.take(rows, 4 * width)
    func rate(_ precision: Precision) -> Double {
      let dense = Linear("measured", from: width, to: 4 * width)
      dense.weight.precision = precision
      dense.forward(x, into: y)
      var (count, began) = (0, ProgressBar.uptime())
      var now = began
      while now - began < 0.05 || count < 2 {
        dense.forward(x, into: y)
        count += 1
        now = ProgressBar.uptime()
      }
      began = max(now - began, 1e-6)
      return 8 * Double(count * rows * width * width) / began
    }
    let (single, half) = (rate(.fp32), rate(.bf16))
    return Measurement(fastest: half > single ? .bf16 : .fp32, fp32: single, bf16: half)
  }
}
