import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingTensor
import XlingTestSupport
import XlingTowers

@testable import XlingRuns

/// What LilT's constructor unlocks and counts, where it was run no further.
@Suite(.enabled(if: LilTConfiguration.isPresent, "needs ../shared/fixtures/parity/lilt"))
struct LilTCountTests {
  private static let normal = Recipe.Side(thaw: [.layerNorm])
  private static let adapted = Recipe.Side(thaw: [.layerNorm], modules: [.layerwiseAdapters])
  private static let adapters = Recipe.Side(modules: [.layerwiseAdapters])

  private static func decoded<Value: Decodable>(_ file: String, as: Value.Type) throws -> Value {
    let path = SharedData.path(LilTConfiguration.folder + "/" + file)
    return try JSONDecoder().decode(
      Value.self, from: try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  // MARK: Names

  private struct Unlocked: Decodable {
    let trainable: [String]
    let printed: [String: String]
  }

  struct Case: Sendable, CustomStringConvertible {
    let name: String
    let text: Recipe.Side
    let image: Recipe.Side
    var isDeiT3 = false
    /// What LilT's search for a word in the names unlocks in the text tower beyond our rule.
    var beyond: [String] = []
    var description: String { name }
  }

  static let cases: [Case] = [
    // "dense" is also what BERT calls attention's output.
    Case(
      name: "unlock_dense", text: .init(thaw: [.mlp]), image: .init(thaw: [.mlp]),
      beyond: ["attention.output.dense"]),
    // And "attention" is part of the name of the LayerNorm behind it.
    Case(
      name: "unlock_attn", text: .init(thaw: [.attention]), image: .init(thaw: [.attention]),
      beyond: ["attention.output.LayerNorm"]),
    // LilT leaves DINO without image adapters, and a random text tower without any.
    Case(name: "dino_lwa_ln", text: adapted, image: normal),
    Case(name: "random_text_lwa", text: .locked, image: adapters),
    Case(name: "lit_lwa_text", text: adapters, image: .locked),
    Case(
      name: "deit3_da", text: .init(modules: [.deepAdapter]),
      image: .init(thaw: [.finalNorm], modules: [.deepAdapter]), isDeiT3: true),
    Case(
      name: "deit3_bitfit", text: .init(thaw: [.bias]), image: .init(thaw: [.bias]),
      isDeiT3: true),
  ]

  @Test(arguments: cases)
  func unlocks(_ test: Case) throws {
    let all = try Self.decoded("trainable_only.json", as: [String: Unlocked].self)
    let expected = try #require(all[test.name])
    let model = try DualEncoder(
      text: TextTower(LilTTowers.text), image: ImageTower(LilTTowers.image(isDeiT3: test.isDeiT3)),
      recipe: Recipe(name: test.name, summary: "", text: test.text, image: test.image), seed: 1,
      embeddingWidth: 20)
    let found = Set(model.trainedParameters.compactMap { LilTName($0.name)?.name })
    let more = Set(expected.trainable).subtracting(found)
    #expect(
      more.allSatisfy { name in
        name.hasPrefix("text_encoder.") && test.beyond.contains(where: name.contains)
      }, "\(more)")
    #expect(more.isEmpty == test.beyond.isEmpty)
    #expect(found.isSubset(of: expected.trainable))
    if test.beyond.isEmpty {
      #expect("\(model.trainedCount)" == expected.printed["num trainable"])
    }
  }

  @Test func everyCaseIsTried() throws {
    let all = try Self.decoded("trainable_only.json", as: [String: Unlocked].self)
    #expect(Set(Self.cases.map(\.name)) == Set(all.keys))
  }

  // MARK: Counts of published sizes

  private struct Counts: Decodable {
    struct Entry: Decodable {
      let text: String
      let vision: String
      let side: Int
      let config: String
      let percent: Double
      let trainable: Int
      let total: Int
      /// All and trained, by part.
      let parts: [String: [Int]]

      enum CodingKeys: String, CodingKey {
        case text, vision, config
        case side = "image_res"
        case percent = "percentage_trainable"
        case trainable = "num_trainable"
        case total = "total_params"
        case parts = "per_part_total_trainable"
      }
    }
    let cases: [Entry]
  }

  /// Without token types, as LilT builds them.
  private func text(_ name: String) throws -> TextTower {
    switch name {
    case "base_multilingual":
      TextTower(
        BERTConfiguration(
          vocabularySize: 119_547, hiddenSize: 768, layers: 12, heads: 12,
          intermediateSize: 3072, maximumPositions: 512, tokenTypes: 0))
    default:
      TextTower(
        BERTConfiguration(
          vocabularySize: 30_522, hiddenSize: 128, layers: 2, heads: 2, intermediateSize: 512,
          maximumPositions: 512, tokenTypes: 0))
    }
  }

  private func image(_ name: String, side: Int) throws -> ImageTower {
    let width = name == "base" ? 768 : 192
    return ImageTower(
      ViTConfiguration(
        imageSize: side, patchSize: 16, hiddenSize: width, layers: 12, heads: width / 64,
        intermediateSize: 4 * width))
  }

  /// One after another: a model of mBERT's shape is 2 GB of pages that nobody touches.
  @Test func countsAreThoseThatLilTPrints() throws {
    let known = Dictionary(
      uniqueKeysWithValues: (LilTConfiguration.all
        + [LilTConfiguration(name: "lit_lwa_text", text: Self.adapters, image: .locked)])
        .map { ($0.name, $0) })
    let entries = try Self.decoded("full_size_counts.json", as: Counts.self).cases
    #expect(entries.count == 40)
    for entry in entries {
      let configuration = try #require(known[entry.config], "\(entry.config)")
      let model = try DualEncoder(
        text: try text(entry.text), image: try image(entry.vision, side: entry.side),
        recipe: Recipe(
          name: entry.config, summary: "", text: configuration.text, image: configuration.image),
        seed: 1)
      // The only recipe of ours that cannot be said: LilT's frozen projections.
      if entry.config == "layernorm_noproj" {
        for head in [model.textHead, model.imageHead] {
          for parameter in head.parameters { parameter.isTrainable = false }
        }
      }
      let prefixes = [
        "visual_encoder": "image.", "text_encoder": "text.", "vision_proj": "image_projection",
        "text_proj": "text_projection", "temp": "temperature",
      ]
      for (part, counts) in entry.parts {
        let own = model.parameters.filter { $0.name.hasPrefix(prefixes[part] ?? "?") }
        let all = own.reduce(0) { $0 + $1.parameter.count }
        let trained = own.reduce(0) { $0 + ($1.parameter.isTrainable ? $1.parameter.count : 0) }
        #expect([all, trained] == counts, "\(entry.text), \(entry.config): \(part)")
      }
      #expect(model.trainedCount == entry.trainable)
      let percent = 100 * Double(model.trainedCount) / Double(entry.total)
      #expect(abs(percent - entry.percent) <= 0.005, "\(entry.text), \(entry.config)")
    }
  }
}

extension DualEncoder {
  fileprivate var trainedCount: Int { trainedParameters.reduce(0) { $0 + $1.parameter.count } }
}
