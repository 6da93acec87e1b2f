import XlingCore
import XlingJobs
import XlingStudies

/// What a study says on stderr while it works: a line a cell, and the whole.
final class StudyProgress {
  private let design: StudyDesign
  private var label = ""
  private var align: AlignProgress?
  private var finetune: FinetuneProgress?
  private var languages: ProgressBar?
  /// Of this process, for how long the rest takes.
  private let began = ProgressBar.uptime()
  private var finished = 0

  init(_ design: StudyDesign) { self.design = design }

  func show(_ event: StudyJob.Event) {
    switch event {
    case .changed(let change): show(change)
    case .renewed(let count):
      say(count == 0 ? "no cell was given up" : "\(count) cells that had failed begin anew")
    case .began(let cell, let label, _, _):
      self.label = "\(cell.short) \(label)"
      align = AlignProgress(self.label)
      finetune = FinetuneProgress(self.label)
    case .cell(.align(let event)):
      // What another cell trained needs no word.
      if case .alreadyFinished = event { return }
      align?.show(event)
    case .cell(.evaluate(let event)): show(event)
    case .cell(.finetune(let event)): show(event)
    case .ended(_, _, let state, let done, let total, let words):
      languages = nil
      finished += 1
      let each = (ProgressBar.uptime() - began) / Double(finished)
      let left =
        done < total ? ", about \(ProgressBar.duration(each * Double(total - done))) left" : ""
      say(
        "\(label): \(state.rawValue)\(words.map { ": \($0)" } ?? ""); \(done) of \(total) finished\(left)"
      )
    case .waiting(let cells):
      say("\(cells) cells are being done by other processes: waiting for them")
    }
  }

  private func say(_ text: String) { ProgressBar.toStandardError("xling: \(text)\n") }

  private func show(_ event: LanguageEvent) {
    switch event {
    case .step(.began(_, let total)):
      languages = ProgressBar("evaluate \(label)", total: total, unit: "languages")
    case .step(.done(let count, let language)): languages?.advance(to: count, language)
    case .step(.ended):
      languages?.finish()
      languages = nil
    // The figures of a study say themselves where they have no interval.
    case .warning(.tooFewPictures), .saved, .embedded, .chose: break
    case .warning(let warning): warning.tell()
    }
  }

  /// What is trained on what, the label says.
  private func show(_ event: FinetuneJob.Event) {
    switch event {
    case .step, .trained, .warning: finetune?.show(event)
    case .planned, .tooSmall, .starting, .tried, .measuring: break
    }
  }

  private func show(_ change: StudyStore.Change) {
    guard !change.differences.isEmpty || change.left > 0 else { return }
    for difference in change.differences { say("the study was changed: \(difference)") }
    say(
      "\(change.kept) cells stay (\(change.keptDone) of them done), \(change.new) are new, \(change.left) fall away; "
        + "those stay in the store, and in no report")
  }
}
