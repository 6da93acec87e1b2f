import Foundation
import XlingAlignment
import XlingCore
import XlingJobs
import XlingTensor

/// What an alignment says on stderr while it works.
final class AlignProgress {
  private let label: String
  private var bar: ProgressBar?
  /// Of what is done between steps.
  private var aside: ProgressBar?
  private var detail = ""

  private let tellsPlan: Bool

  /// `tellsPlan`: what was taken for what nobody said, before the first step.
  init(_ label: String, tellsPlan: Bool = false) {
    self.label = label
    self.tellsPlan = tellsPlan
  }

  func show(_ event: AlignJob.Event) {
    switch event {
    case .planned(let plan): if tellsPlan { ProgressBar.toStandardError(plan.text + "\n") }
    case .mixing(let words, let rows, let size, let origin):
      ProgressBar.toStandardError(
        "xling: \(words): at most \(rows) of \(size) pairs of a batch, drawn by \(origin)\n")
    case .trunks(let plan): for line in plan.lines { ProgressBar.toStandardError(line + "\n") }
    case .warning(let warning): warning.tell()
    case .measured(let measurement): ProgressBar.toStandardError("xling: \(measurement.text)\n")
    case .keptResults(let count):
      ProgressBar.toStandardError(
        "xling: the store has this very run with \(count) results, and its folder is gone; it is "
          + "trained anew, and the results are kept\n")
    case .alreadyFinished(let folder):
      ProgressBar.toStandardError("\(folder) is finished: nothing is left to train\n")
    case .starting(let run, let tensors):
      ProgressBar.toStandardError("starting from \(tensors) trained tensors of \(run)\n")
    case .validating(let done, let pairs): show("validating", done, of: pairs)
    case .standardizing(let done, let pairs): show("standardizing", done, of: pairs)
    case .step(let progress):
      if bar == nil {
        bar = ProgressBar(label, total: progress.steps, startingAt: progress.step - 1)
      }
      detail = String(format: "loss %.3f", progress.loss)
      bar?.advance(
        to: progress.step, progress.pace.words + ", " + detail,
        remaining: progress.pace.remaining(after: progress.step))
    case .trained:
      bar?.finish(detail)
      bar = nil
    }
  }
}

extension AlignProgress {
  private func show(_ what: String, _ done: Int, of pairs: Int) {
    if aside == nil { aside = ProgressBar(what, total: pairs, unit: "pairs") }
    aside?.advance(to: done)
    if done == pairs { aside = nil }
  }
}

extension TrainingPace {
  /// `33 pairs/s, 40 % for pictures`: how fast, and what a step waits for.
  fileprivate var words: String {
    let rate = String(
      format: pairsPerSecond >= 10 ? "%.0f pairs/s" : "%.1f pairs/s", pairsPerSecond)
    guard let waiting else { return rate }
    return rate + String(format: ", %.0f %% for ", 100 * waiting.share) + waiting.what
  }
}

extension AlignJob.Plan {
  /// One line: what is trained on what, and about how long.
  fileprivate var text: String {
    let towers = [textTower, imageTower].map { TerminalText.visible(PathParts.name(of: $0)) }
    return "\(method) on \(TerminalText.visible(dataset)) (train, \(language), "
      + "\(Self.grouped(pairs)) pairs\(fewShot.map { ", \($0)" } ?? "")), towers \(towers[0]) and \(towers[1]), seed \(seed), "
      + "\(Self.grouped(steps)) steps, about \(duration); other methods: xling methods"
  }

  /// In words and whole units: it is an estimate.
  private var duration: String {
    func of(_ count: Double, _ unit: String) -> String {
      let whole = max(1, Int(count.rounded()))
      return "\(whole) \(unit)\(whole == 1 ? "" : "s")"
    }
    if seconds < 90 { return of(seconds, "second") }
    return seconds < 5_400 ? of(seconds / 60, "minute") : of(seconds / 3_600, "hour")
  }

  /// `8,000`
  private static func grouped(_ count: Int) -> String {
    var (digits, text) = (String(count), "")
    while digits.count > 3 {
      text = "," + digits.suffix(3) + text
      digits.removeLast(3)
    }
    return digits + text
  }
}
