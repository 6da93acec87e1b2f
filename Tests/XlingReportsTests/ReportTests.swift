import Foundation
import Testing
import XlingExperiments
import XlingRetrieval

@testable import XlingReports

@Suite struct ReportTests {
  @Test func findingFollowsTheData() {
    #expect(Sample.report(advantage: 0.1).finding.contains("finds more in the other languages"))
    #expect(Sample.report(advantage: -0.1).finding.contains("finds less in the other languages"))
    #expect(Sample.report(advantage: 0.001).finding.contains("cannot be told apart"))
    #expect(
      Sample.report().finding
        == "Aligned on English alone, LayerNorm + adapters (7.7 % of the parameters trained) finds "
        + "more in the other languages than Full training: 45.0 % [42.0, 48.0] against "
        + "35.0 % [32.0, 38.0] R@10, mean of 9 languages; of 18 paired tests it wins 16 and loses 0."
    )
  }

  @Test func tallies() {
    let report = Sample.report()
    let all = report.tally("lwa")
    #expect(all?.wins == 16 && all?.ties == 2 && all?.losses == 0)
    #expect(report.tally("lwa", directions: [.textToImage])?.text == "8/1/0")
    #expect(Sample.report(advantage: -0.1).tally("lwa", among: ["ru"])?.losses == 2)
    #expect(report.tally("full") == nil)
  }

  @Test func plainTableByHand() {
    var report = Sample.report()
    report.methods = report.methods.filter { ["lwa", "full"].contains($0.id) }
    let lines = report.table(["en", "tr", "fi"]).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "R@10, text → image")
    #expect(lines[2] == "method         en         tr        fi*  W/T/L")
    #expect(lines[3].allSatisfy { $0 == "─" } && lines[3].count == lines[2].count)
    #expect(lines[4] == "lwa     84.0 ±3.0  46.0 ±3.0  34.0 ±3.0  1/1/0")
    #expect(lines[5] == "full    86.0 ±3.0  36.0 ±3.0  24.0 ±3.0      –")
    #expect(lines[6] == "chance        1.0        1.0        1.0      –")
    #expect(report.table(["en", "fi"]).contains("n = 1,000 queries a cell; fi 873."))
  }

  @Test func wideTablesAreSplit() {
    let table = Sample.report().table(Sample.codes, columns: 80)
    #expect(
      table.split(separator: "\n").filter { !$0.hasPrefix("W/T/L:") && !$0.contains("95 %") }
        .allSatisfy { $0.count <= 80 })
    #expect(table.components(separatedBy: "method").count == 5)
  }

  @Test func markdown() {
    let table = Sample.report().table(["tr"], style: .markdown)
    #expect(table.contains("| method | tr | W/T/L |\n| --- | ---: | ---: |\n| projection |"))
    #expect(TextTable([["a|b", "c"]], leading: 1).markdown().hasPrefix("| a\\|b | c |"))
  }

  /// Columns of a terminal: two for a wide scalar, none for a combining mark; what hides is shown.
  @Test func textTable() {
    let table = TextTable(
      [["name", "n"], ["猫", "1,000"], ["e\u{301}te\u{301}", "2"], ["a\tb", ""]], leading: 1)
    #expect(table.text == "name      n\n猫    1,000\ne\u{301}te\u{301}       2\na\\tb")
    #expect(table.ruled.hasPrefix("name      n\n───────────\n猫"))
    #expect(table.markdown().hasPrefix("| name | n |\n|---|---:|\n| 猫 | 1,000 |"))
    #expect(TextTable([["a_b", "n"]], leading: 1).latex.contains("{lr}\n\\toprule\na\\_b & n"))
  }

  @Test func escapes() {
    #expect(
      HTML.escape("<a href=\"x\">'&'\u{0}\u{202E}\u{200F}\n")
        == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\\u{0}\\u{202E}&#x200F;\n")
    var report = Sample.report()
    report.title = "<script>alert('x')</script>"
    report.languages[1].name = "Rus<sian"
    report.methods[0].label = "\" onload=\"x"
    let page = report.html()
    #expect(!page.contains("<script") && !page.contains("Rus<sian"))
    #expect(!page.contains("\" onload=\"x"))
    #expect(page.contains("دراجة وبيتزا &lt;قطة&gt; &amp; كلب"))
    #expect(page.contains("bicycle, pizza, &quot;cat&quot; &amp; dog"))
  }

  @Test func figuresStayOnOneLine() {
    #expect(
      HTML.prose("so 45.0 % [42.0, 48.0] & n = 12 of")
        == "so 45.0\u{A0}%\u{A0}[42.0,\u{A0}48.0] &amp; n\u{A0}=\u{A0}12 of")
  }

  @Test func pageIsWholeAndSelfContained() {
    let report = Sample.report()
    let page = report.html()
    #expect(page == report.html())
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("src=\"/"))
    #expect(
      page.contains("data:image/jpeg;base64,/9j/\" alt=\"Place 1, the right picture: scene 0\""))
    for id in [
      "results", "languages", "cost", "curves", "examples", "held-out", "all", "tests", "protocol",
    ] {
      #expect(page.contains("<section id=\"\(id)\""), "\(id)")
    }
    for tag in ["table", "section", "svg", "g", "article", "details", "tr", "div", "ol"] {
      let opened =
        page.components(separatedBy: "<\(tag)>").count
        + page.components(separatedBy: "<\(tag) ").count - 1
      #expect(opened == page.components(separatedBy: "</\(tag)>").count, "\(tag)")
    }
    #expect(page.contains(report.measured.hash.prefix(16)))
  }

  @Test func emptyReportStillRenders() {
    var report = Sample.report()
    report.results = []
    report.overallTests = []
    report.pairedTests = []
    report.examples = []
    report.splitResults = []
    report.curves = []
    #expect(!report.html().contains("id=\"curves\""))
    #expect(report.html().contains("No method was compared"))
    #expect(report.table().contains("–"))
  }

  @Test func dotPlotSortsByTheBestMethod() throws {
    let svg = Sample.report().dotPlot.svg
    let english = try #require(svg.range(of: "English (aligned)"))
    let russian = try #require(svg.range(of: ">Russian<"))
    let finnish = try #require(svg.range(of: ">Finnish*<"))
    #expect(english.lowerBound < russian.lowerBound && russian.lowerBound < finnish.lowerBound)
    #expect(svg.components(separatedBy: "<g>").count == 10 * 2 * 3 + 1)
    // A mark a row and panel, and one in the legend.
    #expect(svg.components(separatedBy: "class=\"chance\"").count == 10 * 2 + 1 + 1)
  }

  /// A panel a method; losses that were no number leave a gap, and the axis ends above the highest.
  @Test func curvesAreDrawnToScale() throws {
    let svg = try #require(Sample.report().curvePlot).svg
    #expect(svg.components(separatedBy: "<polyline").count == 3)
    #expect(svg.components(separatedBy: "class=\"held\"").count == 3)
    #expect(svg.contains("LayerNorm + adapters: 0.50 at step 80, held out 0.75."))
    let points = try #require(svg.range(of: "points=\"")).upperBound
    let line = svg[points...].prefix { $0 != "\"" }.split(separator: " ")
    // 8 steps of 10 to 80, the third without a loss; 4 is the top, 0.5 an eighth of it.
    #expect(line.count == 7)
    #expect(line.first == "76.3,30.0" && line.last == "330.0,143.8")
    var report = Sample.report()
    report.curves = report.curves.map { .init(method: $0.method, training: [], validation: []) }
    #expect(report.curvePlot == nil)
  }

  @Test func figures() {
    #expect(Figures.fixed(-0.04, 1) == "0.0" && Figures.fixed(-1.25, 2) == "−1.25")
    #expect(Figures.fixed(99.96, 1) == "100.0" && Figures.fixed(2.05, 2) == "2.05")
    #expect(Figures.fixed(.infinity, 1) == "∞" && Figures.fixed(.nan, 1) == "NaN")
    #expect(Figures.count(1_234_567) == "1,234,567" && Figures.count(999) == "999")
    #expect(Figures.points(-0.0123) == "−1.2" && Figures.points(0.05) == "+5.0")
    #expect(Figures.p(0.0004) == "< 0.001" && Figures.p(0.0312) == "0.031")
    #expect(Figures.duration(59.2) == "59.2 s" && Figures.duration(125) == "2 min 05 s")
    #expect(Figures.share(0.0043) == "0.43 %" && Figures.share(1) == "100 %")
  }
}
