import XlingAlignment
import XlingCore
import XlingRuns
import XlingTokenizers
import XlingTowers

/// What a text tower's folder declares of pooling, prompts and length, in a run's configuration.
struct TextDeclarations {
  private let folder: String
  private let tokenizer: any Tokenizer
  private let checkpoint: TowerCheckpoint

  /// Throws what reading the folder throws.
  init(_ towers: TowerPair) throws {
    (folder, tokenizer) = (towers.text.folder, towers.tokenizer)
    checkpoint = try TowerCheckpoint(folder)
  }

  /// What `settings` say goes before the folder. A folder that declares nothing leaves a configuration what
  /// it was. Throws `AlignmentFailure.configuration` for an option without a use, `TowerFailure`.
  func apply(
    _ settings: TrainingSettings, to configuration: inout AlignmentConfiguration
  ) throws {
    guard let tower = checkpoint.configuration.text, let declared = checkpoint.reading else {
      return
    }
    guard settings.pooling != TrainingSettings.familyPooling else {
      configuration.captions.prompt = settings.prompt.flatMap { $0.isEmpty ? nil : $0 }
      configuration.captions.paddedTo = tower.paddedTokens
      return
    }
    try configuration.captions.take(
      declared, of: tower, prompt: settings.prompt, promptName: settings.promptName,
      length: settings.maximumTokens)
    let asked = settings.pooling.flatMap { TextPooling($0) }
    let pooling = checkpoint.pooling(asked) ?? tower.pooling
    let hasHead = checkpoint.hasTextHead
    if let head = settings.textHead, !hasHead {
      throw AlignmentFailure.configuration(
        reason:
          "text_head is \(head.rawValue), but \(folder) has nothing behind its pooling: leave it out"
      )
    }
    var output = TextOutput(pooling, head: settings.textHead ?? .method)
    let keepsHead = hasHead && output.head != .none
    guard pooling != tower.pooling || keepsHead else { return }
    if !hasHead { output.head = .none }
    if keepsHead { output.headHash = try checkpoint.sentences?.contentHash() }
    if !pooling.includesPrompt {
      let count = configuration.captions.promptTokens(by: tokenizer)
      output.promptTokens = count == 0 ? nil : count
    }
    configuration.textOutput = output
  }
}
