import Foundation
import XlingEvaluation
import XlingExperiments
import XlingJobs
import XlingReports

extension CompareJob.Result {
  /// As `xling compare` prints it: all runs by language, then the tests one by one.
  var text: String {
    var blocks = [
      "\(metric) on \(measured.dataset), \(measured.split), \(measured.subset); protocol "
        + measured.hash.prefix(12)
    ]
    blocks.append(table.text(first: labels[0], named))
    blocks += labels.dropFirst().map { second in
      "first: \(named(labels[0]))\nsecond: \(named(second))\n"
        + (differing[second].map { "trained otherwise in: \(Self.words($0))\n" } ?? "")
        + tests(against: second).text
    }
    var note =
      (isRate ? "Percent" : "Places")
      + " [95 % interval of the difference]; * p < 0.05 after Holm's correction."
    if tests.contains(where: { $0.p == nil }) { note += "\n" + IntervalText.note }
    if seeds > 1 {
      note += "\nMeans over seeds, n queries each; sd: standard deviation over seeds."
    }
    let taught = labels.filter { fewShot[$0] != nil }.map(named)
    if let languages = tests.first(where: { $0.language == CompareRow.mean })?.languages {
      note +=
        "\nmean: over \(languages.joined(separator: " ")), which no run was aligned on"
        + (taught.isEmpty ? "." : " or shown.")
    }
    if !taught.isEmpty { note += "\n" + FewShotNote.note(runs: taught) }
    if !measured.centred.isEmpty {
      note +=
        "\nCentred captions"
        + Centring.words(measured.centred).replacing("; centred: ", with: ": ") + "."
    }
    return (blocks + [note]).joined(separator: "\n\n")
  }

  /// A label, and of what languages its runs saw captions besides.
  private func named(_ label: String) -> String {
    label + (fewShot[label].map { ", " + $0 } ?? "")
  }

  private static func words(_ settings: [String]) -> String {
    settings.isEmpty ? "nothing" : settings.joined(separator: ", ")
  }

  private func tests(against second: String) -> TextTable {
    let places = isRate ? 1 : 2
    func figure(_ value: Double) -> String { String(format: "%.\(places)f", value) }
    func signed(_ value: Double) -> String { String(format: "%+.\(places)f", value) }
    func figure(_ value: Double, _ coversChance: Bool?, _ spread: Double?) -> String {
      figure(value) + (coversChance == true ? ChanceText.mark : "")
        + (spread.map { " sd " + figure($0) } ?? "")
    }
    let header = [
      "language", "direction", "n", "first", "second", "chance", "difference", "p", "p Holm",
    ]
    func p(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }
    let rows = tests.filter { $0.second == second }.map { row -> [String] in
      let corrected = row.pHolm ?? row.p
      let isMarked = corrected.map { $0 < 0.05 } ?? false
      return [
        row.language, row.direction, "\(row.n)",
        figure(row.firstValue, row.firstCoversChance, row.firstSpread),
        figure(row.secondValue, row.secondCoversChance, row.secondSpread),
        ChanceText.figure(row.chance),
        signed(row.difference) + " " + IntervalText.bounds(row.low, row.high, signed),
        p(row.p), p(corrected) + (isMarked ? " *" : "  "),
      ]
    }
    return TextTable([header] + rows, leading: 2)
  }
}

extension CompareTable {
  fileprivate func text(first: String, _ named: (String) -> String) -> String {
    var texts = blocks.map { block in
      let rows = block.rows.map { row in
        [named(row.label)] + zip(row.cells, block.chance).map(Self.cell) + [Self.text(row.tally)]
      }
      let chance = ["chance"] + block.chance.map(ChanceText.figure) + ["–"]
      return block.direction + "\n"
        + TextTable([["run"] + languages + ["W/T/L"]] + rows + [chance], leading: 1).text
    }
    let excluded = aligned.isEmpty ? "" : ", without \(aligned.joined(separator: " "))"
    texts.append(
      "± the larger half of the 95 % interval; n below. W/T/L: languages won, tied, lost against "
        + "\(first) (Holm, 5 %)\(excluded). "
        + ChanceText.note(
          metrics: 1, marked: texts.contains { $0.contains(ChanceText.mark) }))
    return texts.joined(separator: "\n\n")
  }

  private static func cell(_ estimate: EstimateRow?, _ chance: Double?) -> String {
    guard let estimate else { return "–" }
    return String(format: "%.1f ±", estimate.value)
      + (estimate.halfWidth.map { String(format: "%.1f", $0) } ?? "–")
      + (estimate.covers(chance) ? ChanceText.mark : "")
  }

  private static func text(_ tally: Tally?) -> String {
    tally.map { "\($0.won)/\($0.tied)/\($0.lost)" } ?? "–"
  }
}
