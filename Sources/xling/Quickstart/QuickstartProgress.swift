import XlingCore
import XlingJobs

/// What a quickstart says on stderr while it works.
final class QuickstartProgress {
  private var align: (label: String, progress: AlignProgress)?
  private var languages: ProgressBar?

  func show(_ event: QuickstartJob.Event) {
    switch event {
    case .align(let method, let seed, let event):
      let label = "align \(method)" + suffix(seed)
      // What was finished before needs no word.
      if case .alreadyFinished = event { return }
      if align?.label != label { align = (label, AlignProgress(label)) }
      align?.progress.show(event)
    case .evaluate(let method, let seed, .began(_, let total)):
      languages = ProgressBar(
        "evaluate \(method)" + suffix(seed), total: total, unit: "languages")
    case .evaluate(_, _, .done(let count, let language)):
      languages?.advance(to: count, language)
    case .evaluate(_, _, .ended):
      languages?.finish()
      languages = nil
    }
  }

  private func suffix(_ seed: UInt64?) -> String { seed.map { ", seed \($0)" } ?? "" }
}
