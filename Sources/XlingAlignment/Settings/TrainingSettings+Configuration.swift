import XlingAdapters

extension TrainingSettings {
  /// The one way from settings to what is trained. `pairs` tells how many pictures a configuration trains
  /// on, which makes steps of epochs.
  public func configuration(
    of recipe: Recipe, pairs: (AlignmentConfiguration) -> Int
  ) -> AlignmentConfiguration {
    var configuration = AlignmentConfiguration(recipe: recipe, seed: Self.usualSeed, steps: 1)
    configuration.gradientClip = 1
    apply(to: &configuration)
    configuration.steps =
      steps
      ?? AlignmentConfiguration.steps(
        epochs: epochs ?? 5, pairs: pairs(configuration), batchSize: configuration.batchSize)
    if warmupSteps == nil { configuration.warmupSteps = max(1, configuration.steps / 10) }
    return configuration
  }

  /// Takes over what is said; steps and epochs are not touched, for they need the data.
  public func apply(to configuration: inout AlignmentConfiguration) {
    for option in Self.options { option.apply(self, &configuration) }
  }
}
