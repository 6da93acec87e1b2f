/// A page in one file that needs nothing else: style, charts and pictures are inside. Equal parts
/// give equal bytes.
package struct HTMLPage: Sendable {
  /// A part of the page with its title, a sentence or two of what it shows, and its markup.
  package struct Section: Sendable {
    package var id: String
    package var title: String
    package var lead: String
    /// Markup, safe already.
    package var body: String

    package init(_ id: String, _ title: String, _ lead: String, _ body: String) {
      self.id = id
      self.title = title
      self.lead = lead
      self.body = body
    }

    var html: String {
      """
      <section id="\(id)" aria-labelledby="\(id)-title">
      <h2 id="\(id)-title">\(HTML.escape(title))</h2>
      <p class="lead">\(HTML.escape(lead))</p>
      \(body)
      </section>
      """
    }
  }

  package var title: String
  /// What was found, in one sentence.
  package var finding: String
  /// What was done.
  package var summary: String
  /// The large figures under the summary.
  package var figures: FigureRow?
  package var sections: [Section]
  /// Markup, safe already.
  package var footer: String
  /// Of what sections have beyond ``Style/sheet``.
  package var style = ""
  /// What makes a page handier that is whole without it.
  package var script = ""

  package init(
    title: String, finding: String, summary: String, figures: FigureRow? = nil,
    sections: [Section], footer: String
  ) {
    self.title = title
    self.finding = finding
    self.summary = summary
    self.figures = figures
    self.sections = sections
    self.footer = footer
  }

  package var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(HTML.escape(title))</title>
    <style>
    \(Style.sheet)\(style.isEmpty ? "" : "\n" + style)
    </style>
    </head>
    <body>
    <main>
    <header>
    <p class="kicker">xling · cross-lingual image–text retrieval</p>
    <h1>\(HTML.escape(title))</h1>
    <p class="finding">\(HTML.prose(finding))</p>
    <p class="summary">\(HTML.escape(summary))</p>
    \(figures?.html ?? "")
    </header>
    \(sections.map(\.html).joined(separator: "\n"))
    <footer><p>\(footer)</p></footer>
    </main>\(script.isEmpty ? "" : "\n<script>\n\(script)\n</script>")
    </body>
    </html>

    """
  }
}
