import Foundation
import XlingCore

/// What a checkpoint is and what it would be used as, from headers alone.
public struct Inspection: Encodable {
  public struct Tensor: Encodable {
    public let name: String
    public let type: String
    public let shape: [Int]
    /// Whether the tower takes it.
    public let used: Bool
  }

  public let schema = "xling.inspect/1"
  public let path: String
  public let container: String
  public let bytes: Int
  /// "text tower", "image tower" or "tensors".
  public let kind: String
  /// Family and sizes in words; nil for tensors that are no tower.
  public let architecture: String?
  /// Numbers in all tensors, and in those that the tower takes.
  public let numbers: Int
  public let towerParameters: Int
  /// How many tensors are stored in each type.
  public let types: [String: Int]
  /// Why it cannot be used as a tower; empty for towers in order.
  public let problems: [String]
  public let tensors: [Tensor]
  /// Where a PyTorch file holds several things: the one taken, and the others.
  public let part: String?
  public let besides: [String]
  /// What the folder says of its tower and its texts, and what is done with it.
  public private(set) var declarations: [Declaration]

  /// Throws ``TowerFailure`` or ``FileFailure`` when the files cannot be read, and when a folder's
  /// `config.json` is none of a tower; what else cannot be used as a tower is in `problems`.
  public init(_ path: String, heads: Int? = nil) throws {
    let checkpoint = try Checkpoint(try TowerPlace.weights(of: path))
    let outcome = try Outcome(path, checkpoint, heads: heads)
    self.path = checkpoint.path
    container = checkpoint.container
    bytes = try checkpoint.files.reduce(0) { $0 + (try MappedFile(path: $1).count) }
    (kind, architecture, problems) = (outcome.kind, outcome.architecture, outcome.problems)
    towerParameters = outcome.parameters
    let left = Set(outcome.ignored)
    let isTower = outcome.problems.isEmpty
    tensors = checkpoint.tensors.sorted { $0.key < $1.key }.map { name, tensor in
      Tensor(
        name: name, type: tensor.type.rawValue, shape: tensor.shape,
        used: isTower && !left.contains(name))
    }
    numbers = checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    types = Dictionary(grouping: tensors, by: \.type).mapValues(\.count)
    (part, besides) = (checkpoint.part, checkpoint.besides)
    declarations = outcome.declarations
  }

  /// With what others found in the folder.
  public func adding(_ found: [Declaration]) -> Inspection {
    var copy = self
    copy.declarations += found
    return copy
  }

  /// What loading would come to.
  private struct Outcome {
    var kind = "tensors"
    var architecture: String?
    var parameters = 0
    var ignored: [String] = []
    var problems: [String] = []
    var declarations: [Declaration] = []

    /// Whether a configuration lies there that cannot be one: broken, or, of a folder, of another kind.
    /// A file may lie beside a configuration that is not its own.
    private static func isRefused(_ path: String) -> Bool {
      let inside = path + "/config.json"
      if FileManager.default.fileExists(atPath: inside) {
        return (try? TowerConfiguration.read(inside) { try Checkpoint(path) }) == nil
      }
      let beside =
        URL(fileURLWithPath: path).deletingLastPathComponent().path + "/config.json"
      return FileManager.default.fileExists(atPath: beside)
        && (try? ConfigurationFields(beside)) == nil
    }

    init(_ path: String, _ checkpoint: Checkpoint, heads: Int?) throws {
      let found: TowerCheckpoint
      do {
        found = try TowerCheckpoint(path, heads: heads)
      } catch let failure as TowerFailure {
        if Self.isRefused(path) { throw failure }
        problems = [failure.description]
        return
      }
      kind = found.kind
      architecture = found.configuration.summary
      declarations = found.declarations
      do {
        if case .text(let text) = found.configuration {
          try found.sentences?.check(
            towerWidth: text.hiddenSize, pooling: found.pooling(nil) ?? text.pooling)
        }
        let assignment = try found.assignment()
        guard !assignment.placed.isEmpty else {
          (kind, architecture) = ("tensors", nil)
          problems = ["none of its tensors is one of the config.json beside it"]
          return
        }
        (ignored, problems) = (assignment.ignored, assignment.problems)
        parameters = assignment.placed.reduce(0) { $0 + $1.tensor.count }
      } catch TowerFailure.tensors(_, let problems) {
        self.problems = problems
      }
    }
  }
}

extension TowerCheckpoint {
  /// "text tower", "image tower" or "text and image tower".
  public var kind: String {
    switch configuration {
    case .text: "text tower"
    case .image: "image tower"
    case .whole: "text and image tower"
    }
  }

  /// Where every tensor would go, and what does not fit; nothing is read. Throws
  /// ``TowerFailure/tensors(path:problems:)`` when the configuration is far too large to be tried.
  func assignment() throws -> KeyAssignment {
    try checkSize()
    switch configuration {
    case .text(let text):
      return KeyAssignment(checkpoint, to: TextTower(text).checkpointParameters, text.keyMap)
    case .image(let image):
      return KeyAssignment(checkpoint, to: ImageTower(image).checkpointParameters, image.keyMap)
    case .whole(let whole):
      let image = KeyAssignment(
        checkpoint, to: ImageTower(whole.image).checkpointParameters, whole.image.keyMap)
      guard let text = whole.text else { return image }
      return image.joined(
        with: KeyAssignment(
          checkpoint, to: TextTower(text).checkpointParameters, text.keyMap))
    }
  }
}

extension TowerCheckpoint {
  /// Tensors that a loaded tower took and that hold NaN or infinity, by their names in the files: a checkpoint so
  /// damaged computes nothing. Parameters in `others` came from elsewhere and are left out. Reads
  /// every weight, from the files where the tower uses them as they lie there: what it never touches then, such as
  /// rows of words that do not occur, takes no memory.
  public func nonFiniteTensors(
    of tower: some Tower, except others: Set<String> = []
  ) throws -> [String] {
    let parameters = tower.parameters
    var scan = NonFiniteScan()
    var names: Set<String> = []
    for (placed, tensor, name) in try assignment(of: tower).placed {
      guard !others.contains(placed.name), let parameter = parameters[placed.name] else { continue }
      if try scan.finds(in: tensor) ?? parameter.isNonFinite { names.insert(name) }
    }
    return names.sorted()
  }

  /// Of a model of both towers, the half that is the tower given.
  private func assignment(of tower: some Tower) throws -> KeyAssignment {
    guard case .whole(let whole) = configuration else { return try assignment() }
    if tower is TextTower, let text = whole.text {
      return KeyAssignment(checkpoint, to: TextTower(text).checkpointParameters, text.keyMap)
    }
    return KeyAssignment(
      checkpoint, to: ImageTower(whole.image).checkpointParameters, whole.image.keyMap)
  }
}

extension TowerConfiguration {
  /// Family and sizes in one line.
  public var summary: String {
    switch self {
    case .text(let text):
      let gate = text.layerShape.isGated ? "gated " : ""
      return "\(text.modelType), \(text.layers) layers, width \(text.hiddenSize), \(text.heads) "
        + "heads, feed-forward \(text.intermediateSize), \(text.vocabularySize) words, at most "
        + "\(text.maximumTokens) tokens, \(gate)\(text.activation.title)"
    case .image(let image): return image.summary
    case .whole(let whole):
      let texts = whole.text.map { "texts: " + TowerConfiguration.text($0).summary + "; " } ?? ""
      return texts + "pictures: " + whole.image.summary
    }
  }
}

extension ViTConfiguration {
  fileprivate var summary: String {
    var words = [
      "ViT", "\(layers) layers", "width \(hiddenSize)", "\(heads) heads",
      (isGated ? "gated " : "") + "feed-forward \(intermediateSize)",
      "pictures of \(imageSize) in patches of \(patchSize)",
    ]
    if activation != .gelu { words.append(activation.title) }
    if !hasClassToken { words.append("no class token") }
    if hasDistillationToken { words.append("distillation token") }
    if registers > 0 { words.append("\(registers) registers") }
    if rotaryTheta != nil { words.append("rotary positions") }
    if hasEmbeddingNorm { words.append("norm in front") }
    if hasLayerScale { words.append("layer scale") }
    if !queryBias { words.append("no query, key and value bias") }
    if pooling != .cls { words.append("pooled by \(pooling.rawValue)") }
    if let projection = head?.projection { words.append("projected to \(projection)") }
    return words.joined(separator: ", ") + origin
  }

  private var origin: String {
    switch naming {
    case .timm(let name): " (timm: \(name))"
    case .openCLIP: " (open_clip)"
    case .openCLIPTrunk(let name): " (open_clip, timm: \(name))"
    case .dinov2: " (DINOv2)"
    case .dinov3: " (DINOv3)"
    case .clip: " (CLIP)"
    case .siglip: " (SigLIP)"
    case .mae: " (ViT-MAE)"
    case .huggingFace: ""
    }
  }
}
