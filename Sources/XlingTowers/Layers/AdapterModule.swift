import XlingTensor

/// A small trained module inserted at a site of a frozen layer.
public protocol AdapterModule: AnyObject {
  var parameters: [Parameter] { get }

  /// Those whose scale is that of what the module adds to its input.
  var outputScalingParameters: [Parameter] { get }

  /// Multiplications and additions of products for one row's way forward.
  var workOfRow: Double { get }

  /// x [rows, width] into y [rows, width]; keeps what ``backward(_:dy:into:in:)`` needs when
  /// `saving`.
  func forward(_ x: Matrix, into y: Matrix, in workspace: Workspace, saving: Bool)
    -> AdapterActivations?

  /// Adds to the gradients of the trained parameters and overwrites `dx`.
  func backward(_ saved: AdapterActivations, dy: Matrix, into dx: Matrix, in workspace: Workspace)
}

/// An adapter's input and whatever else it kept, in an order of its own.
public struct AdapterActivations {
  public let x: Matrix
  public let kept: [Matrix]

  public init(x: Matrix, kept: [Matrix]) {
    self.x = x
    self.kept = kept
  }
}

/// Where an adapter can be inserted in a layer.
public enum AdapterSite: String, CaseIterable, Sendable {
  /// The attention branch: behind the output dense (BERT), before the first LayerNorm (ViT).
  case attention
  /// The feed-forward branch: behind its second dense (BERT), before the second LayerNorm (ViT).
  case feedForward
}
