import Foundation
import Testing
import XlingExperiments
import XlingRetrieval

@testable import XlingReports

@Suite struct ResultFormatTests {
  private func row(
    _ metric: String, _ value: Double, _ direction: Direction?, isRate: Bool = true,
    language: String = "tr", run: String? = nil, partial: Bool = false, chance: Double? = nil,
    hasInterval: Bool = true,
    measured: EvaluationProtocol = EvaluationProtocol(dataset: "d", datasetHash: "h")
  ) -> ResultRow {
    let estimate = Estimate(value: value, low: value / 2, high: value, n: 8, method: "m")
    return ResultRow(
      metric, hasInterval ? estimate : estimate.withoutInterval,
      chance: chance, isRate: isRate, direction: direction, language: language, ties: 1,
      partial: partial, run: run, measured: measured)
  }

  @Test func commaSeparated() throws {
    let text = try ResultFormat.csv.text([
      row("R@1", 0.5, .textToImage, run: "a, \"b\"", chance: 0.25),
      row("mean rank", 3, .imageToText, isRate: false),
    ])
    let hash = EvaluationProtocol(dataset: "d", datasetHash: "h").hash
    #expect(
      text == """
        metric,direction,language,value,low,high,unit,n,ties,partial,dataset,split,subset,run,protocol,chance,covers_chance
        R@1,text-to-image,tr,50.0,25.0,50.0,percent,8,1,false,d,test,all,"a, ""b\""",\(hash),25.0,true
        mean rank,image-to-text,tr,3.0,1.5,3.0,rank,8,1,false,d,test,all,,\(hash),,
        """)
  }

  /// Only where something was centred.
  @Test func centredLanguagesAreMarked() throws {
    var measured = EvaluationProtocol(dataset: "d", datasetHash: "h")
    measured.captions += Centring.words([
      Centring(language: "de", sentences: 500, hash: "0123456789abcdef")
    ])
    let rows = [
      row("R@1", 0.5, .textToImage, language: "de", measured: measured),
      row("R@1", 0.5, .textToImage, language: "en", measured: measured),
      row("R@1", 0.5, .textToImage, language: "mean", measured: measured),
    ]
    let lines = try ResultFormat.csv.text(rows).split(separator: "\n")
    #expect(lines[0].hasSuffix(",covers_chance,centred"))
    #expect(lines[1].hasSuffix(",by the mean of 500 sentences 0123456789ab"))
    #expect(
      lines[2].hasSuffix(",") && lines[3].hasSuffix("de by the mean of 500 sentences 0123456789ab"))
    let table = try ResultFormat.markdown.text(rows)
    #expect(table.contains("de\u{2020}") && !table.contains("en\u{2020}"))
    #expect(table.contains("\u{2020} captions centred") && table.contains("0123456789ab"))
    let plain = try ResultFormat.markdown.text([row("R@1", 0.5, .textToImage)])
    #expect(!plain.contains("\u{2020}"))
  }

  @Test func taskResults() throws {
    let text = try ResultFormat.mteb.text([
      row("R@5", 0.5, .textToImage, run: "lwa"), row("nDCG@10", 0.25, .textToImage, run: "lwa"),
      row("MRR", 0.25, .textToImage, run: "lwa"),
      row("nDCG@10", 0.75, .textToImage, language: "zh", run: "lwa"),
      row("nDCG@10", 0.5, .textToImage, language: "mean", run: "lwa"),
      row("rsum", 3, nil, run: "lwa"), row("nDCG@10", 0.125, .imageToText, run: "lwa"),
    ])
    let hash = EvaluationProtocol(dataset: "d", datasetHash: "h").hash
    let rest =
      #""dataset_revision":"\#(hash)","evaluation_time":null,"kg_co2_emissions":null,"model_name":"lwa","#
      + #""mteb_version":null,"scores":{"test":["#
    #expect(
      text == """
        {\(rest){"cv_recall_at_5":0.5,"hf_subset":"tr","hit_rate_at_5":0.5,\
        "languages":["tur-Latn"],"main_score":0.25,"ndcg_at_10":0.25},{"hf_subset":"zh","languages":["zho-Hans"],\
        "main_score":0.75,"ndcg_at_10":0.75}]},"task_name":"xling d T2IRetrieval"}
        {\(rest){"hf_subset":"tr","languages":["tur-Latn"],"main_score":0.125,\
        "ndcg_at_10":0.125}]},"task_name":"xling d I2TRetrieval"}
        """)
    #expect(throws: ExchangeFailure.noMainScore(found: ["cv_recall_at_1", "hit_rate_at_1"])) {
      try ResultFormat.mteb.text([row("R@1", 0.5, .textToImage)])
    }
  }

  /// Tags that MTEB knows (`scripts/check_mteb.py --languages` asks it for all): three letters and a script.
  @Test(arguments: [
    ("ur", "urd-Arab"), ("acm", "acm-Arab"), ("ajp", "ajp-Arab"), ("taq-Tfng", "taq-Tfng"),
    ("tw", "twi-Latn"), ("no", "nob-Latn"), ("zh-Hant", "zho-Hant"), ("pt-BR", "por-Latn"),
    // Without a card.
    ("gsw", "gsw-Latn"), ("nds", "nds-Latn"),
  ])
  func languageTags(code: String, tag: String) throws {
    let text = try ResultFormat.mteb.text([row("nDCG@10", 0.5, .textToImage, language: code)])
    #expect(text.contains(#""languages":["\#(tag)"]"#), "\(text)")
  }

  @Test func tables() throws {
    let rows = [
      row("R@1", 0.5, .textToImage, run: "a|b_c", chance: 0.0625),
      row("MRR", 0.6, .textToImage, run: "a|b_c"),
      row("R@1", 0.25, .imageToText, run: "a|b_c", partial: true, chance: 0.125),
    ]
    let markdown = try ResultFormat.markdown.text(rows)
    #expect(
      markdown.hasPrefix(
        """
        | run | language | direction | n | ties | R@1 | MRR | chance |
        |---|---|---|---:|---:|---:|---:|---:|
        | a\\|b_c | tr | text-to-image | 8 | 1 | 50.0 [25.0, 50.0] | 60.0 [30.0, 60.0] \
        | 6.2 / – |
        | a\\|b_c | tr* | image-to-text | 8 | 1 | 25.0 [12.5, 25.0]~ |  | 12.5 |

        """))
    let latex = try ResultFormat.latex.text(rows)
    #expect(latex.hasPrefix("\\begin{tabular}{lllrrrrr}\n\\toprule\nrun & language & direction"))
    #expect(latex.contains("\na|b\\_c & tr & text-to-image & 8 & 1 & 50.0 [25.0, 50.0] &"))
  }

  @Test func figuresWithoutIntervals() throws {
    let bare = row("R@1", 0.5, .textToImage, chance: 0.25, hasInterval: false)
    #expect(bare.coversChance == nil)
    let line = try #require(try ResultFormat.csv.text([bare]).split(separator: "\n").last)
    #expect(line.hasPrefix("R@1,text-to-image,tr,50.0,,,percent,8,") && line.hasSuffix(",25.0,"))
    let markdown = try ResultFormat.markdown.text([bare])
    #expect(markdown.contains("| 50.0 [–] |") && markdown.contains(IntervalText.note))
    #expect(try ResultFormat.latex.text([bare]).contains("& 50.0 [–] &"))
    #expect(try !ResultFormat.latex.text([row("R@1", 0.5, nil)]).contains("[–]"))
  }

  @Test func asCLIPBenchmarkNamesIt() throws {
    let text = try ResultFormat.clipBenchmark.text([
      row("R@1", 0.5, .textToImage, run: "lwa"), row("R@10", 0.75, .imageToText, run: "lwa"),
      row("MRR", 0.6, .textToImage, run: "lwa"), row("R@1", 0.25, .textToImage, language: "en"),
      row("rsum", 2, nil, run: "lwa"),
    ])
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    let first = try #require(
      try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(first["language"] as? String == "tr" && first["model"] as? String == "lwa")
    #expect(first["task"] as? String == "zeroshot_retrieval")
    #expect(
      first["metrics"] as? [String: Double]
        == ["image_retrieval_recall@1": 0.5, "text_retrieval_recall@10": 0.75])
  }
}
