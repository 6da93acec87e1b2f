extension CoverageReport {
  /// Words that cost most, with their pieces.
  var wordSection: HTMLPage.Section? {
    let told = languages.filter { language in
      rows.contains { $0.language == language.code && !$0.worst.isEmpty }
    }
    guard !told.isEmpty else { return nil }
    let parts = told.map { language in
      let tables = tokenizers.compactMap { tokenizer in
        row(tokenizer, language.code).flatMap { $0.worst.isEmpty ? nil : wordTable($0, language) }
      }.joined(separator: "\n")
      let native = language.nativeName.map {
        " <bdi class=\"code\" \(HTML.languageAttributes(language.code))>\(HTML.escape($0))</bdi>"
      }
      return "<details\(told.count <= 3 ? " open" : "")><summary>\(HTML.escape(language.name))"
        + "\(native ?? "") <span class=\"code\">\(HTML.escape(language.code))</span></summary>"
        + "\(tables)</details>"
    }
    let notes = wordNotes.map { "<p class=\"note\">\(HTML.escape($0))</p>" }.joined()
    return HTMLPage.Section(
      "words", "The words that cost most",
      "By tokens beyond one over all their occurrences, an unknown word at its bytes. Pieces stand in the "
        + "order in which the language is written; a framed red one is the unknown token.",
      parts.joined(separator: "\n") + notes)
  }

  private func wordTable(_ row: Row, _ language: Language) -> String {
    let hasPlaces = row.worst.contains { $0.place != nil }
    var head = [
      HTML.header("word", scope: "col"), HTML.header("times", scope: "col"),
      HTML.header("tokens", scope: "col"),
      HTML.header("pieces", scope: "col", language.isRightToLeft ? "" : "class=\"left\""),
    ]
    if hasPlaces { head.append(HTML.header("median place of the picture", scope: "col")) }
    let attributes =
      "lang=\"\(HTML.escape(language.code))\" dir=\"\(language.isRightToLeft ? "rtl" : "ltr")\""
    let body = row.worst.map { word in
      let pieces = word.pieces.enumerated().map { index, piece -> String in
        let kind = word.unknown.contains(index) ? "piece unknown" : "piece"
        return "<bdi class=\"\(kind)\">\(HTML.escape(Self.shown(piece)))</bdi>"
      }.joined(separator: " ")
      return "<th scope=\"row\"><bdi \(attributes)>\(HTML.escape(word.text))</bdi></th>"
        + count(word.occurrences) + count(word.pieces.count)
        + "<td class=\"left pieces\" \(attributes)>\(pieces)</td>"
        + (hasPlaces ? place(word.place) : "")
    }
    var caption = row.tokenizer
    if hasPlaces, let all = row.captionPlace {
      caption += " (all captions: \(Self.text(all)))"
    }
    return SortableTable.html(caption: caption, head: head, body: body, kind: "words")
  }

  /// A mark that begins a piece stands on a dotted circle, not on what is beside it (Unicode, section 2.11).
  private static func shown(_ piece: String) -> String {
    let scalars = Array(piece.unicodeScalars)
    let start = scalars.firstIndex { $0 != "#" && $0 != "\u{2581}" } ?? scalars.count
    guard start < scalars.count else { return piece }
    switch scalars[start].properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark:
      var text = String.UnicodeScalarView(scalars[..<start])
      text.append("\u{25CC}")
      text.append(contentsOf: scalars[start...])
      return String(text)
    default: return piece
    }
  }

  private func place(_ place: Place?) -> String {
    guard let place else { return HTML.element("td", SortableTable.value(nil), "–") }
    return HTML.cell(Self.text(place), SortableTable.value(place.median))
  }

  private static func text(_ place: Place) -> String {
    let bounds = place.low.flatMap { low in
      place.high.map { " [\(Figures.fixed(low, 0)), \(Figures.fixed($0, 0))]" }
    }
    let isWhole = place.median == place.median.rounded()
    return Figures.fixed(place.median, isWhole ? 0 : 1) + (bounds ?? "")
      + ", n = \(Figures.count(place.captions))"
  }

  static let pieceStyle = """
    main { max-width: 1280px; }
    .folded caption { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
    .piece { display: inline-block; margin: 1px 0; padding: 0 5px; border: 1px solid var(--rule);
      border-radius: 4px; background: var(--card); white-space: pre; }
    .piece.unknown { border-color: var(--bad); color: var(--bad); }
    table.words { width: auto; min-width: 60%; }
    td.pieces { white-space: normal; min-width: 180px; }
    td.pieces[dir=rtl] { text-align: right; }
    section > details > summary { padding: 4px 0; margin-bottom: 4px; }
    .folded > summary { color: var(--ink); font-weight: 600; font-size: 14px; }
    details > summary:focus-visible { outline: 2px solid var(--m1); outline-offset: 3px; }
    @media (max-width: 600px) {
      th, td { padding: 6px 7px; } table { font-size: 13px; }
      th[scope=row] bdi.code { display: none; }
      tbody th { white-space: normal; min-width: 84px; }
      .heat tbody th, .heat thead th:first-child { position: sticky; left: 0; z-index: 1;
        background: var(--paper); }
      td.track { min-width: 110px; padding-right: 8px; }
      td.pieces { min-width: 104px; } .piece { padding: 0 3px; }
      .words caption { white-space: normal; }
    }
    """
}
