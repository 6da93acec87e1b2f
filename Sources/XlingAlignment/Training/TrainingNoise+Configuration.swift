extension TrainingNoise {
  /// nil where the update leaves everything as it is.
  init?(_ configuration: AlignmentConfiguration, step: Int) {
    let parts = [configuration.textNoise, configuration.imageNoise, configuration.headDropout]
    guard parts.contains(where: { $0 ?? 0 > 0 }) else { return nil }
    self.init(
      text: Float(parts[0] ?? 0), image: Float(parts[1] ?? 0), headDropout: Float(parts[2] ?? 0),
      seed: configuration.seed, step: step)
  }
}
