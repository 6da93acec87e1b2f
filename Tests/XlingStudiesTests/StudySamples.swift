import XlingAlignment
import XlingCore
import XlingRetrieval
import XlingStudies

/// A study's text, and plans over inputs that are told.
enum Samples {
  static let text = """
    [study]
    name = "tiny"
    question = "Which?"

    [axes]
    method = ["projection", "lwa"]
    pairs = [10, 20]
    seed = { count = 3, from = 1 }

    [[skip]]
    when = { method = "projection", pairs = 20 }

    [budget]
    steps = 4

    [evaluate]
    data = "scenes"
    languages = ["en", "tr"]
    metrics = ["R@1", "R@10"]

    [compare]
    baseline = "projection"
    primary = { metric = "R@10", over = "untaught" }
    """

  static func design(_ text: String = text) throws -> StudyDesign {
    try StudyFile.read(text, path: "tiny.toml")
  }

  static let inputs = StudyInputs(
    data: "d", measuredData: "d", languages: ["en", "tr"], choiceLanguages: ["en"],
    towers: { text, image in "\(text ?? "mini") \(image ?? "mini")" })

  static func plan(_ text: String = text) throws -> StudyPlan {
    try StudyPlan(try design(text), inputs, path: "tiny.toml")
  }

  static let result = CellResult(
    rate: 0.001, steps: 4, seconds: 1.5, peakMB: 200, trained: 10, parameters: 100, pairs: 10,
    aligned: "en", checkpoint: "c", blasCore: "Zen", run: "runs/a")

  /// With translations of tr, and centroids of both languages.
  static func measured(rate: Double, seed: Int) -> CellMeasurements {
    CellMeasurements(
      scores: scores(rate: rate, seed: seed),
      translated: scores(rate: rate, seed: seed + 100, languages: ["tr"]),
      centroids: [
        LanguageCentroid(language: "en", captions: 40, mean: [0.5, -0.1, 1.0 / 3]),
        LanguageCentroid(language: "tr", captions: 39, mean: [0.25, 1e-20, Float(seed) / 7]),
      ])
  }

  /// Hits of `pictures` pictures, each found with the chance `rate`.
  static func scores(
    rate: Double, seed: Int, pictures: Int = 40, languages: [String] = ["en", "tr"]
  ) -> [CellScore] {
    languages.enumerated().flatMap { place, language in
      ["image-to-text", "text-to-image"].enumerated().flatMap { direction, name in
        ["R@1", "R@10"].map { metric in
          var stream = RandomStream(seed: UInt64(seed), metric, place, direction)
          let hits = (0..<pictures).map { _ in stream.uniform() < rate ? 1.0 : 0 }
          return CellScore(
            language: language, direction: name, metric: metric,
            value: hits.reduce(0, +) / Double(pictures), n: pictures, chance: 0.25, sums: hits,
            counts: hits.map { _ in 1 })
        }
      }
    }
  }
}
