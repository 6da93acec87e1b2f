import Foundation
import XlingExperiments
import XlingRetrieval

extension QuickstartReport {
  var costSection: HTMLPage.Section {
    let longest = methods.map(\.seconds).max() ?? 0
    let head = [
      ("method", ""), ("trained parameters", ""), ("share", ""), ("", "aria-hidden=\"true\""),
      ("time", ""), ("", "aria-hidden=\"true\""),
    ].map { HTML.header($0, scope: "col", $1) }.joined()
    let body = methods.map { method in
      [
        HTML.header(method.label, scope: "row"), HTML.cell(Figures.count(method.trainableCount)),
        HTML.cell(Figures.share(method.trainableShare)), HTML.bar(method.trainableShare),
        HTML.cell(Figures.duration(method.seconds)),
        HTML.bar(longest > 0 ? method.seconds / longest : 0),
      ].joined()
    }
    let total = methods.map(\.parameterCount).max() ?? 0
    return HTMLPage.Section(
      "cost", "What it costs",
      "Parameters that training may change, of up to \(Figures.count(total)) in both towers and "
        + "what the method adds, and the time that the alignment took.",
      HTML.table(caption: "Trained parameters and time", head: [head], body: body))
  }

  var exampleSection: HTMLPage.Section? {
    guard !examples.isEmpty else { return nil }
    // The same picture comes first for many methods: its bytes still stand once per place, which
    // keeps the page free of scripts.
    return HTMLPage.Section(
      "examples", "Queries and the pictures that came first",
      exampleRule + (exampleRule.isEmpty ? "" : " ")
        + "The right picture is framed. No caption in these languages was seen in alignment.",
      examples.map(example).joined(separator: "\n"))
  }

  private func example(_ example: Example) -> String {
    var source = example.language.name
    if let translation = example.translation { source += " · “\(translation)”" }
    if !example.drawnAs.isEmpty { source += " · \(example.drawnAs)" }
    let answers = example.answers.map { answer in
      let pictures = answer.pictures.enumerated().map { picture($1, place: $0 + 1) }
      return """
        <div class="answer"><div class="who">\(HTML.escape(label(answer.method)))
        <span>right picture at place \(Figures.count(answer.goldRank))</span></div>
        <ol>\(pictures.joined())</ol></div>
        """
    }
    return """
      <article class="example">
      <blockquote \(HTML.languageAttributes(example.language.code))>\(HTML.escape(example.query))</blockquote>
      <p class="source">\(HTML.escape(source))</p>
      \(answers.joined(separator: "\n"))
      </article>
      """
  }

  private func picture(_ picture: Picture, place: Int) -> String {
    let alternative =
      "Place \(place)\(picture.isGold ? ", the right picture" : ""): \(picture.description)"
    return "<li\(picture.isGold ? " class=\"gold\"" : "")><img "
      + "src=\"data:image/jpeg;base64,\(picture.jpeg.base64EncodedString())\" "
      + "alt=\"\(HTML.escape(alternative))\" title=\"\(HTML.escape(picture.description))\" "
      + "width=\"84\" height=\"84\" loading=\"lazy\"></li>"
  }

  var provenanceSection: HTMLPage.Section {
    let rows = (measured.fields + provenance).filter { !$0.value.isEmpty }.map { field in
      HTML.header(field.name, scope: "row")
        + "<td class=\"left wide\"><code>\(HTML.escape(field.value))</code></td>"
    }
    let head =
      HTML.header("field", scope: "col") + HTML.header("value", scope: "col", "class=\"left\"")
    return HTMLPage.Section(
      "protocol", "How it was measured",
      "Only results of one protocol share a table; its hash is "
        + "\(measured.hash.prefix(16))….",
      HTML.table(caption: "Protocol and provenance", head: [head], body: rows))
  }
}
