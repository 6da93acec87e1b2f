import Foundation
import XlingCore
import XlingJobs
import XlingReports
import XlingRuns

/// What fine-tuning says on stderr while it works.
final class FinetuneProgress {
  private let label: String
  private var bar: ProgressBar?
  private var detail = ""

  init(_ method: String) { label = "finetune \(method)" }

  func show(_ event: FinetuneJob.Event) {
    func tell(_ text: String) { ProgressBar.toStandardError(text + "\n") }
    switch event {
    case .planned(let method, let pictures, let classes, let heldOut, let steps):
      tell(
        "\(method) on \(pictures) pictures of \(classes) classes"
          + (heldOut > 0 ? " (\(heldOut) held out)" : "") + ", \(steps) steps")
    case .tooSmall(let classes):
      tell(
        "xling: \(classes.count) classes have too few training pictures and are left out: "
          + TerminalText.visible(classes.prefix(10).joined(separator: ", "))
          + (classes.count > 10 ? " and \(classes.count - 10) more" : ""))
    case .starting(let run, let tensors):
      tell("starting from \(tensors) tensors of \(TerminalText.visible(run))")
    case .tried(let tried):
      let found =
        tried.accuracy.map { String(format: "%.1f %% of %d val pictures", 100 * $0, tried.n) }
        ?? "diverged"
      tell("tried the rate \(tried.rate): \(found)")
    case .step(let progress):
      if bar == nil {
        bar = ProgressBar(label, total: progress.steps, startingAt: progress.step - 1)
      }
      detail = String(format: "loss %.3f", progress.loss)
      bar?.advance(to: progress.step, detail)
    case .trained:
      bar?.finish(detail)
      bar = nil
    case .measuring: break
    case .warning(let warning): warning.tell()
    }
  }
}

/// As `xling finetune` prints its result.
enum FinetuneText {
  static func text(_ result: FinetuneResult) -> String {
    (summary(result.record, result.run) + [""] + [table(result)]
      + (result.comparison.isEmpty ? [] : ["", comparison(result)])
      + ["weights \(result.weightsHash)"]).joined(separator: "\n")
  }

  /// What a classifier is, in lines.
  static func summary(_ record: FinetuneRecord, _ name: String) -> [String] {
    let identity = record.identity
    let shots = record.shots.map { ", \($0) of each class" } ?? ""
    var lines = [
      "\(name): \(record.method), \(identity.configuration.head.rawValue) head, on "
        + "\(PathParts.name(of: record.run))",
      "\(record.pictures) pictures of \(identity.classes.count) classes of \(record.data)\(shots), "
        + "\(record.steps) steps in " + ProgressBar.duration(record.seconds),
      String(
        format: "trained %d of %d parameters (%.2f %%)", record.trainedParameters,
        record.allParameters, record.trainedPercent),
    ]
    if let start = record.startedFrom { lines.append("started from \(start)") }
    if !record.tries.isEmpty {
      let tries = record.tries.map { tried in
        "\(tried.rate): "
          + (tried.accuracy.map { String(format: "%.1f %%", 100 * $0) } ?? "diverged")
      }
      lines.append(
        "rate \(identity.configuration.training.peakRate), chosen on val ("
          + tries.joined(separator: ", ") + ")")
    }
    if let loss = record.finalLoss { lines.append(String(format: "loss %.4f", loss)) }
    return lines
  }

  private static func table(_ result: FinetuneResult) -> String {
    var metrics: [String] = []
    var keys: [[String]] = []
    for row in result.rows {
      if !metrics.contains(row.metric) { metrics.append(row.metric) }
      let key = [row.data, row.part, row.phase]
      if !keys.contains(key) { keys.append(key) }
    }
    let rows = keys.compactMap { key -> [String]? in
      let own = result.rows.filter { [$0.data, $0.part, $0.phase] == key }
      guard let first = own.first else { return nil }
      let marked = first.data + (first.leftOut.isEmpty ? "" : "*")
      return [
        marked, first.part, first.phase, "\(first.n)", "\(first.classes)",
        String(format: "%.2f", 100 / Double(first.classes)),
      ]
        + metrics.map { metric in
          own.first { $0.metric == metric }.map { IntervalText.figure($0.value, $0.low, $0.high) }
            ?? "-"
        }
    }
    let header = ["data", "classes seen", "training", "n", "classes", "chance"] + metrics
    var text = TextTable([header] + rows, leading: 3).text
    text += "\n\nPercent [95 % interval over pictures]; ties count against the system."
    if result.rows.contains(where: { $0.phase == "before" }) {
      text += "\nbefore: zero-shot, by the classes' sentences and the run as it was aligned."
    }
    if result.rows.contains(where: { $0.low == nil }) { text += "\n" + IntervalText.note }
    if result.rows.contains(where: { !$0.leftOut.isEmpty }) {
      text += "\n* classes that the classifier does not have are left out with their pictures."
    }
    return text
  }

  private static func comparison(_ result: FinetuneResult) -> String {
    func p(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "-" }
    let rows = result.comparison.map { row in
      [
        row.data, row.part, "\(row.n)", IntervalText.figure(row.difference, row.low, row.high),
        "\(row.onlyFirst) : \(row.onlySecond)", p(row.p), p(row.pHolm),
        row.detectable.map { String(format: "%.1f", $0) } ?? "-",
      ]
    }
    let header = [
      "data", "classes seen", "n", "difference", "only here : there", "p", "p Holm",
      "detectable",
    ]
    let second = result.comparison.first?.second ?? ""
    return "\(result.run) minus \(second), top-1\n" + TextTable([header] + rows, leading: 2).text
      + "\n\nPoints [95 % interval]; paired bootstrap and randomization test over pictures; detectable: "
      + "with power 80 %."
  }
}
