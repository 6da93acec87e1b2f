import XlingExperiments
import XlingRetrieval

extension QuickstartReport {
  public enum TableStyle: Sendable { case plain, markdown }

  /// The table for a terminal or a README, shaped like LilT's Table 2 (Khan and Fu 2023): rows are
  /// methods, columns languages, one block a direction. `columns` limits the width of the plain
  /// table; further languages go into further blocks.
  public func table(
    _ codes: [String]? = nil, style: TableStyle = .plain, columns: Int = 120
  ) -> String {
    let codes = codes ?? [alignedLanguage] + headlineLanguages
    var blocks: [String] = []
    for direction in [Direction.textToImage, .imageToText] {
      let title = "\(metric), \(direction.title)"
      blocks.append(style == .markdown ? "**\(title)**" : title)
      // A cell is "100.0 ±12.3" at the widest, with two spaces before it; "10/10/10" ends a row.
      let margin = max("chance".count, methods.map(\.id.unicodeScalars.count).max() ?? 0) + 10
      let perBlock = style == .markdown ? codes.count : max(1, (columns - margin) / 12)
      for start in stride(from: 0, to: codes.count, by: perBlock) {
        let part = Array(codes[start..<min(codes.count, start + perBlock)])
        let isLast = start + perBlock >= codes.count
        let table = TextTable(
          tableRows(part, direction, among: isLast ? codes : nil), leading: 1)
        blocks.append(style == .markdown ? table.markdown(wideRule: true) : table.ruled)
      }
    }
    blocks.append(tableFooter(codes))
    return blocks.joined(separator: "\n\n") + "\n"
  }

  private func tableRows(
    _ codes: [String], _ direction: Direction, among tallied: [String]?
  ) -> [[String]] {
    var header = ["method"]
    header += codes.map { code in
      languages.first { $0.code == code }?.isPartial == true ? code + "*" : code
    }
    if tallied != nil { header.append("W/T/L") }
    return [header]
      + methods.map { method in
        var row = [method.id]
        row += codes.map { code in
          result(method.id, code, direction).map {
            Figures.withHalfWidth($0.estimate) + ($0.isMarked ? ChanceText.mark : "")
          } ?? "–"
        }
        if let tallied {
          row.append(
            tally(method.id, directions: [direction], among: tallied)?.text ?? "–")
        }
        return row
      }
      + [
        ["chance"] + codes.map { ChanceText.figure(chance($0, direction).map { 100 * $0 }) }
          + (tallied == nil ? [] : ["–"])
      ]
  }

  private func tableFooter(_ codes: [String]) -> String {
    var notes = [
      "Percent ± the larger half of the 95 % interval (\(intervalMethod)).", queryCounts(codes),
      "W/T/L: languages other than \(alignedLanguage) won, tied, lost against \(reference) "
        + "(paired randomization, Holm, 5 %).",
    ]
    if languages.contains(where: { $0.isPartial && codes.contains($0.code) }) {
      notes.append("* fewer than 95 % of the pictures have a caption.")
    }
    notes.append(chanceNote(codes, separator: "\n"))
    return notes.joined(separator: "\n")
  }

  var intervalMethod: String { results.first?.estimate.method ?? "no results" }

  /// `n = 1,000 queries a language; tr 873`.
  func queryCounts(_ codes: [String]) -> String {
    var sizes: [(code: String, n: Int)] = []
    for code in codes {
      let found = results.filter { $0.language == code }.map(\.estimate.n)
      for n in Set(found).sorted() { sizes.append((code, n)) }
    }
    var tallies: [Int: Int] = [:]
    for size in sizes { tallies[size.n, default: 0] += 1 }
    guard let common = tallies.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key else {
      return "n = 0."
    }
    let others = sizes.filter { $0.n != common }.map { "\($0.code) \(Figures.count($0.n))" }
    return "n = \(Figures.count(common)) queries a cell"
      + (others.isEmpty ? "." : "; " + others.joined(separator: ", ") + ".")
  }
}
