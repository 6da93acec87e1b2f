import Foundation
import XlingCore
import XlingTensor

/// A checkpoint with the configuration that says which tower it is. Opening reads headers only.
public struct TowerCheckpoint {
  public let checkpoint: Checkpoint
  public let configuration: TowerConfiguration
  /// nil when the sizes were read from the tensors themselves.
  public let configurationPath: String?
  /// What a folder of sentence-transformers has behind its tower; nil for other folders and for files.
  public let sentences: SentenceFolder?
  /// How the folder says that texts are read.
  public let reading: DeclaredReading?

  /// Opens a folder with `config.json`, a file beside one, or a bare PyTorch file of a ViT under
  /// timm's names (DeiT's, DINO's and DeiT-III's releases). `heads` is needed for the latter where its
  /// width is none of the published sizes. Throws ``TowerFailure`` or ``FileFailure``.
  public init(_ path: String, heads: Int? = nil) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard exists else {
      throw FileFailure.missing(
        path: path, hint: "A tower is a folder with config.json and model.safetensors.")
    }
    let folder =
      isFolder.boolValue ? path : URL(fileURLWithPath: path).deletingLastPathComponent().path
    let modules = isFolder.boolValue ? try SentenceModules(path) : nil
    let inner = modules.flatMap { $0.tower.isEmpty ? nil : $0.tower }
    let place = inner.map { folder + "/" + $0 } ?? folder
    let weights = isFolder.boolValue ? place : path
    guard isFolder.boolValue || TowerConfiguration.exists(in: place) else {
      checkpoint = try Checkpoint(path)
      configuration = .image(try ViTConfiguration(inferredFrom: checkpoint, heads: heads))
      (configurationPath, sentences, reading) = (nil, nil, nil)
      return
    }
    try AdapterFolder.refuse(place)
    if Checkpoint.isOpenCLIP(place) {
      let file = place + "/" + Checkpoint.openCLIPFile
      checkpoint = try Checkpoint(weights)
      configuration = .whole(
        try WholeConfiguration(openCLIP: ConfigurationFields(file), checkpoint, heads: heads))
      configurationPath = file
    } else {
      let file = place + "/config.json"
      let read = try TowerConfiguration.read(file) { try Checkpoint(weights) }
      checkpoint = try Checkpoint(weights)
      configuration = try read.fitted(to: checkpoint).with(heads: heads, path: file)
      configurationPath = file
    }
    sentences = modules == nil ? nil : try SentenceFolder(path)
    reading = try DeclaredReading(folder, tower: inner ?? "")
  }

  /// The folder in which the tower's `config.json` and tokenizer lie.
  public var folder: String {
    PathParts.folder(of: configurationPath ?? checkpoint.path)
  }

  /// With the pooling and the head that the folder declares; `pooling` goes before its own, and `withHead`
  /// false leaves the head out. Throws ``TowerFailure`` when the checkpoint is no text tower, or its tensors
  /// do not fit.
  public func text(pooling: TextPooling? = nil, withHead: Bool = true) throws -> TextTower {
    if case .whole(let whole) = configuration, let refusal = whole.textRefusal { throw refusal }
    guard let configuration = configuration.text else { throw otherKind("a text tower") }
    try checkSize()
    let tower = TextTower(configuration)
    try assign(tower, configuration.keyMap).place()
    if let pooling = pooling ?? sentences?.pooling { tower.pooling = pooling }
    guard withHead else {
      tower.head = nil
      return tower
    }
    try sentences?.check(towerWidth: tower.width, pooling: tower.pooling)
    let pooled = tower.width * tower.pooling.modes.count
    if let head = try sentences?.head(inputs: pooled) { tower.head = head }
    guard tower.head.map({ $0.inputs == pooled }) ?? true else {
      throw TowerFailure.configuration(
        path: checkpoint.path,
        reason:
          "pooling \(tower.pooling.description) gives vectors of width \(pooled), what follows it "
          + "reads \(tower.head?.inputs ?? 0)")
    }
    return tower
  }

  /// The pooling asked for, with the folder's rule for prompts, else the folder's; nil where neither is.
  public func pooling(_ asked: TextPooling?) -> TextPooling? {
    guard var asked else { return sentences?.pooling }
    asked.includesPrompt = sentences?.pooling?.includesPrompt ?? true
    return asked
  }

  /// Whether something follows the pooling of its texts: dense layers, a projection, normalization.
  public var hasTextHead: Bool {
    guard let text = configuration.text else { return false }
    return sentences?.steps.isEmpty == false || text.head != nil
  }

  /// What the library of the folder calls a text's vectors.
  public var textVectors: [RawForward.TextVector] {
    guard let text = configuration.text else { return [] }
    if sentences?.pooling != nil { return [.init(name: "sentence_embedding", isPooled: false)] }
    return text.textVectors
  }

  func otherKind(_ wanted: String) -> TowerFailure {
    let found: String
    switch configuration {
    case .text(let text): found = "a text tower (\(text.modelType))"
    case .image: found = "an image tower"
    case .whole: found = "a model of both towers"
    }
    let hint = checkpoint.isLilTRun ? ". " + TowerFailure.liltHint : ""
    return .configuration(
      path: configurationPath ?? checkpoint.path,
      reason: "this is \(found), expected \(wanted)" + hint)
  }

  /// A configuration far larger than its checkpoint is refused before memory is asked for.
  func checkSize() throws {
    let needed: Double
    switch configuration {
    case .text(let text):
      needed = Self.numbers(
        text.layers, text.hiddenSize, (text.layerShape.isGated ? 3 : 2) * text.intermediateSize,
        attention: text.layerShape.heads * text.layerShape.headWidth,
        Double(text.vocabularySize + text.maximumPositions + text.tokenTypes))
    case .image(let image):
      needed = Self.numbers(of: image)
    case .whole(let whole): needed = Self.numbers(of: whole.image)
    }
    let held = checkpoint.tensors.values.reduce(0.0) { $0 + Double($1.heldCount) }
    guard needed < 64 * held + 1e8 else {
      throw TowerFailure.tensors(
        path: checkpoint.path,
        problems: [
          "config.json asks for \(Int(needed / 1e6)) million numbers, the checkpoint has "
            + "\(Int(held / 1e6)) million"
        ])
    }
  }

  /// About how many numbers a tower of these sizes has; `inner` is the feed-forward's width times its
  /// matrices, `rows` are those of all tables.
  static func numbers(
    _ layers: Int, _ width: Int, _ inner: Int, attention: Int, _ rows: Double
  ) -> Double {
    let width = Double(width)
    return Double(layers) * width * (4 * Double(attention) + Double(inner)) + rows * width
  }

  private static func numbers(of image: ViTConfiguration) -> Double {
    numbers(
      image.layers, image.hiddenSize, 3 * image.intermediateSize, attention: image.hiddenSize,
      Double(image.positions) + Double(image.registers) + Double(image.head?.projection ?? 0)
        + Double(image.channels) * Double(image.patchSize) * Double(image.patchSize))
  }

  /// Which tensor goes where, without reading any. Throws ``TowerFailure/tensors(path:problems:)``
  /// with everything that does not fit.
  func assign(_ tower: some Tower, _ map: KeyMap) throws -> KeyAssignment {
    let assignment = KeyAssignment(checkpoint, to: tower.checkpointParameters, map)
    guard assignment.problems.isEmpty else {
      throw TowerFailure.tensors(path: checkpoint.path, problems: assignment.problems)
    }
    return assignment
  }
}

/// Every tensor of a checkpoint accounted for: placed, left out by name, or a problem.
struct KeyAssignment {
  private(set) var placed: [(parameter: Parameter, tensor: StoredTensor, name: String)] = []
  /// Names of tensors that are no part of the tower.
  private(set) var ignored: [String] = []
  private(set) var problems: [String] = []

  private struct Source {
    let name: String
    let tensor: StoredTensor
  }

  init(_ checkpoint: Checkpoint, to parameters: [Parameter], _ map: KeyMap) {
    var sources: [String: Source] = [:]
    var unknown: [String] = []
    var copies: [(ours: String, source: Source)] = []
    func take(_ ours: String, _ name: String, _ stored: StoredTensor) {
      let tensor = map.transposed.contains(ours) ? stored.transposed ?? stored : stored
      if let other = sources[ours] { problems.append("twice: \(other.name) and \(name)") }
      sources[ours] = Source(name: name, tensor: tensor)
    }
    for (name, tensor) in checkpoint.tensors.sorted(by: { $0.key > $1.key }) {
      switch map.target(of: name) {
      case .parameter(let ours): take(ours, name, tensor)
      case .ignored: ignored.append(name)
      case .unknown: unknown.append(name)
      case .copy(let ours): copies.append((ours, Source(name: name, tensor: tensor)))
      case .parts(let ours):
        let count = ours.count
        guard let rows = tensor.shape.first, rows % count == 0 else {
          problems.append("\(name): shape \(tensor.shape), expected \(count) equal parts")
          continue
        }
        for (index, part) in ours.enumerated() where !part.isEmpty {
          take(part, name, tensor.rows(index * rows / count..<(index + 1) * rows / count))
        }
      }
    }
    for (ours, copy) in copies {
      if sources[ours] == nil { sources[ours] = copy } else { ignored.append(copy.name) }
    }
    for parameter in parameters {
      guard let source = sources[parameter.name] else {
        problems.append("missing: \(map.fileName(of: parameter.name)) \(parameter.shape)")
        continue
      }
      if source.tensor.shape != parameter.shape {
        problems.append(
          "\(source.name): shape \(source.tensor.shape), expected \(parameter.shape)")
      } else if !source.tensor.type.isWeight {
        problems.append(
          "\(source.name): stored as \(source.tensor.type.rawValue), expected "
            + StoredTensor.weightTypes)
      } else {
        placed.append((parameter, source.tensor, source.name))
      }
    }
    let known = Set(parameters.map(\.name))
    unknown += sources.filter { !known.contains($0.key) }.map(\.value.name)
    for name in Set(unknown).sorted() {
      problems.append("unexpected: \(name) \(checkpoint.tensors[name]?.shape ?? [])")
    }
    ignored.sort()
  }

  /// Of the halves of one model: what either takes is taken.
  func joined(with other: KeyAssignment) -> KeyAssignment {
    var both = self
    both.placed += other.placed
    both.ignored = ignored.filter(Set(other.ignored).contains)
    both.problems += other.problems
    return both
  }

  func place() { for (parameter, tensor, _) in placed { tensor.place(into: parameter) } }
}
