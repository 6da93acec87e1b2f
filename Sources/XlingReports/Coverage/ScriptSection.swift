extension CoverageReport {
  /// What scripts the vocabularies are written in, side by side.
  var scriptSection: HTMLPage.Section {
    var totals: [String: Double] = [:]
    for vocabulary in vocabularies {
      for entry in vocabulary.scripts {
        totals[entry.script, default: 0] += Double(entry.pieces) / Double(max(1, vocabulary.size))
      }
    }
    let order = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    let shown = Array(order.prefix(Self.scriptLimit))
    let rest = order.dropFirst(Self.scriptLimit)
    func share(_ vocabulary: Vocabulary, _ scripts: [String]) -> (pieces: Int, share: Double) {
      let pieces = vocabulary.scripts.filter { scripts.contains($0.script) }
        .reduce(0) { $0 + $1.pieces }
      return (pieces, Double(pieces) / Double(max(1, vocabulary.size)))
    }
    let groups = shown.map { [$0] } + (rest.isEmpty ? [] : [Array(rest)])
    let top = vocabularies.flatMap { vocabulary in groups.map { share(vocabulary, $0).share } }
      .max()
    let head =
      [HTML.header("script", scope: "col")]
      + vocabularies.flatMap {
        [
          HTML.header("", scope: "col", "aria-hidden=\"true\""),
          HTML.header("\($0.tokenizer), pieces", scope: "col"), HTML.header("%", scope: "col"),
        ]
      }
    let body = groups.map { group in
      return header(ofScripts: group)
        + vocabularies.map { vocabulary in
          let found = share(vocabulary, group)
          return IntervalBar(found.share).cell(top: top ?? 1) + count(found.pieces)
            + HTML.cell(Figures.percent(found.share), SortableTable.value(found.share))
        }.joined()
    }
    return HTMLPage.Section(
      "scripts", "What the vocabularies are written in",
      "Pieces by the script of their characters, digits and punctuation aside. Mixed pieces hold several "
        + "scripts; special ones are control, unknown, unused and byte pieces.",
      SortableTable.html(
        caption: "Pieces by script", head: head, body: body, kind: "wrapped")
        + vocabularies.map(mixed).joined())
  }

  private static let scriptLimit = 24

  private func header(ofScripts group: [String]) -> String {
    guard group.count == 1 else { return HTML.header("\(group.count) others", scope: "row") }
    switch group[0] {
    case "mixed": return HTML.header("mixed scripts", scope: "row")
    case "common": return HTML.header("no script", scope: "row")
    case "special": return HTML.header("special pieces", scope: "row")
    default:
      let entries = vocabularies.lazy.flatMap(\.scripts)
      let name = entries.first { $0.script == group[0] }?.name ?? group[0]
      let words = String(name.map { $0 == "_" ? " " : $0 })
      return
        "<th scope=\"row\">\(HTML.escape(words)) <span class=\"code\">\(HTML.escape(group[0]))</span></th>"
    }
  }

  private func mixed(_ vocabulary: Vocabulary) -> String {
    guard !vocabulary.mixed.isEmpty else { return "" }
    let pieces = vocabulary.mixed.prefix(12).map {
      "<bdi class=\"piece\">\(HTML.escape($0))</bdi>"
    }.joined(separator: " ")
    return
      "<p class=\"note\">Some mixed pieces of \(HTML.escape(vocabulary.tokenizer)): \(pieces)</p>"
  }
}
