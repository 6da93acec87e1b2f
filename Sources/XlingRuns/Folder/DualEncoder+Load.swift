import XlingAdapters
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTowers

extension DualEncoder {
  /// Builds an untrained model from two tower folders. Throws `TowerFailure`, `FileFailure`,
  /// `AdapterFailure`,
  /// `PrecisionFailure`.
  public convenience init(
    text: TowerSource, image: TowerSource, configuration: AlignmentConfiguration
  ) throws {
    try self.init(
      text: try TextTower.load(text, configuration),
      image: try ImageTower.load(image, configuration),
      recipe: configuration.recipe, seed: configuration.seed,
      embeddingWidth: configuration.embeddingWidth, temperature: configuration.temperature,
      textHead: configuration.textOutput?.head ?? .method)
    let precision = configuration.precision ?? .fp32
    try precision.check()
    use(precision)
  }

  /// Rebuilds a run's model: the frozen towers from their folders, whose hashes must be those
  /// trained on, then what was trained. `allowUnfinished` takes the last checkpoint of a run that
  /// was interrupted. The result is not trained further: nothing keeps gradients. `precision` goes before
  /// the run's own. Throws ``RunFailure``, `TowerFailure`, `PrecisionFailure` or `FileFailure`.
  public static func load(
    run path: String, allowUnfinished: Bool = false, precision: Precision? = nil
  ) throws -> DualEncoder {
    let run = RunFolder(path)
    let record = try run.record()
    let weights = try run.modelFile(record, allowUnfinished: allowUnfinished)
    let identity = record.identity
    try identity.text.verify()
    try identity.image.verify()
    var configuration = identity.configuration
    configuration.precision = precision ?? configuration.precision
    let model = try DualEncoder(
      text: identity.text, image: identity.image, configuration: configuration)
    model.carried = Set(record.carried)
    try RunFolder.read(model.storedParameters, from: weights)
    model.settle()
    return model
  }
}

extension TextTower {
  /// A run's text tower before training, pooled as the run has it. Throws `TowerFailure`, `FileFailure`.
  public static func load(
    _ source: TowerSource, _ configuration: AlignmentConfiguration
  ) throws -> TextTower {
    let tower: TextTower
    if let output = configuration.textOutput {
      let checkpoint = try TowerCheckpoint(source.folder)
      if let hash = output.headHash {
        let found = try checkpoint.sentences?.contentHash() ?? "none"
        guard hash == found else {
          throw RunFailure.towerChanged(path: source.folder, expected: hash, found: found)
        }
      }
      tower = try checkpoint.text(pooling: output.pooling, withHead: output.head != .none)
      tower.promptTokens = output.promptTokens ?? 0
    } else {
      tower = try load(source.folder)
    }
    tower.addsTokenTypes = configuration.addsTokenTypes ?? true
    if let vocabulary = configuration.vocabulary {
      try tower.configuration.check(vocabulary, at: source.folder)
      tower.addWords(vocabulary.pieces.map(\.parts), from: vocabulary.firstId)
    }
    return tower
  }
}

extension ImageTower {
  /// A run's image tower before training, for pictures of the run's size, with the run's heads, and pooled as the
  /// run has it. Throws `TowerFailure`, `FileFailure`.
  public static func load(
    _ source: TowerSource, _ configuration: AlignmentConfiguration
  ) throws -> ImageTower {
    try TowerCheckpoint(source.folder, heads: configuration.imageHeads).image(
      imageSize: configuration.pictureInput?.preprocessing.size,
      pooling: configuration.imagePooling ?? .cls)
  }
}

extension RunFolder {
  /// The file with what was trained, whose bytes are those that were written. Throws
  /// ``RunFailure/unfinished(path:step:steps:)`` unless the run is finished or its last checkpoint
  /// will do, `ContentFailure`.
  func modelFile(_ record: RunRecord, allowUnfinished: Bool) throws -> String {
    if record.isFinished {
      try ContentSums.check(weights)
      return weights
    }
    let steps = record.identity.configuration.steps
    guard let checkpoint = latestCheckpoint() else {
      throw RunFailure.unfinished(path: path, step: 0, steps: steps)
    }
    let state = try CheckpointState(from: checkpoint)
    guard allowUnfinished else {
      throw RunFailure.unfinished(path: path, step: state.step, steps: steps)
    }
    let model = checkpoint + "/model.safetensors"
    try ContentSums.check(model)
    return model
  }
}
