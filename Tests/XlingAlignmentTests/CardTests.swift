import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingAdapters
@testable import XlingAlignment

/// Cards, compositions and what is wrong with them.
@Suite struct CardTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func card(_ text: String) throws -> MethodCard {
    let path = folder.path + "/x.toml"
    try AtomicFile.write("name = \"x\"\nsummary = \"s\"\n" + text, to: path)
    return try MethodCard.read(path)
  }

  @Test func everyOptionIsRead() throws {
    let card = try card(
      """
      aliases = ["y"]
      source = "nowhere"
      [text]
      start = "random"
      thaw = ["attention", "last-2"]
      insert = ["lwa", "da"]
      lock = ["0-3", "5"]
      head = "tokens"
      reduction = 2
      placement = "feed-forward"
      depth = 3
      rank = 4
      alpha = 8
      prompt_length = 5
      terms = 2
      head_layers = 6
      head_width = 40
      [image]
      bottleneck = 7
      [training]
      rate = 1e-4
      batch_size = 512
      end_token = false
      """)
    var text = Recipe.Side(
      start: .random, thaw: [.attention, .lastLayers(2)],
      modules: [.layerwiseAdapters, .deepAdapter],
      lock: ["0-3", "5"].compactMap(Recipe.LayerRange.init), head: .tokens)
    text.options.reduction = 2
    text.options.placement = .feedForward
    text.options.depth = 3
    text.options.rank = 4
    text.options.alpha = 8
    text.options.promptLength = 5
    text.options.terms = 2
    text.options.headLayers = 6
    text.options.headWidth = 40
    #expect(card.recipe.text == text)
    #expect(card.recipe.image.options.bottleneck == 7)
    #expect(card.training.rate == 1e-4 && card.training.batchSize == 512)
    #expect(card.training.endToken == false && card.aliases == ["y"])
    // Written out and read again it is the same recipe.
    let path = folder.path + "/again.toml"
    try AtomicFile.write(try card.recipe.toml(), to: path)
    #expect(try MethodCard.read(path).recipe == card.recipe)
    let json = try JSONEncoder().encode(card.recipe)
    #expect(try JSONDecoder().decode(Recipe.self, from: json) == card.recipe)
  }

  @Test(arguments: [
    ("[text]\nthaw = [\"norm\"]", "text.thaw, of layernorm", "\"norm\""),
    ("[image]\ninsert = [\"lwb\"]", "image.insert, of lwa, da", "\"lwb\""),
    ("[text]\nlock = [\"3-1\"]", "text.lock, of layers", "\"3-1\""),
    ("[text]\nhead = \"mlp\"", "text.head, one of linear, tokens, none", "\"mlp\""),
    ("[text]\nsite = \"attention\"", "of [text]", "\"site\""),
    ("[training]\nlr = 1", "of [training]", "\"lr\""),
    ("[training]\nrate = \"high\"", "training.rate = a number", "another kind"),
    ("lost = 1", "the keys name, summary", "\"lost\""),
    ("[text", "expected TOML", "end-of-file"),
  ])
  func mistakesAreTold(_ text: String, _ expected: String, _ found: String) throws {
    let error = #expect(throws: AdapterFailure.self) { try card(text) }
    #expect(error?.exitStatus == .badData)
    let message = error?.description ?? ""
    #expect(message.contains(expected) && message.contains(found), "\(message)")
  }

  @Test func compositionsAreSides() throws {
    let side = try Composition.side("lwa+layernorm")
    #expect(side == Recipe.Side(thaw: [.layerNorm], modules: [.layerwiseAdapters]))
    #expect(try Composition.side("locked") == .locked)
    #expect(try Composition.side("full").thaw == [.all])
    #expect(try Composition.side("random") == Recipe.Side(start: .random, thaw: [.all]))
    #expect(try Composition.side("last-3").thaw == [.lastLayers(3)])
    let sided = Composition.sided("text:0-3")
    #expect(sided.text && !sided.image && sided.value == "0-3")
    #expect(Composition.sided("0-3").image)
  }

  @Test(arguments: [
    ("locked+lwa", "\"locked\" alone"), ("lwa+norms", "\"norms\""), ("", "\"\""),
    ("last-0", "\"last-0\""),
  ])
  func aWrongCompositionIsTold(_ text: String, _ part: String) {
    let error = #expect(throws: AdapterFailure.self) { try Composition.side(text) }
    #expect(error?.exitStatus == .usage && error?.description.contains(part) == true)
  }

  @Test func aliasesAreFound() throws {
    #expect(try MethodCards.named("LU").name == "lit")
    #expect(try MethodCards.named("linear-probe").name == "projection")
    let cards = try MethodCards.load()
    let names = cards.map(\.name) + cards.flatMap(\.aliases)
    #expect(Set(names).count == names.count)
  }
}
