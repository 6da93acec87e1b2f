import XlingTowers

extension CaptionReading {
  /// Reads as a text tower's folder declares it. `prompt` goes before the folder's prompts, of which
  /// `promptName` names one, and "" is none; `length` goes before the folder's. Nothing is longer than the
  /// tower's positions. Throws ``TowerFailure/prompt(name:path:names:)``.
  public mutating func take(
    _ declared: DeclaredReading, of tower: BERTConfiguration, prompt: String? = nil,
    promptName: String? = nil, length: Int? = nil
  ) throws(TowerFailure) {
    if let prompt {
      self.prompt = prompt.isEmpty ? nil : prompt
    } else {
      self.prompt = try declared.prompt(named: promptName)
    }
    lowercases = declared.lowercases ? true : nil
    paddedTo = tower.paddedTokens
    guard declared.isOfSentences || tower.ownLength != nil else {
      if let length { maximumTokens = length }
      return
    }
    let usual = min(declared.maximumLength ?? .max, tower.ownLength ?? .max)
    maximumTokens = min(length ?? usual, tower.maximumTokens)
    evaluatedTokens = maximumTokens
  }
}
