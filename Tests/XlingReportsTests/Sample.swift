import Foundation
import XlingCore
import XlingExperiments
import XlingReports
import XlingRetrieval

/// A report with made-up figures.
enum Sample {
  static let codes = ["en", "ru", "pl", "tr", "zh", "ko", "it", "es", "ar", "fi"]
  static let names = [
    "English", "Russian", "Polish", "Turkish", "Chinese", "Korean", "Italian", "Spanish", "Arabic",
    "Finnish",
  ]

  static func estimate(_ value: Double, _ half: Double = 0.03, n: Int = 1_000) -> Estimate {
    Estimate(
      value: value, low: max(0, value - half), high: min(1, value + half), n: n,
      method: "bootstrap-percentile-1000")
  }

  static func report(advantage: Double = 0.1) -> QuickstartReport {
    let methods = [
      method("projection", "Projection", 98_304, 61), method("layernorm", "LayerNorm", 107_520, 74),
      method("lwa", "LayerNorm + adapters", 631_000, 82),
      method("da", "Deep adapters", 890_112, 79),
      method("full", "Full training", 8_214_016, 141),
    ]
    var results: [QuickstartReport.Result] = []
    var tests: [QuickstartReport.PairedTest] = []
    for (index, code) in codes.enumerated() {
      for direction in Direction.allCases {
        let base = code == "en" ? 0.82 : 0.42 - 0.02 * Double(index)
        for (place, method) in methods.enumerated() {
          let gain = code == "en" ? 0.01 * Double(place) : advantage * [0.2, 0.6, 1, 0.8, 0][place]
          results.append(
            .init(
              method: method.id, language: code, direction: direction,
              estimate: estimate(base + gain, n: code == "fi" ? 873 : 1_000), chance: 0.01))
        }
        tests.append(
          .init(
            first: "lwa", second: "full", language: code, direction: direction,
            comparison: comparison(index == 3 ? 0.01 : advantage),
            adjustedP: index == 3 ? 0.4 : 0.002))
      }
    }
    return QuickstartReport(
      title: "English-only alignment, read in ten languages",
      summary: "Five methods, 8,000 scenes, English captions; 1,000 test scenes nobody saw.",
      languages: zip(codes, names).map {
        .init(code: $0, name: $1, endonym: $0 == "ar" ? "العربية" : nil, isPartial: $0 == "fi")
      },
      headlineLanguages: Array(codes[1...7]), methods: methods, results: results,
      pairedTests: tests, overallTests: [overall(advantage)],
      splitResults: ["words seen in pairs", "held-out words"].map {
        .init(subset: $0, method: "lwa", direction: .textToImage, estimate: estimate(0.4))
      },
      curves: ["lwa", "full"].map { method in
        .init(
          method: method,
          training: (1...8).map {
            TrainStep(
              step: 10 * $0, loss: $0 == 3 ? .nan : 4 / Double($0), learningRate: 1e-3,
              temperature: 0.07)
          },
          validation: [
            ValidationStep(step: 80, loss: 0.75, textToImage: 0.5, imageToText: 0.25, pairs: 500)
          ])
      },
      examples: [example(jpeg: Data([0xFF, 0xD8, 0xFF]))],
      measured: EvaluationProtocol(dataset: "scenes", datasetHash: Digest.of("scenes")),
      provenance: [("seeds", "1, 2, 3"), ("command", "xling quickstart")])
  }

  static func overall(_ advantage: Double) -> QuickstartReport.OverallTest {
    .init(
      first: "lwa", second: "full", firstMean: estimate(0.35 + advantage),
      secondMean: estimate(0.35), comparison: comparison(advantage), languageCount: 9)
  }

  static func example(jpeg: Data) -> QuickstartReport.Example {
    .init(
      query: "دراجة وبيتزا <قطة> & كلب", language: .init(code: "ar", name: "Arabic"),
      translation: "bicycle, pizza, \"cat\" & dog",
      answers: ["full", "lwa"].enumerated().map { place, method in
        .init(
          method: method, goldRank: 41 - 40 * place,
          pictures: (0..<5).map {
            .init(jpeg: jpeg, description: "scene \($0)", isGold: place == 1 && $0 == 0)
          })
      })
  }

  private static func method(
    _ id: String, _ label: String, _ trained: Int, _ seconds: Double
  ) -> QuickstartReport.Method {
    .init(
      id: id, label: label, trainableCount: trained, parameterCount: 8_214_016, seconds: seconds)
  }

  static func comparison(_ value: Double) -> Comparison {
    Comparison(
      difference: Estimate(
        value: value, low: value - 0.02, high: value + 0.02, n: 1_000,
        method: "paired-bootstrap-percentile-1000"),
      pValue: 0.0005, detectable: 0.028)
  }
}
