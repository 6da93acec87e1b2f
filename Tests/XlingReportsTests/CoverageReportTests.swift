import Foundation
import Testing
import XlingRetrieval

@testable import XlingReports

@Suite("the page of a coverage")
struct CoverageReportTests {
  typealias Report = CoverageReport

  static let metrics = [
    Report.Metric(
      name: "fertility_icu_isolated", title: "fertility", formula: "Σ T / Σ W",
      citation: "Ács 2019",
      unit: .ratio, better: .low),
    Report.Metric(
      name: "premium_unk_adjusted", title: "premium", formula: "…", citation: "Petrov 2023",
      unit: .ratio, better: .low),
    Report.Metric(
      name: "unk_words", title: "unknown words", formula: "…", citation: "here", unit: .share,
      better: .low),
  ]

  static func row(_ tokenizer: String, _ language: String, _ premium: Double) -> Report.Row {
    Report.Row(
      tokenizer: tokenizer, language: language, text: "toy", lines: 1_200,
      figures: [
        "fertility_icu_isolated": .init(2 * premium, low: nil, high: nil),
        "premium": .init(premium - 0.1, low: premium - 0.2, high: premium),
        "premium_unk_adjusted": .init(premium, low: premium - 0.1, high: premium + 0.1),
        "unk_words": .init(0.25, low: 0.2, high: 0.3),
      ],
      worst: [
        .init(
          text: language == "ar" ? "سلام" : "<b>word</b>", occurrences: 3,
          pieces: ["سل", "##ام", "##\u{301}", "[UNK]"], unknown: [3],
          place: .init(median: 4.5, low: 2, high: 9, captions: 40))
      ], captionPlace: .init(median: 3, low: nil, high: nil, captions: 12))
  }

  static func report(_ tokenizers: [String] = ["one", "two"]) -> Report {
    var report = Report(
      languages: [
        .init(code: "ar", name: "Arabic", nativeName: "العربية", isRightToLeft: true),
        .init(code: "tr", name: "Turkish", nativeName: "Türkçe", isRightToLeft: false),
      ], tokenizers: tokenizers, metrics: metrics,
      rows: tokenizers.enumerated().flatMap { number, name in
        [row(name, "ar", 2 + Double(number)), row(name, "tr", 1.5)]
      },
      vocabularies: tokenizers.map {
        .init(
          tokenizer: $0, hash: "abc", size: 100,
          scripts: [("Latn", "Latin", 60), ("mixed", "mixed", 40)], mixed: ["aж"])
      })
    report.differences = tokenizers.dropFirst().map {
      .init(
        tokenizer: $0, against: tokenizers[0], language: "ar",
        figures: ["premium_unk_adjusted": .init(1, low: 0.9, high: 1.1)])
    }
    report.recalls = [
      .init(
        tokenizer: tokenizers[0], run: "run", dataset: "scenes", split: "test", metric: "R@10",
        estimates: [
          "ar": Estimate(value: 0.4, low: 0.3, high: 0.5, n: 100, method: "bootstrap"),
          "tr": Estimate(value: 0.6, low: nil, high: nil, n: 12, method: "bootstrap"),
        ], chance: 0.1)
    ]
    return report
  }

  @Test func pageIsWholeAndSelfContained() {
    let page = Self.report().html()
    #expect(page == Self.report().html())
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("src="))
    for id in [
      "heat", "premium", "recall", "pairs", "words", "scripts", "formulas", "provenance",
    ] {
      #expect(page.contains("<section id=\"\(id)\""), "\(id)")
    }
    for tag in [
      "table", "section", "svg", "g", "details", "tr", "div", "td", "th", "bdi", "span", "small",
      "caption", "script", "label",
    ] {
      let opened =
        page.components(separatedBy: "<\(tag)>").count
        + page.components(separatedBy: "<\(tag) ").count - 1
      #expect(opened == page.components(separatedBy: "</\(tag)>").count, "\(tag)")
    }
    // Every table says what it is, every head what it is the head of.
    #expect(
      page.components(separatedBy: "<table").count == page.components(separatedBy: "<caption").count
    )
    #expect(
      page.components(separatedBy: "<th ").count == page.components(separatedBy: "<th scope=").count
    )
    // Interpolated markup stays text: an inferred type of another module once came in between.
    #expect(!page.contains("Optional(") && !page.contains("GRDB") && !page.contains("SQL"))
  }

  @Test func wordsAreSetInTheDirectionOfTheirLanguage() {
    let page = Self.report().html()
    #expect(page.contains("<bdi lang=\"ar\" dir=\"rtl\">سلام</bdi>"))
    #expect(
      page.contains(
        "<td class=\"left pieces\" lang=\"ar\" dir=\"rtl\"><bdi class=\"piece\">سل</bdi>"))
    #expect(page.contains("<bdi class=\"piece unknown\">[UNK]</bdi>"))
    // A mark has something to stand on.
    #expect(page.contains("<bdi class=\"piece\">##◌\u{301}</bdi>"))
    #expect(page.contains("&lt;b&gt;word&lt;/b&gt;") && !page.contains("<b>word"))
    #expect(page.contains("4.5 [2, 9], n = 40"))
    #expect(page.contains("one (all captions: 3, n = 12)"))
  }

  @Test func figuresKeepTheirIntervals() {
    let page = Self.report().html()
    #expect(page.contains("What 2 tokenizers do to 2 languages"))
    #expect(page.contains("one costs least of 2 tokenizers: 1.75 times"))
    #expect(page.contains("2.00 in Arabic."))
    #expect(page.contains(">25.0<small>[20.0, 30.0]</small>"))
    #expect(page.contains("class=\"bad\" data-v=\"1.0\">+1.00<small>[+0.90, +1.10] worse</small>"))
    #expect(page.contains("run on scenes, test: text to image, percent; chance 10.0"))
    #expect(page.contains("40.0 % [30.0, 50.0], n = 100"))
    let alone = Self.report(["only"]).html()
    #expect(!alone.contains("id=\"pairs\"") && !alone.contains("class=\"folded\""))
    #expect(alone.contains("only takes 1.75 times"))
  }

  @Test func whatIsMissingIsSaid() {
    var report = Self.report()
    report.recalls = []
    report.recallNotes = ["There is no store of runs here."]
    for index in report.rows.indices {
      report.rows[index].figures["premium"] = nil
      report.rows[index].figures["premium_unk_adjusted"] = nil
      report.rows[index].worst = []
    }
    let page = report.html()
    #expect(page.contains("There is no store of runs here.") && !page.contains("<svg"))
    #expect(page.contains("<code>--parallel FILE</code>") && !page.contains("id=\"words\""))
    #expect(page.contains("tokens a word"))
  }

  @Test func coloursFollowWhatCosts() {
    let cost = HeatScale((0...100).map(Double.init), .cost)
    #expect(cost.step(0) == 0 && cost.step(100) == 5 && cost.step(50) == 3)
    let gain = HeatScale((0...100).map(Double.init), .gain)
    #expect(gain.step(0) == 5 && gain.step(100) == 0)
    // One outlier takes no colour from the rest; all alike have none.
    let skewed = HeatScale((1...40).map(Double.init) + [1e6], .cost)
    #expect(skewed.step(20) == 2 || skewed.step(20) == 3)
    #expect(HeatScale([3, 3], .cost).step(3) == 0)
    #expect(cost.cell(nil, "").contains("–"))
  }

  @Test func barsStayOnTheirTrack() {
    let bar = IntervalBar(2, low: 1, high: 9, beyond: 3, mark: 1).cell(top: 4)
    #expect(bar.contains("class=\"bar\" style=\"width:50.00%\""))
    #expect(bar.contains("class=\"bar beyond\" style=\"width:75.00%\""))
    #expect(bar.contains("class=\"reach\" style=\"left:25.00%;width:75.00%\""))
    #expect(bar.contains("class=\"mark\" style=\"left:25.00%\"") && bar.contains("aria-hidden"))
  }

  @Test func labelsDoNotCoverOneAnother() throws {
    let crowd = (0..<30).map {
      ScatterPlot.Point(
        label: "l\($0)", x: 1 + Double($0) * 1e-4, y: 0.5, low: nil, high: nil, series: 0, tip: "t")
    }
    let plot = try #require(
      ScatterPlot(
        title: "a<b", description: "d", xName: "x", yName: "y", series: ["s"], points: crowd))
    let named = plot.svg.components(separatedBy: "class=\"label\"").count - 1
    #expect(named >= 2 && named < 30)
    #expect(plot.svg.contains("<title id=\"scatter-name\">a&lt;b</title>"))
    #expect(
      ScatterPlot(title: "", description: "", xName: "", yName: "", series: [], points: []) == nil)
  }

  @Test func fewMarksAllKeepTheirWords() {
    let placement = LabelPlacement.everyMark
    let marks = (0..<6).map {
      LabelPlacement.Mark(
        x: 100 + Double($0), y: 100, top: 90, bottom: 110, label: "condition \($0)")
    }
    let places = placement.places(
      marks, within: .init(left: 0, right: 600, top: 0, bottom: 330)
    ).compactMap { $0 }
    #expect(places.count == 6)
    let boxes = zip(marks, places).map { placement.box($0.label, $1) }
    for (index, box) in boxes.enumerated() {
      #expect(box.left >= 0 && box.right <= 600)
      #expect(boxes[(index + 1)...].allSatisfy { $0.overlap(box) == 0 })
    }
    let alone = placement.places([marks[0]])
    #expect(alone == [.init(x: 108, y: 94, anchor: "start", isFar: false)])
  }

  /// By hand: ranks 1 2 3 4 5 against 2 1 4 3 5 are 1 − 6·4 / (5·24) = 0.8 apart.
  @Test func rankCorrelation() throws {
    let found = try #require(RankCorrelation([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]))
    #expect(abs(found.value - 0.8) < 1e-12 && found.low < 0.8 && found.high > 0.8)
    // Ties share a rank: scipy.stats.spearmanr gives 0.9486832980505138.
    let tied = try #require(RankCorrelation([1, 2, 2, 3], [1, 2, 3, 4]))
    #expect(abs(tied.value - 0.948_683_298_050_513_8) < 1e-12)
    #expect(RankCorrelation([1, 1, 1, 1], [1, 2, 3, 4]) == nil)
    #expect(RankCorrelation([1, 2, 3], [1, 2, 3]) == nil)
  }
}
