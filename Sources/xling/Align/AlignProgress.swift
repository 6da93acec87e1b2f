import Foundation
import XlingCore
import XlingJobs

/// What an alignment says on stderr while it works.
final class AlignProgress {
  private let label: String
  private var bar: ProgressBar?
  private var validation: ProgressBar?
  private var detail = ""

  init(_ label: String) { self.label = label }

  func show(_ event: AlignJob.Event) {
    switch event {
    case .warning(let warning): warning.tell()
    case .keptResults(let count):
      ProgressBar.toStandardError(
        "xling: the store has this very run with \(count) results, and its folder is gone; it is "
          + "trained anew, and the results are kept\n")
    case .alreadyFinished(let folder):
      ProgressBar.toStandardError("\(folder) is finished: nothing is left to train\n")
    case .starting(let run, let tensors):
      ProgressBar.toStandardError("starting from \(tensors) trained tensors of \(run)\n")
    case .validating(let done, let pairs):
      if validation == nil { validation = ProgressBar("validating", total: pairs, unit: "pairs") }
      validation?.advance(to: done)
      if done == pairs { validation = nil }
    case .step(let progress):
      if bar == nil {
        bar = ProgressBar(label, total: progress.steps, startingAt: progress.step - 1)
      }
      detail = String(format: "loss %.3f", progress.loss)
      bar?.advance(to: progress.step, detail)
    case .trained:
      bar?.finish(detail)
      bar = nil
    }
  }
}
