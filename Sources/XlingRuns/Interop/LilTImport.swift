import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTokenizers
import XlingTowers

/// A checkpoint of LilT's code (Khan and Fu 2023) as a finished run, its towers in its folder.
public struct LilTImport {
  /// What the checkpoint does not hold.
  public struct Options: Sendable {
    /// The towers that LilT began with: folders, or a bare file of the image tower.
    public var textTower: String?
    public var imageTower: String?
    /// Its tokenizer's folder or file; the text tower's where it is nil.
    public var tokenizer: String?
    public var textHeads: Int?
    public var imageHeads: Int?

    public init() {}
  }

  private let source: LilTCheckpoint
  private let options: Options

  /// Throws ``RunFailure`` for what is no checkpoint of LilT's, `TowerFailure`, `FileFailure`.
  public init(checkpoint path: String, options: Options = Options()) throws {
    source = try LilTCheckpoint(path)
    self.options = options
    guard options.tokenizer != nil || options.textTower != nil else {
      throw RunFailure.configuration(
        reason:
          "\(path) holds no tokenizer: give the one that LilT used by --tokenizer, or the text "
          + "tower with its tokenizer by --text-tower")
    }
  }

  /// LilT's own recipe where both towers hold adapters; nothing else can be told from tensors alone.
  public var presetName: String? {
    source.textIsAdapted && source.imageIsAdapted ? "lilt-lwa" : nil
  }

  /// Writes the run, whole or not at all. `recipe` is what LilT trained, `training` is recorded. Throws
  /// ``RunFailure/notLilT(path:recipe:problems:)`` where the checkpoint is not of that recipe,
  /// `AdapterFailure`, `TowerFailure`, `TokenizerFailure`, `FileFailure`.
  public func write(_ card: MethodCard, to output: String) throws -> RunRecord {
    let model = try self.model(card.recipe)
    var problems = source.fill(model)
    let towers = try start(model, &problems)
    guard problems.isEmpty else {
      throw RunFailure.notLilT(
        path: source.checkpoint.path, recipe: card.name, problems: problems)
    }
    return try NewFolder.writeNew(output) { folder in
      let (text, image) = (folder + "/towers/text", folder + "/towers/image")
      try towers.text.save(to: text, storage: .float32)
      try towers.image.save(to: image, storage: .float32)
      let identity = RunIdentity(
        text: try TowerSource(folder: text).moved(to: "towers/text"),
        image: try TowerSource(folder: image).moved(to: "towers/image"),
        tokenizerHash: try tokenizer(into: text, model), dataHash: try dataHash(),
        configuration: try configuration(card, model))
      let record = RunRecord(
        imported: ImportedCheckpoint(
          file: URL(fileURLWithPath: source.checkpoint.path).lastPathComponent,
          hash: try source.checkpoint.contentHash(), hasStart: hasStart(card.recipe)),
        identity, model)
      let run = RunFolder(folder)
      try RunFolder.write(model.storedParameters, to: run.weights)
      try ContentSums.write(["model.safetensors"], in: folder)
      try AtomicFile.write(try card.recipe.toml(), to: folder + "/recipe.toml")
      try run.write(record)
      return record
    }
  }

  private func configuration(
    _ card: MethodCard, _ model: DualEncoder
  ) throws -> AlignmentConfiguration {
    var configuration = AlignmentConfiguration(recipe: card.recipe, seed: 0, steps: 0)
    card.training.apply(to: &configuration)
    configuration.embeddingWidth = model.embeddingWidth
    configuration.addsTokenTypes = false
    return configuration
  }

  /// The training data are unknown; no other run has this hash.
  private func dataHash() throws -> String { "imported " + (try source.checkpoint.contentHash()) }

  /// A side of which training changed pretrained weights needs the tower as it was before.
  private func hasStart(_ recipe: Recipe) -> Bool {
    (options.textTower != nil || recipe.text.thaw.isEmpty)
      && (options.imageTower != nil || recipe.image.thaw.isEmpty)
  }

  private func model(_ recipe: Recipe) throws -> DualEncoder {
    func deep(_ side: Recipe.Side) -> Int {
      side.modules.contains(.deepAdapter) ? side.options.depth : 0
    }
    let text = TextTower(try textConfiguration(deep: deep(recipe.text)))
    let image = ImageTower(
      try source.imageConfiguration(
        deep: deep(recipe.image), heads: try options.imageHeads ?? imageTower()?.heads))
    let width = source.shape("text_proj.bias")?.first ?? 0
    let model = try DualEncoder(
      text: text, image: image, recipe: recipe, seed: 0, embeddingWidth: width)
    try LilTStateDict.check(model)
    return model
  }

  private func textConfiguration(deep: Int) throws -> BERTConfiguration {
    guard let folder = options.textTower else {
      return try source.textConfiguration(deep: deep, heads: options.textHeads)
    }
    guard case .text(let configuration) = try TowerCheckpoint(folder).configuration else {
      throw RunFailure.configuration(reason: "\(folder) is no text tower")
    }
    return configuration
  }

  private func imageTower() throws -> ViTConfiguration? {
    guard let path = options.imageTower else { return nil }
    let checkpoint = try TowerCheckpoint(path, heads: options.imageHeads)
    guard case .image(let configuration) = checkpoint.configuration else {
      throw RunFailure.configuration(reason: "\(path) is no image tower")
    }
    return configuration
  }

  /// The towers that the run begins with: what the recipe freezes from the checkpoint, the rest from the
  /// towers given, or from the checkpoint where none are.
  private func start(
    _ model: DualEncoder, _ problems: inout [String]
  ) throws -> (text: TextTower, image: ImageTower) {
    let text = TextTower(model.text.configuration)
    let textBase = try options.textTower.map { try TextTower.load($0) }
    fill(text, textBase, model.text, &problems)
    let image = ImageTower(model.image.configuration)
    let side = model.image.configuration.imageSize
    // LilT interpolates positions as torch's bicubic does.
    let imageBase = try options.imageTower.map {
      try TowerCheckpoint($0, heads: options.imageHeads)
        .image(imageSize: side, interpolation: .bicubic, pooling: .cls)
    }
    fill(image, imageBase, model.image, &problems)
    return (text, image)
  }

  private func fill(
    _ start: some Tower, _ base: (some Tower)?, _ trained: some Tower, _ problems: inout [String]
  ) {
    let after = Dictionary(
      uniqueKeysWithValues: trained.parameters.all.map { ($0.name, $0) })
    let before = base.map {
      Dictionary(uniqueKeysWithValues: $0.parameters.all.map { ($0.name, $0) })
    }
    for parameter in start.parameters.all {
      guard let ours = after[parameter.name] else { continue }
      var source = ours
      if let before {
        guard let own = before[parameter.name], own.shape == ours.shape else {
          problems.append(
            "\(parameter.name): the tower given has it in another shape or not at all")
          continue
        }
        // LilT neither loads nor saves token types.
        if ours.isTrainable || parameter.name.hasPrefix("embeddings.token_type") {
          source = own
        } else if !Self.agree(own, ours) {
          problems.append(
            "\(parameter.name): frozen by the recipe, but not as in the tower given")
        }
      }
      parameter.value.update(from: source.value, count: parameter.count)
    }
  }

  /// Interpolated positions are sums in another order.
  private static func agree(_ one: Parameter, _ other: Parameter) -> Bool {
    let isTable = one.name == "embeddings.position_embeddings"
    return zip(one.values, other.values).allSatisfy { abs($0 - $1) <= (isTable ? 1e-5 : 0) }
  }

  /// Copies the tokenizer beside the text tower; returns its hash.
  private func tokenizer(into folder: String, _ model: DualEncoder) throws -> String {
    let place = options.tokenizer ?? options.textTower ?? ""
    // What is wrong with it is told of the place that was named.
    _ = try TokenizerSource.load(place)
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
    let files =
      isFolder.boolValue
      ? try TokenizerSource.files(in: place).map { place + "/" + $0 } : [place]
    for file in files {
      let name = URL(fileURLWithPath: file).lastPathComponent
      try AtomicFile.write(try AtomicFile.read(file), to: folder + "/" + name)
    }
    let tokenizer = try TokenizerSource.load(folder)
    let words = model.text.configuration.vocabularySize
    guard tokenizer.vocabularySize <= words else {
      throw RunFailure.configuration(
        reason: "\(place): this tokenizer has \(tokenizer.vocabularySize) pieces, the checkpoint "
          + "\(words) words. Give the tokenizer that LilT used.")
    }
    return tokenizer.contentHash
  }
}
