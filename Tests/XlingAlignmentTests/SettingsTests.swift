import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingTestSupport

@testable import XlingAlignment

/// One table of training options, from which all sources and the documentation come.
@Suite struct SettingsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func project(_ text: String, in place: String = "") throws -> ProjectSettings? {
    try AtomicFile.createFolder(folder.path + "/a/b")
    try AtomicFile.write(text, to: folder.path + place + "/xling.toml")
    return try ProjectSettings.nearest(from: folder.path + "/a/b")
  }

  @Test func everyOptionIsReadFromATableAndFromAnAssignment() throws {
    let texts = [
      "schedule": "linear", "image_rate": "lower", "optimizer": "adafactor", "augment": "lilt",
      "dropout": "all", "pictures": "clip", "captions": "lilt", "language": "de",
      "recompute": "true", "end_token": "false", "token_types": "false", "final_rate_share": "0.5",
      "pooling": "max", "prompt": "of", "prompt_name": "query", "text_head": "locked",
      "image_pooling": "mean", "beta1": "0.5", "beta2": "0.5", "epsilon": "0.5",
      "head_dropout": "0.5", "precision": "bf16", "caption_order": "in-turn", "mix": "tr=3",
      "mix_share": "0.5",
    ]
    for option in TrainingSettings.options {
      let text = texts[option.key] ?? "7"
      let assigned = try TrainingSettings(assignments: ["\(option.key)=\(text)"])
      #expect(assigned.said.map(\.key) == [option.key])
      let isWord = Double(text) == nil && Bool(text) == nil
      let table = "[training]\n\(option.key) = " + (isWord ? "\"\(text)\"" : text)
      #expect(try project(table)?.training == assigned, "\(option.key)")
      // Each does something, save for those that need the data or the towers' folders.
      var configuration = AlignmentConfiguration(
        recipe: try .named("lwa"), seed: 0, steps: 0)
      let before = configuration
      assigned.apply(to: &configuration)
      let needsData = [
        "steps", "epochs", "pooling", "prompt", "prompt_name", "text_head", "image_pooling",
        "image_size", "resize_shorter", "mix", "mix_share", "mix_seed",
      ].contains(option.key)
      #expect((configuration != before) != needsData, "\(option.key)")
    }
  }

  @Test func laterSourcesGoBeforeEarlierOnes() throws {
    var settings = try MethodCards.named("clip", .preset).training
    settings.take(try TrainingSettings(assignments: ["rate=0.1", "batch_size=9", "steps=4"]))
    settings.take(try TrainingSettings(assignments: ["batch_size=8"]))
    let configuration = settings.configuration(of: try .named("lwa")) { _ in 100 }
    #expect(configuration.peakRate == 0.1 && configuration.batchSize == 8)
    // The card's epochs give way to steps, and the other way round.
    #expect(configuration.steps == 4 && configuration.warmupSteps == 2000)
    settings.take(try TrainingSettings(assignments: ["epochs=3"]))
    #expect(settings.configuration(of: try .named("lwa")) { _ in 100 }.steps == 36)
  }

  @Test func theNearestFileCounts() throws {
    #expect(try project("[training]\nrate = 1e-2\n")?.training.rate == 1e-2)
    let near = try project("[training]\nrate = 2e-2\n", in: "/a")
    #expect(near?.training.rate == 2e-2 && near?.path == folder.path + "/a/xling.toml")
    #expect(near?.training.said.map(\.value) == ["0.02"])
  }

  @Test(arguments: [
    ("[training]\nlr = 1", "expected the keys steps, epochs", "of [training], found \"lr\""),
    ("[trainings]\nrate = 1", "expected the keys training, found \"trainings\"", ""),
    ("[training]\nrate = \"high\"", "training.rate = a number", "another kind"),
    ("[training]\nbatch_size = 0", "training.batch_size, from 1 to 1000000, found 0", ""),
    ("[training]\nschedule = \"up\"", "training.schedule, one of cosine", "found \"up\""),
    ("[training]\nsteps = 1\nepochs = 1", "training.steps or training.epochs, found both", ""),
    ("[training", "expected TOML", ""),
  ])
  func mistakesOfAFileNameIt(_ text: String, _ one: String, _ two: String) throws {
    let error = #expect(throws: AlignmentFailure.self) { try project(text) }
    let message = error?.description ?? ""
    #expect(error?.exitStatus == .badData)
    #expect(message.hasPrefix(folder.path + "/xling.toml: "))
    #expect(message.contains(one) && (two.isEmpty || message.contains(two)), "\(message)")
  }

  @Test(arguments: [
    (["rate"], "\"rate\": expected key=value, found no value."),
    (["rate=x"], "\"rate=x\": expected above 0 and at most 1000, found \"x\"."),
    (["recompute=1"], "\"recompute=1\": expected true or false, found \"1\"."),
    (["rate=1", "rate=2"], "\"rate=2\": expected one value of rate, found 1.0, too."),
    (["steps=1", "epochs=2"], "\"steps\": expected steps or epochs, found both."),
  ])
  func mistakesOfAssignmentsAreTold(_ given: [String], _ message: String) {
    let error = #expect(throws: AlignmentFailure.self) {
      try TrainingSettings(assignments: given)
    }
    #expect(error?.description == message && error?.exitStatus == .usage)
  }

  @Test func anUnknownOptionSuggestsTheNearest() {
    let error = #expect(throws: AlignmentFailure.self) {
      try TrainingSettings(assignments: ["wieght_decay=1"])
    }
    #expect(error?.description.contains("(did you mean \"weight_decay\"?)") == true)
  }

  @Test func onlyWhatIsSaidTwiceAlikeIsTakenTwice() throws {
    #expect(try TrainingSettings(assignments: ["rate=1e-2", "rate=0.01"]).rate == 0.01)
  }

  /// The pages have the rows of both tables, word for word.
  @Test func thePagesHaveEveryRow() throws {
    let docs =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path + "/docs/methods/"
    func page(_ name: String) throws -> String {
      String(decoding: try AtomicFile.read(docs + name), as: UTF8.self)
    }
    let settings = try page("settings.md")
    for option in TrainingSettings.options {
      let row = "| `\(option.key)` | \(option.range) | \(option.help) |"
      #expect(settings.contains(row), "docs/methods/settings.md lacks: \(row)")
    }
    let composition = try page("composition.md")
    for option in Recipe.ModuleOptions.table {
      let row = "| `\(option.key)` | \(option.range) | \(option.help) |"
      #expect(composition.contains(row), "docs/methods/composition.md lacks: \(row)")
    }
  }
}
