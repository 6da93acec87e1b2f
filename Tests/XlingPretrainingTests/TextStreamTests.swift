import Testing
import XlingCore
import XlingData
import XlingTensor
import XlingTestSupport
import XlingTokenizers
import XlingTowers

@testable import XlingPretraining

@Suite struct TextStreamTests {
  static let stream = Result {
    try TextStream(
      seed: 1, tokenizer: BertTokenizer(folder: Assets.path("tokenizers/mini-wordpiece")),
      corpus: TranslationCorpus.load(), maximumLength: 32)
  }

  @Test func aBatchIsAddressedByItsStep() throws {
    let stream = try Self.stream.get()
    let first = stream.pairs(step: 4, count: 64)
    let again = stream.pairs(step: 4, count: 64)
    let other = stream.pairs(step: 5, count: 64)
    #expect(first.map(\.first) == again.map(\.first))
    #expect(first.map(\.second) == again.map(\.second))
    #expect(first.map(\.first) != other.map(\.first))
    #expect(Set(first.map(\.key)).count == 64)
    #expect(stream.monolingual(step: 4, count: 9) == stream.monolingual(step: 4, count: 9))
  }

  /// A step masks as many texts as it has of both otherwise, and pairs none; its checkpoints are another run's.
  @Test func maskedAloneHasOneLoss() throws {
    func objective(_ plan: TextObjective.Plan) throws -> TextObjective {
      let stream = try Self.stream.get()
      let tower = TextTower(
        BERTConfiguration(
          vocabularySize: stream.tokenizer.vocabularySize, hiddenSize: 8, layers: 1, heads: 2,
          intermediateSize: 16, maximumPositions: 32))
      tower.initialize(seed: 1)
      for parameter in tower.parameters.all { parameter.isTrainable = true }
      return TextObjective(
        tower: tower, stream: stream, plan: plan, options: Small.options(steps: 2))
    }
    let plan = TextObjective.Plan(pairs: 3, masked: 2)
    #expect(plan.maskedAlone().masked == 8 && plan.maskedAlone().pairs == 0)
    let (both, masked) = (try objective(plan), try objective(plan.maskedAlone()))
    let losses = masked.forwardBackward(step: 0, in: Workspace())
    #expect(losses.map(\.name) == ["masked"] && losses[0].value > 0)
    #expect(
      both.forwardBackward(step: 0, in: Workspace()).map(\.name)
        == ["ranking", "correlation", "masked"])
    #expect(both.fingerprint != masked.fingerprint)
  }

  /// What a forecast takes for the size of a language in the tower's pretraining data.
  @Test func theShippedCardHasTheAmounts() throws {
    let amounts = try Self.stream.get().amounts
    let card = try #require(try PretrainingData.read(Assets.path("towers/mini-text")))
    #expect(card.amounts == amounts && amounts.count == 109)
    // Drawn twelve times as often.
    #expect((amounts["tr"] ?? 0) > 8 * (amounts["az"] ?? .infinity))
  }

  /// No pair across languages holds the English name of a held-out word or of an unseen emoji as its
  /// English text. In another language the same letters may be another word.
  @Test func unseenNamesAreNeverTranslated() throws {
    let stream = try Self.stream.get()
    let catalogue = stream.corpus.catalogue
    let unseen = catalogue.concepts.filter {
      $0.split != .train || catalogue.heldOut.contains($0.id)
    }
    let names = Set(unseen.map { stream.tokens($0.name) })
    var met = 0
    for step in 0..<150 {
      for pair in stream.pairs(step: step, count: 64) {
        let english =
          (pair.languages.0 == "en" ? [pair.first] : [])
          + (pair.languages.1 == "en" ? [pair.second] : [])
        guard english.contains(where: names.contains) else { continue }
        met += 1
        #expect(pair.languages.0 == pair.languages.1, "pair \(pair.key) at step \(step)")
      }
    }
    #expect(met > 0, "the monolingual pairs were met")
  }

  /// Half of the pairs are sentences of the training part; none that was kept apart is ever drawn.
  @Test func sentencesJoinTheNames() throws {
    let folder = try TemporaryFolder()
    let lines = (0..<400).map { #"{"en": "the house \#($0)", "tr": "ev \#($0)"}"# }
    try AtomicFile.write(lines.joined(separator: "\n"), to: folder.path + "/pairs.jsonl")
    try AtomicFile.write(
      (0..<900).map { "bir ev \($0)" }.joined(separator: "\n"), to: folder.path + "/tr.txt")
    let sentences = try SentenceCorpus.load(folder.path)
    let plain = try Self.stream.get()
    let stream = try TextStream(
      seed: 1, tokenizer: plain.tokenizer, corpus: plain.corpus, sentences: sentences,
      maximumLength: 32)
    let unseen = Set(sentences.unseenTranslations.flatMap(\.values).map(stream.tokens))
    let kept = Set((sentences.unseenSentences["tr"] ?? []).map(stream.tokens))
    #expect(!unseen.isEmpty && !kept.isEmpty)
    var (met, masked) = (0, 0)
    let trained = Set((sentences.sentences["tr"] ?? []).map(stream.tokens))
    for step in 0..<20 {
      let pairs = stream.pairs(step: step, count: 64)
      #expect(Set(pairs.map(\.key)).count == 64)
      met += pairs.count { $0.key.hasPrefix("sentence/") }
      #expect(pairs.allSatisfy { !unseen.contains($0.first) && !unseen.contains($0.second) })
      let texts = stream.monolingual(step: step, count: 50)
      masked += texts.count(where: trained.contains)
      #expect(!texts.contains(where: kept.contains))
    }
    #expect((500...780).contains(met), "half of 1,280 pairs, \(met)")
    #expect((740...860).contains(masked), "four fifths of 1,000 texts, \(masked)")
  }

  @Test func maskingHidesAFifthAndKeepsTheFrame() {
    let special = SpecialTokens(padding: 0, unknown: 1, start: 2, end: 3, mask: 4)
    let texts = (0..<200).map { _ in [2] + (20..<40).map { Int32($0) } + [3] }
    var stream = RandomStream(seed: 1, "test")
    let masking = Masking(
      texts: texts, probability: 0.2, mask: 4, special: special, vocabularySize: 100,
      stream: &stream)
    let share = Double(masking.rows.count) / Double(200 * 20)
    #expect(abs(share - 0.2) < 0.03)
    let flat = masking.inputs.flatMap { $0 }
    let original = texts.flatMap { $0 }
    for (row, target) in zip(masking.rows, masking.targets) { #expect(original[row] == target) }
    let masked = masking.rows.count { flat[$0] == 4 }
    #expect(abs(Double(masked) / Double(masking.rows.count) - 0.8) < 0.06)
    #expect(masking.inputs.allSatisfy { $0.first == 2 && $0.last == 3 })
  }
}
