import XlingTensor
import XlingTowers

/// Layerwise adapter (Houlsby et al. 2019, as in LilT, Khan and Fu 2023, section 3):
/// y = x + W_up GELU(W_down x + b_down) + b_up.
public final class LayerwiseAdapter: AdapterModule {
  public let down: Linear
  public let up: Linear

  /// Parameters `name.down.weight` [bottleneck, width], `name.up.weight` [width, bottleneck] and
  /// their biases, all zero.
  public init(_ name: String, width: Int, bottleneck: Int) {
    down = Linear(name + ".down", from: width, to: bottleneck)
    up = Linear(name + ".up", from: bottleneck, to: width)
  }

  public var parameters: [Parameter] { down.parameters + up.parameters }

  public var outputScalingParameters: [Parameter] { up.parameters }

  public var workOfRow: Double { 2 * Double(down.weight.count + up.weight.count) }

  /// Weights normal with deviation 0.02 (cut at two deviations; LilT does not cut BERT's, which
  /// changes one weight in twenty a little), biases zero.
  public func initialize(seed: UInt64, deviation: Float = 0.02) {
    for parameter in parameters {
      guard parameter.shape.count > 1 else { continue }
      Initialization.truncatedNormal(parameter, seed: seed, deviation: deviation)
    }
  }

  public func forward(
    _ x: Matrix, into y: Matrix, in workspace: Workspace, saving: Bool
  ) -> AdapterActivations? {
    let before = workspace.take(x.rows, down.outputs)
    down.forward(x, into: before)
    let after = workspace.passing.take(x.rows, down.outputs)
    Elementwise.activate(before, into: after)
    up.forward(after, into: y)
    Elementwise.add(x, to: y)
    return saving ? AdapterActivations(x: x, kept: [before]) : nil
  }

  public func backward(
    _ saved: AdapterActivations, dy: Matrix, into dx: Matrix, in workspace: Workspace
  ) {
    let before = saved.kept[0]
    // Again rather than kept: a pass over it costs less than its memory.
    let after = workspace.take(dy.rows, down.outputs)
    Elementwise.activate(before, into: after)
    let inner = workspace.take(dy.rows, down.outputs)
    up.backward(after, dy: dy, dx: inner)
    Elementwise.activationBackward(before, dy: inner)
    // The shortcut first, then what comes back through the bottleneck.
    Elementwise.copy(dy, into: dx)
    down.backward(saved.x, dy: inner, dx: dx, accumulate: true)
  }
}

extension LayerwiseAdapter {
  /// One adapter at each of `sites` of every open layer, in the order of the layers.
  static func install(
    _ sites: [AdapterSite], bottleneck: Int, _ application: SideApplication
  ) -> [Parameter] {
    application.openLayers.flatMap { layer in
      sites.flatMap { site in
        let adapter = LayerwiseAdapter(
          layer.name + "." + site.parameterName, width: application.tower.width,
          bottleneck: bottleneck)
        adapter.initialize(
          seed: application.seed, deviation: Float(application.side.options.deviation))
        layer.adapters[site] = adapter
        return adapter.parameters
      }
    }
  }
}

extension AdapterSite {
  var parameterName: String {
    switch self {
    case .attention: "attention_adapter"
    case .feedForward: "feed_forward_adapter"
    }
  }
}
