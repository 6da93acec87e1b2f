import XlingTensor
import XlingTowers

/// Prompt tuning: learned vectors that every sequence sees (Lester et al. 2021). They join behind
/// the embeddings and have no position, so they are what visual prompt tuning inserts at the first
/// layer (Jia et al. 2022); `[CLS]` is read from its own row.
enum Prompt {
  /// Parameter `prompt` [length, width], normal with deviation 0.02.
  static func install(in tower: any Tower, length: Int, seed: UInt64) -> [Parameter] {
    let prompt = Parameter("prompt", [length, tower.width])
    Initialization.truncatedNormal(prompt, seed: seed, deviation: 0.02)
    tower.encoder.prompt = prompt
    return [prompt]
  }
}
