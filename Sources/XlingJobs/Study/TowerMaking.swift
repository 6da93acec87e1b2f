import Foundation
import XlingCore
import XlingData
import XlingPretraining
import XlingRuns
import XlingStudies
import XlingTensor
import XlingTokenizers
import XlingTowers

/// Makes a study's text tower in the study's folder: its tokenizer, then the tower, whose state lies beside it until
/// it is done. What is there already is not made again.
struct TowerMaking {
  let tower: StudyTower
  /// Where it goes.
  let folder: String

  private var tokenizer: String { folder + ".tokenizer" }
  private var state: String { folder + ".run" }

  /// What decides a tower's bits, beside the program's numerics. Throws what reading CLDR and the tokenizer throws,
  /// `FileFailure`.
  static func content(of tower: StudyTower) throws -> String {
    let corpus = try TranslationCorpus.load().contentHash
    let tokenizer =
      switch tower.tokenizer {
      case .trained(let kind, let size): "\(kind) \(size)"
      case .made(let given): try TokenizerSource.load(try place(of: given)).contentHash
      }
    return "\(tokenizer) \(tower.objective.rawValue) \(tower.steps) \(tower.seed) \(corpus)"
  }

  /// A folder, or a shipped tokenizer's.
  private static func place(of given: String) throws -> String {
    FileManager.default.fileExists(atPath: given) ? given : try Assets.path("tokenizers/" + given)
  }

  /// Throws `PretrainingFailure`, `TokenizerFailure`, `InterruptionFailure` after writing a checkpoint, from which the
  /// next goes on, and what reading and writing throws.
  func make() throws -> CellResult {
    if !FileManager.default.fileExists(atPath: folder + "/card.json") { try pretrain() }
    let source = try TowerSource(folder: URL(fileURLWithPath: folder).standardizedFileURL.path)
    let model = try TextTower.load(folder)
    let parameters = model.parameters.all.reduce(0) { $0 + $1.count }
    let card = try JSONFile.decode(Seconds.self, from: folder + "/card.json")
    return CellResult(
      rate: TextPretraining.defaultOptions.rate, steps: tower.steps, seconds: card.seconds,
      peakMB: nil, trained: tower.objective == .none ? 0 : parameters, parameters: parameters,
      pairs: 0, aligned: "", checkpoint: source.weightsHash, blasCore: Matmul.coreName,
      run: "towers/" + PathParts.name(of: folder))
  }

  private struct Seconds: Decodable { let seconds: Double }
  private struct Unmeasured: Codable {}

  private func pretrain() throws {
    let words = try tokenizerFolder()
    var options = TextPretraining.defaultOptions
    (options.steps, options.seed) = (tower.steps, tower.seed)
    // A quarter of the steps each, as of the shipped tower, which has 500 of 7,400 to warm up.
    options.decaySteps = tower.steps / 4
    options.warmupSteps = min(options.warmupSteps, tower.steps / 4)
    let pretraining = try TextPretraining(
      options: options, folder: state, tokenizer: words,
      objective: tower.objective == .masked ? .masked : .both)
    if tower.objective != .none { try pretraining.run() }
    try pretraining.save(to: folder)
    // The card comes last: with it the tower is whole. How good the tower is, its cells tell.
    try TowerCard(
      kind: "text", options: pretraining.options, seconds: pretraining.seconds,
      command: ShellWords.thisCommand(), data: pretraining.data, licence: pretraining.licence,
      quality: Unmeasured(), pretraining: pretraining.pretraining
    ).write(to: folder)
    for left in [state, tokenizer] where FileManager.default.fileExists(atPath: left) {
      try? FileManager.default.removeItem(atPath: left)
    }
  }

  private func tokenizerFolder() throws -> String {
    guard case .trained(let kind, let size) = tower.tokenizer else {
      guard case .made(let given) = tower.tokenizer else { return "" }
      return try Self.place(of: given)
    }
    if FileManager.default.fileExists(atPath: tokenizer) { return tokenizer }
    var options = TrainTokenizerJob.Options(.init(rawValue: kind) ?? .wordpiece, output: tokenizer)
    (options.size, options.hasMask) = (size, true)
    options.command = ShellWords.thisCommand()
    _ = try TrainTokenizerJob(options).run()
    return tokenizer
  }
}
