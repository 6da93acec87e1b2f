import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingJobs
import XlingReports
import XlingRetrieval
import XlingRuns

extension Drift {
  /// As `xling drift` prints it: percent.
  var text: String {
    var lines = norms.flatMap { norm -> [String] in
      let r = norm.correlation.map { String(format: "Pearson r with depth %.2f", $0) }
      let shifts = norm.layers.map { String(format: "%.3f", $0.l1) }.joined(separator: " ")
      return ["\(norm.tower) LayerNorms, L1 shift by layer: \(shifts); \(r ?? "no correlation")"]
    }
    lines.append("")
    lines.append(
      TextTable(
        [["language", "n", "CKA", "R@1 before", "R@1 after", "chance"]]
          + languages.map { language in
            [
              language.language, "\(language.n)",
              language.alignment.last.flatMap { $0 }.map { String(format: "%.3f", $0) } ?? "–",
              Self.percent(language.before, language.chance),
              Self.percent(language.after, language.chance),
              ChanceText.figure(language.chance.map { 100 * $0 }),
            ]
          }, leading: 1
      ).text)
    lines.append(
      "CKA of [CLS] at the last layer that both towers have; R@1 of the \(pivot) caption of the "
        + "same picture, ± the larger half of the 95 % interval.\n"
        + ChanceText.note(
          metrics: 1,
          marked: languages.contains { language in
            [language.before, language.after].contains { Self.isMarked($0, language.chance) }
          }))
    return lines.joined(separator: "\n")
  }

  private static func isMarked(_ estimate: Estimate?, _ chance: Double?) -> Bool {
    guard let estimate, let chance else { return false }
    return estimate.covers(chance) == true
  }

  private static func percent(_ estimate: Estimate?, _ chance: Double?) -> String {
    guard let estimate else { return "–" }
    return String(format: "%.1f ±", 100 * estimate.value)
      + (estimate.halfWidth.map { String(format: "%.1f", 100 * $0) } ?? "–")
      + (isMarked(estimate, chance) ? ChanceText.mark : "")
  }
}

struct DriftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift",
    abstract: "What alignment changed in the towers: LayerNorms, hidden states, translations.",
    discussion: """
      Compares a run's towers with themselves before the training: the L1 shift of each layer's \
      LayerNorms, centred kernel alignment of the [CLS] states by language, and how often a \
      caption finds its counterpart in the language aligned on, before and after.
      """)

  @OptionGroup var which: RunOption

  @Option(
    help: "scenes, emoji, stamps (in data/), or a dataset folder (default: what it was trained on)."
  )
  var data: String?

  @OptionGroup var languages: LanguagesOption

  @OptionGroup var files: DataFilesOptions

  @Option(help: "train, val or test.")
  var split: Split = .val

  @Option(
    help: "Pictures that are looked at: the first so many.", transform: NumberRange.whole(from: 2))
  var limit = 500

  @Flag(help: "Print everything as JSON: every layer's alignment.")
  var json = false

  func run() throws {
    let found = try which.found()
    if data == nil {
      try which.guess.allow("the data", example: GivenCommand.adding(["--data", "scenes"]))
    }
    if languages.words.isEmpty {
      try which.guess.allow("languages", example: GivenCommand.adding(["--lang", "tr"]))
    }
    let drift = try withDataChoices { try measure(found.folder) }
    Warning.withoutIntervals(
      drift.languages.filter { $0.before?.hasInterval == false }.map(\.language))?.tell()
    print(json ? try JSONText.encode(drift) : drift.text)
  }

  private func measure(_ folder: String) throws -> Drift {
    let source = try data.map { files.source($0) } ?? OwnData.source(ofRun: folder)
    try DatasetLanguages.check(languages.words, file: source.captions)
    let dataset = try source.told()
    if data == nil { try OwnData.check(dataset, ofRun: folder) }
    let run = try LoadedRun(folder: folder)
    let codes = try EvaluationSubject.languages(
      languages.words, ofRun: folder, in: dataset, split: split)
    let subject = EvaluationSubject.Chosen(
      run: run.name, data: data == nil ? source.name : nil, split: nil,
      languages: languages.words.isEmpty ? codes : nil)
    if data == nil || languages.words.isEmpty { LanguageProgress("drift").tell(.chose(subject)) }
    return try DriftMeasurement(run, dataset: dataset, split: split, limit: limit).measure(codes)
  }
}
