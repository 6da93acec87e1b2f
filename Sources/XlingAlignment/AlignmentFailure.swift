import XlingCore

/// What can go wrong between two towers and what is trained of them.
public enum AlignmentFailure: Failure, Equatable {
  case configuration(reason: String)
  /// Loss or gradient is no number, or the loss exploded: `step` counts from 1, `checkpoint` is
  /// the last good one, where a run keeps some.
  case diverged(
    step: Int, loss: Float, gradientNorm: Double, rate: Double, checkpoint: String?)

  public var exitStatus: ExitStatus {
    switch self {
    case .configuration: .usage
    case .diverged: .internal
    }
  }

  public var description: String {
    switch self {
    case .configuration(let reason): reason
    case .diverged(let step, let loss, let gradientNorm, let rate, let checkpoint):
      "training diverged at step \(step): loss \(loss), gradient norm \(gradientNorm), learning "
        + "rate \(rate). Nothing of this step was kept; the last good checkpoint is "
        + (checkpoint ?? "none") + ". Use a lower learning rate or a longer warm-up, or clip the "
        + "gradients."
    }
  }
}
