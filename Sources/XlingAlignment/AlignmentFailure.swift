import XlingCore

/// What can go wrong between two towers and what is trained of them.
public enum AlignmentFailure: Failure, Equatable {
  case configuration(reason: String)
  /// A word of `--set key=value`.
  case assignment(given: String, expected: String, found: String)
  /// An `xling.toml`.
  case badSettings(path: String, expected: String, found: String)
  /// Loss or gradient is no number, or the loss exploded: `step` counts from 1, `checkpoint` is
  /// the last good one, where a run keeps some.
  case diverged(
    step: Int, loss: Float, gradientNorm: Double, rate: Double, checkpoint: String?)
  /// So many pairs at once need more bytes beside the towers than are free; `fits`: the most that do not.
  case memory(pairs: Int, needs: Int, free: Int, fits: Int)

  public var exitStatus: ExitStatus {
    switch self {
    case .configuration, .assignment: .usage
    case .badSettings: .badData
    case .diverged, .memory: .internal
    }
  }

  public var description: String {
    switch self {
    case .configuration(let reason): reason
    case .assignment(let given, let expected, let found):
      "\"\(given)\": expected \(expected), found \(found)."
    case .badSettings(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). See docs/methods/settings.md for the keys."
    case .diverged(let step, let loss, let gradientNorm, let rate, let checkpoint):
      "training diverged at step \(step): loss \(loss), gradient norm \(gradientNorm), learning "
        + "rate \(rate). Nothing of this step was kept; the last good checkpoint is "
        + (checkpoint ?? "none") + ". Use a lower learning rate or a longer warm-up, or clip the "
        + "gradients."
    case .memory(let pairs, let needs, let free, let fits):
      "a step with \(pairs) pairs at once needs about \(ByteSize.text(needs)) of memory beside the "
        + "towers, and \(ByteSize.text(free)) are free. "
        + (fits > 0
          ? "Use --chunk \(fits): the gradient stays that of the whole batch, in about a third more time."
          : "Not one pair fits: use --recompute, smaller pictures or towers, or fewer trained parameters.")
    }
  }
}
