import XlingAlignment
import XlingData

extension AlignJob {
  /// The pairs of other languages that are mixed in; nil where none are asked for. Throws as `FewShotDraw`,
  /// ``FewShotFailure/nothingToMix(option:)``.
  static func fewShot(_ options: Options, on dataset: Dataset) throws -> FewShotDraw? {
    let settings = options.settings
    guard let mix = settings.mix else {
      let given = [
        ("mix_share", settings.mixShare != nil), ("mix_seed", settings.mixSeed != nil),
        ("--mix-file", options.mixFile != nil),
      ]
      if let unused = given.first(where: \.1) {
        throw FewShotFailure.nothingToMix(option: unused.0)
      }
      return nil
    }
    if options.mixFile != nil, settings.mixSeed != nil { throw FewShotFailure.seedOfFile }
    let seed: UInt64
    switch settings.mixSeed {
    case .number(let number): seed = number
    case .run: seed = settings.seed ?? TrainingSettings.usualSeed
    case nil: seed = 0
    }
    let draw = try FewShotDraw(
      try FewShotCounts(mix), in: dataset,
      aligned: try DatasetLanguages.resolve(options.language, in: dataset, split: .train),
      seed: seed, file: options.mixFile)
    return draw.parts.isEmpty ? nil : draw
  }
}
