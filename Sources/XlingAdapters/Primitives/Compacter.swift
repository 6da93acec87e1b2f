import XlingTensor
import XlingTowers

/// Compacter (Karimi Mahabadi et al. 2021): a layerwise adapter whose two dense layers are sums of
/// Kronecker products with factors of rank one; all adapters of a tower share the rule A.
public final class Compacter: AdapterModule {
  public let down: KroneckerLinear
  public let up: KroneckerLinear

  /// Parameters `name.down.left`, `name.down.right`, `name.down.bias`, and of `up`.
  public init(_ name: String, rule: Parameter, width: Int, bottleneck: Int) {
    down = KroneckerLinear(name + ".down", rule: rule, from: width, to: bottleneck)
    up = KroneckerLinear(name + ".up", rule: rule, from: bottleneck, to: width)
  }

  /// Without the shared rule, which is the tower's.
  public var parameters: [Parameter] { down.parameters + up.parameters }

  /// One factor of the matrix, and the bias.
  public var outputScalingParameters: [Parameter] { [up.left, up.bias] }

  /// Rows are multiplied by the whole matrices, which the terms are summed to once a batch.
  public var workOfRow: Double { 4 * Double(down.inputs * down.outputs) }

  public func forward(
    _ x: Matrix, into y: Matrix, in workspace: Workspace, saving: Bool
  ) -> AdapterActivations? {
    let before = workspace.take(x.rows, down.outputs)
    down.forward(x, into: before, in: workspace)
    let after = workspace.passing.take(x.rows, down.outputs)
    Elementwise.activate(before, into: after)
    up.forward(after, into: y, in: workspace)
    Elementwise.add(x, to: y)
    return saving ? AdapterActivations(x: x, kept: [before]) : nil
  }

  public func backward(
    _ saved: AdapterActivations, dy: Matrix, into dx: Matrix, in workspace: Workspace
  ) {
    let before = saved.kept[0]
    // Again rather than kept, as in ``LayerwiseAdapter``.
    let after = workspace.take(dy.rows, down.outputs)
    Elementwise.activate(before, into: after)
    let inner = workspace.take(dy.rows, down.outputs)
    up.backward(after, dy: dy, dx: inner, in: workspace)
    Elementwise.activationBackward(before, dy: inner)
    Elementwise.copy(dy, into: dx)
    down.backward(saved.x, dy: inner, dx: dx, accumulate: true, in: workspace)
  }
}

extension Compacter {
  /// The rule starts normal with deviation 0.1, the factors as Glorot and Bengio (2010) say for
  /// their part of the matrix, biases zero: an adapter starts near the identity. The bottleneck is
  /// rounded up to a multiple of the terms.
  static func install(
    _ sites: [AdapterSite], bottleneck: Int, _ application: SideApplication
  ) throws(AdapterFailure) -> [Parameter] {
    let width = application.tower.width
    let terms = application.side.options.terms
    guard width % terms == 0 else {
      throw application.unfit("terms that divide its width \(width)", "\(terms)")
    }
    let inner = (bottleneck + terms - 1) / terms * terms
    let rule = Parameter("kronecker_rule", [terms, terms, terms])
    Initialization.truncatedNormal(rule, seed: application.seed, deviation: 0.1)
    application.tower.encoder.shared.append(rule)
    let deviation = (2 * Float(terms) / Float(width + inner)).squareRoot()
    let own = application.openLayers.flatMap { layer in
      sites.flatMap { site in
        let adapter = Compacter(
          layer.name + "." + site.parameterName, rule: rule, width: width, bottleneck: inner)
        for parameter in adapter.parameters where parameter.shape.count > 1 {
          Initialization.truncatedNormal(
            parameter, seed: application.seed, deviation: deviation.squareRoot())
        }
        layer.adapters[site] = adapter
        return adapter.parameters
      }
    }
    return [rule] + own
  }
}
